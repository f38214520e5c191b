package codec

import (
	"image"
	"testing"
	"time"

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
	l := newLink(t, 2048, 2048) // 1024 tiles
	l.enc.SetLine(Line{Rate: 1e12})
	for i := range uint64(7) {
		pic := noisePage(2048, 2048, i)
		l.show(pic, 1<<30)
		l.still()
	}
	if n := len(l.enc.cache.slots); n != cacheLen {
		t.Errorf("%d slots are in use, want %d", n, cacheLen)
	}
	for _, i := range []uint64{4, 0, 5, 6} { // 0 has been overwritten
		n := l.show(noisePage(2048, 2048, i), 1<<30)
		if cached := n < 100_000; cached != (i > 0) {
			t.Errorf("screen %d took %d bytes", i, n)
		}
	}
}

// A desktop that is covered time and again does not grow old in the cache.
func TestWhatComesBackStaysInTheCache(t *testing.T) {
	l := newLink(t, 2048, 2040) // the lowest tiles are cut
	l.enc.SetLine(Line{Rate: 1e12})
	desk := noisePage(2048, 2040, 0)
	l.show(desk, 1<<30)
	for i := range uint64(6) {
		l.still()
		l.show(noisePage(2048, 2040, 1+i), 1<<30)
		l.still()
		if n := l.show(desk, 1<<30); n > 1000 {
			t.Errorf("the desktop takes %d bytes behind window %d", n, i)
		}
	}
}

// A photograph that was exact costs next to nothing when a film that has covered it
// for 150 frames goes away, on lines where the film was coarse, and became exact at
// its end, as well as where it always was.
func TestADesktopBehindAFilmComesFromTheCache(t *testing.T) {
	var film [10]*Picture
	for i := range film {
		film[i] = photoPage(480, 300, uint64(2+i))
	}
	for _, line := range []Line{{Rate: 250e3, Budget: 2500, Most: 16e3}, {Rate: 1e9}} {
		l := newLink(t, 640, 360) // the lowest tiles are cut
		l.enc.SetLine(line)
		desk := photoPage(640, 360, 1)
		l.show(desk, 1<<30)
		l.still()
		screen := desk.clone()
		for i := range 150 {
			paste(screen, film[i%len(film)], 70, 60)
			l.enc.Update(screen, []image.Rectangle{screen.Bounds()})
			l.frame(1 << 30)
			l.now = l.now.Add(time.Second / 30)
		}
		if n := len(l.enc.cache.slots); n > len(l.enc.tiles) {
			t.Errorf("%d slots are in use after the film", n)
		}
		l.show(screen, 1<<30)
		l.still()
		if n := l.show(desk, 1<<30); n > 200 {
			t.Errorf("the desktop behind a film takes %d bytes on %+v", n, line)
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
