//go:build linux

package window

import (
	"image"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/screen"
	"rac/screen/codec"
	"rac/screen/screentest"
	"rac/screen/x11"
)

// open opens a window and closes it with the test.
func open(t testing.TB, o Options) *Window {
	t.Helper()
	w, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// noise is a picture of random pixels.
func noise(r *rand.Rand, w, h int) *codec.Picture {
	p := codec.NewPicture(w, h)
	for i := range p.Pix {
		p.Pix[i] = r.Uint32() & 0xffffff
	}
	return p
}

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// whole is the first frame of a picture.
func whole(p *codec.Picture) *screen.Frame {
	return &screen.Frame{Picture: p, Dirty: []image.Rectangle{p.Bounds()}, Display: screen.Display{W: p.W, H: p.H}}
}

func show(t testing.TB, w *Window, f *screen.Frame) {
	t.Helper()
	if err := w.Show(f); err != nil {
		t.Fatal(err)
	}
}

// grab reads what a window shows, from the screen itself.
func grab(t testing.TB, c *x11.Conn, win xproto.Window) *codec.Picture {
	t.Helper()
	g, err := xproto.GetGeometry(c.Conn, xproto.Drawable(win)).Reply()
	if err != nil {
		t.Fatal(err)
	}
	r, err := xproto.GetImage(c.Conn, zPixmap, xproto.Drawable(win), 0, 0, g.Width, g.Height, 0xffffffff).Reply()
	if err != nil { // it reaches beyond the screen, on its way to another size
		return &codec.Picture{}
	}
	p := codec.NewPicture(int(g.Width), int(g.Height))
	for i := range p.Pix {
		p.Pix[i] = uint32(r.Data[4*i]) | uint32(r.Data[4*i+1])<<8 | uint32(r.Data[4*i+2])<<16
	}
	return p
}

// eventually waits for something that X brings about in its own time.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// equal compares pictures, which may have different strides.
func equal(a, b *codec.Picture) bool {
	if a.W != b.W || a.H != b.H {
		return false
	}
	for y := range a.H {
		ra, rb := a.Row(y), b.Row(y)
		for x := range ra {
			if ra[x] != rb[x] {
				return false
			}
		}
	}
	return true
}

// viewable waits until the window is on the screen.
func viewable(t testing.TB, w *Window) {
	t.Helper()
	eventually(t, "the window is on the screen", func() bool {
		r, err := xproto.GetWindowAttributes(w.conn.Conn, w.win).Reply()
		return err == nil && r.MapState == xproto.MapStateViewable
	})
}

func TestEveryPixelIsShownAtScaleOneAfterManySmallUpdates(t *testing.T) {
	x := screentest.Xvfb(t, 800, 600)
	w := open(t, Options{Display: x.Display, Scale: 1})
	r := seeded()
	pic := noise(r, 640, 480)
	show(t, w, whole(pic))
	viewable(t, w)
	for range 300 {
		f := whole(pic)
		f.Dirty = nil
		for range 1 + r.IntN(8) {
			at := image.Pt(r.IntN(640), r.IntN(480))
			d := image.Rectangle{Min: at, Max: at.Add(image.Pt(1+r.IntN(90), 1+r.IntN(90)))}.Intersect(pic.Bounds())
			fill(pic, d, r.Uint32()&0xffffff)
			f.Dirty = append(f.Dirty, d)
		}
		show(t, w, f)
	}
	eventually(t, "the screen shows the picture", func() bool { return equal(grab(t, w.conn, w.win), pic) })
}

func TestOnlyWhatHasChangedIsTakenOver(t *testing.T) {
	x := screentest.Xvfb(t, 800, 600)
	w := open(t, Options{Display: x.Display, Scale: 1})
	r := seeded()
	pic, want := noise(r, 640, 480), noise(r, 640, 480)
	show(t, w, whole(want))
	viewable(t, w)
	f := whole(pic)
	f.Dirty = []image.Rectangle{image.Rect(10, 20, 200, 90), image.Rect(210, 15, 400, 100), image.Rect(600, 440, 640, 480)}
	for _, d := range f.Dirty {
		for y := d.Min.Y; y < d.Max.Y; y++ {
			copy(want.Row(y)[d.Min.X:d.Max.X], pic.Row(y)[d.Min.X:d.Max.X])
		}
	}
	show(t, w, f)
	eventually(t, "the screen shows those parts of the new picture", func() bool { return equal(grab(t, w.conn, w.win), want) })
}

// enlarged is p with squares for pixels, in the middle of a black window.
func enlarged(p *codec.Picture, n int, win image.Point) *codec.Picture {
	out := codec.NewPicture(win.X, win.Y)
	at := image.Pt((win.X-n*p.W)/2, (win.Y-n*p.H)/2)
	for y := range n * p.H {
		for x := range n * p.W {
			out.Row(at.Y + y)[at.X+x] = p.Row(y / n)[x/n]
		}
	}
	return out
}
