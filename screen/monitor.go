package screen

import (
	"context"
	"image"
)

// OneMonitor returns a Source of monitor n (from 1) of another Source's desktop;
// of all of it while there is no such monitor. It owns source.
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
