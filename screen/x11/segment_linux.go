package x11

// Shared memory by memfd and MIT-SHM's AttachFd. System V segments, the older
// way, do not work between users (mode 0600) and outlive a crash.

import (
	"errors"
	"fmt"
	"net"

	"github.com/jezek/xgb/shm"
	"golang.org/x/sys/unix"
)

// NewSegment makes size bytes of memory shared with the server. The error wraps
// errors.ErrUnsupported where the server cannot (another machine, no MIT-SHM 1.2).
func (c *Conn) NewSegment(size int) (*Segment, error) {
	if err := c.canShare(); err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("rac", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("x11: memfd: %w", err)
	}
	defer unix.Close(fd) // the mapping and the server keep the memory
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, fmt.Errorf("x11: memfd of %d bytes: %w", size, err)
	}
	mem, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("x11: mapping %d bytes: %w", size, err)
	}
	id, err := c.attach(fd)
	if err != nil {
		unix.Munmap(mem)
		return nil, err
	}
	return &Segment{ID: id, Mem: mem, conn: c}, nil
}

// canShare asks whether descriptors can go to the server.
func (c *Conn) canShare() error {
	if _, ok := c.stream.Conn.(*net.UnixConn); !ok {
		return fmt.Errorf("x11: shared memory with another machine: %w", errors.ErrUnsupported)
	}
	if !c.Has("MIT-SHM") {
		return fmt.Errorf("x11: the server has no MIT-SHM: %w", errors.ErrUnsupported)
	}
	v, err := shm.QueryVersion(c.Conn).Reply()
	if err != nil {
		return fmt.Errorf("x11: MIT-SHM: %w", err)
	}
	if v.MajorVersion == 1 && v.MinorVersion < 2 {
		return fmt.Errorf("x11: MIT-SHM %d.%d cannot take descriptors: %w", v.MajorVersion, v.MinorVersion, errors.ErrUnsupported)
	}
	return nil
}

// attach gives the server the descriptor. It refuses where descriptors do not
// reach it although the socket is local (a proxy such as ssh -X in between).
func (c *Conn) attach(fd int) (shm.Seg, error) {
	id, err := shm.NewSegId(c.Conn)
	if err != nil {
		return 0, fmt.Errorf("x11: %w", ErrClosed)
	}
	c.stream.mu.Lock()
	c.stream.fds[uint32(id)] = fd
	c.stream.mu.Unlock()
	err = shm.AttachFdChecked(c.Conn, id, false).Check()
	c.stream.mu.Lock()
	delete(c.stream.fds, uint32(id))
	c.stream.mu.Unlock()
	if err != nil && !c.Alive() {
		return 0, fmt.Errorf("x11: %w", ErrClosed)
	}
	if err != nil {
		return 0, fmt.Errorf("x11: the server takes no shared memory (%v): %w", err, errors.ErrUnsupported)
	}
	return id, nil
}

// writeFD sends request p with a descriptor.
func (s *stream) writeFD(p []byte, fd int) (int, error) {
	n, _, err := s.Conn.(*net.UnixConn).WriteMsgUnix(p, unix.UnixRights(fd), nil)
	return n, err
}

// Close gives the memory back. Nothing may use Mem afterwards.
func (s *Segment) Close() error {
	if s == nil || s.Mem == nil {
		return nil
	}
	shm.Detach(s.conn.Conn, s.ID)
	err := unix.Munmap(s.Mem)
	s.Mem = nil
	return err
}
