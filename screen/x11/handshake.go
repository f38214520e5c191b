package x11

// The setup exchange (X Window System Protocol, chapter 8, "Connection Setup").

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"github.com/jezek/xgb/xproto"
)

// maxCookies bounds the cookies that are tried on one server.
const maxCookies = 4

// The setup reply's first byte.
const setupSuccess = 1

// connect dials d and shakes hands with each cookie until one is accepted. It
// returns the server's setup reply as it came.
func connect(ctx context.Context, d display, authority string) (net.Conn, []byte, error) {
	if authority == "" {
		authority = authorityFile()
	}
	entries, fileErr := readAuthority(authority)
	var try []*cookie
	var refused error
	for i := 0; ; i++ {
		conn, err := d.dial(ctx)
		if err != nil {
			return nil, nil, err
		}
		if i == 0 {
			try = candidates(entries, d, conn)
		}
		setup, err := shake(ctx, conn, try[i])
		if err == nil {
			return conn, setup, nil
		}
		conn.Close()
		if !errors.Is(err, ErrRefused) {
			return nil, nil, fmt.Errorf("display %s: %w", d, err)
		}
		refused = err
		if i == len(try)-1 {
			break
		}
	}
	return nil, nil, fmt.Errorf("display %s: %w; %s", d, refused, authorityAdvice(authority, fileErr, len(try)))
}

// candidates lists what to try on conn; nil, at the end only if there is no
// cookie, is no cookie at all, which a server may accept from its own user.
func candidates(list []authEntry, d display, conn net.Conn) []*cookie {
	hostname, _ := os.Hostname() // unknown: then no entry is for this address
	var remote net.IP
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		remote = a.IP
	}
	var out []*cookie
	for _, c := range cookies(list, d.number, hostname, remote) {
		out = append(out, &c)
	}
	if len(out) == 0 {
		return []*cookie{nil}
	}
	return out[:min(len(out), maxCookies)]
}

// authorityAdvice says what was tried and what to do next.
func authorityAdvice(file string, err error, tried int) string {
	const next = "point XAUTHORITY at the file of the user whose screen it is"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no cookie file %s: %s", file, next)
	case err != nil:
		return fmt.Sprintf("cookie file %s: %s: %s", file, reason(err), next)
	case tried == 1:
		return fmt.Sprintf("no other cookie for it in %s: %s", file, next)
	}
	return fmt.Sprintf("nor are the %d cookies for it in %s right: %s", tried, file, next)
}

// shake sends the setup request with a cookie (nil: none) and reads the reply.
func shake(ctx context.Context, conn net.Conn, c *cookie) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err := conn.Write(setupRequest(c))
	var reply []byte
	if err == nil {
		reply, err = readSetup(conn)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("the server's greeting: %w", err)
	}
	if reply[0] != setupSuccess {
		return nil, fmt.Errorf("%w: %s", ErrRefused, refusal(reply))
	}
	return reply, nil
}

// setupRequest asks for the protocol in little-endian byte order.
func setupRequest(c *cookie) []byte {
	b := []byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if c == nil {
		return b
	}
	binary.LittleEndian.PutUint16(b[6:], uint16(len(cookieName)))
	binary.LittleEndian.PutUint16(b[8:], uint16(len(c)))
	b = append(b, cookieName...)
	b = append(b, make([]byte, -len(b)&3)...)
	return append(b, c[:]...)
}

// readSetup reads a reply: 8 bytes, the last two of which count the words that
// follow.
func readSetup(r io.Reader) ([]byte, error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	b := make([]byte, 8+4*int(binary.LittleEndian.Uint16(head[6:])))
	copy(b, head)
	if _, err := io.ReadFull(r, b[8:]); err != nil {
		return nil, err
	}
	if b[0] == setupSuccess && len(b) < 40 {
		return nil, errors.New("it is too short")
	}
	return b, nil
}

// parseSetup reads the reply of a server that has accepted.
func parseSetup(reply []byte) (s *xproto.SetupInfo, err error) {
	defer func() { // xgb trusts the counts in it
		if recover() != nil {
			s, err = nil, errors.New("the server's greeting is broken")
		}
	}()
	s = new(xproto.SetupInfo)
	xproto.SetupInfoRead(reply, s)
	return s, nil
}

// refusal is the reason that the server gives.
func refusal(reply []byte) string {
	text := reply[8:]
	if reply[0] == 0 { // "Failed" counts its text, "Authenticate" does not
		text = text[:min(len(text), int(reply[1]))]
	}
	return strings.TrimSpace(strings.TrimRight(string(text), "\x00"))
}
