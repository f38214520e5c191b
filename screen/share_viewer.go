package screen

// The host's side of one viewer.

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"rac/p2p/wire"
)

// viewer is one viewer at the host: what it was told and how fast its line is. Its
// goroutine is the stream's only writer; another one reads the answers.
type viewer struct {
	share  *Share
	stream wire.Stream
	wake   chan struct{} // something of the below has changed; holds one
	joined time.Time

	// Guarded by share.mu.
	canvas  *canvas
	parcel  parcel
	busy    bool // its goroutine is about to send something
	want    Want
	ready   bool // the viewer has said what it wants
	asked   bool // and that is not what its canvas has
	renewed bool // the display has changed since the viewer was told
	pace    pace
	met     time.Time     // when it began to share its canvas
	alone   time.Time     // until when it is not to share one again
	retry   time.Duration // how long that was the last time

	// Of the writing goroutine alone.
	generation uint32 // of this stream: counts up with each change of the display
	seq        uint32
	cursor     *Cursor
	cursors    cursorSet
	status     string
	seen       time.Time // when the pixels of the last frame were captured
	exact      bool      // after it
	lastFrame  time.Time
}

// parcel is a frame that another viewer's goroutine has made.
type parcel struct {
	full  bool // and not yet on its way
	frame []byte
	exact bool
	seen  time.Time
	began time.Time
}

// firstPicture is how long a viewer waits for the first picture before it is
// told that there is none yet.
const firstPicture = 3 * time.Second

// stale is how old a picture may become while it is on its way.
const stale = 150 * time.Millisecond

func newViewer(s *Share, stream wire.Stream) *viewer {
	v := &viewer{share: s, stream: stream, wake: make(chan struct{}, 1), joined: time.Now()}
	v.canvas = newCanvas(v)
	return v
}

func (v *viewer) wakeUp() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// serve runs both directions and returns when both have ended.
func (v *viewer) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { v.stream.Close() })
	defer stop()
	var reading sync.WaitGroup
	reading.Go(func() { cancel(v.read()) })
	err := v.write(ctx)
	cancel(err)
	reading.Wait()
	if cause := context.Cause(ctx); errors.Is(cause, io.EOF) {
		return nil // the viewer has closed the stream
	}
	return err
}

// read takes the viewer's answers until the stream ends.
func (v *viewer) read() error {
	messages := wire.NewReader(v.stream, maxReply)
	for {
		t, body, err := messages.Next()
		if err != nil {
			return err
		}
		switch t {
		case msgWant:
			want, err := parseWant(body)
			if err != nil {
				return err
			}
			v.setWant(want)
		case msgShown:
			seq, took, err := parseShown(body)
			if err != nil {
				return err
			}
			if v.shown(seq, took) {
				continue
			}
		}
		v.wakeUp()
	}
}

// shown takes an answer, and tells whether there is nothing to do for the writing
// goroutine: this is how it goes with each letter.
func (v *viewer) shown(seq uint32, took time.Duration) (rest bool) {
	v.share.mu.Lock()
	defer v.share.mu.Unlock()
	v.pace.shown(seq, took, time.Now())
	c := v.canvas
	return c.turn == nil && !v.asked && !v.renewed && !v.parcel.full && len(v.share.canvases) == 1 && c.quiet()
}

func (v *viewer) setWant(w Want) {
	v.share.mu.Lock()
	defer v.share.mu.Unlock()
	v.want, v.ready, v.asked = w, true, true
}

// beginAnew gives v what it wants. The caller holds share.mu.
func (v *viewer) beginAnew() {
	v.asked = false
	if len(v.canvas.members) > 1 {
		v.leave()
		v.canvas = newCanvas(v)
		v.share.canvases[v.canvas] = true
	}
	v.canvas.restart(v.share.display)
}

