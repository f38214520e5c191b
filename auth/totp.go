package auth

// The second factor: codes of an app on a telephone (RFC 6238 with SHA-1, six
// digits, 30 s: what every app knows), and recovery codes for the day on which
// the telephone is lost. It is asked for only after the password was right, so
// that nobody learns by it whether there is one.

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"rac/auth/config"
)

const (
	totpSealLabel     = "rac totp seal v1"
	recoveryHashLabel = "rac recovery code v1"

	totpStep      = 30 * time.Second
	totpSlack     = 1 // steps that a clock may be off, either way
	recoveryCodes = 10
)

// TOTP is the secret that the host shares with the app. It prints nothing.
type TOTP [20]byte

// Format keeps every verb of fmt from showing the secret.
func (TOTP) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(secret)") }

// LogValue keeps slog from showing the secret.
func (TOTP) LogValue() slog.Value { return slog.StringValue("(secret)") }

// MarshalText keeps JSON from showing the secret.
func (TOTP) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// NewTOTP makes up a secret.
func NewTOTP() (t TOTP) {
	rand.Read(t[:])
	return t
}

// Text returns the secret as a person types it into an app.
func (t TOTP) Text() string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(t[:])
}

// URI returns what the app reads from a QR code (the otpauth format of Google
// Authenticator). account tells the person which computer it is for.
func (t TOTP) URI(account string) string {
	values := url.Values{"secret": {t.Text()}, "issuer": {"rac"}}
	return "otpauth://totp/rac:" + url.PathEscape(account) + "?" + values.Encode()
}

// Code returns the code of a moment.
func (t TOTP) Code(at time.Time) string { return t.code(stepOf(at)) }

func stepOf(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }

// code is HOTP (RFC 4226 section 5.3) of a step.
func (t TOTP) code(step int64) string {
	h := hmac.New(sha1.New, t[:])
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	h.Write(counter[:])
	sum := h.Sum(nil)
	offset := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// Match returns the step whose code this is, among those around a moment.
func (t TOTP) Match(code string, at time.Time) (step int64, ok bool) {
	for off := int64(-totpSlack); off <= totpSlack; off++ {
		if subtle.ConstantTimeCompare([]byte(t.code(stepOf(at)+off)), []byte(code)) == 1 {
			step, ok = stepOf(at)+off, true
		}
	}
	return step, ok
}

// Seal returns the secret as it is kept in totp_sealed, for the host whose
// secret func this is.
func (t TOTP) Seal(secret func(label string) []byte) string {
	return seal(secret(totpSealLabel), t[:], []byte("totp"))
}

// openTOTP is the other half of Seal.
func openTOTP(secret func(label string) []byte, sealed string) (t TOTP, err error) {
	plain, err := unseal(secret(totpSealLabel), sealed, []byte("totp"))
	if err != nil {
		return t, err
	}
	if len(plain) != len(t) {
		return t, errors.New("auth: the second factor has a wrong length")
	}
	return TOTP(plain), nil
}

// NewRecoveryCodes returns ten codes to be shown once, and what is kept of them.
// The hashes are made with the host's key: a thief of the config cannot try
// codes against them.
func NewRecoveryCodes(secret func(label string) []byte) (codes, hashes []string) {
	for range recoveryCodes {
		code := string(GeneratePassword())[:11] // two groups of five: 50 bits
		codes = append(codes, code)
		hashes = append(hashes, recoveryHash(secret, code))
	}
	return codes, hashes
}

func recoveryHash(secret func(label string) []byte, code string) string {
	h := hmac.New(sha256.New, secret(recoveryHashLabel))
	h.Write([]byte(tidyCode(code)))
	return base64.RawStdEncoding.EncodeToString(h.Sum(nil))
}

// tidyCode drops what people put between the parts of a code.
func tidyCode(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\t", "").Replace(code))
}

// code is the proof that follows the password.
func (d *door) code(m *proofMsg) (*basis, error) {
	if d.tries++; d.tries > maxTries {
		return nil, &Refused{Code: CodeThrottled, RetryAfter: d.g.limits.nextCode(d.who)}
	}
	if wait := d.g.limits.takeCode(d.who); wait > 0 {
		return nil, d.again(CodeCode, toll{wait: wait})
	}
	c, _ := d.g.rules()
	if !d.g.codeIsGood(c, tidyCode(m.Code)) {
		d.log.Warn("wrong second factor", "name", d.name)
		d.extend()
		return nil, d.again(CodeCode, toll{wait: d.g.limits.nextCode(d.who)})
	}
	d.g.limits.forgiveCode(d.who)
	return d.proved, nil
}

// codeIsGood uses a code up, if it is one.
func (g *Gate) codeIsGood(c *config.Config, code string) bool {
	if c.Unattended.TOTPSealed == "" {
		return false // it was taken away meanwhile: log in anew
	}
	t, err := openTOTP(g.o.Secret, c.Unattended.TOTPSealed)
	if err != nil {
		g.o.Log.Error("totp_sealed cannot be opened: nobody gets in by password until it is set anew", "error", err)
		return false
	}
	if step, ok := t.Match(code, time.Now()); ok {
		return g.o.State.useStep(c.Unattended.TOTPSealed, step)
	}
	hash := recoveryHash(g.o.Secret, code)
	for _, kept := range c.Unattended.RecoveryCodes {
		if subtle.ConstantTimeCompare([]byte(kept), []byte(hash)) == 1 {
			return g.burn(kept)
		}
	}
	return false
}

// burn takes a recovery code out of the config; one that cannot be taken out
// would be good twice, so it is not good at all.
func (g *Gate) burn(hash string) bool {
	if err := g.o.Store.BurnRecoveryCode(hash); err != nil {
		g.o.Log.Warn("the recovery code cannot be used up, so it is refused", "error", err)
		return false
	}
	g.o.Log.Warn("a recovery code was used")
	g.Reload()
	return true
}
