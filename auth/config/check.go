package config

// The checks of single values. They are light: they find a slip of the hand,
// not every address that libp2p would refuse.

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

	maxTokenDays = 3650
	minTimeout   = time.Second
	maxTimeout   = time.Hour
)

// permissionNames are what a token, a certificate or an accept can be given.
func permissionNames() []string {
	return []string{"view", "control", "clipboard", "files", "forwarding"}
}

func checkPermission(s string) error { return checkChoice(s, permissionNames()) }

func checkChoice(s string, known []string) error {
	if slices.Contains(known, s) {
		return nil
	}
	return fmt.Errorf("%q is none of %s%s", s, strings.Join(known, ", "), didYouMean(s, known))
}

// checkPeerID knows the three spellings of libp2p's specification (peer-ids):
// Ed25519 and secp256k1 keys inlined, others as a SHA-256.
func checkPeerID(s string) error {
	lengths := map[string]int{"12D3KooW": 52, "16Uiu2HA": 53, "Qm": 46}
	for prefix, n := range lengths {
		if strings.HasPrefix(s, prefix) && len(s) == n && strings.Trim(s, base58Alphabet) == "" {
			return nil
		}
	}
	if strings.HasPrefix(s, "12D3KooW") {
		return fmt.Errorf("%q is not a peer ID: it has %d characters, not 52, or one that no ID has", s, len([]rune(s)))
	}
	return fmt.Errorf(`%q is not a peer ID: those look like "12D3KooW…" (rac id prints one)`, s)
}

// checkPeerName keeps names apart from IDs, which are looked up in the same way.
func checkPeerName(s string) error {
	if checkPeerID(s) == nil {
		return errors.New("is a peer ID; a name must not look like one")
	}
	return nil
}

func checkMultiaddr(s string) error {
	if !strings.HasPrefix(s, "/") || strings.Count(s, "/") < 2 || strings.ContainsAny(s, " \t\r\n") {
		return fmt.Errorf(`%q is not a multiaddr: those look like "/ip4/192.0.2.7/tcp/4001"`, s)
	}
	return nil
}

// checkFolder wants a whole path: the service starts in another folder than the
// person who wrote this.
func checkFolder(s string) error {
	if s != "" && !filepath.IsAbs(s) {
		return fmt.Errorf("%q is not the whole path of a folder", s)
	}
	return nil
}

// checkForwardTo: p2p/tunnel reads such a rule in earnest.
func checkForwardTo(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" || strings.ContainsAny(host, " \t\r\n") {
		return fmt.Errorf(`%q is not HOST:PORT: those look like "localhost:22", "*:80", "192.168.7.0/24:*"`, s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "*" && (err != nil || n == 0) {
		return fmt.Errorf(`%q: the port is a number from 1 to 65535, or "*"`, s)
	}
	return nil
}

// checkFullMultiaddr wants the ID as well: without it nobody could tell whether
// the right machine has answered.
func checkFullMultiaddr(s string) error {
	if err := checkMultiaddr(s); err != nil {
		return err
	}
	_, id, found := strings.Cut(s, "/p2p/")
	if !found {
		return fmt.Errorf(`%q does not end in "/p2p/ID"`, s)
	}
	return checkPeerID(id)
}

// checkPasswordHash never repeats the value: people put the password itself here.
func checkPasswordHash(s string) error {
	if s == "" || isPasswordHash(s) {
		return nil
	}
	return errors.New("is not a hash made by rac: set it with rac passwd, or paste a line of rac passwd --hash-only")
}

// isPasswordHash knows the form $rac-spake2p$v=1$m=65536,t=3,p=4$salt$w0$L.
func isPasswordHash(s string) bool {
	phc := regexp.MustCompile(`^\$rac-spake2p\$v=\d+\$m=\d+,t=\d+,p=\d+(\$[A-Za-z0-9+/_-]+){3}$`)
	return phc.MatchString(s)
}

// CheckVerifiedName refuses a name of a certificate or an authority that could be
// read as both at once: "NAME — verified by AUTHORITY" is how they are shown.
func CheckVerifiedName(s string) error {
	for _, sep := range []string{"—", "verified by"} {
		if strings.Contains(strings.ToLower(s), sep) {
			return fmt.Errorf("%q has %q in it, which stands between a name and the authority that has verified it", s, sep)
		}
	}
	return nil
}

// checkAuthorityKey wants what rac cert new-authority prints: an Ed25519 key. A
// slip here would leave everybody unverified without a word.
func checkAuthorityKey(s string) error {
	if key, err := base64.StdEncoding.Strict().DecodeString(s); err != nil || len(key) != ed25519.PublicKeySize {
		return errors.New("is not the key of an authority: rac cert new-authority prints one, 44 characters that end in =")
	}
	return nil
}

// checkSerial: a serial number that matches nothing would revoke nothing.
func checkSerial(s string) error {
	if b, err := hex.DecodeString(s); err != nil || len(b) != 8 {
		return fmt.Errorf("%q is not a serial number: those have 16 digits from 0 to f (rac cert show prints one)", s)
	}
	return nil
}

func checkTokenDays(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n < 1 || n > maxTokenDays {
		return fmt.Errorf("%s is not between 1 and %d days", s, maxTokenDays)
	}
	return nil
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf(`%q is not a duration such as "30s" or "2m"`, s)
	}
	if d < minTimeout || d > maxTimeout {
		return 0, fmt.Errorf("%s is not between %s and %s", s, minTimeout, maxTimeout)
	}
	return d, nil
}
