package p2p

import (
	"errors"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// askForBBR works without rights where net.ipv4.tcp_allowed_congestion_control has
// bbr, as root wherever the kernel has it.
func askForBBR(c net.Conn) error {
	var refused error
	err := onSocket(c, func(fd int) { refused = setControl(fd, "bbr") })
	return errors.Join(err, refused)
}

// beginAnew lets the BBR of a connection forget what it knows, if little is under way and
// nothing waits, so that what it knows is what the program sent, and if it has made up its
// mind about the line, or is old. While a loss is mended, or in a pause, it stays: how much
// may be under way afterwards is known to it alone.
func beginAnew(c net.Conn, old bool) (done bool) {
	onSocket(c, func(fd int) {
		var line unix.TCPInfo
		err := askSocket(fd, unix.TCP_INFO, unsafe.Pointer(&line), unsafe.Sizeof(line))
		if err != nil || line.Ca_state != unhurt || line.Notsent_bytes > 0 || 2*line.Unacked > line.Snd_cwnd || line.Snd_cwnd < pausing {
			return
		}
		var bbr unix.TCPBBRInfo
		err = askSocket(fd, unix.TCP_CC_INFO, unsafe.Pointer(&bbr), unsafe.Sizeof(bbr))
		if err == nil && (bbr.Pacing_gain < doubling || old) {
			done = setControl(fd, "reno") == nil && setControl(fd, "bbr") == nil // the same one again would change nothing
		}
	})
	return done
}

// askSocket is told of by nobody: this comes before writes, and the scheduler's watcher,
// which a call wakes, costs more than the call does (package socket).
func askSocket(fd, option int, answer unsafe.Pointer, size uintptr) error {
	room := uint32(size)
	_, _, err := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, uintptr(option),
		uintptr(answer), uintptr(unsafe.Pointer(&room)), 0)
	if err != 0 {
		return err
	}
	return nil
}

const (
	unhurt   = 0       // TCP_CA_Open: no packet is missing
	pausing  = 10      // packets: a pause has 4 under way, a new connection 10
	doubling = 2 * 256 // BBR's pacing gain (256: as fast as the line) is 2.9 while it knows nothing, else at most 1.25
)

// segmentsIn counts what has come in on a TCP socket, bare acknowledgements too.
func segmentsIn(c net.Conn) (n uint64, err error) {
	var refused error
	err = onSocket(c, func(fd int) {
		var line *unix.TCPInfo
		if line, refused = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); refused == nil {
			n = uint64(line.Segs_in)
		}
	})
	return n, errors.Join(err, refused)
}

func setControl(fd int, name string) error {
	return unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, name)
}

// onSocket calls f with the socket of c.
func onSocket(c net.Conn, f func(fd int)) error {
	socket, ok := c.(syscall.Conn)
	if !ok {
		return errors.ErrUnsupported
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) { f(int(fd)) })
}

// hasBBR tells whether askForBBR works.
func hasBBR() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return setControl(fd, "bbr") == nil
}
