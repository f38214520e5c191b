package seat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/godbus/dbus/v5"
)

// watcher looks at the seat; it is one goroutine's.
type watcher struct {
	cookie cookie
	logind logind
	at     files
	log    *slog.Logger
	server int // the process of the X server that was found last
}

func newWatcher(file string, log *slog.Logger) (*watcher, error) {
	return &watcher{cookie: cookie{file: file}, at: files{"/sys/class/tty/tty0/active", "/dev"}, log: log}, nil
}

func (w *watcher) close() {
	w.logind.close()
	w.cookie.forget()
}

// look finds the place as it is now.
func (w *watcher) look(ctx context.Context) (Place, error) {
	w.server = 0
	s, err := w.logind.active(ctx)
	if errors.Is(err, errNoLogind) {
		w.log.Debug("the seat without logind", "why", err)
		s, err = activeTerminal(w.at)
	}
	if err != nil {
		return Place{}, err
	}
	found, err := choose(servers(ctx), s)
	if err != nil {
		return Place{}, err
	}
	if err := w.cookie.copy(found); err != nil {
		return Place{}, err
	}
	w.server = found.pid
	return Place{
		Display: found.display, Authority: w.cookie.file, Server: found.pid,
		Greeter: s.class == "greeter", Locked: s.locked || s.class == "lock-screen",
	}, nil
}

// session is what is in front: logind's, or that of a virtual terminal.
type session struct {
	id      string // logind's; "": not known
	path    dbus.ObjectPath
	kind    string // x11, wayland, tty, mir, unspecified; "": not known
	class   string // user, greeter, lock-screen, …
	display string // ":0"; often not told
	vt      int    // its virtual terminal; 0: the seat has none
	user    int    // its owner
	locked  bool
}

// choose returns the X server of a session: the one of its display, or on its
// terminal, or among its processes. A server of another user than root or the
// session's own is nobody's screen, but a trap: anybody may make a socket.
func choose(list []server, s session) (server, error) {
	if s.kind == "wayland" {
		return server{}, ErrWayland // the X server on its display is Xwayland
	}
	i := slices.IndexFunc(list, func(x server) bool { return s.display != "" && x.display == s.display })
	if i < 0 && s.display == "" {
		i = slices.IndexFunc(list, func(x server) bool { return s.vt > 0 && x.vt == s.vt })
	}
	if i < 0 && s.display == "" && s.id != "" {
		i = slices.IndexFunc(list, func(x server) bool { return x.session == s.id })
	}
	switch {
	case i < 0:
		return server{}, missing(s)
	case list[i].uid != 0 && list[i].uid != s.user:
		return server{}, fmt.Errorf("the X server %s belongs to user %d, the session on %s to user %d: it is not trusted", list[i].display, list[i].uid, Name, s.user)
	}
	return list[i], nil
}

// missing says what a session would need.
func missing(s session) error {
	switch {
	case s.display != "":
		return fmt.Errorf("there is no X server on display %s, which the session on %s names", s.display, Name)
	case s.kind == "x11":
		return fmt.Errorf("the X server of the session on %s is not there (yet)", Name)
	case s.vt > 0:
		return fmt.Errorf("%w: on terminal tty%d there is text", ErrNobody, s.vt)
	}
	return ErrNobody
}

// wait returns when the seat may have changed, false when ctx has ended. While
// all is well and logind tells of changes, a tick only looks after the X server.
func (w *watcher) wait(ctx context.Context, tick <-chan time.Time, well bool) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-w.logind.changed():
			w.logind.drain()
			return true
		case <-tick:
			if !well || !w.logind.there() || w.server > 0 && !alive(w.server) {
				return true
			}
		}
	}
}

func alive(pid int) bool {
	_, err := os.Stat("/proc/" + strconv.Itoa(pid))
	return err == nil
}
