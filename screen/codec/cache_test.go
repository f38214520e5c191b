package codec

import (
	"image"
	"testing"

	"golang.org/x/image/font/basicfont"
)

// still lets the screen stand still for as long as the cache wants.
func (l *link) still() { l.now = l.now.Add(restTime) }

func TestAClosedMenuComesFromTheCache(t *testing.T) {
	page := photoPage(640, 480, 1)
	menu := page.clone()
	paste(menu, textPage(250, 300, basicfont.Face7x13, 13, 2), 60, 40)
	l := newLink(t, 640, 480)
	l.show(page, 1<<30)
	l.still()
	l.show(menu, 1<<30)
	l.still()
	if n := l.show(page, 1<<30); n > 400 {
		t.Errorf("closing the menu took %d bytes", n)
	}
	if n := l.show(menu, 1<<30); n > 400 {
		t.Errorf("opening it again took %d bytes", n)
	}
}

func TestAFilmLeavesTheCacheAlone(t *testing.T) {
	l := newLink(t, 320, 240)
	for i := range uint64(30) {
		l.show(photoPage(320, 240, i), 1<<30)
	}
	if n := len(l.enc.cache.slots); n > 0 {
		t.Errorf("%d tiles of a film are in the cache", n)
	}
}

func TestTheCacheMayOverrun(t *testing.T) {
	l := newLink(t, 1024, 1024) // 256 tiles
	for i := range uint64(7) {
		pic := noisePage(1024, 1024, i)
		l.show(pic, 1<<30)
		l.still()
	}
	if n := len(l.enc.cache.slots); n != cacheLen {
		t.Errorf("%d slots are in use, want %d", n, cacheLen)
	}
	for _, i := range []uint64{4, 0, 5, 6} { // 0 has been overwritten
		n := l.show(noisePage(1024, 1024, i), 1<<30)
		if cached := n < 20_000; cached != (i > 0) {
			t.Errorf("screen %d took %d bytes", i, n)
		}
	}
}

// What is found in the cache is not worth a search, and what is left for a later
// frame may be gone from the cache by then.
func TestRecallsSurviveSmallLimits(t *testing.T) {
	a, b := photoPage(640, 480, 1), photoPage(640, 480, 2)
	l := newLink(t, 640, 480)
	l.show(a, 1<<30)
	l.still()
	for range 4 {
		l.enc.Update(b, []image.Rectangle{b.Bounds()})
		l.frame(40)
		l.show(a, 40)
		l.show(b, 500)
		l.still()
	}
}

// What a dragged window uncovers was on the screen before it came: each strip of it
// is found in the cache. And the window is found by one vector, though the last
// frame's is nearly right.
func TestWhatADraggedWindowUncoversComesFromTheCache(t *testing.T) {
	desk, window := photoPage(1000, 700, 1), mixedPage(t, 400, 300)
	l, screen := newLink(t, 1000, 700), desk.clone()
	l.show(screen, 1<<30)
	l.still()
	paste(screen, window, 100, 64)
	l.show(screen, 1<<30)
	for i := range 12 {
		l.now = l.now.Add(restTime / 20)
		copyPixels(screen, desk, desk.Bounds())
		paste(screen, window, 110+i*(10+i), 64+i*7)
		if n := l.show(screen, 1<<30); n > 6000 { // at the corner one tile is new pixels
			t.Errorf("frame %d of a drag takes %d bytes", i, n)
		}
	}
}
