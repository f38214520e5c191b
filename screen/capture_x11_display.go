//go:build unix && !darwin

package screen

// What an X display is like: pixel format, size, monitors, scale.

import (
	"errors"
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"

	"github.com/jezek/xgb/randr"
	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

// checkFormat refuses a screen whose pixels are not 0x00RRGGBB in our byte
// order.
func checkFormat(c *x11.Conn) error {
	if c.Setup.ImageByteOrder != xproto.ImageOrderLSBFirst {
		return errors.New("its pixels are big-endian, which rac does not read")
	}
	depth := c.Screen.RootDepth
	bits := 0
	for _, f := range c.Setup.PixmapFormats {
		if f.Depth == depth {
			bits = int(f.BitsPerPixel)
		}
	}
	if depth != 24 && depth != 32 || bits != 32 {
		return fmt.Errorf("its screen has a depth of %d bits in pixels of %d; rac needs 24 in 32 (start the X server with -depth 24)", depth, bits)
	}
	v := rootVisual(c)
	if v == nil || v.Class != xproto.VisualClassTrueColor || v.RedMask != 0xff0000 || v.GreenMask != 0xff00 || v.BlueMask != 0xff {
		return errors.New("its pixels are not red, green, blue (TrueColor), which rac does not read")
	}
	return nil
}

// rootVisual is the visual of the root window.
func rootVisual(c *x11.Conn) *xproto.VisualInfo {
	for _, d := range c.Screen.AllowedDepths {
		for i := range d.Visuals {
			if d.Visuals[i].VisualId == c.Screen.RootVisual {
				return &d.Visuals[i]
			}
		}
	}
	return nil
}

// checkXwayland refuses the X server inside a Wayland desktop.
func checkXwayland(c *x11.Conn) error {
	ext, err := c.Extension("XWAYLAND") // since Xwayland 23.1
	if err != nil {
		return err
	}
	names, err := outputNames(c)
	if err != nil {
		return err
	}
	if ext != nil || slices.ContainsFunc(names, isXwayland) {
		return errors.New("it is Xwayland, the X server inside a Wayland desktop: its screen is black, and input would reach only X programs; log in to an X11 session, or use --virtual")
	}
	return nil
}

// isXwayland knows the outputs of Xwayland by their name ("XWAYLAND0").
func isXwayland(output string) bool { return strings.HasPrefix(output, "XWAYLAND") }

// outputNames lists the names of RANDR's outputs.
func outputNames(c *x11.Conn) ([]string, error) {
	if !c.Has("RANDR") {
		return nil, nil
	}
	res, err := randr.GetScreenResourcesCurrent(c.Conn, c.Root).Reply()
	if err != nil {
		return nil, fmt.Errorf("RANDR: %w", err)
	}
	asked := make([]randr.GetOutputInfoCookie, len(res.Outputs))
	for i, o := range res.Outputs {
		asked[i] = randr.GetOutputInfo(c.Conn, o, res.ConfigTimestamp)
	}
	var names []string
	for _, a := range asked {
		if r, err := a.Reply(); err == nil { // an output may go in between
			names = append(names, string(r.Name))
		}
	}
	return names, nil
}

// selectRandr asks for events when sizes, monitors or their places change.
func (s *x11Source) selectRandr() error {
	if !s.conn.Has("RANDR") {
		return nil
	}
	if _, err := randr.QueryVersion(s.conn.Conn, 1, 5).Reply(); err != nil {
		return fmt.Errorf("RANDR: %w", err)
	}
	err := randr.SelectInputChecked(s.conn.Conn, s.conn.Root,
		randr.NotifyMaskScreenChange|randr.NotifyMaskCrtcChange|randr.NotifyMaskOutputChange).Check()
	if err != nil {
		return fmt.Errorf("RANDR: %w", err)
	}
	return nil
}

// readDisplay reads size, monitors and scale. If any has changed it begins a new
// generation, with new memory and all of the picture dirty.
func (s *x11Source) readDisplay() error {
	size := xproto.GetGeometry(s.conn.Conn, xproto.Drawable(s.conn.Root))
	scale := s.readScale()
	monitors, err := s.readMonitors()
	if err != nil {
		return err
	}
	g, err := size.Reply()
	if err != nil {
		return fmt.Errorf("the screen's size: %w", err)
	}
	d := Display{Generation: s.display.Generation, W: int(g.Width), H: int(g.Height), Scale: scale, Name: s.conn.Name, Monitors: monitors}
	s.stale = false
	if s.grab != nil && sameDisplay(d, s.display) {
		return nil
	}
	return s.adopt(d)
}

// adopt begins a new generation.
func (s *x11Source) adopt(d Display) error {
	if d.W > MaxSide || d.H > MaxSide || d.W*d.H > MaxPixels || d.W*d.H == 0 {
		return fmt.Errorf("its screen of %d×%d pixels is larger than rac can show (%d a side, %d in all)", d.W, d.H, MaxSide, MaxPixels)
	}
	if s.grab == nil || d.W != s.display.W || d.H != s.display.H {
		g, err := newGrabber(s.conn, d.W, d.H, s.rearm, s.log)
		if err != nil {
			return err
		}
		if s.grab != nil {
			s.grab.close()
		}
		s.grab = g
	}
	d.Generation++
	s.display = d
	s.damage.take() // rectangles of the old geometry; those still to come are clipped
	s.whole = true
	return nil
}

// sameDisplay compares all but the generation.
func sameDisplay(a, b Display) bool {
	return a.W == b.W && a.H == b.H && a.Scale == b.Scale && slices.Equal(a.Monitors, b.Monitors)
}

// readMonitors lists the monitors, the primary one first, the others from left
// to right; nil where the server does not tell.
func (s *x11Source) readMonitors() ([]image.Rectangle, error) {
	if !s.conn.Has("RANDR") {
		return nil, nil
	}
	r, err := randr.GetMonitors(s.conn.Conn, s.conn.Root, true).Reply()
	var unknown xproto.RequestError
	if errors.As(err, &unknown) { // RANDR before 1.5
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("RANDR: %w", err)
	}
	slices.SortStableFunc(r.Monitors, compareMonitors)
	var list []image.Rectangle
	for _, m := range r.Monitors {
		x, y := int(m.X), int(m.Y)
		list = append(list, image.Rect(x, y, x+int(m.Width), y+int(m.Height)))
	}
	return list, nil
}

// compareMonitors orders the primary one first, then by place.
func compareMonitors(a, b randr.MonitorInfo) int {
	if a.Primary != b.Primary {
		if a.Primary {
			return -1
		}
		return 1
	}
	if a.X != b.X {
		return int(a.X) - int(b.X)
	}
	return int(a.Y) - int(b.Y)
}

// readScale is the desktop's: Xft.dpi of the resource database, where 96 is 1.
func (s *x11Source) readScale() float64 {
	const most = 16 << 10 // words; the database of a real desktop has some kB
	r, err := xproto.GetProperty(s.conn.Conn, false, s.conn.Root, xproto.AtomResourceManager, xproto.AtomString, 0, most).Reply()
	if err != nil {
		return 1
	}
	return parseScale(string(r.Value))
}

// parseScale finds Xft.dpi in a resource database.
func parseScale(resources string) float64 {
	for line := range strings.Lines(resources) {
		if v, ok := strings.CutPrefix(line, "Xft.dpi:"); ok {
			dpi, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err == nil && dpi >= 48 && dpi <= 960 {
				return dpi / 96
			}
		}
	}
	return 1
}
