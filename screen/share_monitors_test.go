package screen_test

// A host of several monitors: a viewer of one of them, and a host that shares but one.

import (
	"context"
	"image"
	"strings"
	"sync/atomic"
	"testing"

	"rac/screen"
	"rac/screen/screentest"
)

func TestAViewerOfOneMonitorSeesThatOne(t *testing.T) {
	source := screentest.NewSource(300, 200)
	right := image.Rect(100, 50, 300, 200)
	s := newStage(t, func(context.Context) (screen.Source, error) {
		return monitors{source, []image.Rectangle{image.Rect(0, 0, 100, 200), right}}, nil
	})
	seen, _ := s.join(screen.Want{Monitor: 2}, 1<<20)
	source.Fill(image.Rect(90, 40, 120, 90), 0x123456)
	f := s.wait(seen, "the second monitor", equals(source.Picture().Sub(right)))
	if f.Display.Origin != right.Min {
		t.Errorf("origin %v, want %v", f.Display.Origin, right.Min)
	}
}

// monitors adds monitors to a source.
type monitors struct {
	*screentest.Source
	list []image.Rectangle
}

func (m monitors) Next(ctx context.Context) (*screen.Frame, error) {
	f, err := m.Source.Next(ctx)
	if f != nil {
		f.Display.Monitors = m.list
	}
	return f, err
}

func TestAHostThatSharesOneMonitorShowsNothingElse(t *testing.T) {
	source := screentest.NewSource(300, 200)
	right := image.Rect(100, 50, 300, 200)
	s := newStage(t, func(context.Context) (screen.Source, error) {
		return screen.OneMonitor(monitors{source, []image.Rectangle{image.Rect(0, 0, 100, 200), right}}, 2), nil
	})
	seen, _ := s.join(screen.Want{Monitor: 1}, 1<<20) // there is only one for a viewer
	source.Fill(image.Rect(90, 40, 120, 90), 0x123456)
	f := s.wait(seen, "the shared monitor", equals(source.Picture().Sub(right)))
	if f.Display.Origin != right.Min || len(f.Display.Monitors) > 0 {
		t.Errorf("display %+v, want the origin %v and no other monitors", f.Display, right.Min)
	}
}

// TestWhenTheSharedMonitorIsUnpluggedNothingElseIsShown: not the rest of the desktop
// either, and the viewer is told.
func TestWhenTheSharedMonitorIsUnpluggedNothingElseIsShown(t *testing.T) {
	source := screentest.NewSource(300, 200)
	left, right := image.Rect(0, 0, 100, 200), image.Rect(100, 50, 300, 200)
	var plugged atomic.Pointer[[]image.Rectangle]
	plugged.Store(&[]image.Rectangle{left, right})
	s := newStage(t, func(context.Context) (screen.Source, error) {
		return screen.OneMonitor(changing{source, &plugged}, 2), nil
	})
	seen, _ := s.join(screen.Want{}, 1<<20)
	s.wait(seen, "the shared monitor", equals(source.Picture().Sub(right)))
	plugged.Store(&[]image.Rectangle{left})
	source.Fill(image.Rect(90, 40, 120, 90), 0x123456)
	f := s.wait(seen, "word of the missing monitor", func(f *screen.Frame) bool { return strings.Contains(f.Status, "monitor 2") })
	if f.Display.W != right.Dx() || f.Display.H != right.Dy() {
		t.Errorf("the viewer got a display of %d×%d", f.Display.W, f.Display.H)
	}
}

// changing is a Source whose monitors come and go.
type changing struct {
	*screentest.Source
	list *atomic.Pointer[[]image.Rectangle]
}

func (c changing) Next(ctx context.Context) (*screen.Frame, error) {
	f, err := c.Source.Next(ctx)
	if f != nil {
		f.Display.Monitors = *c.list.Load()
	}
	return f, err
}
