package x11

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"strings"
	"testing"
)

// entry writes one entry of an Xauthority file.
func entry(family uint16, addr, number, name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, family)
	for _, f := range [][]byte{[]byte(addr), []byte(number), []byte(name), data} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(f)))
		b = append(b, f...)
	}
	return b
}

// secret is a cookie of 16 equal bytes.
func secret(c byte) []byte { return bytes.Repeat([]byte{c}, 16) }

func TestTheRightCookiesAreTriedInTheRightOrder(t *testing.T) {
	file := slices.Concat(
		entry(familyLocal, "oldname", "7", cookieName, secret('o')),
		entry(familyWild, "", "7", cookieName, secret('w')),
		entry(familyLocal, "here", "8", cookieName, secret('x')),
		entry(familyInternet, "\x0a\x00\x00\x01", "7", cookieName, secret('4')),
		entry(familyInternet6, string(net.ParseIP("fd00::1")), "7", cookieName, secret('6')),
		entry(familyLocal, "here", "7", "XDM-AUTHORIZATION-1", secret('d')),
		entry(familyLocal, "here", "7", cookieName, secret('h')[:15]),
		entry(familyLocal, "here", "7", cookieName, secret('h')),
		entry(familyLocal, "here", "", cookieName, secret('a')),
		entry(familyLocal, "again", "7", cookieName, secret('h')))
	list, err := parseAuthority(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ remote, want string }{
		{"", "hawo"},
		{"127.0.0.1", "haw"},
		{"10.0.0.1", "4w"},
		{"10.0.0.2", "w"},
		{"fd00::1", "6w"},
	} {
		var got strings.Builder
		for _, k := range cookies(list, 7, "here", net.ParseIP(c.remote)) {
			got.WriteByte(k[0])
		}
		if got.String() != c.want {
			t.Errorf("for %q: cookies %s, want %s", c.remote, got.String(), c.want)
		}
	}
}

func TestDisplayNamesGiveTheirSockets(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{":0", "/tmp/.X11-unix/X0"},
		{":12.0", "/tmp/.X11-unix/X12"},
		{"unix:3", "/tmp/.X11-unix/X3"},
		{"box/unix:3", "/tmp/.X11-unix/X3"},
		{"localhost:10.0", "localhost:6010"},
		{"tcp/host:1", "host:6001"},
		{"[::1]:2", "[::1]:6002"},
		{"::1:2", "[::1]:6002"},
		{"/tmp/launch-1/org:0", "/tmp/launch-1/org:0"},
		{"0", ""}, {":", ""}, {":x", ""}, {":0.x", ""}, {":-1", ""}, {":70000", ""}, {":0.", ""},
	} {
		d, err := parseDisplay(c.name)
		got := ""
		if err == nil {
			got = d.addresses()[0].addr
		}
		if got != c.want {
			t.Errorf("%s goes to %q, want %q (%v)", c.name, got, c.want, err)
		}
	}
}

func FuzzAuthority(f *testing.F) {
	f.Add(entry(familyLocal, "here", "0", cookieName, secret('a')))
	f.Add(append(entry(familyWild, "", "", cookieName, secret('a')), 1, 0, 0))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseAuthority(b)
		var again []byte
		for _, e := range list {
			again = append(again, entry(e.family, e.addr, e.number, e.name, e.data)...)
		}
		if !bytes.HasPrefix(b, again) || err == nil && len(again) != len(b) {
			t.Errorf("%x is read as %x", b, again)
		}
		cookies(list, 0, "here", nil)
	})
}

func FuzzDisplayName(f *testing.F) {
	for _, s := range []string{":0", "host:1.2", "tcp/[::1]:3", "/run/x:0", "a/b/c:0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			return
		}
		if d, err := parseDisplay(s); err == nil && (len(d.addresses()) == 0 || d.number < 0 || d.number > 59535) {
			t.Errorf("%q is %+v", s, d)
		}
	})
}

func FuzzSetup(f *testing.F) {
	f.Add([]byte{0, 5, 11, 0, 0, 0, 2, 0, 'w', 'h', 'y', '?', '\n', 0, 0, 0})
	f.Add([]byte{0, 255, 11, 0, 0, 0, 0, 0})
	f.Add(append([]byte{1, 0, 11, 0, 0, 0, 32, 0}, make([]byte, 128)...))
	f.Add([]byte{2, 0, 11, 0, 0, 0, 1, 0, 'a', 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if reply, err := readSetup(bytes.NewReader(b)); err == nil {
			if reply[0] == setupSuccess {
				parseSetup(reply)
			} else {
				refusal(reply)
			}
		}
	})
}
