package x11

// Extensions: their opcodes, and the numbers of their events and errors, which
// differ from server to server.

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// xgbTables is what the imported packages of xgb have registered, read once:
// xgb has one table of error numbers for all servers, so every extension gets
// numbers of ours there before the first connection reads it.
var xgbTables = sync.OnceValue(func() *tables {
	t := &tables{errors: map[string]int{}}
	for n, parse := range xgb.NewEventFuncs {
		t.events[n&0x7f] = parse
	}
	next := 128
	for _, name := range slices.Sorted(maps.Keys(xgb.NewExtErrorFuncs)) {
		t.errors[name] = next
		for n, parse := range xgb.NewExtErrorFuncs[name] {
			xgb.NewErrorFuncs[t.errors[name]+n] = parse
			next = max(next, t.errors[name]+n+1)
		}
	}
	xgb.Logger.SetOutput(discard{})
	return t
})

// tables are xgb's global registrations.
type tables struct {
	events [128]xgb.NewEventFun // of the core protocol
	errors map[string]int       // first error number by extension
}

// discard is where xgb's global logger writes: it would otherwise print to
// standard error what callers get as errors anyway.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func adoptXgb() { xgbTables() }

func coreEvents() [128]xgb.NewEventFun { return xgbTables().events }

// coreErrors maps the core protocol's errors to themselves and what is not known
// to BadImplementation: xgb never matches an error that it does not know with
// its request, which would wait for ever.
func coreErrors() (t [256]byte) {
	for n := range t {
		t[n] = xproto.BadImplementation
		if n <= xproto.BadLength {
			t[n] = byte(n)
		}
	}
	return t
}

// queryExtensions asks for all extensions that the program has packages of, in
// one round trip, and tells xgb and the stream their numbers.
func (c *Conn) queryExtensions() error {
	names := slices.Sorted(maps.Keys(xgb.NewExtErrorFuncs))
	asked := make([]xproto.QueryExtensionCookie, len(names))
	for i, name := range names {
		asked[i] = xproto.QueryExtension(c.Conn, uint16(len(name)), name)
	}
	for i, name := range names {
		r, err := asked[i].Reply()
		if err != nil {
			return fmt.Errorf("x11: extension %s: %w", name, err)
		}
		if r.Present {
			c.adopt(name, r)
		}
	}
	return nil
}

// adopt does what the Init of xgb's package would do, without its global maps.
func (c *Conn) adopt(name string, r *xproto.QueryExtensionReply) {
	s := c.stream
	s.mu.Lock()
	for n, parse := range xgb.NewExtEventFuncs[name] {
		s.parse[(int(r.FirstEvent)+n)&0x7f] = parse
	}
	for n := range xgb.NewExtErrorFuncs[name] {
		s.errors[(int(r.FirstError)+n)&0xff] = byte(xgbTables().errors[name] + n)
	}
	if name == "MIT-SHM" {
		s.shmMajor = r.MajorOpcode
	}
	s.mu.Unlock()
	c.ExtLock.Lock()
	c.Extensions[name] = r.MajorOpcode
	c.ExtLock.Unlock()
	c.mu.Lock()
	c.exts[name] = r
	c.mu.Unlock()
}

// Has tells whether the server has the extension of that name ("MIT-SHM",
// "DAMAGE", "XFIXES", "RANDR", "RENDER", "XTEST"), so that the functions of
// xgb's package may be called. Its package must be imported somewhere.
func (c *Conn) Has(name string) bool {
	c.ExtLock.RLock()
	defer c.ExtLock.RUnlock()
	_, ok := c.Extensions[name]
	return ok
}

// Extension returns the numbers of any extension, also one that xgb has no
// package of (XKEYBOARD); nil if the server has not got it.
func (c *Conn) Extension(name string) (*xproto.QueryExtensionReply, error) {
	c.mu.Lock()
	r := c.exts[name]
	c.mu.Unlock()
	if r != nil {
		return r, nil
	}
	r, err := xproto.QueryExtension(c.Conn, uint16(len(name)), name).Reply()
	if err != nil {
		return nil, fmt.Errorf("x11: extension %s: %w", name, err)
	}
	if !r.Present {
		return nil, nil
	}
	c.mu.Lock()
	c.exts[name] = r
	c.mu.Unlock()
	return r, nil
}

// ask sends a request of an extension that xgb has no package of, whose body is
// an even number of 16-bit words. The cookie waits for its reply.
func (c *Conn) ask(major, minor byte, body ...uint16) *xgb.Cookie {
	cookie := c.NewCookie(true, true)
	c.NewRequest(request(major, minor, body), cookie)
	return cookie
}

// tell sends one that has no reply.
func (c *Conn) tell(major, minor byte, body ...uint16) {
	c.NewRequest(request(major, minor, body), c.NewCookie(false, false))
}

func request(major, minor byte, body []uint16) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{major, minor}, uint16(1+len(body)/2))
	for _, w := range body {
		b = binary.LittleEndian.AppendUint16(b, w)
	}
	return b
}
