package screen

import (
	"context"
	"fmt"
	"image"
	"log/slog"
	"sync"
	"time"

	"rac/p2p/wire"
	"rac/screen/codec"
)

// Share shows one screen to any number of viewers. It captures while somebody
// watches and costs nothing otherwise.
type Share struct {
	open func(context.Context) (Source, error)
	log  *slog.Logger

	// coming is held while a viewer comes or goes: the first starts the capture
	// and the last one ends it.
	coming  sync.Mutex
	end     context.CancelFunc
	stopped chan struct{} // closed when the capture has ended

	kept *codec.Picture // a copy of the newest pixels; the capture's alone while picture is the source's

	mu       sync.Mutex // guards what follows, and the pixels of picture
	canvases map[*canvas]bool
	display  Display
	picture  *codec.Picture // the newest pixels: the source's own or kept; nil before the first
	cursor   *Cursor
	status   string
	seen     time.Time   // of the newest pixels
	near     image.Point // of what changed last and was small, or of the pointer if that went later; negative: nowhere yet
}

// retryAfter is the time between two attempts to open a screen that has gone.
const retryAfter = time.Second

// NewShare returns a Share of the screen that open opens. When the screen goes
// (the X server ends, a user logs out), viewers stay, are told why, and open is
// tried again every second.
func NewShare(open func(context.Context) (Source, error), log *slog.Logger) *Share {
	return &Share{open: open, log: log, canvases: make(map[*canvas]bool), near: image.Pt(-1, -1)}
}

// Serve shows the screen on one stream until the viewer leaves or ctx ends.
func (s *Share) Serve(ctx context.Context, stream wire.Stream) error {
	v := newViewer(s, stream)
	s.join(v)
	defer s.leave(v)
	return v.serve(ctx)
}

func (s *Share) join(v *viewer) {
	s.coming.Lock()
	defer s.coming.Unlock()
	s.mu.Lock()
	first := len(s.canvases) == 0
	s.canvases[v.canvas] = true
	if s.picture != nil {
		v.canvas.restart(s.display)
	}
	s.mu.Unlock()
	if first {
		ctx, cancel := context.WithCancel(context.Background())
		s.end, s.stopped = cancel, make(chan struct{})
		go func() {
			defer close(s.stopped)
			s.capture(ctx)
		}()
	}
}

func (s *Share) leave(v *viewer) {
	s.coming.Lock()
	defer s.coming.Unlock()
	s.mu.Lock()
	v.leave()
	last := len(s.canvases) == 0
	s.mu.Unlock()
	if last {
		s.end()
		<-s.stopped
		s.picture, s.kept, s.cursor, s.status = nil, nil, nil, ""
	}
}

// capture runs while there are viewers.
func (s *Share) capture(ctx context.Context) {
	for {
		err := s.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("no picture", "why", err, "again after", retryAfter)
		s.say(fmt.Sprintf("no display: retrying (%v)", err))
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return
		}
	}
}

// follow takes frames from a newly opened source until it fails.
func (s *Share) follow(ctx context.Context) error {
	source, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	for first := true; ; first = false {
		f, err := source.Next(ctx)
		if err != nil {
			return err
		}
		if err := checkSize(f.Display.W, f.Display.H); err != nil {
			return err
		}
		s.take(f, first)
		s.keep(f)
	}
}

// take makes f the newest picture and wakes the viewers. Its pixels are the source's
// until keep has a copy: viewers that wait for them need not wait for that.
func (s *Share) take(f *Frame, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first || f.Display.Generation != s.display.Generation || s.picture == nil {
		s.kept = codec.NewPicture(f.Display.W, f.Display.H)
		s.display = f.Display
		s.cursor = nil
		for c := range s.canvases {
			c.restart(s.display)
		}
	}
	s.picture = f.Picture
	for c := range s.canvases {
		for _, r := range f.Dirty {
			c.dirty.add(r.Sub(c.part.Min))
		}
	}
	if f.Cursor != nil {
		s.cursor = f.Cursor
	}
	if at, ok := spot(f.Dirty); ok {
		s.near = at
	}
	s.seen, s.status = f.Time, ""
	s.wakeAll()
}

// keep copies what f has changed, so that the source may go on.
func (s *Share) keep(f *Frame) {
	for _, r := range f.Dirty {
		r = r.Intersect(s.kept.Bounds())
		for y := r.Min.Y; y < r.Max.Y; y++ {
			copy(s.kept.Row(y)[r.Min.X:r.Max.X], f.Picture.Row(y)[r.Min.X:r.Max.X])
		}
	}
	s.mu.Lock()
	s.picture = s.kept
	s.mu.Unlock()
}

// Point tells where on the desktop the pointer is now: what is there goes first.
func (s *Share) Point(at image.Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.near = at.Sub(s.display.Origin)
}

// say tells the viewers why there is no new picture.
func (s *Share) say(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
	s.wakeAll()
}

// wakeAll lets all viewers look for what is new. The caller holds s.mu.
func (s *Share) wakeAll() {
	for c := range s.canvases {
		for _, v := range c.members {
			v.wakeUp()
		}
	}
}

// part returns what a viewer of the given monitor sees: one monitor of the
// desktop, or all of it where there is no such monitor.
func part(d Display, monitor int) image.Rectangle {
	whole := image.Rect(0, 0, d.W, d.H)
	if monitor >= 1 && monitor <= len(d.Monitors) {
		if r := d.Monitors[monitor-1].Intersect(whole); !r.Empty() {
			return r
		}
	}
	return whole
}
