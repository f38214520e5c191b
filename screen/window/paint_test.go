//go:build linux

package window

import (
	"fmt"
	"image"
	"testing"

	"github.com/jezek/xgb/xfixes"
	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/screen"
	"rac/screen/codec"
	"rac/screen/screentest"
)

// scribble changes a few random rectangles of a picture and shows them.
func scribble(t *testing.T, w *Window, pic *codec.Picture, times int) {
	t.Helper()
	r := seeded()
	for range times {
		f := whole(pic)
		f.Dirty = nil
		for range 1 + r.IntN(6) {
			at := image.Pt(r.IntN(pic.W), r.IntN(pic.H))
			d := image.Rectangle{Min: at, Max: at.Add(image.Pt(1+r.IntN(70), 1+r.IntN(70)))}.Intersect(pic.Bounds())
			for y := d.Min.Y; y < d.Max.Y; y++ {
				for x := d.Min.X; x < d.Max.X; x++ {
					pic.Row(y)[x] = r.Uint32() & 0xffffff
				}
			}
			f.Dirty = append(f.Dirty, d)
		}
		show(t, w, f)
	}
}

func TestASmoothedPictureIsTheSameHoweverItsPartsCame(t *testing.T) {
	for _, scale := range []Scale{Fit, 0.37, 1.5, 0.9} {
		t.Run(scale.String(), func(t *testing.T) {
			x := screentest.Xvfb(t, 700, 500)
			w := open(t, Options{Display: x.Display, Scale: scale, Fullscreen: true})
			pic := noise(seeded(), 611, 405)
			show(t, w, whole(pic))
			viewable(t, w)
			eventually(t, "full screen", func() bool { _, l := w.paint.state(); return l.win == image.Pt(700, 500) })
			scribble(t, w, pic, 60)
			parts := grab(t, w.conn, w.win)
			w.paint.expose(image.Rect(0, 0, 700, 500))
			if !equal(parts, grab(t, w.conn, w.win)) {
				t.Error("painting all of it changes the window")
			}
		})
	}
}

func TestServersOfEveryKindShowTheSamePixels(t *testing.T) {
	for name, args := range map[string][]string{
		"without shared memory": {"-extension", "MIT-SHM"},
		"without RENDER":        {"-extension", "RENDER"},
		"without XKEYBOARD":     {"-extension", "XKEYBOARD"},
		"without RANDR":         {"-extension", "RANDR"},
	} {
		t.Run(name, func(t *testing.T) {
			x := screentest.Xvfb(t, 800, 600, args...)
			w := open(t, Options{Display: x.Display, Scale: 1})
			pic := noise(seeded(), 800, 600)
			show(t, w, whole(pic))
			scribble(t, w, pic, 20)
			if err := w.point.show(&screen.Cursor{Serial: 1, W: 1, H: 1, Pix: []uint32{1}}, 1); err != nil {
				t.Error(err)
			}
			eventually(t, "the picture", func() bool { return equal(grab(t, w.conn, w.win), pic) })
		})
	}
}

func TestAScreenOfSixteenBitsShowsTheNearestColours(t *testing.T) {
	x := screentest.XvfbScreen(t, "640x480x16")
	w := open(t, Options{Display: x.Display, Scale: 1})
	pic := codec.NewPicture(640, 480)
	fill(pic, pic.Bounds(), 0xff0000)
	fill(pic, image.Rect(10, 10, 20, 20), 0x00ff00)
	show(t, w, whole(pic))
	viewable(t, w)
	pixel := func(px, py int16) uint16 {
		r, err := xproto.GetImage(w.conn.Conn, zPixmap, xproto.Drawable(w.win), px, py, 1, 1, 0xffffffff).Reply()
		if err != nil {
			t.Fatal(err)
		}
		return uint16(r.Data[0]) | uint16(r.Data[1])<<8
	}
	eventually(t, "red and green in 5-6-5", func() bool { return pixel(300, 300) == 0xf800 && pixel(15, 15) == 0x07e0 })
	w.SetStatus("also text")
	eventually(t, "the overlay", func() bool { return pixel(320, 475) != 0xf800 })
}

func TestAPictureLargerThanTheWindowFollowsThePointerToItsCorners(t *testing.T) {
	x := screentest.Xvfb(t, 320, 240)
	w := open(t, Options{Display: x.Display, Scale: 1})
	pic := noise(seeded(), 1000, 700)
	show(t, w, whole(pic))
	viewable(t, w)
	shows := func(at image.Point) {
		t.Helper()
		want := pic.Sub(image.Rectangle{Min: at, Max: at.Add(image.Pt(320, 240))})
		eventually(t, fmt.Sprint("the part at ", at), func() bool { return equal(grab(t, w.conn, w.win), want) })
	}
	motion := func(want input.Motion) {
		t.Helper()
		eventually(t, fmt.Sprint(want), func() bool { return <-w.Events() == input.Event(want) })
	}
	shows(image.Pt(0, 0))
	x.Run(t, "xdotool", "mousemove", "319", "239")
	motion(input.Motion{X: 999, Y: 699})
	shows(image.Pt(680, 460))
	scribble(t, w, pic, 20)
	shows(image.Pt(680, 460))
	x.Run(t, "xdotool", "mousemove", "160", "120") // the way back moves nothing
	motion(input.Motion{X: 840, Y: 580})
	shows(image.Pt(680, 460))
	x.Run(t, "xdotool", "mousemove", "0", "120")
	motion(input.Motion{X: 0, Y: 580})
	shows(image.Pt(0, 460))
}

