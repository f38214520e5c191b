// Package input carries keys, pointer and wheel from a viewer to the computer
// that it looks at.
//
// The path of a key: the viewer's window makes an Event, Send (send.go) puts it
// on the stream, Serve (serve.go) reads it, remembers what is held down, and gives it to
// an Injector (inject_*.go, one per system). Whatever is held when a session
// ends, however it ends, is released.
//
// Who may control is not this package's business: a stream that reaches Serve
// has passed auth's Guard.
package input

// Usage is a key by its place on the keyboard: a code of the USB HID Usage
// Tables, page 0x07 (0x04 is the key that is A on a US keyboard). It says
// nothing about the layout.
type Usage uint16

// Event is one of Key, Motion, Button, Wheel, Text and Locks.
type Event interface{ event() }

// Key is a key going down or up, or one that is down and repeats. Who holds it
// repeats it, as his keyboard is set; the host does not by itself.
type Key struct {
	Usage Usage
	Down  bool
	Sym   uint32 // the X11 keysym that the viewer's layout made of it; 0: none
	Again bool   // it is down already: what it does is done once more
}

// Motion moves the pointer to a pixel of the host's desktop: one of its picture, moved by
// the origin of the display.
type Motion struct{ X, Y int }

// Button is a pointer button going down or up: 1 left, 2 middle, 3 right,
// 8 back, 9 forward as in X11; 4 to 7 are not buttons but the Wheel.
type Button struct {
	Button uint8
	Down   bool
}

// Wheel turns the wheel. 120 is one notch; positive is down and right.
type Wheel struct{ DX, DY int }

// Text is typed as it stands, whatever the host's layout.
type Text struct{ Text string }

// Locks sets the state of the lock keys to the viewer's.
type Locks struct{ Caps, Num, Scroll bool }

func (Key) event()    {}
func (Motion) event() {}
func (Button) event() {}
func (Wheel) event()  {}
func (Text) event()   {}
func (Locks) event()  {}

// Injector puts events into one computer's session. It is used by one goroutine
// at a time. It does not remember what is held: Serve does.
type Injector interface {
	// Inject returns when the system has taken the event: what it changes on
	// the screen is captured afterwards.
	Inject(Event) error
	Close() error
}