// write sends what the viewer lacks whenever its line has room.
func (v *viewer) write(ctx context.Context) error {
	w := wire.NewWriter(v.stream, maxBody)
	waiting := time.NewTimer(firstPicture)
	defer waiting.Stop()
	for {
		next, err := v.send(w)
		if err != nil {
			return err
		}
		if next > 0 {
			waiting.Reset(next)
		}
		select {
		case <-v.wake:
		case <-waiting.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// send sends what has changed and may be sent now. It returns after what time to
// try again though nothing wakes it; 0: not before.
func (v *viewer) send(w *wire.Writer) (next time.Duration, err error) {
	for {
		t := v.take()
		if err := v.sendTaken(w, t); err != nil {
			t.canvas.release(v)
			return 0, err
		}
		if t.display == nil && !t.turn && !t.parcel {
			return t.again, nil
		}
	}
}

func (v *viewer) sendTaken(w *wire.Writer, t taken) error {
	if t.display != nil {
		return v.sendDisplay(w, *t.display)
	}
	if t.status != v.status {
		v.status = t.status
		if err := w.Write(msgStatus, []byte(cut(t.status, maxStatus))); err != nil {
			return err
		}
	}
	if t.cursor != nil && (v.cursor == nil || t.cursor.Serial != v.cursor.Serial) {
		if err := v.sendCursor(w, t.cursor); err != nil {
			return err
		}
	}
	if !t.turn && !t.parcel {
		return nil
	}
	if t.blind {
		if err := v.sendProbe(w); err != nil {
			return err
		}
	}
	return v.sendFrame(w, t)
}

func (v *viewer) sendCursor(w *wire.Writer, c *Cursor) error {
	known := v.cursors.has(c.Serial)
	v.cursor = c
	v.cursors.add(c)
	return w.Append(msgCursor, func(b []byte) []byte { return appendCursor(b, c, known) })
}

// sendDisplay begins anew with a display. It goes out whatever is under way.
func (v *viewer) sendDisplay(w *wire.Writer, d Display) error {
	// Another display may use the serials of its pointers anew.
	v.cursor, v.cursors = nil, nil
	v.seq++
	return w.Append(msgDisplay, func(b []byte) []byte {
		b = appendDisplay(b, v.seq, d)
		v.sent(len(b), time.Now())
		return b
	})
}

// sendProbe sends a frame that changes nothing, ahead of one that does, so that its
// answer tells how long the way is.
func (v *viewer) sendProbe(w *wire.Writer) error {
	v.seq++
	return w.Append(msgFrame, func(b []byte) []byte {
		start := len(b)
		b = appendFrameHeader(b, frameHeader{seq: v.seq, generation: v.generation, captured: v.seen, exact: v.exact})
		b = append(b, 0) // the flags of a frame without ops
		v.sent(len(b)-start, time.Now())
		return b
	})
}

// sendFrame sends a frame: the one that another viewer's goroutine has made, or one
// that it makes for all who share it.
func (v *viewer) sendFrame(w *wire.Writer, t taken) error {
	v.seq++
	return w.Append(msgFrame, func(b []byte) []byte {
		start, head := len(b), frameHeader{seq: v.seq, generation: v.generation, captured: t.seen, exact: t.exact}
		b = appendFrameHeader(b, head)
		frame := len(b)
		if t.turn {
			b, head.exact = t.canvas.paint(b, t.limit)
			appendFrameHeader(b[:start], head)
			t.canvas.hand(v.share, t, b[frame:], head.exact)
		} else {
			b = append(b, v.parcel.frame...)
		}
		v.sent(len(b)-start, t.began)
		v.seen, v.exact, v.lastFrame = t.seen, head.exact, time.Now()
		return b
	})
}

// sent notes that message v.seq is under way. It is called before the write,
// since the answer can come while the write still returns. began is when the
// message was begun.
func (v *viewer) sent(bytes int, began time.Time) {
	v.share.mu.Lock()
	defer v.share.mu.Unlock()
	now := time.Now()
	v.pace.sent(v.seq, bytes, now.Sub(began), now)
}

// taken is what a viewer's goroutine got from the share in one go.
type taken struct {
	display *Display // not nil: begin anew with it
	cursor  *Cursor
	status  string
	began   time.Time
	again   time.Duration // after which to ask again if there is nothing to send

	turn   bool    // a frame is to be made …
	canvas *canvas // … by this one
	limit  int     // of so many bytes
	parcel bool    // one that was made by another goroutine is to be sent
	exact  bool
	seen   time.Time
	blind  bool // a probe goes ahead
}

// take finds out what there is to send, and takes the turn to make a frame if one is
// due.
func (v *viewer) take() taken {
	s := v.share
	s.mu.Lock()
	defer s.mu.Unlock()
	t := taken{status: s.status, cursor: s.cursor, began: time.Now(), canvas: v.canvas}
	if v.busy = false; !v.ready {
		return t
	}
	if s.picture == nil {
		if wait := firstPicture - time.Since(v.joined); t.status == "" && wait > 0 {
			t.again = wait
		} else if t.status == "" {
			t.status = "the host has not captured its screen yet"
		}
		return t
	}
	if v.pace.deaf() {
		return t
	}
	if v.asked {
		v.beginAnew()
	}
	if v.renewed {
		v.renewed = false
		v.generation++
		d, part := s.display, v.canvas.part
		d.Generation, d.W, d.H, d.Origin = v.generation, part.Dx(), part.Dy(), d.Origin.Add(part.Min)
		t.display = &d
		return t // the caller comes again
	}
	t.blind = v.pace.blind(t.began)
	if p := &v.parcel; p.full {
		p.full, v.busy = false, true
		t.parcel, t.exact, t.seen, t.began = true, p.exact, p.seen, p.began
		return t
	}
	t.again, t.turn = v.canvas.begin(v, &t)
	v.busy = t.turn
	return t
}

// wait returns for how long no frame may go. The caller holds share.mu.
func (v *viewer) wait(now time.Time) time.Duration {
	wait := v.pace.wait(now)
	if v.want.FPS > 0 {
		wait = max(wait, time.Second/time.Duration(v.want.FPS)-now.Sub(v.lastFrame))
	}
	return wait
}

// shares says whether the line is known to be so fast that what both ends remember of
// earlier pictures is worth less than the processor's time. The caller holds share.mu.
func (v *viewer) shares() bool { return v.pace.busy > 0 && v.pace.rate() >= sharedFrom }

// idle returns for how long no frame of another goroutine may come. The caller holds
// share.mu.
func (v *viewer) idle(now time.Time) time.Duration {
	if v.busy || v.renewed || v.parcel.full {
		return never
	}
	return v.wait(now)
}

// cursorSet is the pointer pictures that the viewer has: the last cursorsKept
// different ones, oldest first. Both ends keep the same set.
type cursorSet []*Cursor

func (c cursorSet) find(serial uint32) *Cursor {
	if i := slices.IndexFunc(c, func(k *Cursor) bool { return k.Serial == serial }); i >= 0 {
		return c[i]
	}
	return nil
}

func (c cursorSet) has(serial uint32) bool { return c.find(serial) != nil }

func (c *cursorSet) add(k *Cursor) {
	if c.has(k.Serial) {
		return
	}
	if len(*c) == cursorsKept {
		*c = slices.Delete(*c, 0, 1)
	}
	*c = append(*c, k)
}
