package main

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"

	"rac/input"
	"rac/p2p/wire"
	"rac/screen"
	"rac/screen/console"
	"rac/screen/seat"
	"rac/screen/window"
)

// hostScreen is what a host shows and what it types into: an X display, the one
// in front of the computer where the host is a service, or the built-in console
// where there is none.
type hostScreen struct {
	what    string // for people
	display string // of X; "": the console, or seat
	log     *slog.Logger
	seat    *follower     // nil unless it is what is in front of the computer
	hands   *lazyInjector // into X
	console *console.Console
	virtual *screen.Virtual // nil unless --virtual
	monitor int
}

// openScreen chooses the screen, and proves that it can be captured before
// anybody is told that this machine can be reached.
func (h *host) openScreen(ctx context.Context) (*hostScreen, error) {
	s := &hostScreen{display: *h.o.display, log: h.log}
	var err error
	if s.monitor, err = parseMonitor(*h.o.monitor); err != nil {
		return nil, err
	}
	if s.display == "" {
		s.display = h.getenv("DISPLAY")
	}
	switch {
	case *h.o.virtual != "" && *h.o.display != "":
		err = usagef("--virtual and --display exclude each other")
	case *h.o.virtual != "":
		err = s.startVirtual(ctx, *h.o.virtual, h.state)
	case s.display == seat.Name || s.display == "" && ofService(h.file.Path(), h.state):
		s.display, s.seat = "", newFollower(h.state, s.log)
	case s.display != "":
		err = s.probe(ctx)
	default:
		err = s.startConsole(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *hostScreen) probe(ctx context.Context) error {
	source, err := screen.OpenX11(ctx, s.display, s.log)
	if err != nil {
		return fail(exitDisplay, fmt.Errorf("display %s cannot be shared: %w", s.display, err),
			"without DISPLAY rac host shares a shell in the built-in console", "--virtual 1920x1080 starts a display of its own")
	}
	defer source.Close()
	if err := s.hasMonitor(ctx, source); err != nil {
		return err
	}
	s.what = "display " + s.display
	s.liftLeftovers(ctx, s.display, "")
	return nil
}

// hasMonitor refuses a --monitor that is not there: all of the desktop would be
// shown, which is more than was meant.
func (s *hostScreen) hasMonitor(ctx context.Context, source screen.Source) error {
	if s.monitor == 0 {
		return nil
	}
	f, err := source.Next(ctx)
	if err != nil {
		return fail(exitDisplay, err)
	}
	if have := max(len(f.Display.Monitors), 1); s.monitor > have {
		return fail(exitDisplay, noMonitor("display "+s.display, s.monitor, have))
	}
	return nil
}

// liftLeftovers releases the keys that a host which was killed has left down,
// now and not with the first viewer's first key. A display that takes no input
// is still good to look at.
func (s *hostScreen) liftLeftovers(ctx context.Context, display, authority string) {
	injector, err := input.OpenX11Auth(ctx, display, authority, s.log)
	if err != nil {
		s.log.Warn("this display takes no input", "error", err)
		return
	}
	injector.Close()
}

func (s *hostScreen) startVirtual(ctx context.Context, size, folder string) error {
	var w, h int
	if n, _ := fmt.Sscanf(size, "%dx%d", &w, &h); n != 2 || fmt.Sprintf("%dx%d", w, h) != size {
		return usagef("--virtual %q: it is a size such as 1920x1080", size)
	}
	v, err := screen.StartVirtual(ctx, image.Pt(w, h), folder)
	if err != nil {
		return fail(exitDisplay, err)
	}
	// The display's cookie is found the usual way, by the capture and by what the
	// hook starts.
	for _, pair := range v.Env {
		key, value, _ := strings.Cut(pair, "=")
		os.Setenv(key, value)
	}
	s.virtual, s.display = v, v.Display
	s.what = fmt.Sprintf("the virtual display %s of %s; to start programs on it: env %s PROGRAM", v.Display, size, strings.Join(v.Env, " "))
	return nil
}

func (s *hostScreen) startConsole(ctx context.Context) error {
	c, err := console.Start(ctx, console.Options{Log: s.log})
	if err != nil {
		return fail(exitDisplay, fmt.Errorf("there is no DISPLAY, and %s has no built-in console: %w", runtime.GOOS, err))
	}
	s.console, s.what = c, "a shell in the built-in console, since there is no DISPLAY"
	return nil
}

// shown says what is shared now, for people.
func (s *hostScreen) shown() string {
	if s.seat != nil {
		return s.seat.String()
	}
	return s.what
}

// hasWindows tells whether a window of our own can be seen on it.
func (s *hostScreen) hasWindows() bool { return s.display != "" || s.seat != nil }

// stand is where a window of our own belongs.
type stand struct {
	display, authority string
	attended           bool            // who can click there has logged in
	here               context.Context // ends when it is elsewhere

	holds func(context.Context) error // the display is still that one; nil: it is nobody else's
}

// stand returns where windows belong now, or why there is no such place; here is
// valid then, too.
func (s *hostScreen) stand() (stand, error) {
	if s.seat == nil {
		return stand{s.display, "", true, context.Background(), nil}, nil
	}
	place, here, err := s.seat.now()
	return stand{place.Display, place.Authority, place.Attended(), here, place.Holds}, err
}

// options are those of a window that is to stand there.
func (s stand) options(title string, log *slog.Logger) window.Options {
	return window.Options{Display: s.display, Authority: s.authority, Title: title, Log: log}
}

// backends names what captures and what injects.
func (s *hostScreen) backends() string {
	if s.console != nil {
		return "drawn and typed into by rac itself"
	}
	return "captured by DAMAGE and MIT-SHM, typed into by XTEST"
}

// source opens the screen for Share.
func (s *hostScreen) source(ctx context.Context) (screen.Source, error) {
	var source screen.Source
	var err error
	if s.console != nil {
		source = s.console.Source()
	} else if s.seat != nil {
		source = s.seat.source()
	} else if source, err = screen.OpenX11(ctx, s.display, s.log); err != nil {
		return nil, err
	}
	if s.monitor > 0 {
		return screen.OneMonitor(source, s.monitor), nil
	}
	return source, nil
}

// injector returns where the events of all viewers go; point is told where the pointer
// goes. It opens the display at the first event, and again after the display has gone
// and come back.
func (s *hostScreen) injector(point func(image.Point)) input.Injector {
	if s.console != nil {
		return s.console.Injector()
	}
	s.hands = &lazyInjector{log: s.log, point: point, open: func() (input.Injector, error) {
		return input.OpenX11(context.Background(), s.display, s.log)
	}}
	if s.seat != nil {
		s.hands.open = s.seat.inject
	}
	return s.hands
}

func (s *hostScreen) Close() error {
	switch {
	case s.console != nil:
		return s.console.Close()
	case s.virtual != nil:
		return s.virtual.Close()
	}
	return nil
}

// lazyInjector opens an Injector when there is something to inject.
type lazyInjector struct {
	open  func() (input.Injector, error)
	point func(image.Point)
	log   *slog.Logger

	mu  sync.Mutex
	now input.Injector
	at  *input.Motion // the last; nil before the first
}

func (l *lazyInjector) Inject(e input.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		now, err := l.open()
		if err != nil {
			return fmt.Errorf("%w: %w", input.ErrNotNow, err) // it may come back
		}
		l.now = now
		if l.at != nil { // a click must not land where the next display has put its pointer
			l.now.Inject(*l.at)
		}
	}
	if m, ok := e.(input.Motion); ok {
		l.at = &m
		l.point(image.Pt(m.X, m.Y))
	}
	return l.now.Inject(e)
}

// leave closes it; the next event opens it where it is then.
func (l *lazyInjector) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		return
	}
	if err := l.now.Close(); err != nil {
		l.log.Debug("leaving a display", "error", err)
	}
	l.now = nil
}

func (l *lazyInjector) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == nil {
		return nil
	}
	return l.now.Close()
}

func (h *host) serveInput(ctx context.Context, s wire.Stream) error {
	return h.injector.Serve(ctx, s)
}
