// Package seat finds the X display that a person in front of this computer looks
// at, and follows it: the login screen, the desktop of who logs in there, the
// login screen again. A service that shows the computer's screen asks it where
// that screen is.
//
// Who is in front is logind's knowledge (logind_linux.go), or, where there is no
// logind, that of the kernel's virtual terminals (vt_linux.go). The X server that
// belongs to it is found by its socket and its process (server_linux.go), and the
// cookie by the file that the server itself was given (cookie_linux.go). Names of
// users mean nothing here.
//
// A seat that cannot be shown is not an end: Watch says why, and goes on looking.
package seat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Place is where the screen in front of the computer is.
type Place struct {
	Display   string // ":0"
	Authority string // an Xauthority file with its cookie
	Server    int    // the process of the X server; 0: not to be seen from here
	Greeter   bool   // nobody has logged in: it is the login screen
	Locked    bool   // who has logged in has locked it
}

// Same tells whether p and q are one X server: what is connected to p can stay.
func (p Place) Same(q Place) bool {
	return p.Display == q.Display && p.Server == q.Server && p.Authority == q.Authority
}

// Attended tells whether who is in front of the screen has logged in.
func (p Place) Attended() bool { return p.Display != "" && !p.Greeter && !p.Locked }

// String is for people.
func (p Place) String() string {
	what := "the desktop"
	switch {
	case p.Greeter:
		what = "the login screen"
	case p.Locked:
		what = "the locked desktop"
	}
	return fmt.Sprintf("%s on display %s", what, p.Display)
}

// Name is the seat of the computer's own screen and keyboard, in logind's words.
const Name = "seat0"

// What may be missing.
var (
	// ErrNobody means that there is no graphical session on the seat.
	ErrNobody = errors.New("there is neither a login screen nor a graphical session on " + Name)
	// ErrWayland means that the session has no X server to look at.
	ErrWayland = errors.New("the session on " + Name + " is a Wayland one, which rac cannot show yet: choose an X11 session when you log in (of the login screen of gdm: WaylandEnable=false in its configuration)")
)

const (
	// every is how often a seat is looked at that has no place, or of which
	// nobody tells when it changes; and how soon a dead X server is noticed.
	every = time.Second
	// lull is how long a place may be away without being told so: between a login
	// screen and the desktop there is a moment without a session.
	lull = 900 * time.Millisecond
	// answer is how long the bus, or a socket, may take.
	answer = 2 * time.Second
)

// Watch calls tell with the place of the seat, or with what is missing, at once
// and after each change, until ctx ends. It keeps the cookie in the file of that
// name, which ends with it. The error is errors.ErrUnsupported where the system
// has no such seats.
func Watch(ctx context.Context, cookie string, log *slog.Logger, tell func(Place, error)) error {
	w, err := newWatcher(cookie, log)
	if err != nil {
		return err
	}
	defer w.close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var place Place
	var told error
	var between time.Time // since when there is no place after one
	for first := true; ; first = false {
		now, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && told == nil && !first && between.IsZero():
			between = time.Now()
		case err != nil && told == nil && !first && time.Since(between) < lull:
		case first || now != place || said(err) != said(told):
			place, told, between = now, err, time.Time{}
			tell(place, err)
		default:
			between = time.Time{}
		}
		if !w.wait(ctx, tick.C, err == nil) {
			return nil
		}
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
