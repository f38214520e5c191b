// Package screen shows one computer's screen on another one.
//
// The path of a picture: a Source (capture_x11.go, or the console package where
// there is no display) waits until something on the screen has changed. Share
// (share.go) keeps the newest picture and adds what may have changed to the dirty
// region of each canvas (region.go), which is one viewer's or shared by those who are
// in the same state (share_canvas.go). When the line to a viewer has room (pace.go),
// its goroutine (share_viewer.go) takes the region, encodes it (package codec) and
// sends one message (msg.go). On the viewer's own computer View
// (view.go) decodes it and shows it on a Surface (the window package, or a file).
// There is no queue of frames anywhere: a viewer with a slow line has a larger
// region and gets the newest pixels once.
//
// Who may look is not this package's business: a stream that reaches Share has
// passed auth's Guard.
package screen

import (
	"context"
	"image"
	"time"

	"rac/screen/codec"
)

// MaxSide is the largest width and height of a picture in pixels; MaxPixels
// bounds their product (64 MiB of memory).
const (
	MaxSide   = 16384
	MaxPixels = 16 << 20
)

// Display describes what is being shown.
type Display struct {
	Generation uint32            // changes whenever the geometry does; frames of another generation are stale
	W, H       int               // pixels of the whole picture
	Origin     image.Point       // where the picture's top left pixel is on the host's desktop: not 0,0 when one monitor of several is shown
	Scale      float64           // of the host's desktop, 1 where unknown
	Name       string            // for people: ":0", "console"
	Monitors   []image.Rectangle // of the whole desktop, by its pixels
}

// Cursor is the picture of the pointer. Pixels are premultiplied 0xAARRGGBB,
// row by row; W*H is at most 256*256. W == 0 means: no visible pointer.
type Cursor struct {
	Serial uint32 // equal serials are equal pictures
	HotX   int
	HotY   int
	W, H   int
	Pix    []uint32
}

// Frame is what a Source has seen, or what a viewer has received.
type Frame struct {
	Display Display

	// Picture is the whole picture, valid until the Source's following Next, and
	// on a viewer for the duration of Show, where it is nil before the first one.
	// The upper byte of a Source's pixels may be anything; a viewer's is zero.
	Picture *codec.Picture

	// Dirty holds the rectangles that may differ from the frame before; all of
	// the picture in the first frame and after a change of Display.Generation.
	Dirty []image.Rectangle

	Cursor *Cursor   // nil: as before
	Time   time.Time // when the change was seen, by the clock of the host

	// The following are set on viewers only.
	Exact  bool   // the picture equals the host's as of Time, every pixel
	Bytes  int    // that brought this frame over the line
	Status string // not empty: why there is no new picture ("no display: retrying")
}

// Source captures a screen. It is used by one goroutine at a time.
type Source interface {
	// Next waits until something has changed since the last frame and returns
	// the newest state; the first call returns at once with the whole picture.
	// It costs nothing while the screen is still. An error, other than ctx's, means that
	// the screen is gone: the caller closes the Source and opens another.
	Next(ctx context.Context) (*Frame, error)
	Close() error
}

// Surface is where a viewer's frames go.
type Surface interface {
	// Show presents a frame; it returns when f.Picture may be overwritten. An
	// error ends the view: the window was closed.
	Show(f *Frame) error
}
