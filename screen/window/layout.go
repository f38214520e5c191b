package window

// Where the host's picture lies in the window.

import (
	"image"
	"math"
)

// maxDrawn keeps all coordinates within the 16 bits of the X protocol.
const maxDrawn = 32000

// layout relates pixels of the picture (pic) to pixels of the window (win).
type layout struct {
	pic, win image.Point     // their sizes
	dst      image.Rectangle // the whole picture in the window's pixels; may reach beyond the window
}

// place lays a picture out in a window. pan is how much of the picture is hidden
// at the left and at the top where it is larger than the window.
func place(s Scale, pic, win, pan image.Point) layout {
	l := layout{pic: pic, win: win}
	if pic.X <= 0 || pic.Y <= 0 {
		return l
	}
	f := factor(s, pic, win)
	size := image.Pt(scaled(pic.X, f), scaled(pic.Y, f))
	at := image.Pt(start(size.X, win.X, pan.X), start(size.Y, win.Y, pan.Y))
	l.dst = image.Rectangle{Min: at, Max: at.Add(size)}
	return l
}

// factor is the size of a pixel of the picture.
func factor(s Scale, pic, win image.Point) float64 {
	most := maxDrawn / float64(max(pic.X, pic.Y))
	if s > 0 {
		return min(float64(s), most)
	}
	fit := min(float64(win.X)/float64(pic.X), float64(win.Y)/float64(pic.Y), most)
	if s == Auto {
		fit = min(fit, 1)
	}
	return fit
}

func scaled(n int, f float64) int { return max(1, int(math.Round(float64(n)*f))) }

// start is where an axis of the picture begins: in the middle if there is room,
// else shifted by pan.
func start(size, win, pan int) int {
	if size <= win {
		return (win - size) / 2
	}
	return -min(max(pan, 0), size-win)
}

// exact tells whether one pixel of the picture is one of the window.
func (l *layout) exact() bool { return l.dst.Size() == l.pic }

// whole is the factor if it is a whole number, else 0. Such a picture stays
// sharp: each pixel becomes a square.
func (l *layout) whole() int {
	if l.pic.X == 0 || l.dst.Dx()%l.pic.X != 0 {
		return 0
	}
	n := l.dst.Dx() / l.pic.X
	if l.dst.Dy() != n*l.pic.Y {
		return 0
	}
	return n
}

// toHost is the pixel of the picture under a point of the window. Beyond the
// picture it is the nearest one, and inside is false.
func (l *layout) toHost(p image.Point) (host image.Point, inside bool) {
	if l.dst.Empty() {
		return host, false
	}
	q := p.Sub(l.dst.Min)
	host.X = min(max(floorDiv(q.X*l.pic.X, l.dst.Dx()), 0), l.pic.X-1)
	host.Y = min(max(floorDiv(q.Y*l.pic.Y, l.dst.Dy()), 0), l.pic.Y-1)
	return host, p.In(l.dst)
}

// toWindow is the part of the window that a rectangle of the picture has an
// effect on. Smoothing spreads a pixel to its neighbours.
func (l *layout) toWindow(r image.Rectangle) image.Rectangle {
	if l.exact() {
		return r.Add(l.dst.Min).Intersect(l.visible())
	}
	if l.whole() == 0 {
		r = r.Inset(-1)
	}
	out := image.Rect(
		floorDiv(r.Min.X*l.dst.Dx(), l.pic.X), floorDiv(r.Min.Y*l.dst.Dy(), l.pic.Y),
		-floorDiv(-r.Max.X*l.dst.Dx(), l.pic.X), -floorDiv(-r.Max.Y*l.dst.Dy(), l.pic.Y))
	if l.whole() == 0 {
		out = out.Inset(-1)
	}
	return out.Add(l.dst.Min).Intersect(l.visible())
}

// visible is the part of the window that shows the picture.
func (l *layout) visible() image.Rectangle {
	return l.dst.Intersect(image.Rectangle{Max: l.win})
}

// bars returns the parts of the window beside the picture.
func (l *layout) bars() (bars []image.Rectangle) {
	v := l.visible()
	for _, r := range []image.Rectangle{
		image.Rect(0, 0, l.win.X, v.Min.Y), image.Rect(0, v.Max.Y, l.win.X, l.win.Y),
		image.Rect(0, v.Min.Y, v.Min.X, v.Max.Y), image.Rect(v.Max.X, v.Min.Y, l.win.X, v.Max.Y),
	} {
		if !r.Empty() {
			bars = append(bars, r)
		}
	}
	return bars
}

// floorDiv rounds towards minus infinity; d is positive.
func floorDiv(n, d int) int {
	q := n / d
	if n%d < 0 {
		q--
	}
	return q
}

// follow moves the visible part of a large picture with the pointer, along one
// axis. Only near an edge does it move, and only towards that edge: in the middle,
// and on the way back, a step of the pointer is one pixel of the host, so that
// every pixel can be reached.
func follow(pan, pointer, win, size int) int {
	hidden := size - win
	if hidden <= 0 {
		return 0
	}
	band := max(win/4, 1)
	if in := pointer - (win - band); in >= 0 {
		pan = max(pan, hidden*min(in+1, band)/band)
	}
	if pointer < band {
		pan = min(pan, hidden*max(pointer, 0)/band)
	}
	return min(max(pan, 0), hidden)
}
