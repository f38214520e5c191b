package p2ptest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wire joins a router's interface "wan" with the internet's interface name. A
// line with a delay leads through a namespace in which this process hands the
// packets on: not every kernel has netem.
func (l *Lab) wire(t testing.TB, router Computer, name string, r Router) {
	t.Helper()
	if r.Delay == 0 {
		cable(router, l.Internet, "wan", name)
		return
	}
	middle := newComputer(t)
	cable(router, middle, "wan", "w0")
	cable(l.Internet, middle, name, "w1")
	// What a veth carries is without checksums, and larger than a packet.
	router.offload(t, "wan")
	l.Internet.offload(t, name)
	middle.IP("link set w0 promisc on up\nlink set w1 promisc on up")
	var ends [2]*packetSocket
	for i, dev := range []string{"w0", "w1"} {
		middle.offload(t, dev)
		s, err := middle.openPackets(dev)
		if err != nil {
			t.Fatalf("a packet socket: %v", err)
		}
		ends[i] = s
	}
	var pumps sync.WaitGroup
	for i := range ends {
		pumps.Go(func() { pump(ends[i], ends[1-i], r) })
	}
	t.Cleanup(func() {
		for _, s := range ends {
			s.file.Close()
		}
		pumps.Wait()
	})
}

// packetSocket reads and writes whole Ethernet frames of one interface.
type packetSocket struct{ file *os.File }

// inside runs f in a thread that is in the namespace.
func (c Computer) inside(f func() error) error {
	return elsewhere(func() error {
		file, err := os.Open(c.at)
		if err != nil {
			return err
		}
		defer file.Close()
		return unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
	}, f)
}

func networkOrder(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}

func (c Computer) openPackets(dev string) (s *packetSocket, err error) {
	err = c.inside(func() error {
		i, err := net.InterfaceByName(dev)
		if err != nil {
			return err
		}
		all := networkOrder(unix.ETH_P_ALL)
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, int(all))
		if err != nil {
			return err
		}
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20)
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
		s = &packetSocket{os.NewFile(uintptr(fd), dev)}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: i.Index})
	})
	return s, err
}

// pump hands on what comes from in, each frame after the delay and when the line has
// done with those before it, until the sockets are closed.
func pump(in, out *packetSocket, r Router) {
	type frame struct {
		due  time.Time
		data []byte
	}
	const (
		queue = 1 << 14                // frames; 20 MB
		full  = 100 * time.Millisecond // of the line's time, where it has a rate

		stallPause = 100 * time.Millisecond // from one stall to the next, on average
	)
	line := make(chan frame, queue)
	var sender sync.WaitGroup
	sender.Go(func() {
		for f := range line {
			time.Sleep(time.Until(f.due))
			out.file.Write(f.data)
		}
	})
	random := rand.New(rand.NewPCG(1, 2)) // the same packets in each run
	buf := make([]byte, 64<<10)
	var free, still time.Time // when the line is, and when it stands still again
	for {
		n, err := in.file.Read(buf)
		if err != nil {
			break
		}
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		if r.Stall > 0 && now.After(still) {
			free = free.Add(time.Duration(random.Int64N(int64(r.Stall))))
			still = now.Add(time.Duration(random.Int64N(int64(2 * stallPause))))
		}
		if free.Sub(now) > full || random.Float64() < r.Loss {
			continue
		}
		if r.Rate > 0 {
			free = free.Add(time.Duration(n) * time.Second / time.Duration(r.Rate))
		}
		select {
		case line <- frame{free.Add(r.Delay), append([]byte(nil), buf[:n]...)}:
		default: // full: lost, as on any line
		}
	}
	close(line)
	sender.Wait()
}

// offload switches off what the kernel leaves to a network card.
func (c Computer) offload(t testing.TB, dev string) {
	t.Helper()
	const stxcsum, stso, sgso, sgro = 0x17, 0x1f, 0x24, 0x2c // ETHTOOL_…
	err := c.inside(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, what := range []uint32{sgro, sgso, stso, stxcsum} {
			value := [2]uint32{what, 0}
			var request struct {
				name [unix.IFNAMSIZ]byte
				data unsafe.Pointer
				_    [16]byte
			}
			copy(request.name[:], dev)
			request.data = unsafe.Pointer(&value)
			if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); e != 0 {
				return fmt.Errorf("%s: %w", dev, e)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("ethtool: %v", err)
	}
}
