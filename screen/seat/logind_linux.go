package seat

// logind on the system's bus (org.freedesktop.login1(5)): which session is in
// front of the seat. Its answers are values of properties; what loginctl prints
// is for people.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	loginName    = "org.freedesktop.login1"
	loginPath    = "/org/freedesktop/login1"
	loginSeat    = loginName + ".Seat"
	loginSession = loginName + ".Session"
	properties   = "org.freedesktop.DBus.Properties"
)

// errNoLogind means that there is no bus here, or no logind on it.
var errNoLogind = errors.New("there is no logind")

// logind is a connection to the bus; the zero value connects when it is asked.
type logind struct {
	bus     *dbus.Conn // nil: none
	end     context.CancelFunc
	signals chan *dbus.Signal
	silent  bool // there is a bus, but no logind on it
}

func (l *logind) close() {
	if l.bus != nil {
		l.bus.Close()
		l.end()
	}
	l.bus, l.signals = nil, nil
}

// there tells whether changes are told.
func (l *logind) there() bool { return l.bus != nil && l.bus.Connected() && !l.silent }

// changed is readable after a change, and after the end of the bus.
func (l *logind) changed() <-chan *dbus.Signal { return l.signals }

// drain takes what else has been told: one look is for all of it. A bus that has
// ended has closed the channel.
func (l *logind) drain() {
	for {
		select {
		case _, ok := <-l.signals:
			if !ok {
				l.close()
				return
			}
		default:
			return
		}
	}
}

// connect opens the bus and asks to be told of what logind and its sessions
// change, and whether logind comes or goes.
func (l *logind) connect(ctx context.Context) error {
	if l.bus != nil && l.bus.Connected() {
		return nil
	}
	l.close()
	// A bus that says nothing to the greeting would be waited for without end.
	life, end := context.WithCancel(context.Background())
	late := time.AfterFunc(answer, end)
	bus, err := dbus.ConnectSystemBus(dbus.WithContext(life))
	if !late.Stop() && err == nil {
		bus.Close()
		err = context.DeadlineExceeded
	}
	if err != nil {
		end()
		return err
	}
	l.bus, l.end, l.signals = bus, end, make(chan *dbus.Signal, 64)
	bus.Signal(l.signals)
	return errors.Join(
		bus.AddMatchSignalContext(ctx, dbus.WithMatchSender(loginName), dbus.WithMatchInterface(properties), dbus.WithMatchMember("PropertiesChanged")),
		bus.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, loginName)))
}

// active returns the session in front of the seat.
func (l *logind) active(ctx context.Context) (session, error) {
	ctx, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	if err := l.connect(ctx); err != nil {
		l.close()
		return session{}, fmt.Errorf("%w: %w", errNoLogind, err)
	}
	path, err := l.front(ctx)
	l.silent = err != nil
	if err != nil {
		return session{}, fmt.Errorf("%w: %w", errNoLogind, err)
	}
	if path == "/" {
		return session{}, ErrNobody
	}
	s, err := l.session(ctx, path)
	if err == nil && s.closing() {
		return session{}, ErrNobody
	}
	return s.session, err
}

// front is the path of the session in front; "/": there is none.
func (l *logind) front(ctx context.Context) (dbus.ObjectPath, error) {
	seat, err := l.properties(ctx, loginPath+"/seat/"+Name, loginSeat)
	if err != nil {
		return "", err
	}
	var active struct {
		ID   string
		Path dbus.ObjectPath
	}
	if err := store(seat, "ActiveSession", &active); err != nil {
		return "", err
	}
	if active.ID == "" {
		return "/", nil
	}
	return active.Path, nil
}

// told is a session with what logind says of its life.
type told struct {
	session
	state string // online, active, closing
}

func (t told) closing() bool { return t.state == "closing" }

// session reads the properties of a session.
func (l *logind) session(ctx context.Context, path dbus.ObjectPath) (told, error) {
	p, err := l.properties(ctx, path, loginSession)
	if err != nil {
		return told{}, fmt.Errorf("the session on %s: %w", Name, err)
	}
	var t told
	var vt uint32
	var user struct {
		ID   uint32
		Path dbus.ObjectPath
	}
	err = errors.Join(store(p, "Id", &t.id), store(p, "Type", &t.kind), store(p, "Class", &t.class), store(p, "Display", &t.display),
		store(p, "VTNr", &vt), store(p, "User", &user), store(p, "State", &t.state), store(p, "LockedHint", &t.locked))
	t.path = path
	t.vt, t.user, t.display = int(vt), int(user.ID), localDisplay(t.display)
	return t, err
}

// localDisplay leaves of ":0.0" and "unix:0" what names the X server; "" for one
// on another computer, which is not in front of this one.
func localDisplay(name string) string {
	host, number, ok := strings.Cut(name, ":")
	if !ok || host != "" && host != "unix" {
		return ""
	}
	number, _, _ = strings.Cut(number, ".")
	return ":" + number
}

func (l *logind) properties(ctx context.Context, path dbus.ObjectPath, of string) (map[string]dbus.Variant, error) {
	var all map[string]dbus.Variant
	err := l.bus.Object(loginName, path).CallWithContext(ctx, properties+".GetAll", 0, of).Store(&all)
	return all, err
}

// store takes one property; one that this logind has not got stays as it is.
func store(all map[string]dbus.Variant, name string, into any) error {
	v, ok := all[name]
	if !ok {
		return nil
	}
	if err := dbus.Store([]any{v.Value()}, into); err != nil {
		return fmt.Errorf("logind's %s: %w", name, err)
	}
	return nil
}
