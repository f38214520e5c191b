package screen

import (
	"context"
	"fmt"
	"image"
)

// OneMonitor returns a Source of monitor n (from 1) of another Source's desktop.
// When that monitor is unplugged, Next fails: the rest of the desktop is not what
// was to be shown. It owns source.
func OneMonitor(source Source, n int) Source { return &oneMonitor{source, n} }

type oneMonitor struct {
	Source
	n int
}

func (m *oneMonitor) Next(ctx context.Context) (*Frame, error) {
	whole, err := m.Source.Next(ctx)
	if err != nil {
		return nil, err
	}
	if m.n > max(len(whole.Display.Monitors), 1) {
		return nil, fmt.Errorf("monitor %d, which alone is shared, is not there", m.n)
	}
	at := part(whole.Display, m.n)
	f := *whole
	f.Display.W, f.Display.H, f.Display.Origin = at.Dx(), at.Dy(), at.Min
	f.Display.Monitors = nil
	f.Picture = whole.Picture.Sub(at)
	f.Dirty = make([]image.Rectangle, 0, len(whole.Dirty))
	for _, r := range whole.Dirty {
		if r = r.Intersect(at).Sub(at.Min); !r.Empty() {
			f.Dirty = append(f.Dirty, r)
		}
	}
	return &f, nil
}
