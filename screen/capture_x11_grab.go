//go:build unix && !darwin

package screen

// Pixels from the X server: into shared memory where the two can share some,
// else over the connection.

import (
	"errors"
	"fmt"
	"image"
	"log/slog"
	"slices"
	"unsafe"

	"github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/x11"
)

// grabber holds a picture of the root window. mem is the picture, followed by as
// many pixels for rectangles on their way into it: the server writes the rows of
// a rectangle without a gap.
type grabber struct {
	pic     *codec.Picture
	mem     []uint32
	fetch   func(jobs []job) error
	segment *x11.Segment // nil: mem is ordinary memory
}

// job is a rectangle to be read to mem[at:], row by row.
type job struct {
	r  image.Rectangle
	at int
}

// newGrabber makes the memory for a root window of w×h pixels.
// Each fetch begins with the request that before makes.
func newGrabber(c *x11.Conn, w, h int, before func(), log *slog.Logger) (*grabber, error) {
	g := &grabber{}
	seg, err := c.NewSegment(2 * 4 * w * h)
	switch {
	case err == nil:
		g.segment = seg
		g.mem = unsafe.Slice((*uint32)(unsafe.Pointer(&seg.Mem[0])), 2*w*h)
		g.fetch = func(jobs []job) error { return fetchShared(c, seg.ID, jobs, before) }
	case errors.Is(err, errors.ErrUnsupported):
		log.Info("capture without shared memory, which is slow", "display", c.Name, "reason", err)
		g.mem = make([]uint32, 2*w*h)
		g.fetch = func(jobs []job) error { return fetchPlain(c, g.mem, jobs, before) }
	default:
		return nil, err
	}
	g.pic = &codec.Picture{W: w, H: h, Stride: w, Pix: g.mem[: w*h : w*h]}
	return g, nil
}

// close gives the memory back.
func (g *grabber) close() {
	g.pic, g.mem = nil, nil
	g.segment.Close()
}

// update reads the rectangles into the picture and returns those that it has
// read, which cover them. errResized: the picture is not to be used.
func (g *grabber) update(rects []image.Rectangle) ([]image.Rectangle, error) {
	rects = planGrab(rects, g.pic.Bounds())
	jobs := make([]job, len(rects))
	free := len(g.pic.Pix)
	for i, r := range rects {
		jobs[i] = job{r, r.Min.Y * g.pic.W}
		if r.Dx() < g.pic.W { // whole rows go where they belong
			jobs[i].at = free
			free += area(r)
		}
	}
	if err := g.fetch(jobs); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		if j.at >= len(g.pic.Pix) {
			g.place(j)
		}
	}
	return rects, nil
}

// place copies what j has read into the picture.
func (g *grabber) place(j job) {
	w := j.r.Dx()
	for y := range j.r.Dy() {
		copy(g.pic.Row(j.r.Min.Y + y)[j.r.Min.X:], g.mem[j.at+y*w:][:w])
	}
}

// planGrab returns what to read for rects in a picture with the given bounds:
// clipped, whole rows where a rectangle is nearly as wide (they need no copy),
// everything where it is most of the picture. The rest is smaller than the
// picture in sum.
func planGrab(rects []image.Rectangle, bounds image.Rectangle) []image.Rectangle {
	var out []image.Rectangle
	sum := 0
	for _, r := range rects {
		r = r.Intersect(bounds)
		if r.Empty() {
			continue
		}
		if r.Dx() > bounds.Dx()*4/5 {
			r.Min.X, r.Max.X = bounds.Min.X, bounds.Max.X
		}
		out = append(out, r)
		sum += area(r)
	}
	if sum > area(bounds)*3/4 {
		return []image.Rectangle{bounds}
	}
	return out
}

// compare reads the whole screen and returns where it differs from the picture,
// which it brings up to date.
func (g *grabber) compare() ([]image.Rectangle, error) {
	bounds := g.pic.Bounds()
	fresh := len(g.pic.Pix)
	if err := g.fetch([]job{{bounds, fresh}}); err != nil {
		return nil, err
	}
	var dirty []image.Rectangle
	for y := range g.pic.H {
		row, now := g.pic.Row(y), g.mem[fresh+y*g.pic.W:][:g.pic.W]
		if slices.Equal(row, now) {
			continue
		}
		r := image.Rect(differing(row, now, y))
		copy(row, now)
		if n := len(dirty) - 1; n >= 0 && dirty[n].Max.Y == y {
			dirty[n] = dirty[n].Union(r)
		} else {
			dirty = append(dirty, r)
		}
	}
	for len(dirty) > maxDamage { // halve: neighbours are close
		for i := range len(dirty) / 2 {
			dirty[i] = dirty[2*i].Union(dirty[2*i+1])
		}
		if len(dirty)%2 == 1 {
			dirty[len(dirty)/2] = dirty[len(dirty)-1]
		}
		dirty = dirty[:(len(dirty)+1)/2]
	}
	return dirty, nil
}

// differing returns the rectangle, one row high, from the first to the last
// pixel in which two unequal rows differ.
func differing(a, b []uint32, y int) (x0, y0, x1, y1 int) {
	for x0 = 0; a[x0] == b[x0]; x0++ {
	}
	for x1 = len(a); a[x1-1] == b[x1-1]; x1-- {
	}
	return x0, y, x1, y + 1
}

// allPlanes selects all bits of a pixel.
const allPlanes = 0xffffffff

// fetchShared lets the server write into the segment. All requests are sent
// before the first reply is waited for; all replies are waited for, so that
// nothing is written later.
func fetchShared(c *x11.Conn, seg shm.Seg, jobs []job, before func()) error {
	asked := make([]shm.GetImageCookie, len(jobs))
	c.Batch(func() {
		before()
		for i, j := range jobs {
			asked[i] = shm.GetImage(c.Conn, xproto.Drawable(c.Root), int16(j.r.Min.X), int16(j.r.Min.Y),
				uint16(j.r.Dx()), uint16(j.r.Dy()), allPlanes, xproto.ImageFormatZPixmap, seg, uint32(4*j.at))
		}
	})
	var err error
	for _, a := range asked {
		if _, e := a.Reply(); e != nil && err == nil {
			err = grabError(e)
		}
	}
	return err
}

// fetchPlain reads pixels over the connection into mem.
func fetchPlain(c *x11.Conn, mem []uint32, jobs []job, before func()) error {
	before()
	asked := make([]xproto.GetImageCookie, len(jobs))
	for i, j := range jobs {
		asked[i] = xproto.GetImage(c.Conn, xproto.ImageFormatZPixmap, xproto.Drawable(c.Root),
			int16(j.r.Min.X), int16(j.r.Min.Y), uint16(j.r.Dx()), uint16(j.r.Dy()), allPlanes)
	}
	var err error
	for i, a := range asked {
		reply, e := a.Reply()
		if e == nil && len(reply.Data) < 4*area(jobs[i].r) {
			e = fmt.Errorf("%d bytes for %v", len(reply.Data), jobs[i].r)
		}
		if e != nil {
			err = grabError(e)
			continue
		}
		pixels := unsafe.Slice((*uint32)(unsafe.Pointer(&reply.Data[0])), area(jobs[i].r))
		copy(mem[jobs[i].at:], pixels)
	}
	return err
}

// grabError tells a rectangle outside a screen that has just become smaller from
// what is wrong for good.
func grabError(err error) error {
	var match xproto.MatchError
	if errors.As(err, &match) {
		return errResized
	}
	return fmt.Errorf("reading pixels: %w", err)
}
