package seat

// Locking the screen. logind only asks the session to lock itself; whether
// anything there listens is seen by the hint that it gives when it has done so. A
// display manager can put its login screen in front instead.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	managerName = "org.freedesktop.DisplayManager"
	managerPath = "/org/freedesktop/DisplayManager"

	// lockTime is how long a screen lock may take to say that it is there.
	lockTime = 2 * time.Second
	lookTime = 100 * time.Millisecond
)

// ErrNotLocked means that nothing on this computer locks the screen.
var ErrNotLocked = errors.New("the screen is not locked: nothing here listens when the session is told to lock (a desktop's own lock does, or light-locker or xss-lock)")

// Lock locks the session in front of the computer, and returns when it is. On the
// login screen there is nothing to lock.
func Lock(ctx context.Context) error {
	l := new(logind)
	defer l.close()
	s, err := l.active(ctx)
	switch {
	case errors.Is(err, ErrNobody):
		return nil
	case err != nil:
		return fmt.Errorf("to lock the screen: %w", err)
	case s.class == "greeter" || s.locked:
		return nil
	}
	return l.lock(ctx, s.path)
}

// LockOwn locks the session of the user that runs this program, on a display of
// his.
func LockOwn(ctx context.Context, display string) error {
	l := new(logind)
	defer l.close()
	err := l.connect(ctx)
	if err == nil {
		err = l.lock(ctx, loginPath+"/session/auto")
	}
	if err == nil {
		return nil
	}
	for _, line := range [][]string{{"xdg-screensaver", "lock"}, {"xscreensaver-command", "-lock"}} {
		cmd := exec.CommandContext(ctx, line[0], line[1:]...)
		cmd.Env = append(os.Environ(), "DISPLAY="+display)
		if cmd.Run() == nil {
			return nil
		}
	}
	return err
}

// lock has a session lock itself, or the display manager put its login screen
// before it.
func (l *logind) lock(ctx context.Context, path dbus.ObjectPath) error {
	err := l.bus.Object(loginName, path).CallWithContext(ctx, loginSession+".Lock", 0).Err
	if err == nil && l.locks(ctx, path) {
		return nil
	}
	for _, s := range l.managersSeats(ctx) {
		if l.bus.Object(managerName, s).CallWithContext(ctx, managerName+".Seat.Lock", 0).Err == nil && l.locks(ctx, path) {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("to lock the screen: %w", err)
	}
	return ErrNotLocked
}

// locks waits until a session says that it is locked, or another one, the login
// screen, is in front of it.
func (l *logind) locks(ctx context.Context, path dbus.ObjectPath) bool {
	ctx, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	for {
		s, err := l.session(ctx, path)
		if err == nil && (s.locked || s.state == "online") {
			return true
		}
		select {
		case <-time.After(lookTime):
		case <-ctx.Done():
			return false
		}
	}
}

// managersSeats lists the seats of the display manager, none where there is none
// that would lock (org.freedesktop.DisplayManager is lightdm's).
func (l *logind) managersSeats(ctx context.Context) (list []dbus.ObjectPath) {
	var v dbus.Variant
	err := l.bus.Object(managerName, managerPath).CallWithContext(ctx, properties+".Get", dbus.FlagNoAutoStart, managerName, "Seats").Store(&v)
	if err != nil || dbus.Store([]any{v.Value()}, &list) != nil {
		return nil
	}
	return list
}
