package codec

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"
)

// link is an encoder whose frames go straight to a decoder.
type link struct {
	t   testing.TB
	enc *Encoder
	dec *Decoder
}

func newLink(t testing.TB, w, h int) *link {
	l := &link{t, NewEncoder(), NewDecoder()}
	l.reset(w, h)
	return l
}

func (l *link) reset(w, h int) {
	l.enc.Reset(w, h)
	if err := l.dec.Reset(w, h); err != nil {
		l.t.Fatal(err)
	}
}

// frame sends one frame and returns its length and whether it left nothing.
func (l *link) frame(limit int) (int, bool) {
	l.t.Helper()
	before := l.dec.Picture().clone()
	b, exact := l.enc.Append(nil, limit)
	dirty, err := l.dec.Decode(b)
	if err != nil {
		l.t.Fatalf("frame of %d bytes: %v", len(b), err)
	}
	for _, r := range dirty {
		copyPixels(before, l.dec.Picture(), r)
	}
	if !samePixels(before, l.dec.Picture()) {
		l.t.Fatal("pixels changed outside of what Decode returned")
	}
	if exact == l.enc.Pending() {
		l.t.Fatalf("exact is %v and Pending %v", exact, l.enc.Pending())
	}
	return len(b), exact
}

// show brings pic to the viewer in frames of limit bytes and returns their sum.
func (l *link) show(pic *Picture, limit int, dirty ...image.Rectangle) (sum int) {
	l.t.Helper()
	if dirty == nil {
		dirty = append(dirty, pic.Bounds())
	}
	l.enc.Update(pic, dirty)
	for {
		n, exact := l.frame(limit)
		sum += n
		if n > limit+oneTile {
			l.t.Fatalf("frame of %d bytes, the limit was %d", n, limit)
		}
		if exact {
			break
		}
	}
	if !samePixels(pic, l.dec.Picture()) {
		l.t.Fatalf("the viewer's picture differs inside %v", differing(pic, l.dec.Picture(), pic.Bounds()))
	}
	return sum
}

const oneTile = 15 << 10

func TestEveryPageArrivesExactly(t *testing.T) {
	for _, limit := range []int{1, 10_000, 300_000, 1 << 30} {
		for _, p := range pages(t) {
			if limit == 1 && len(p.pic.Pix) > 1<<20 {
				continue // hundreds of frames of one tile: the drawn pages show it
			}
			t.Run(fmt.Sprintf("%s/%d", p.name, limit), func(t *testing.T) {
				l := newLink(t, p.pic.W, p.pic.H)
				n := l.show(p.pic, limit)
				again := l.show(NewPicture(p.pic.W, p.pic.H), limit) + l.show(p.pic, limit)
				t.Logf("%d bytes, black and back %d", n, again)
			})
		}
	}
}

func TestNothingNewIsAnEmptyExactFrame(t *testing.T) {
	l := newLink(t, 200, 100)
	p := photoPage(200, 100, 1)
	l.show(p, 1<<20)
	l.enc.Update(p, []image.Rectangle{p.Bounds()})
	if l.enc.Pending() {
		t.Error("an equal picture is pending")
	}
	if n, exact := l.frame(1 << 20); n != 1 || !exact {
		t.Errorf("got a frame of %d bytes, exact %v; want 1, true", n, exact)
	}
}

func TestTheUpperByteOfPixelsIsIgnored(t *testing.T) {
	l := newLink(t, 100, 100)
	p := photoPage(100, 100, 1)
	l.show(p, 1<<20)
	q := p.clone()
	for i := range q.Pix {
		q.Pix[i] |= 0xff000000
	}
	l.enc.Update(q, []image.Rectangle{q.Bounds()})
	if l.enc.Pending() {
		t.Error("another upper byte is taken for a change")
	}
}

func TestTheSourceMayChangeAfterUpdate(t *testing.T) {
	l := newLink(t, 100, 100)
	p := photoPage(100, 100, 1)
	q := p.clone()
	l.enc.Update(q, []image.Rectangle{q.Bounds()})
	clear(q.Pix)
	l.frame(1 << 20)
	if !samePixels(p, l.dec.Picture()) {
		t.Error("the viewer's picture is not the one of Update")
	}
}

func TestTextGoesBeforePictures(t *testing.T) {
	p := mixedPage(t, 1000, 700)
	l := newLink(t, p.W, p.H)
	l.enc.Update(p, []image.Rectangle{p.Bounds()})
	l.frame(60_000)
	text := image.Rect(64, 64, 384, 320) // well inside the window of text
	if !differing(p, l.dec.Picture(), text).Empty() {
		t.Error("the text has not arrived with the first frame")
	}
	if !l.enc.Pending() {
		t.Error("the photograph fits 60 kB: the test shows nothing")
	}
}

func TestTheNewestPixelsAreSent(t *testing.T) {
	p, q := photoPage(640, 480, 1), photoPage(640, 480, 2)
	l := newLink(t, p.W, p.H)
	l.enc.Update(p, []image.Rectangle{p.Bounds()})
	l.frame(20_000)
	l.show(q, 20_000)
}

func TestAResetMakesBothSidesForget(t *testing.T) {
	l := newLink(t, 300, 200)
	l.show(photoPage(300, 200, 1), 5_000)
	l.reset(150, 400)
	l.show(photoPage(150, 400, 2), 5_000)
	l.enc.Reset(150, 400) // a new encoder for the same picture: the frame says so
	if n, exact := l.frame(1000); n != 1 || !exact {
		t.Errorf("got a frame of %d bytes, exact %v; want 1, true", n, exact)
	}
	if !samePixels(l.dec.Picture(), NewPicture(150, 400)) {
		t.Error("the viewer's picture is not black")
	}
	l.show(photoPage(150, 400, 3), 5_000)
}

// What the screen does between frames, at random: the property is show's.
func TestRandomUpdatesArriveExactly(t *testing.T) {
	pages := pages(t)[:7]
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		w, h := 1+rnd.IntN(700), 1+rnd.IntN(500)
		l, screen := newLink(t, w, h), NewPicture(w, h)
		for range 60 {
			dirty := scribble(rnd, screen, pages)
			l.enc.Update(screen, dirty)
			if rnd.IntN(3) == 0 {
				l.frame(rnd.IntN(50_000))
			}
			if rnd.IntN(4) == 0 {
				l.show(screen, 100+rnd.IntN(100_000), image.Rectangle{})
			}
		}
		l.show(screen, 1<<20, image.Rectangle{})
	}
}

// scribble changes the screen somehow and returns where.
func scribble(rnd *rand.Rand, screen *Picture, pages []page) []image.Rectangle {
	x, y := rnd.IntN(screen.W), rnd.IntN(screen.H)
	r := image.Rect(x, y, x+1+rnd.IntN(400), y+1+rnd.IntN(300)).Intersect(screen.Bounds())
	switch rnd.IntN(5) {
	case 0:
		screen.fill(r, rnd.Uint32()&0xffffff)
	case 1:
		dx, dy := rnd.IntN(60)-30, rnd.IntN(200)-100
		if !r.Add(image.Pt(dx, dy)).In(screen.Bounds()) {
			return nil
		}
		screen.move(r, dx, dy)
	default:
		src := pages[rnd.IntN(len(pages))].pic
		src = src.Sub(image.Rect(rnd.IntN(src.W), rnd.IntN(src.H), src.W, src.H))
		r = r.Intersect(src.Bounds().Add(r.Min))
		paste(screen.Sub(r), src, 0, 0)
	}
	return []image.Rectangle{r}
}
