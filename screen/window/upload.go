//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// Pixels on their way to the X server.

import (
	"errors"
	"image"
	"unsafe"

	"github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/x11"
)

const (
	// segmentSize is the shared memory of one half of the double buffer. A frame
	// that is larger goes in parts: while the server copies one, we fill the
	// other. Measured on full HD: 1.4 ms with 2 MiB, 2.8 ms with 256 KiB, and no
	// better with more.
	segmentSize = 1 << 21
	// turnBytes and turnFrames bound what goes to the server before it is asked to say
	// when it has got there: its answer wakes us, which costs as much as a letter.
	turnBytes, turnFrames = segmentSize / 16, 16
	// maxCorePixels is what one core PutImage takes: 65,535 words, less its head.
	maxCorePixels = (262140 - 24) / 4
	zPixmap       = xproto.ImageFormatZPixmap
)

// uploader copies parts of pictures into drawables of depth 24 or 32. It is used
// under one lock.
type uploader struct {
	conn  *x11.Conn
	segs  [2]*x11.Segment // nil: no shared memory with this server
	turn  int             // of segs and fences
	used  int             // bytes of segs[turn] that are under way
	shown int             // frames of this turn
	// fences are answered when the server has read all of a segment; nil: it has.
	// They also keep a slow server from falling more than two turns behind.
	fences [2]*xproto.GetInputFocusCookie
	buf    []byte // of a core request
}

// newUploader makes the shared memory, if the server can share any.
func newUploader(c *x11.Conn) (*uploader, error) {
	u := &uploader{conn: c}
	for i := range u.segs {
		seg, err := c.NewSegment(segmentSize)
		if errors.Is(err, errors.ErrUnsupported) {
			u.close()
			return &uploader{conn: c}, nil
		}
		if err != nil {
			u.close()
			return nil, err
		}
		u.segs[i] = seg
	}
	return u, nil
}

// shared tells whether the server reads the pixels from memory.
func (u *uploader) shared() bool { return u.segs[0] != nil }

// target is where pixels go: a drawable of that depth, in which the picture's top
// left is at a place.
type target struct {
	d     xproto.Drawable
	gc    xproto.Gcontext
	depth byte
	at    image.Point
}

// put copies rectangle r of p to each of the targets. The pixels have been read when
// it returns.
func (u *uploader) put(p *codec.Picture, r image.Rectangle, to ...target) error {
	for !r.Empty() {
		rows, err := u.room(r)
		if err != nil {
			return err
		}
		part := r
		part.Max.Y = r.Min.Y + rows
		if u.segs[u.turn] != nil {
			u.putShared(p, part, to)
		} else {
			u.putCore(p, part, to)
		}
		r.Min.Y = part.Max.Y
	}
	return nil
}

// room says how many rows of r go at once, and waits for the server if it has
// to read a segment first.
func (u *uploader) room(r image.Rectangle) (int, error) {
	if u.segs[u.turn] == nil {
		return min(r.Dy(), maxCorePixels/r.Dx()), nil
	}
	rows := (segmentSize - u.used) / (4 * r.Dx())
	if rows == 0 {
		if err := u.flip(); err != nil {
			return 0, err
		}
		rows = segmentSize / (4 * r.Dx())
	}
	return min(r.Dy(), rows), nil
}

func (u *uploader) putShared(p *codec.Picture, r image.Rectangle, to []target) {
	seg := u.segs[u.turn]
	dst := words(seg.Mem[u.used:])
	for y := r.Min.Y; y < r.Max.Y; y++ {
		dst = dst[copy(dst, p.Row(y)[r.Min.X:r.Max.X]):]
	}
	w, h := uint16(r.Dx()), uint16(r.Dy())
	for _, t := range to {
		at := r.Min.Add(t.at)
		shm.PutImage(u.conn.Conn, t.d, t.gc, w, h, 0, 0, w, h, int16(at.X), int16(at.Y), t.depth, zPixmap, 0, seg.ID, uint32(u.used))
	}
	u.used += 4 * r.Dx() * r.Dy()
}

func (u *uploader) putCore(p *codec.Picture, r image.Rectangle, to []target) {
	u.buf = u.buf[:0]
	for y := r.Min.Y; y < r.Max.Y; y++ {
		u.buf = append(u.buf, bytesOf(p.Row(y)[r.Min.X:r.Max.X])...)
	}
	for _, t := range to {
		at := r.Min.Add(t.at)
		xproto.PutImage(u.conn.Conn, zPixmap, t.d, t.gc, uint16(r.Dx()), uint16(r.Dy()), int16(at.X), int16(at.Y), 0, t.depth, u.buf)
	}
	u.used += len(u.buf)
}

// endFrame ends the turn if there has been enough in it.
func (u *uploader) endFrame() error {
	if u.shown++; u.shown < turnFrames && u.used < turnBytes {
		return nil
	}
	return u.flip()
}

// flip ends a turn: it asks the server to say when it has got here, and waits
// until it has finished the turn before this one.
func (u *uploader) flip() error {
	if u.used == 0 {
		return nil
	}
	fence := xproto.GetInputFocus(u.conn.Conn)
	u.fences[u.turn] = &fence
	u.turn, u.used, u.shown = 1-u.turn, 0, 0
	old := u.fences[u.turn]
	u.fences[u.turn] = nil
	if old == nil {
		return nil
	}
	_, err := old.Reply()
	return err
}

func (u *uploader) close() {
	for _, seg := range u.segs {
		seg.Close()
	}
}

// words looks at the start of shared memory, which is aligned, as pixels.
func words(mem []byte) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(&mem[0])), len(mem)/4)
}

// bytesOf looks at pixels as the bytes that they are on a little-endian machine;
// Open refuses servers of the other order.
func bytesOf(row []uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&row[0])), 4*len(row))
}
