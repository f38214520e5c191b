//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// What pixels look like on a display.

import (
	"fmt"

	"github.com/jezek/xgb/render"
	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

// formats are a display's names for kinds of pixels; those of RENDER are 0 where
// the server has no such extension.
type formats struct {
	plain  bool // the window's own pixels are 0x00RRGGBB: no conversion
	window render.Pictformat
	rgb24  render.Pictformat
	argb32 render.Pictformat
}

// has tells whether RENDER can scale, convert and make cursors.
func (f *formats) has() bool { return f.window != 0 && f.rgb24 != 0 }

// newFormats asks the server.
func newFormats(c *x11.Conn) (*formats, error) {
	if c.Setup.ImageByteOrder != xproto.ImageOrderLSBFirst {
		return nil, fmt.Errorf("display %s wants pixels with the high byte first, which rac cannot do", c.Name)
	}
	for _, pf := range c.Setup.PixmapFormats {
		if pf.Depth == 24 && pf.BitsPerPixel != 32 {
			return nil, fmt.Errorf("display %s packs colours into %d bits, which rac cannot do", c.Name, pf.BitsPerPixel)
		}
	}
	f := &formats{plain: plainRoot(c)}
	if !c.Has("RENDER") {
		return f, nil
	}
	// The server offers filters only to who has asked for a version with them.
	if _, err := render.QueryVersion(c.Conn, 0, 11).Reply(); err != nil {
		return nil, fmt.Errorf("RENDER: %w", err)
	}
	r, err := render.QueryPictFormats(c.Conn).Reply()
	if err != nil {
		return nil, fmt.Errorf("RENDER: %w", err)
	}
	for _, pf := range r.Formats {
		f.learn(pf)
	}
	f.window = visualFormat(r, c.DefaultScreen, c.Screen.RootVisual)
	return f, nil
}

// learn recognises the two formats that we make pixels in.
func (f *formats) learn(pf render.Pictforminfo) {
	d := pf.Direct
	if d.RedMask != 0xff || d.GreenMask != 0xff || d.BlueMask != 0xff || d.RedShift != 16 || d.GreenShift != 8 || d.BlueShift != 0 {
		return
	}
	switch {
	case pf.Depth == 24 && d.AlphaMask == 0:
		f.rgb24 = pf.Id
	case pf.Depth == 32 && d.AlphaMask == 0xff && d.AlphaShift == 24:
		f.argb32 = pf.Id
	}
}

func visualFormat(r *render.QueryPictFormatsReply, screen int, visual xproto.Visualid) render.Pictformat {
	if screen >= len(r.Screens) {
		return 0
	}
	for _, d := range r.Screens[screen].Depths {
		for _, v := range d.Visuals {
			if v.Visual == visual {
				return v.Format
			}
		}
	}
	return 0
}

// plainRoot tells whether the root's visual, which our windows have too, stores
// pixels as we do: 24 bits in 32, red at the top.
func plainRoot(c *x11.Conn) bool {
	if c.Screen.RootDepth != 24 {
		return false
	}
	for _, d := range c.Screen.AllowedDepths {
		for _, v := range d.Visuals {
			if v.VisualId == c.Screen.RootVisual {
				return v.RedMask == 0xff0000 && v.GreenMask == 0xff00 && v.BlueMask == 0xff
			}
		}
	}
	return false
}
