package console

import (
	"context"
	"image"
	"time"

	"rac/screen"
)

// frameTime is the least time between two frames of one Source: a flood of
// output need not be drawn more often than anybody sees it.
const frameTime = time.Second / 60

// source shows the console to one Share.
type source struct {
	c      *Console
	draw   *renderer
	cells  []cell
	last   time.Time       // of the last frame
	change <-chan struct{} // closed when there is something new; nil before the first frame
}

// Source returns a new view of the console. Its pictures have one size for life,
// so that the generation never changes.
func (c *Console) Source() screen.Source { return &source{c: c} }

// Next waits for a change and draws it.
func (s *source) Next(ctx context.Context) (*screen.Frame, error) {
	if s.draw == nil {
		return s.first()
	}
	for {
		if err := s.wait(ctx); err != nil {
			return nil, err
		}
		if dirty := s.refresh(); len(dirty) > 0 {
			return s.frame(dirty), nil
		}
	}
}

func (s *source) first() (*screen.Frame, error) {
	draw, err := newRenderer(s.c.o.Cols, s.c.o.Rows)
	if err != nil {
		return nil, err
	}
	s.draw, s.cells = draw, make([]cell, s.c.o.Cols*s.c.o.Rows)
	f := s.frame(s.refresh())
	f.Cursor = pointer()
	return f, nil
}

// wait returns when something has changed, but not sooner than frameTime after
// the last frame.
func (s *source) wait(ctx context.Context) error {
	select {
	case <-s.change:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.c.done:
		return errClosed
	}
	rest := frameTime - time.Since(s.last)
	if rest <= 0 {
		return nil
	}
	t := time.NewTimer(rest)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.c.done:
		return errClosed
	}
}

// refresh draws the newest state.
func (s *source) refresh() []image.Rectangle {
	s.c.mu.Lock()
	s.c.vt.view(s.cells)
	s.change = s.c.changed
	s.c.mu.Unlock()
	return s.draw.render(s.cells)
}

func (s *source) frame(dirty []image.Rectangle) *screen.Frame {
	s.last = time.Now()
	pic := s.draw.pic
	return &screen.Frame{
		Display: screen.Display{Generation: 1, W: pic.W, H: pic.H, Scale: 1, Name: "console", Monitors: []image.Rectangle{pic.Bounds()}},
		Picture: pic,
		Dirty:   dirty,
		Time:    s.last,
	}
}

// Close forgets the picture. The console goes on.
func (s *source) Close() error {
	s.draw, s.cells = nil, nil
	return nil
}
