package x11

// The net.Conn that xgb works on. It takes the events out of what the server
// sends, gives errors the numbers that xgb knows, and adds file descriptors to
// the requests that need them.

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"

	"github.com/jezek/xgb"

	"rac/p2p/socket"
)

// dummyCookie makes xgb send a setup request without looking for a cookie.
const dummyCookie = "00000000000000000000000000000000"

// The first byte of what the server sends; anything else is an event.
const (
	kindError   = 0
	kindReply   = 1
	kindGeneric = 35 // an event that may be longer than 32 bytes
)

// stream is one goroutine's to read (xgb's reader) and one's to write (xgb's
// sender).
type stream struct {
	net.Conn
	quick  io.ReadWriter // the socket's bytes: it is woken sixty times a second
	in     *bufio.Reader
	setup  []byte // of the handshake, still to be read by xgb
	opened bool   // xgb has sent its own setup request, which was swallowed
	pass   int    // bytes of the present reply or error still to be read
	events *queue

	once sync.Once

	mu       sync.Mutex
	fds      map[uint32]int        // by the ID of the segment whose AttachFd request is to carry it
	shmMajor byte                  // opcode of MIT-SHM, 0 if unknown
	parse    [128]xgb.NewEventFun  // by event number
	divert   [128]func(raw []byte) // instead of parse
	batch    bool                  // requests wait in out
	out      []byte
	errors   [256]byte // the server's error numbers → xgb's (extension.go)
}

func newStream(raw net.Conn, setup []byte) *stream {
	quick, _ := socket.Quick(raw)
	s := &stream{Conn: raw, quick: quick, setup: setup, events: newQueue(), fds: map[uint32]int{}}
	s.in = bufio.NewReaderSize(quick, 64<<10) // 2,000 events
	s.parse, s.errors = coreEvents(), coreErrors()
	return s
}

// Read gives xgb the server's replies and errors.
func (s *stream) Read(p []byte) (int, error) {
	if len(s.setup) > 0 {
		n := copy(p, s.setup)
		s.setup = s.setup[n:]
		return n, nil
	}
	for s.pass == 0 {
		if err := s.header(); err != nil {
			s.events.close()
			return 0, err
		}
	}
	n, err := s.in.Read(p[:min(len(p), s.pass)])
	s.pass -= n
	if err != nil {
		s.events.close()
	}
	return n, err
}

// header looks at the next 32 bytes: it sets pass for what is xgb's and consumes
// what is not.
func (s *stream) header() error {
	h, err := s.in.Peek(32)
	if err != nil {
		return err
	}
	switch h[0] {
	case kindError:
		s.mu.Lock()
		h[1] = s.errors[h[1]] // in the reader's buffer, hence for xgb
		s.mu.Unlock()
		s.pass = 32
		return nil
	case kindReply:
		s.pass = 32 + 4*int(binary.LittleEndian.Uint32(h[4:]))
		return nil
	case kindGeneric, kindGeneric | 0x80:
		_, err = s.in.Discard(32 + 4*int(binary.LittleEndian.Uint32(h[4:])))
		return err
	}
	s.event(h)
	_, err = s.in.Discard(32)
	return err
}

// event delivers one event; the top bit of its number says that another client
// sent it.
func (s *stream) event(raw []byte) {
	n := raw[0] & 0x7f
	s.mu.Lock()
	parse, divert := s.parse[n], s.divert[n]
	s.mu.Unlock()
	switch {
	case divert != nil:
		divert(raw)
	case parse != nil:
		s.events.push(parse(append([]byte(nil), raw...)))
	}
}

// Write sends one request of xgb's. Its first write is the setup request, which
// the handshake has sent already.
func (s *stream) Write(p []byte) (int, error) {
	if !s.opened {
		s.opened = true
		return len(p), nil
	}
	if fd, ok := s.takeFD(p); ok {
		return s.writeFD(p, fd)
	}
	if s.hold(p) {
		return len(p), nil
	}
	return s.quick.Write(p)
}

// hold keeps p back if there is a batch. GetInputFocus, by which xgb waits for
// the server to catch up, takes the batch with it.
func (s *stream) hold(p []byte) bool {
	const getInputFocus = 43
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.batch {
		return false
	}
	s.out = append(s.out, p...)
	if p[0] == getInputFocus {
		s.flushLocked()
	}
	return true
}

// flushLocked sends the batch so far. An error is also the reader's, which ends
// the connection.
func (s *stream) flushLocked() {
	s.quick.Write(s.out)
	s.out = s.out[:0]
}

// Batch sends the requests that f makes in one write, so that the server wakes
// once and does them in one go. f waits for no reply, except by Sync; nobody
// else uses the connection meanwhile.
func (c *Conn) Batch(f func()) {
	s := c.stream
	s.mu.Lock()
	s.batch = true
	s.mu.Unlock()
	f()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch = false
	s.flushLocked()
}

// takeFD returns the file descriptor that goes with request p.
func (s *stream) takeFD(p []byte) (int, bool) {
	const attachFD = 6 // of MIT-SHM
	if len(p) != 12 || p[1] != attachFD {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p[0] != s.shmMajor {
		return 0, false
	}
	id := binary.LittleEndian.Uint32(p[4:])
	fd, ok := s.fds[id]
	delete(s.fds, id)
	return fd, ok
}

// Close closes the socket, once; xgb does it as well.
func (s *stream) Close() (err error) {
	s.once.Do(func() {
		err = s.Conn.Close()
		s.events.close()
	})
	return err
}
