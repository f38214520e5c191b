//go:build linux

package seat

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// watching runs Watch beside the test.
func watching(t *testing.T) (cookie string, places chan Place, whys chan error) {
	t.Helper()
	cookie = filepath.Join(t.TempDir(), "cookie")
	places, whys = make(chan Place, 100), make(chan error, 100)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- Watch(ctx, cookie, slog.New(slog.DiscardHandler), func(p Place, err error) {
			places <- p
			whys <- err
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch: %v", err)
		}
		if _, err := os.Stat(cookie); err == nil {
			t.Errorf("the cookie is left behind")
		}
	})
	return cookie, places, whys
}

func TestTheSeatIsFollowedFromServerToServer(t *testing.T) {
	bus := startBus(t)
	greeter, desktop := startServer(t), startServer(t)
	front := bus.login(t)
	front.set(t, "greeter", "x11", greeter.display)
	cookie, places, whys := watching(t)

	p, err := <-places, <-whys
	if err != nil || p.Display != greeter.display || !p.Greeter || p.Attended() || p.Server == 0 {
		t.Fatalf("got %+v, %v, want the login screen on %s", p, err, greeter.display)
	}
	greeter.accepts(t, cookie)

	front.set(t, "user", "x11", desktop.display)
	p, err = <-places, <-whys
	if err != nil || p.Display != desktop.display || !p.Attended() {
		t.Fatalf("got %+v, %v, want the desktop on %s", p, err, desktop.display)
	}
	desktop.accepts(t, cookie)

	front.lock(t, true)
	if p, err = <-places, <-whys; err != nil || p.Attended() || !p.Locked {
		t.Errorf("got %+v, %v, want it locked", p, err)
	}
	front.lock(t, false)
	if p, err = <-places, <-whys; err != nil || !p.Attended() {
		t.Errorf("got %+v, %v, want it unlocked", p, err)
	}

	front.set(t, "user", "wayland", desktop.display)
	if _, err = <-places, <-whys; !errors.Is(err, ErrWayland) {
		t.Errorf("got %v, want %v", err, ErrWayland)
	}
	front.none(t)
	if _, err = <-places, <-whys; !errors.Is(err, ErrNobody) {
		t.Errorf("got %v, want %v", err, ErrNobody)
	}
}

func TestAnXServerThatHasDiedIsLookedForAgain(t *testing.T) {
	bus := startBus(t)
	old := startServer(t)
	bus.login(t).set(t, "user", "x11", old.display)
	_, places, whys := watching(t)
	before, err := <-places, <-whys
	if err != nil {
		t.Fatal(err)
	}
	old.stop()
	if _, err := <-places, <-whys; err == nil || !strings.Contains(err.Error(), "no X server on display "+old.display) {
		t.Fatalf("got %v, want that it is gone", err)
	}
	old.start(t)
	after, err := <-places, <-whys
	if err != nil || after.Same(before) {
		t.Errorf("got %+v, %v, want another one than %+v", after, err, before)
	}
}

