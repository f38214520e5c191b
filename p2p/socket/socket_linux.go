package socket

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// Quick returns the bytes of c; ok is false for what is no socket, which is returned as it
// is. Deadlines and the end of c hold for them as well.
func Quick(c net.Conn) (bytes io.ReadWriter, ok bool) {
	s, ok := c.(syscall.Conn)
	if !ok {
		return c, false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return c, false
	}
	q := &quick{in: half{trap: syscall.SYS_READ}, out: half{trap: syscall.SYS_WRITE}}
	q.in.wait, q.out.wait = raw.Read, raw.Write
	q.in.try, q.out.try = q.in.once, q.out.once
	return q, true
}

type quick struct {
	in, out half
	whole   sync.Mutex // what one Write writes stays together, as on a net.Conn
}

// half is one direction. It is used under mu, and makes no garbage.
type half struct {
	trap uintptr                               // the system call
	wait func(try func(fd uintptr) bool) error // calls try until it returns true, with waits in between
	try  func(fd uintptr) bool

	mu   sync.Mutex
	b    []byte
	n    int
	fail syscall.Errno
}

// Read returns io.EOF at the end.
func (q *quick) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	n, err := q.in.move(b)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// Write writes all of b.
func (q *quick) Write(b []byte) (n int, err error) {
	q.whole.Lock()
	defer q.whole.Unlock()
	for n < len(b) && err == nil {
		var m int
		m, err = q.out.move(b[n:min(len(b), n+mostAtOnce)])
		n += m
	}
	return n, err
}

// mostAtOnce is what a call may copy, in some 20 µs: the scheduler does not know that it
// has to do without this processor meanwhile.
const mostAtOnce = 64 << 10

// move makes the system call for b, once there is something to read or room to write.
func (h *half) move(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = b[:min(len(b), mostAtOnce)]
	sending()
	err := h.wait(h.try)
	received()
	h.b = nil
	switch {
	case err != nil:
		return 0, err
	case h.fail != 0:
		return 0, os.NewSyscallError("socket", h.fail)
	}
	return h.n, nil
}

// once makes the call. False: nothing was done, and it would have had to wait.
func (h *half) once(fd uintptr) bool {
	for {
		n, _, err := syscall.RawSyscall(h.trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(h.b))), uintptr(len(h.b)))
		if err == syscall.EINTR {
			continue
		}
		h.n, h.fail = int(n), err
		return err != syscall.EAGAIN
	}
}
