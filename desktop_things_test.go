//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/x11"
)

// What stands on the desktops of the stories: terminals and a picture.

// typewriter is an xterm in which cat writes what is typed into a file.
type typewriter struct {
	*computer
	win  xproto.Window
	file string
}

// typewriter starts an xterm with its upper left corner at at; name is its title
// and its file's.
func (c *computer) typewriter(name string, at image.Point) *typewriter {
	c.t.Helper()
	file := filepath.Join(c.dir, name)
	c.start("xterm", "-u8", "-T", name, "-geometry", fmt.Sprintf("60x12+%d+%d", at.X, at.Y), "-sb", "-xrm", "*allowTitleOps: false",
		"-e", "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; echo row $i; done; exec cat >> "+file)
	win := c.find(name)
	eventually(c.t, "cat runs in "+name, func() bool { return exists(file) })
	return &typewriter{c, win, file}
}

// holds waits until the file is text.
func (x *typewriter) holds(text string) {
	x.t.Helper()
	defer func() {
		if x.t.Failed() {
			x.t.Logf("the file holds %q, want %q", x.text(), text)
		}
	}()
	eventually(x.t, "the typed text arrives", func() bool { return x.text() == text })
}

// text is what was typed so far.
func (x *typewriter) text() string {
	text, _ := os.ReadFile(x.file)
	return string(text)
}

// clear empties the file.
func (x *typewriter) clear() {
	x.t.Helper()
	if err := os.Truncate(x.file, 0); err != nil {
		x.t.Fatal(err)
	}
}

// middle is a point inside the terminal.
func (x *typewriter) middle() image.Point {
	a := x.area(x.win)
	return a.Min.Add(a.Size().Div(2))
}

// painting is a window with a picture of many colours, which notes how it is
// clicked and scrolled.
type painting struct {
	*computer
	conn *x11.Conn
	win  xproto.Window

	mu    sync.Mutex
	notes []string
}

// hang shows a painting.
func (c *computer) hang(r image.Rectangle) *painting {
	c.t.Helper()
	conn, err := x11.Dial(c.t.Context(), c.x.Display)
	if err != nil {
		c.t.Fatal(err)
	}
	p := &painting{computer: c, conn: conn}
	if err := p.create(r); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var reader sync.WaitGroup
	reader.Go(func() { p.read(ctx) })
	c.t.Cleanup(func() {
		cancel()
		reader.Wait()
		conn.Close()
	})
	eventually(c.t, "the painting hangs", func() bool { return c.area(p.win).Size() == r.Size() })
	return p
}

// manyColours is a picture in which hardly a pixel equals another: two gradients
// and noise.
func manyColours(size image.Point) *codec.Picture {
	pic := codec.NewPicture(size.X, size.Y)
	random := rand.New(rand.NewPCG(1, 2))
	for y := range size.Y {
		for x := range size.X {
			pic.Row(y)[x] = uint32(x*255/size.X)<<16 | uint32(y*255/size.Y)<<8 | random.Uint32N(256)
		}
	}
	return pic
}

// create makes the window. Its background is the picture, so that the server
// paints it whenever it is needed.
func (p *painting) create(r image.Rectangle) (err error) {
	x := p.conn.Conn
	pixmap, _ := xproto.NewPixmapId(x)
	gc, _ := xproto.NewGcontextId(x)
	if p.win, err = xproto.NewWindowId(x); err != nil {
		return err
	}
	depth := p.conn.Screen.RootDepth
	xproto.CreatePixmap(x, depth, pixmap, xproto.Drawable(p.conn.Root), uint16(r.Dx()), uint16(r.Dy()))
	xproto.CreateGC(x, gc, xproto.Drawable(pixmap), 0, nil)
	pic := manyColours(r.Size())
	for y := range pic.H {
		var row []byte
		for _, v := range pic.Row(y) {
			row = binary.LittleEndian.AppendUint32(row, v)
		}
		xproto.PutImage(x, xproto.ImageFormatZPixmap, xproto.Drawable(pixmap), gc, uint16(pic.W), 1, 0, int16(y), 0, depth, row)
	}
	err = xproto.CreateWindowChecked(x, depth, p.win, p.conn.Root, int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()), 0,
		xproto.WindowClassInputOutput, p.conn.Screen.RootVisual, xproto.CwBackPixmap|xproto.CwEventMask,
		[]uint32{uint32(pixmap), xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease}).Check()
	if err != nil {
		return err
	}
	p.stayAt(r)
	return xproto.MapWindowChecked(x, p.win).Check()
}

// stayAt tells the window manager that the place was chosen by the user
// (WM_NORMAL_HINTS, ICCCM 4.1.2.3).
func (p *painting) stayAt(r image.Rectangle) {
	const usPosition = 1
	hints := make([]byte, 18*4)
	hints[0] = usPosition
	xproto.ChangeProperty(p.conn.Conn, xproto.PropModeReplace, p.win, xproto.AtomWmNormalHints, xproto.AtomWmSizeHints, 32, 18, hints)
	name := "painting"
	xproto.ChangeProperty(p.conn.Conn, xproto.PropModeReplace, p.win, xproto.AtomWmName, xproto.AtomString, 8, uint32(len(name)), []byte(name))
}

// read notes presses and releases as "+1@10,20" and "-1@10,20", without the
// place for the wheel.
func (p *painting) read(ctx context.Context) {
	for {
		ev, err := p.conn.NextEvent(ctx)
		if err != nil {
			return
		}
		p.mu.Lock()
		switch ev := ev.(type) {
		case xproto.ButtonPressEvent:
			p.notes = append(p.notes, fmt.Sprintf("+%d@%d,%d", ev.Detail, ev.EventX, ev.EventY))
		case xproto.ButtonReleaseEvent:
			p.notes = append(p.notes, fmt.Sprintf("-%d@%d,%d", ev.Detail, ev.EventX, ev.EventY))
		}
		p.mu.Unlock()
	}
}

// was waits until exactly this has happened to the painting.
func (p *painting) was(t *testing.T, want string) {
	t.Helper()
	got := func() string {
		p.mu.Lock()
		defer p.mu.Unlock()
		return strings.Join(p.notes, " ")
	}
	defer func() {
		if t.Failed() {
			t.Logf("got %s", got())
		}
	}()
	eventually(t, "the painting sees "+want, func() bool { return got() == want })
}
