package screen

// The host's side of one viewer.

import (
	"context"
	"errors"
	"image"
	"io"
	"slices"
	"sync"
	"time"

	"rac/p2p/wire"
	"rac/screen/codec"
)

// viewer is one viewer at the host: what it has yet to get and how fast its line
// is. Its goroutine is the stream's only writer; another one reads the answers.
type viewer struct {
	share  *Share
	stream wire.Stream
	wake   chan struct{} // something of the below has changed; holds one
	joined time.Time

	// Guarded by share.mu.
	want    Want
	ready   bool // the viewer has said what it wants
	part    image.Rectangle
	dirty   region
	renewed bool // the display has changed since the viewer was told
	pace    pace

	// Of the writing goroutine alone.
	encoder    *codec.Encoder
	generation uint32 // of this stream: counts up with each change of the display
	seq        uint32
	rects      []image.Rectangle
	cursor     *Cursor
	cursors    cursorSet
	status     string
	updated    time.Time // when the encoder got its pixels
	seen       time.Time // when those were captured
	exact      bool      // after the last frame
	lastFrame  time.Time
	lastCoarse time.Time // the last frame that made pictures coarse
}

// firstPicture is how long a viewer waits for the first picture before it is
// told that there is none yet.
const firstPicture = 3 * time.Second

// stale is how old a picture may become while it is on its way.
const stale = 150 * time.Millisecond

func newViewer(s *Share, stream wire.Stream) *viewer {
	return &viewer{share: s, stream: stream, wake: make(chan struct{}, 1), joined: time.Now(), encoder: codec.NewEncoder()}
}

// restart begins anew with a display of another geometry. The caller holds
// share.mu.
func (v *viewer) restart(d Display) {
	v.part = part(d, v.want.Monitor)
	v.dirty = newRegion(v.part.Dx(), v.part.Dy())
	v.dirty.add(v.dirty.bounds)
	v.renewed = true
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
			v.share.mu.Lock()
			v.pace.shown(seq, took, time.Now())
			v.share.mu.Unlock()
		}
		v.wakeUp()
	}
}

func (v *viewer) setWant(w Want) {
	v.share.mu.Lock()
	defer v.share.mu.Unlock()
	v.want, v.ready = w, true
	if v.share.picture != nil {
		v.restart(v.share.display)
	}
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
		if t.display != nil {
			if err := v.sendDisplay(w, *t.display); err != nil {
				return 0, err
			}
			continue
		}
		if t.status != v.status {
			v.status = t.status
			if err := w.Write(msgStatus, []byte(cut(t.status, maxStatus))); err != nil {
				return 0, err
			}
		}
		if t.cursor != nil && (v.cursor == nil || t.cursor.Serial != v.cursor.Serial) {
			v.cursor = t.cursor
			known := v.cursors.has(t.cursor.Serial)
			v.cursors.add(t.cursor)
			if err := w.Append(msgCursor, func(b []byte) []byte { return appendCursor(b, t.cursor, known) }); err != nil {
				return 0, err
			}
		}
		if again, ok := v.due(t); !ok {
			return again, nil
		}
		if t.blind {
			if err := v.sendProbe(w); err != nil {
				return 0, err
			}
		}
		if err := v.sendFrame(w, t); err != nil {
			return 0, err
		}
	}
}

// due says whether a frame may go now, and if not, after what time to ask again. What
// the viewer lacks goes first; what it has coarsely follows when that has come to
// rest.
func (v *viewer) due(t taken) (again time.Duration, ok bool) {
	if t.limit == 0 || v.encoder.Pending() {
		return t.again, t.limit > 0
	}
	ripe, ok := v.encoder.Coarse()
	if !ok {
		return t.again, false
	}
	if t.quality == Low {
		ripe = max(ripe, stillFor-t.began.Sub(v.updated))
	}
	return max(ripe, 0), ripe <= 0
}

// stillFor is how long nothing has to change before a viewer that asked for low
// quality gets exact pictures.
const stillFor = time.Second

// sendDisplay begins anew with a display. It goes out whatever is under way.
func (v *viewer) sendDisplay(w *wire.Writer, d Display) error {
	// Another display may use the serials of its pointers anew.
	v.cursor, v.cursors = nil, nil
	v.encoder.Reset(d.W, d.H)
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

func (v *viewer) sendFrame(w *wire.Writer, t taken) error {
	v.seq++
	news := v.encoder.Pending()
	return w.Append(msgFrame, func(b []byte) []byte {
		start, head := len(b), frameHeader{seq: v.seq, generation: v.generation, captured: t.seen}
		b = appendFrameHeader(b, head)
		b, head.exact = v.encoder.Append(b, t.limit)
		appendFrameHeader(b[:start], head)
		v.sent(len(b)-start, t.began)
		v.exact, v.lastFrame = head.exact, time.Now()
		if _, coarse := v.encoder.Coarse(); coarse && news {
			v.lastCoarse = v.lastFrame
		}
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
	seen    time.Time
	began   time.Time
	quality Quality
	limit   int // bytes that may be sent now
	blind   bool
	again   time.Duration
}

// take moves the pixels that the viewer lacks into its encoder, if there is room
// on the line to send any.
func (v *viewer) take() taken {
	s := v.share
	s.mu.Lock()
	defer s.mu.Unlock()
	t := taken{status: s.status, cursor: s.cursor, seen: s.seen, began: time.Now(), quality: v.want.Quality}
	if !v.ready {
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
	if v.renewed {
		v.renewed = false
		v.generation++
		d := s.display
		d.Generation, d.W, d.H, d.Origin = v.generation, v.part.Dx(), v.part.Dy(), d.Origin.Add(v.part.Min)
		t.display = &d
		return t // the caller resets the encoder and comes again
	}
	if t.again = v.wait(t.began); t.again > 0 {
		return t
	}
	t.blind = v.pace.blind(t.began)
	v.update(&t)
	t.limit = v.pace.limit(v.encoder.Pending())
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

// update moves the newest pixels into the encoder and tells it of the line. A
// picture that is to be exact goes out in several messages, and is finished before
// newer pixels are taken, so that what moves all the time arrives whole and not only
// the top of each picture; but stale ends that. The caller holds share.mu.
func (v *viewer) update(t *taken) {
	s := v.share
	line := v.pace.line(v.want.Quality, t.began.Sub(v.lastCoarse), s.near.Sub(v.part.Min))
	v.encoder.SetLine(line)
	if line.Budget == 0 && v.encoder.Pending() && t.began.Sub(v.updated) < stale {
		t.seen = v.seen
		return
	}
	v.rects = v.dirty.take(v.rects[:0])
	if len(v.rects) > 0 {
		v.encoder.Update(s.picture.Sub(v.part), v.rects)
		v.updated, v.seen = t.began, s.seen
	}
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
