package seat

// The X servers of this computer: their sockets, and the processes behind them.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// socketFolder is where X servers listen; it belongs to root.
const socketFolder = "/tmp/.X11-unix"

// server is an X server of this computer.
type server struct {
	display   string // ":0"
	pid       int    // 0: in a world of processes that is not ours
	uid       int    // whose process it is
	authority string // the file that it takes cookies from; "": it named none
	vt        int    // the virtual terminal that it shows itself on; 0: none
	session   string // logind's name of the session that it was started in
}

// servers lists the X servers that answer.
func servers(ctx context.Context) (list []server) {
	sockets, _ := filepath.Glob(socketFolder + "/X*") // the pattern is a good one
	for _, path := range sockets {
		number, err := strconv.ParseUint(strings.TrimPrefix(filepath.Base(path), "X"), 10, 16)
		if err != nil {
			continue
		}
		s := server{display: ":" + strconv.FormatUint(number, 10)}
		if s.pid, s.uid, err = peer(ctx, path); err == nil {
			s.describe()
			list = append(list, s)
		}
	}
	return list
}

// Holds tells whether the place's X server is still the one that listens on its
// display; nil: it is. When a server ends, whoever is quickest may listen there until
// that is noticed, and would be sent what a viewer types. So who has connected, or been
// answered, asks afterwards: nobody puts the old server's socket back.
func (p Place) Holds(ctx context.Context) error {
	pid, _, err := peer(ctx, socketFolder+"/X"+strings.TrimPrefix(p.Display, ":"))
	if err == nil && pid != p.Server {
		err = errors.New("it is another one now")
	}
	if err != nil {
		return fmt.Errorf("the X server %s: %w", p.Display, err)
	}
	return nil
}

// peer returns who listens on a socket.
func peer(ctx context.Context, path string) (pid, uid int, err error) {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var who *syscall.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		who, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return 0, 0, err
	}
	return int(who.Pid), int(who.Uid), nil
}

// describe reads what the server's process says of itself.
func (s *server) describe() {
	if s.pid == 0 {
		return
	}
	proc := "/proc/" + strconv.Itoa(s.pid)
	line, _ := os.ReadFile(proc + "/cmdline") // a process that has ended has none
	s.readArguments(strings.Split(string(line), "\x00"))
	if s.authority != "" && !filepath.IsAbs(s.authority) {
		if dir, err := os.Readlink(proc + "/cwd"); err == nil {
			s.authority = filepath.Join(dir, s.authority)
		}
	}
	if s.vt == 0 {
		s.vt = openTerminal(proc)
	}
	group, _ := os.ReadFile(proc + "/cgroup")
	if found := sessionScope.FindSubmatch(group); found != nil {
		s.session = string(found[1])
	}
}

// sessionScope is logind's name for the processes of a session.
var sessionScope = regexp.MustCompile(`/session-([^/\n]+)\.scope`)

// readArguments takes from a server's command line its cookies and its terminal
// (Xserver(1), Xorg(1): -auth FILE, vtN).
func (s *server) readArguments(args []string) {
	if i := slices.Index(args, "-auth"); i >= 0 && i+1 < len(args) {
		s.authority = args[i+1]
	}
	for _, a := range args {
		if number, ok := strings.CutPrefix(a, "vt"); ok {
			if n, err := strconv.ParseUint(number, 10, 6); err == nil {
				s.vt = int(n)
			}
		}
	}
}

// openTerminal is the virtual terminal that a process has open: an X server that
// was not told which to take finds one for itself.
func openTerminal(proc string) int {
	files, _ := filepath.Glob(proc + "/fd/*")
	for _, f := range files {
		to, _ := os.Readlink(f)
		if n, err := strconv.ParseUint(strings.TrimPrefix(to, "/dev/tty"), 10, 6); err == nil && n > 0 {
			return int(n)
		}
	}
	return 0
}
