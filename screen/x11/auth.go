package x11

// Cookies: which entry of an Xauthority file is for a display (Xau(3): entries
// of family, address, number, name and data, big-endian, each but the first with
// a 16-bit length).

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// The families of an Xauthority entry.
const (
	familyInternet  = 0
	familyInternet6 = 6
	familyLocal     = 256
	familyWild      = 65535
)

const cookieName = "MIT-MAGIC-COOKIE-1"

// maxAuthority bounds an Xauthority file; a real one has a few hundred bytes.
const maxAuthority = 1 << 20

var errAuthority = errors.New("broken Xauthority file")

// cookie is 16 secret bytes: it has no String and goes nowhere but into the
// handshake.
type cookie [16]byte

// authEntry is one entry of an Xauthority file.
type authEntry struct {
	family uint16
	addr   string
	number string
	name   string
	data   []byte
}

// WriteAuthority makes an Xauthority file with a new cookie for any display of
// any host: for an X server that the caller starts with -auth, and its programs.
func WriteAuthority(file string) error {
	var c cookie
	rand.Read(c[:])
	b := binary.BigEndian.AppendUint16(nil, familyWild)
	for _, field := range []string{"", "", cookieName, string(c[:])} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(field)))
		b = append(b, field...)
	}
	return os.WriteFile(file, b, 0o600)
}

// authorityFile is the file to read when none is given.
func authorityFile() string {
	if f := os.Getenv("XAUTHORITY"); f != "" {
		return f
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".Xauthority")
}

// readAuthority returns the entries of a file.
func readAuthority(file string) ([]authEntry, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxAuthority {
		return nil, errAuthority
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseAuthority(data)
}

// parseAuthority reads entries up to the first broken one.
func parseAuthority(b []byte) (list []authEntry, err error) {
	for len(b) > 0 {
		if len(b) < 2 {
			return list, errAuthority
		}
		e := authEntry{family: binary.BigEndian.Uint16(b)}
		b = b[2:]
		var field [4][]byte
		for i := range field {
			if field[i], b, err = cutField(b); err != nil {
				return list, err
			}
		}
		e.addr, e.number, e.name, e.data = string(field[0]), string(field[1]), string(field[2]), field[3]
		list = append(list, e)
	}
	return list, nil
}

// cutField takes one counted string off b.
func cutField(b []byte) (field, rest []byte, err error) {
	if len(b) < 2 {
		return nil, nil, errAuthority
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b)-2 < n {
		return nil, nil, errAuthority
	}
	return b[2 : 2+n], b[2+n:], nil
}

// cookies picks what to try on display number, best first and each once: the
// entries for this very address, those for any, and on a local socket those of
// this machine under another name (its name changes with the network while the
// X server keeps running).
func cookies(list []authEntry, number int, hostname string, remote net.IP) []cookie {
	var ranked [3][]cookie
	for _, e := range list {
		if e.name != cookieName || len(e.data) != len(cookie{}) || e.number != "" && e.number != strconv.Itoa(number) {
			continue
		}
		if rank := e.rank(hostname, remote); rank < len(ranked) {
			ranked[rank] = append(ranked[rank], cookie(e.data))
		}
	}
	var out []cookie
	seen := map[cookie]bool{}
	for _, group := range ranked {
		for _, c := range group {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// rank is the place of e's address for a server at remote (nil: a local
// socket); 3 is not at all.
func (e authEntry) rank(hostname string, remote net.IP) int {
	local := remote == nil || remote.IsLoopback()
	switch {
	case e.family == familyLocal && local && e.addr == hostname,
		e.family == familyInternet && remote != nil && remote.To4() != nil && e.addr == string(remote.To4()),
		e.family == familyInternet6 && remote != nil && remote.To4() == nil && e.addr == string(remote.To16()):
		return 0
	case e.family == familyWild:
		return 1
	case e.family == familyLocal && remote == nil:
		return 2
	}
	return 3
}
