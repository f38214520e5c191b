// Package window is what a person sees and touches of rac: the viewer's window,
// and the few dialogs beside it.
//
// A Window is a screen.Surface: View calls Show for each frame, and Events gives
// what the person does with keyboard and pointer for input.Send. The first
// system is X11, spoken on the socket itself (window_x11.go and the files around
// it); others say that they have no window yet (window_other.go).
//
// The path of a picture: Show copies the dirty rectangles into memory shared
// with the X server (upload.go), which keeps the host's whole picture in a
// pixmap; from there the server paints the window at any scale (paint.go), also
// when it was covered or resized, without asking us for pixels again. Where the
// picture lies in the window is arithmetic only (layout.go).
//
// The path of a key: the loop (loop.go) takes the server's event, keyboard.go
// finds its place on the keyboard and the symbol that the viewer's layout makes
// of it, hotkey.go takes out what is for the window itself, and the outbox
// (outbox.go) hands it over without ever making the loop wait.
//
// With the focus, the window grabs the keyboard while the pointer is in it or it
// fills the screen, so that Alt+Tab and Super reach the host. Ctrl+Alt+Shift,
// pressed and released with nothing else, gives the keyboard back and takes it
// again; with F they toggle full screen, with Q they close the window.
package window

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
)

// ErrClosed is what Show returns, and Err, after the person has closed the
// window or Close was called.
var ErrClosed = errors.New("the window was closed")

// Options say how a window looks. The zero value is a usable one.
type Options struct {
	Display    string // ":0"; empty: the system's default ($DISPLAY)
	Authority  string // the Xauthority file with its cookie; empty: the usual one
	Title      string
	Scale      Scale
	Fullscreen bool
	ViewOnly   bool // no events, and the pointer stays the viewer's own
	Log        *slog.Logger
}

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

// Scale is the size of a pixel of the host in pixels of the window.
type Scale float64

const (
	Auto Scale = 0  // 1 where the picture fits, else Fit
	Fit  Scale = -1 // as large as fits, keeping the proportions
)

// The factors that make sense; beyond them is a slip of the finger.
const (
	minScale = 0.05
	maxScale = 16
)

// ParseScale reads the value of --scale: "fit", "1", "2", "1.5"; "" is Auto.
func ParseScale(s string) (Scale, error) {
	switch s {
	case "", "auto":
		return Auto, nil
	case "fit":
		return Fit, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < minScale || f > maxScale {
		return Auto, fmt.Errorf("scale %q is neither fit nor a number from %g to %d", s, minScale, maxScale)
	}
	return Scale(f), nil
}

func (s Scale) String() string {
	switch s {
	case Auto:
		return "auto"
	case Fit:
		return "fit"
	}
	return strconv.FormatFloat(float64(s), 'g', -1, 64)
}
