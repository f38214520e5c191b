package screen

import (
	"image"
	"log/slog"
	"testing"
)

// TestThePointerIsOnTheMonitorThatIsShown: what it is on goes first, also where the picture
// is not all of the desktop.
func TestThePointerIsOnTheMonitorThatIsShown(t *testing.T) {
	s := NewShare(nil, slog.New(slog.DiscardHandler))
	right := image.Rect(100, 50, 300, 200)
	s.take(oneMonitorOf(right), true)
	s.Point(image.Pt(160, 80))
	if want := image.Pt(60, 30); s.near != want {
		t.Errorf("it is at %v of the picture, want %v", s.near, want)
	}
}

// oneMonitorOf is a frame of a host that shares one monitor alone.
func oneMonitorOf(at image.Rectangle) *Frame {
	return &Frame{Display: Display{W: at.Dx(), H: at.Dy(), Origin: at.Min}}
}
