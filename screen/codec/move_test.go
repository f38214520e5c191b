package codec

import (
	"image"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/font/gofont/gomono"
)

// copies returns the moves in the last frame that l's decoder has read.
func copies(t *testing.T, frame []byte, g grid) (list []op) {
	t.Helper()
	d := NewDecoder()
	if err := d.Reset(g.w, g.h); err != nil {
		t.Fatal(err)
	}
	r := reader{b: frame[1:]}
	raw, err := d.unpackBlock(&r, &budget{raw: maxRaw})
	if err != nil {
		t.Fatal(err)
	}
	in := reader{b: raw}
	ops, _, err := g.ops(nil, in.bytes(in.uvarint(len(raw))), g.budget().ops)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range ops {
		if o.kind == kindCopy {
			list = append(list, o)
		}
	}
	return list
}

// step shows before, then after, and returns the second frame.
func step(t *testing.T, before, after *Picture) ([]byte, *link) {
	t.Helper()
	l := newLink(t, before.W, before.H)
	l.show(before, 1<<30)
	l.enc.SetLine(Line{Rate: thinLine}) // blocks that refer to none before, for copies
	l.enc.Update(after, []image.Rectangle{after.Bounds()})
	frame, _ := l.enc.Append(nil, 1<<30)
	if _, err := l.dec.Decode(frame); err != nil {
		t.Fatal(err)
	}
	if !samePixels(after, l.dec.Picture()) {
		t.Fatalf("the viewer's picture differs inside %v", differing(after, l.dec.Picture(), after.Bounds()))
	}
	return frame, l
}

func TestAScrolledPageIsCopied(t *testing.T) {
	page := textPage(800, 1400, face(t, gomono.TTF, 10), 15, 1)
	desk := photoPage(900, 700, 1)
	at := func(x, y int) *Picture {
		screen := desk.clone()
		paste(screen, page.Sub(image.Rect(x, y, x+700, y+600)), 100, 50)
		return screen
	}
	for _, by := range []image.Point{{0, 15}, {0, -15}, {0, 301}, {40, 0}, {-53, 0}, {7, 3}} {
		frame, l := step(t, at(60, 310), at(60+by.X, 310+by.Y))
		moves := copies(t, frame, l.enc.grid)
		if len(moves) == 0 || image.Pt(moves[0].dx, moves[0].dy) != by {
			t.Errorf("scrolled by %v: got the moves %v", by, moves)
			continue
		}
		whole := area(moves[0].box)
		if want := (700 - max(by.X, -by.X)) * (600 - max(by.Y, -by.Y)); whole < want*9/10 {
			t.Errorf("scrolled by %v: a copy of %v, %d pixels of %d", by, moves[0].box, whole, want)
		}
	}
}

func TestADraggedWindowIsCopied(t *testing.T) {
	window := textPage(400, 300, face(t, gomono.TTF, 10), 15, 2)
	desk := photoPage(900, 700, 1)
	at := func(x, y int) *Picture {
		screen := desk.clone()
		paste(screen, window, x, y)
		return screen
	}
	frame, l := step(t, at(200, 150), at(239, 217))
	moves := copies(t, frame, l.enc.grid)
	if len(moves) == 0 || moves[0].box != image.Rect(239, 217, 639, 517) {
		t.Fatalf("got the moves %v, want the window first", moves)
	}
	// Dragged on by the same vector: found without a vote.
	l.enc.mover.wait = 1 << 30
	l.enc.Update(at(278, 284), []image.Rectangle{image.Rect(0, 0, 900, 700)})
	frame, _ = l.enc.Append(nil, 1<<30)
	if moves := copies(t, frame, l.enc.grid); len(moves) == 0 {
		t.Error("the last vector was not tried")
	}
	// A hand hardly ever moves it by the same vector again.
	last := image.Pt(278, 284)
	for _, by := range []image.Point{{37, 60}, {20, 30}, {9, 0}, {-20, -25}, {-33, -50}} {
		last = last.Add(by)
		l.enc.Update(at(last.X, last.Y), []image.Rectangle{image.Rect(0, 0, 900, 700)})
		frame, _ = l.enc.Append(nil, 1<<30)
		if moves := copies(t, frame, l.enc.grid); len(moves) == 0 || moves[0].box.Min != last || area(moves[0].box) != 400*300 {
			t.Errorf("dragged on by %v: got the moves %v", by, moves)
		}
	}
}

func TestTwoHalvesThatScrollTogetherAreBothCopied(t *testing.T) {
	page := textPage(800, 1200, face(t, gomono.TTF, 10), 15, 3)
	for _, by := range []int{45, -45} {
		at := func(y int) *Picture {
			screen := page.Sub(image.Rect(0, y, 800, y+600)).clone()
			screen.fill(image.Rect(0, 290, 800, 306), 0xff8000) // a bar that stands still
			return screen
		}
		frame, l := step(t, at(300), at(300+by))
		sum := 0
		for _, o := range copies(t, frame, l.enc.grid) {
			sum += area(o.box)
		}
		if want := 800 * (600 - 3*45 - 16); sum < want*9/10 {
			t.Errorf("by %d: copies of %d pixels, want about %d", by, sum, want)
		}
	}
}

// Two letters of a font of fixed width come again and again on a large screen, so that
// it takes longer runs of pixels to tell where they were.
func TestALargePageOfFewLettersIsCopied(t *testing.T) {
	page := gridPage(3840+64, 2160+400)
	at := func(p image.Point) *Picture { return page.Sub(image.Rect(p.X, p.Y, p.X+3840, p.Y+2160)).clone() }
	for _, by := range []image.Point{{0, 18}, {0, -54}, {0, 324}, {40, 0}, {7, 16}} {
		frame, _ := step(t, at(image.Pt(8, 54)), at(image.Pt(8, 54).Add(by)))
		if len(frame) > 90_000 {
			t.Errorf("moved by %v the page takes %d bytes", by, len(frame))
		}
	}
}

func TestAFilmCallsForFewVotes(t *testing.T) {
	l := newLink(t, 320, 240)
	votes := 0
	for i := range uint64(24) {
		before := l.enc.mover.wait
		l.show(noisePage(320, 240, i), 1<<30)
		if l.enc.mover.wait >= before {
			votes++
		}
	}
	if votes > 8 {
		t.Errorf("%d votes in 24 frames", votes)
	}
}

func TestMovesStayWithinTheDecodersArea(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	screen := textPage(512, 512, face(t, gomono.TTF, 10), 15, 4)
	l := newLink(t, 512, 512)
	l.show(screen, 1<<30)
	for range 30 { // blocks that all move somewhere else
		before := screen.clone()
		for range 20 {
			from, to := image.Pt(rnd.IntN(400), rnd.IntN(400)), image.Pt(rnd.IntN(400), rnd.IntN(400))
			paste(screen, before.Sub(image.Rect(from.X, from.Y, from.X+112, from.Y+112)), to.X, to.Y)
		}
		l.show(screen, 1<<30)
	}
}
