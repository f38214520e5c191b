package screentest

// The two ends of package screen.

import (
	"context"
	"errors"
	"image"
	"slices"
	"sync"
	"time"

	"rac/screen"
	"rac/screen/codec"
)

// Source is a screen.Source that shows what it is told to. Its methods other
// than Next may be called from any goroutine at any time.
type Source struct {
	wake chan struct{}

	mu      sync.Mutex
	display screen.Display
	pic     *codec.Picture // as drawn
	shown   *codec.Picture // as last handed out
	dirty   []image.Rectangle
	cursor  *screen.Cursor
	err     error
	closed  bool
}

// noise is in the upper bytes of a Source's pixels, which may be anything.
const noise = 0x5a000000

// NewSource returns a black screen.
func NewSource(w, h int) *Source {
	s := &Source{wake: make(chan struct{}, 1)}
	s.cursor = &screen.Cursor{}
	s.Resize(w, h)
	return s
}

// Draw lets f change the picture; it returns what it has changed.
func (s *Source) Draw(f func(p *codec.Picture) []image.Rectangle) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty = append(s.dirty, f(s.pic)...)
	s.signal()
}

// Fill paints r with one colour.
func (s *Source) Fill(r image.Rectangle, rgb uint32) {
	s.Draw(func(p *codec.Picture) []image.Rectangle {
		r = r.Intersect(p.Bounds())
		for y := r.Min.Y; y < r.Max.Y; y++ {
			row := p.Row(y)[r.Min.X:r.Max.X]
			for x := range row {
				row[x] = rgb
			}
		}
		return []image.Rectangle{r}
	})
}

// Resize gives the screen another size; it is black again.
func (s *Source) Resize(w, h int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.display.Generation++
	s.display.W, s.display.H, s.display.Scale, s.display.Name = w, h, 1, "test"
	s.pic = codec.NewPicture(w, h)
	s.shown = codec.NewPicture(w, h)
	s.dirty = []image.Rectangle{s.pic.Bounds()}
	s.signal()
}

// SetCursor changes the pointer.
func (s *Source) SetCursor(c screen.Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursor = &c
	s.signal()
}

// Fail lets Next return err from now on: the screen is gone.
func (s *Source) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	s.signal()
}

// Picture returns a copy of what is drawn now.
func (s *Source) Picture() *codec.Picture {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &codec.Picture{W: s.pic.W, H: s.pic.H, Stride: s.pic.Stride, Pix: slices.Clone(s.pic.Pix)}
}

// Closed tells whether the Source has been closed.
func (s *Source) Closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Next implements screen.Source.
func (s *Source) Next(ctx context.Context) (*screen.Frame, error) {
	for {
		if f, err := s.take(); f != nil || err != nil {
			return f, err
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close implements screen.Source.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.err = errors.New("screentest: source is closed")
	s.signal()
	return nil
}

// take returns the newest state if it has changed.
func (s *Source) take() (*screen.Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	if len(s.dirty) == 0 && s.cursor == nil {
		return nil, nil
	}
	for i, v := range s.pic.Pix {
		s.shown.Pix[i] = v | noise
	}
	f := &screen.Frame{Display: s.display, Picture: s.shown, Dirty: s.dirty, Cursor: s.cursor, Time: time.Now()}
	s.dirty, s.cursor = nil, nil
	return f, nil
}

func (s *Source) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Recorder is a screen.Surface that keeps a copy of the newest frame.
type Recorder struct {
	Refuse func(*screen.Frame) error // if set, decides what Show returns

	mu      sync.Mutex
	changed chan struct{} // closed by the next Show
	last    *screen.Frame
	count   int
}

// Show implements screen.Surface.
func (r *Recorder) Show(f *screen.Frame) error {
	if r.Refuse != nil {
		if err := r.Refuse(f); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = r.keep(f)
	r.count++
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
	return nil
}

// keep copies f; what it does not change is that of the frame before.
func (r *Recorder) keep(f *screen.Frame) *screen.Frame {
	c := *f
	c.Dirty = slices.Clone(f.Dirty)
	if p := f.Picture; p != nil {
		c.Picture = &codec.Picture{W: p.W, H: p.H, Stride: p.Stride, Pix: slices.Clone(p.Pix)}
	} else if r.last != nil {
		c.Picture = r.last.Picture
	}
	if c.Cursor == nil && r.last != nil {
		c.Cursor = r.last.Cursor
	}
	return &c
}

// Last returns the newest frame, nil before the first, and how many there were.
// It is the caller's to read.
func (r *Recorder) Last() (f *screen.Frame, count int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last, r.count
}

// Wait waits for a newest frame that ok accepts.
func (r *Recorder) Wait(ctx context.Context, ok func(*screen.Frame) bool) (*screen.Frame, error) {
	for {
		r.mu.Lock()
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		last, changed := r.last, r.changed
		r.mu.Unlock()
		if last != nil && ok(last) {
			return last, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}
