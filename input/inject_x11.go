//go:build unix && !darwin

package input

// Injection into an X server by XTEST. The rule for keys is in keys.go, its
// workings in choose_x11.go, texts in text_x11.go.

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"rac/screen/x11"
)

const (
	// redialAfter is the pause between two attempts to reach an X server that
	// has gone: an event in between costs nothing.
	redialAfter = time.Second
	// dialTime bounds an attempt; an X server is on this machine.
	dialTime = 2 * time.Second
)

// OpenX11 returns an Injector into an X display (":0"; "" is $DISPLAY). ctx
// bounds the opening. When the server goes away, Inject fails with ErrNotNow
// until the display is there again.
func OpenX11(ctx context.Context, display string, log *slog.Logger) (Injector, error) {
	return OpenX11Auth(ctx, display, "", log)
}

// OpenX11Auth is OpenX11 with the cookie from the given Xauthority file; "" is
// the usual one.
func OpenX11Auth(ctx context.Context, display, authority string, log *slog.Logger) (Injector, error) {
	d, err := openDesk(ctx, display, authority)
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	return &x11Injector{display: display, authority: authority, log: log, desk: d}, nil
}

// x11Injector outlives its connection to the X server.
type x11Injector struct {
	display   string
	authority string
	log       *slog.Logger
	desk      *desk   // nil while the display is away
	at        *Motion // the last; nil before the first
	tried     time.Time
	closed    bool
}

// Inject returns after the X server has taken the event; for a motion when it
// has been sent.
func (x *x11Injector) Inject(ev Event) error {
	if m, ok := ev.(Motion); ok {
		x.at = &m
	}
	d, err := x.reach()
	if err != nil {
		return fmt.Errorf("input: %w: %w", ErrNotNow, err)
	}
	err = d.inject(ev)
	if d.Alive() {
		return err
	}
	x.lose()
	return fmt.Errorf("input: display %s has gone: %w", d.Name, ErrNotNow)
}

func (x *x11Injector) lose() {
	x.log.Warn("the X display has gone; input waits for it", "display", x.desk.Name)
	x.desk.Conn.Close()
	x.desk = nil
}

// reach returns the connection, a new one if need be.
func (x *x11Injector) reach() (*desk, error) {
	if x.closed {
		return nil, x11.ErrClosed
	}
	if x.desk != nil && x.desk.Alive() {
		return x.desk, nil
	}
	if x.desk != nil {
		x.lose() // it may be back already: the event shall not be lost
	}
	if time.Since(x.tried) < redialAfter {
		return nil, x11.ErrNoDisplay
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	d, err := openDesk(ctx, x.display, x.authority)
	x.tried = time.Now()
	if err != nil {
		return nil, err
	}
	x.log.Info("the X display is back for input", "display", d.Name)
	x.desk = d
	if x.at != nil {
		// The viewer says where its pointer is when it moves, not before each
		// click: a click must not land where the new server has put it.
		err = d.inject(*x.at)
	}
	return d, err
}

// Close gives back what was borrowed from the display.
func (x *x11Injector) Close() error {
	x.closed = true
	if x.desk == nil {
		return nil
	}
	err := x.desk.close()
	x.desk = nil
	return err
}