// When an X server ends, somebody else is there at its socket first.
func TestWhoTakesAnXServersPlaceIsNotTakenForIt(t *testing.T) {
	bus := startBus(t)
	old := startServer(t)
	bus.login(t).set(t, "user", "x11", old.display)
	_, places, whys := watching(t)
	place, err := <-places, <-whys
	if err != nil {
		t.Fatal(err)
	}
	if err := place.Holds(t.Context()); err != nil {
		t.Error(err)
	}
	old.stop()
	if err := place.Holds(t.Context()); err == nil {
		t.Error("a server that has ended is there")
	}
	l, err := net.Listen("unix", socketFolder+"/X"+strings.TrimPrefix(old.display, ":"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := place.Holds(t.Context()); err == nil {
		t.Error("somebody else is taken for the server")
	}
}

func TestLogindMayComeLateAndGo(t *testing.T) {
	bus := startBus(t)
	server := startServer(t)
	_, places, whys := watching(t)
	if _, err := <-places, <-whys; err == nil {
		t.Fatal("there is a place before there is anything to say so")
	}
	front := bus.login(t)
	front.set(t, "user", "x11", server.display)
	for p := range places { // what comes first may be of a seat that is still empty
		if err := <-whys; err == nil {
			if p.Display != server.display {
				t.Errorf("got %+v, want %s", p, server.display)
			}
			break
		}
	}
	bus.stop()
	<-places
	if err := <-whys; err == nil {
		t.Error("there is a place although the bus has gone")
	}
}

func TestWhichXServerIsInFront(t *testing.T) {
	root := server{display: ":0", uid: 0, vt: 7}
	anna := server{display: ":1", uid: 1001, vt: 2, session: "4"}
	bert := server{display: ":2", uid: 1002}
	for name, c := range map[string]struct {
		session session
		want    string
		why     string
	}{
		"by its display":               {session{kind: "x11", display: ":0", user: 1001}, ":0", ""},
		"by its terminal":              {session{kind: "x11", vt: 2, user: 1001}, ":1", ""},
		"startx on a terminal's login": {session{kind: "tty", vt: 2, user: 1001}, ":1", ""},
		"by its processes":             {session{id: "4", kind: "x11", user: 1001}, ":1", ""},
		"another user's server":        {session{kind: "x11", display: ":2", user: 1001}, "", "not trusted"},
		"another one's on a terminal":  {session{kind: "x11", vt: 2, user: 1002}, "", "not trusted"},
		"Wayland, with Xwayland":       {session{kind: "wayland", display: ":1", vt: 2, user: 1001}, "", "Wayland"},
		"a display that is not there":  {session{kind: "x11", display: ":9", vt: 2, user: 1001}, "", "no X server on display :9"},
		"not there yet":                {session{kind: "x11", vt: 3, user: 1001}, "", "not there (yet)"},
		"text":                         {session{kind: "tty", vt: 1}, "", "on terminal tty1 there is text"},
	} {
		got, err := choose([]server{root, anna, bert}, c.session)
		if got.display != c.want || (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: got %q, %v, want %q, %q", name, got.display, err, c.want, c.why)
		}
	}
}

func TestNobodyIsSentSomebodyElsesCookie(t *testing.T) {
	dir := t.TempDir()
	annas, pipe := filepath.Join(dir, "annas"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(annas, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(annas, 1001, 1001); err != nil {
		t.Fatal(err)
	}
	berts := filepath.Join(dir, "berts")
	if err := os.Symlink(annas, berts); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file string
		uid  int
		ok   bool
	}{
		{annas, 1001, true}, {annas, 0, true}, {annas, 1002, false}, {berts, 1002, false},
		{pipe, 0, false}, {dir, 0, false}, {"/dev/zero", 0, false},
	} {
		text, err := readOwn(c.file, c.uid)
		if (err == nil) != c.ok || c.ok && string(text) != "secret" {
			t.Errorf("%s for user %d: got %q, %v", c.file, c.uid, text, err)
		}
	}
}

func TestWithoutLogindTheActiveTerminalTells(t *testing.T) {
	dir := t.TempDir()
	at := files{filepath.Join(dir, "active"), dir}
	if _, err := activeTerminal(at); err == nil {
		t.Error("a computer without terminals has an active one")
	}
	if err := os.WriteFile(at.active, []byte("tty2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tty2"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(dir, "tty2"), 1001, 5); err != nil {
		t.Fatal(err)
	}
	s, err := activeTerminal(at)
	if err != nil || s.vt != 2 || s.user != 1001 {
		t.Errorf("got %+v, %v, want terminal 2 of user 1001", s, err)
	}
	if err := os.WriteFile(at.active, []byte("ttyS0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := activeTerminal(at); err == nil {
		t.Errorf("a serial line is a screen: %+v", s)
	}
}

func TestWhatAnXServerIsStartedWith(t *testing.T) {
	for line, want := range map[string]server{
		"/usr/lib/xorg/Xorg :0 -seat seat0 -auth /var/run/lightdm/root/:0 -nolisten tcp vt7 -novtswitch": {authority: "/var/run/lightdm/root/:0", vt: 7},
		"/usr/lib/xorg/Xorg vt2 -displayfd 3 -auth /run/user/1000/gdm/Xauthority -nolisten tcp":          {authority: "/run/user/1000/gdm/Xauthority", vt: 2},
		"Xvfb :5 -screen 0 800x600x24": {},
		"X -auth":                      {},
		"X vt vtx vt999 vt3":           {vt: 3},
	} {
		var got server
		got.readArguments(strings.Split(line, " "))
		if got != want {
			t.Errorf("%s: got %+v, want %+v", line, got, want)
		}
	}
	for name, want := range map[string]string{":0": ":0", ":0.1": ":0", "unix:3": ":3", "": "", "far:0": "", "0": ""} {
		if got := localDisplay(name); got != want {
			t.Errorf("display %q: got %q, want %q", name, got, want)
		}
	}
}
