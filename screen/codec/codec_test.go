package codec

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/image/font/basicfont"
)

// link is an encoder whose frames go straight to a decoder.
type link struct {
	t   testing.TB
	enc *Encoder
	dec *Decoder
	now time.Time // stands still unless a test moves it

	frames int // that were checked
}

func newLink(t testing.TB, w, h int) *link {
	l := &link{t: t, enc: NewEncoder(), dec: NewDecoder()}
	l.enc.start, l.enc.clock = l.now, func() time.Time { return l.now }
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
	if _, coarse := l.enc.Coarse(); exact == (l.enc.Pending() || coarse) {
		l.t.Fatalf("exact is %v, Pending %v, Coarse %v", exact, l.enc.Pending(), coarse)
	}
	l.check()
	return len(b), exact
}

// check compares what the encoder thinks that the viewer has with what it has.
func (l *link) check() {
	l.t.Helper()
	for i, t := range l.enc.tiles {
		if r := differing(l.enc.have, l.dec.Picture(), l.enc.grid.run(i, 1)); !r.In(t.rough) {
			l.t.Fatalf("tile %d differs inside %v, it is known to be coarse inside %v", i, r, t.rough)
		}
	}
	if l.frames++; l.frames%2 == 0 { // between them it takes its time with that
		l.enc.settle()
	}
	if e := l.enc; e.mirrored && e.late == 0 && !samePixels(e.shown, l.dec.Picture()) {
		l.t.Fatalf("the viewer shows something else inside %v than the encoder knows", differing(e.shown, l.dec.Picture(), e.shown.Bounds()))
	}
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
		l.rest()
	}
	if !samePixels(pic, l.dec.Picture()) {
		l.t.Fatalf("the viewer's picture differs inside %v", differing(pic, l.dec.Picture(), pic.Bounds()))
	}
	return sum
}

// rest lets time pass until something coarse is ripe, if nothing else is to do.
func (l *link) rest() {
	if ripe, coarse := l.enc.Coarse(); coarse && !l.enc.Pending() && ripe > 0 {
		l.now = l.now.Add(ripe)
	}
}

const oneTile = worstText + 1<<10

func TestEveryPageArrivesExactly(t *testing.T) {
	for _, limit := range []int{1, 10_000, 300_000, 1 << 30} {
		for _, p := range pages(t) {
			if n := len(p.pic.Pix); limit != 1<<30 && n > 1<<20 || limit == 1 && n > 1<<18 {
				continue // hundreds of frames: the small pages show it
			}
			t.Run(fmt.Sprintf("%s/%d", p.name, limit), func(t *testing.T) {
				l := newLink(t, p.pic.W, p.pic.H)
				n := l.show(p.pic, limit)
				if len(p.pic.Pix) < 1<<20 {
					n += l.show(NewPicture(p.pic.W, p.pic.H), limit) + l.show(p.pic, limit)
				}
				t.Logf("%d bytes", n)
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

// Pixels that are made to defeat the coders stay below what one frame may take.
func TestNoContentIsLargerThanAFrame(t *testing.T) {
	pic := NewPicture(2000, 2000)
	for i := range pic.Pix { // smooth for a while, then a jump, over and over: the worst for Rice
		if i%7 == 0 {
			pic.Pix[i] = 0xff00ff
		}
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	columns := NewPicture(2000, 2000)
	for i := range columns.Pix { // pairs of equal neighbours: taken for text, and every word new
		if columns.Pix[i] = rnd.Uint32() & 0xffffff; i%2 == 1 {
			columns.Pix[i] = columns.Pix[i-1]
		}
	}
	for _, c := range []struct {
		kind kind
		pic  *Picture
	}{{kindExact, pic}, {kindExact, noisePage(2000, 2000, 1)}, {kindWords, columns}} {
		l := newLink(t, 2000, 2000)
		l.enc.Update(c.pic, []image.Rectangle{c.pic.Bounds()})
		for l.enc.Pending() {
			l.enc.fresh = false
			l.force(c.kind)
			if n, _ := l.frame(1 << 30); n > 8<<20 {
				t.Fatalf("kind %d: a frame of %d bytes", c.kind, n)
			}
		}
	}
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
	switch rnd.IntN(6) {
	case 2:
		reverse(screen, r)
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

// A session shows more different words and colours than the rings hold, then the
// first screen again.
func TestTheRingsMayOverrun(t *testing.T) {
	l := newLink(t, 512, 512)
	rnd := rand.New(rand.NewPCG(1, 5))
	screen := NewPicture(512, 512)
	for range 12 {
		for i := range screen.Pix { // 32768 words a screen, 8 new colours in many of them
			screen.Pix[i] = rnd.Uint32() & 0xff00ff
		}
		for i := range l.enc.tiles {
			l.enc.tiles[i].known = false
		}
		l.showAs(kindWords, screen)
	}
	if l.enc.words.words.fill != ringSize-1 || l.enc.words.colours.fill != ringSize-1 {
		t.Errorf("%d words and %d colours: the rings are not full", l.enc.words.words.fill, l.enc.words.colours.fill)
	}
	l.show(textPage(512, 512, basicfont.Face7x13, 13, 1), 1<<30)
}

// showAs shows pic with all tiles of one kind.
func (l *link) showAs(k kind, pic *Picture) {
	l.t.Helper()
	l.enc.Update(pic, []image.Rectangle{pic.Bounds()})
	l.enc.fresh = false
	l.force(k)
	l.frame(1 << 30)
	if !samePixels(pic, l.dec.Picture()) {
		l.t.Fatal("the viewer's picture differs")
	}
}

// force makes pending tiles be said by one kind.
func (l *link) force(k kind) {
	l.enc.locate()
	for i := range l.enc.tiles {
		if t := &l.enc.tiles[i]; t.pending {
			t.box = l.enc.grid.align(t.box)
			t.kind, t.known = k, true
		}
	}
}

// Every kind can say the middle of every page, not only those it is chosen for.
func TestEveryKindIsExact(t *testing.T) {
	for _, p := range pages(t) {
		middle := image.Rect(-128, -65, 129, 66).Add(image.Pt(p.pic.W/2, p.pic.H/2))
		pic := p.pic.Sub(middle.Intersect(p.pic.Bounds())).clone()
		for _, k := range []kind{kindWords, kindExact, kindFit, kindBits} {
			l := newLink(t, pic.W, pic.H)
			if k.planar() {
				l.enc.picture = k
			}
			l.showAs(k, pic)
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(uint64(1), uint8(150), uint8(50), uint16(1000))
	f.Add(uint64(2), uint8(0), uint8(150), uint16(0))
	f.Add(uint64(3), uint8(130), uint8(9), uint16(60000))
	drawn := []page{
		{"flat", flatPage(300, 200)},
		{"text", textPage(300, 200, basicfont.Face7x13, 13, 1)},
		{"gradient", gradientPage(300, 200)},
		{"photo", photoPage(300, 200, 4)},
	}
	f.Fuzz(func(t *testing.T, seed uint64, w, h uint8, limit uint16) {
		rnd := rand.New(rand.NewPCG(seed, 6))
		size := smallSize(w, h)
		l, screen := newLink(t, size.X, size.Y), NewPicture(size.X, size.Y)
		for range 8 {
			l.enc.SetLine(Line{Rate: []float64{1, 6e6, 1e12}[rnd.IntN(3)]}) // FIT, EXACT, BITS
			for range 1 + rnd.IntN(3) {
				l.enc.Update(screen, scribble(rnd, screen, drawn))
			}
			l.frame(int(limit))
		}
		l.show(screen, 1<<20, image.Rectangle{})
	})
}
