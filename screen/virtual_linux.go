package screen

// A screen where there is none: an Xvfb of our own.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"rac/screen/x11"
)

const (
	// virtualStart bounds the start of Xvfb, which takes some 50 ms.
	virtualStart = 15 * time.Second
	// virtualStop is how long Xvfb may take to end before it is killed.
	virtualStop = 3 * time.Second
)

// Virtual is a running Xvfb that lives as long as its owner wants, and no longer
// than this process.
type Virtual struct {
	Display   string   // ":7"
	Authority string   // the file with its cookie
	Env       []string // DISPLAY and XAUTHORITY, for programs on it

	cmd  *exec.Cmd
	log  tail
	done chan struct{}
}

// StartVirtual starts an Xvfb of the given size on a free display. Only who can
// read the cookie, a new file in folder, may connect to it: this process does
// once XAUTHORITY is set as in Env.
func StartVirtual(ctx context.Context, size image.Point, folder string) (*Virtual, error) {
	if size.X < 1 || size.Y < 1 || size.X > MaxSide || size.Y > MaxSide || size.X*size.Y > MaxPixels {
		return nil, fmt.Errorf("virtual screen: %d×%d pixels is not a size from 1×1 to %d a side and %d in all", size.X, size.Y, MaxSide, MaxPixels)
	}
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		return nil, errors.New("virtual screen: Xvfb is not installed (Debian, Ubuntu: apt install xvfb; Fedora: dnf install xorg-x11-server-Xvfb; Arch: pacman -S xorg-server-xvfb)")
	}
	f, err := os.CreateTemp(folder, "virtual-*.Xauthority")
	if err != nil {
		return nil, fmt.Errorf("virtual screen: its cookie: %w", err)
	}
	f.Close()
	v := &Virtual{Authority: f.Name(), done: make(chan struct{})}
	if err := v.start(ctx, path, size); err != nil {
		os.Remove(v.Authority)
		return nil, fmt.Errorf("virtual screen: %w", err)
	}
	v.Env = []string{"DISPLAY=" + v.Display, "XAUTHORITY=" + v.Authority}
	return v, nil
}

// start runs Xvfb and waits until it says which display it is.
func (v *Virtual) start(ctx context.Context, path string, size image.Point) error {
	if err := x11.WriteAuthority(v.Authority); err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	// -noreset: without it the server starts afresh when its last program ends,
	// and drops whoever connects meanwhile.
	v.cmd = exec.Command(path, "-displayfd", "3", "-noreset", "-nolisten", "tcp", "-auth", v.Authority,
		"-screen", "0", fmt.Sprintf("%dx%dx24", size.X, size.Y))
	v.cmd.ExtraFiles = []*os.File{w}
	v.cmd.Stdout, v.cmd.Stderr = &v.log, &v.log
	// A group of its own, since Ctrl-C is for rac, which ends it in good order.
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	err = v.run()
	w.Close()
	if err != nil {
		return err
	}
	if v.Display, err = readDisplayNumber(ctx, r); err != nil {
		v.stop()
		return fmt.Errorf("no display from Xvfb: %w%s", err, v.log.last())
	}
	return nil
}

// run starts the program on a thread that lives as long as it does: Linux sends
// Pdeathsig when the thread that started a program ends, not the process.
func (v *Virtual) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := v.cmd.Start()
		started <- err
		if err == nil {
			v.cmd.Wait()
			close(v.done)
		}
	}()
	return <-started
}

// readDisplayNumber reads what -displayfd writes.
func readDisplayNumber(ctx context.Context, r *os.File) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, virtualStart)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { r.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := bufio.NewReader(io.LimitReader(r, 16)).ReadString('\n')
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", errors.New("it ended at once")
	}
	return ":" + strings.TrimSpace(line), nil
}

// Done is closed when the server has ended.
func (v *Virtual) Done() <-chan struct{} { return v.done }

// Close ends the server with all its programs' connections and removes the
// cookie.
func (v *Virtual) Close() error {
	v.stop()
	return os.Remove(v.Authority)
}

// stop ends the program and waits for its end.
func (v *Virtual) stop() {
	v.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-v.done:
	case <-time.After(virtualStop):
		v.cmd.Process.Kill()
		<-v.done
	}
}

// tail keeps the end of what a program prints. It is written by one goroutine,
// and read after the program's end.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 1000
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-most):]
	return len(p), nil
}

// last is the last line, for an error.
func (t *tail) last() string {
	lines := strings.Split(strings.TrimSpace(string(t.b)), "\n")
	if lines[len(lines)-1] == "" {
		return ""
	}
	return ": " + lines[len(lines)-1]
}