func TestAWindowThatWasCoveredIsWholeAgain(t *testing.T) {
	x, w := scene(t, Options{Scale: 1})
	pic := noise(seeded(), 640, 480)
	over := open(t, Options{Display: x.Display, Scale: 1})
	show(t, over, whole(codec.NewPicture(500, 300)))
	viewable(t, over)
	eventually(t, "it is covered", func() bool { return !equal(grab(t, w.conn, w.win), pic) })
	over.Close()
	eventually(t, "it is whole", func() bool { return equal(grab(t, w.conn, w.win), pic) })
}

func TestTheHostsPointerIsTheViewersOwn(t *testing.T) {
	x, w := scene(t, Options{Scale: 1})
	cur := &screen.Cursor{Serial: 7, HotX: 2, HotY: 1, W: 4, H: 3, Pix: []uint32{
		0xff0000ff, 0x80400000, 0, 0, 0, 0xffffffff, 0, 0, 1 << 24, 0, 0, 0xff00ff00}}
	f := whole(noise(seeded(), 640, 480))
	f.Cursor, f.Dirty = cur, nil
	show(t, w, f)
	c := dial(t, x)
	if _, err := xfixes.QueryVersion(c.Conn, 5, 0).Reply(); err != nil {
		t.Fatal(err)
	}
	now := func() *xfixes.GetCursorImageReply {
		r, err := xfixes.GetCursorImage(c.Conn).Reply()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	eventually(t, "the pointer", func() bool {
		r := now()
		return r.Width == 4 && r.Height == 3 && r.Xhot == 2 && r.Yhot == 1 && fmt.Sprint(r.CursorImage) == fmt.Sprint(cur.Pix)
	})
	f.Cursor = &screen.Cursor{Serial: 8}
	show(t, w, f)
	eventually(t, "no pointer", func() bool { r := now(); return r.Width == 1 && r.CursorImage[0] == 0 })
	for i := range uint32(3 * maxPointers) {
		f.Cursor = &screen.Cursor{Serial: 100 + i, W: 1, H: 1, Pix: []uint32{0xff000000 | i}}
		show(t, w, f)
	}
	eventually(t, "the last of many", func() bool { return now().CursorImage[0] == 0xff000000|uint32(3*maxPointers-1) })
	f.Cursor = &screen.Cursor{Serial: 5000, W: 200, H: 200, Pix: make([]uint32, 3)} // a lie
	show(t, w, f)
}

func TestAViewOnlyWindowSendsNothing(t *testing.T) {
	x, w := scene(t, Options{Scale: 1, ViewOnly: true})
	x.Run(t, "xdotool", "mousemove", "300", "300", "key", "a", "click", "1")
	x.Run(t, "xdotool", "key", "ctrl+alt+shift+q")
	ended(t, w)
	for ev := range w.Events() {
		t.Errorf("sent %#v", ev)
	}
}

func BenchmarkShow(b *testing.B) {
	full := image.Rect(0, 0, 1920, 1080)
	for _, bench := range []struct {
		name  string
		scale Scale
		dirty image.Rectangle
		args  []string
	}{
		{"64x64", 1, image.Rect(640, 320, 704, 384), nil},
		{"64x64/core", 1, image.Rect(640, 320, 704, 384), []string{"-extension", "MIT-SHM"}},
		{"1080p", 1, full, nil},
		{"1080p/core", 1, full, []string{"-extension", "MIT-SHM"}},
		{"1080p/bilinear", 0.75, full, nil},
		{"64x64/bilinear", 0.75, image.Rect(640, 320, 704, 384), nil},
	} {
		b.Run(bench.name, func(b *testing.B) {
			x := screentest.Xvfb(b, 1920, 1080, bench.args...)
			w := open(b, Options{Display: x.Display, Scale: bench.scale, Fullscreen: true})
			f := whole(noise(seeded(), 1920, 1080))
			show(b, w, f)
			viewable(b, w)
			f.Dirty = []image.Rectangle{bench.dirty}
			b.SetBytes(int64(4 * bench.dirty.Dx() * bench.dirty.Dy()))
			b.ReportAllocs()
			for b.Loop() {
				show(b, w, f)
				if _, err := xproto.GetInputFocus(w.conn.Conn).Reply(); err != nil { // until it is on the screen
					b.Fatal(err)
				}
			}
		})
	}
}
