package screen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"rac/p2p/wire"
	"rac/screen/codec"
)

// ErrMalformed is wrapped by View's error when the host has sent what cannot be
// shown. To connect again would bring the same.
var ErrMalformed = errors.New("the host sent a picture that cannot be understood")

// View shows the host's screen on surface until the stream ends, ctx ends or the
// surface is closed. It returns nil when the host has closed the stream.
func View(ctx context.Context, stream wire.Stream, want Want, surface Surface) error {
	stop := context.AfterFunc(ctx, func() { stream.Close() })
	defer stop()
	v := &view{in: wire.NewReader(stream, maxBody), out: wire.NewWriter(stream, maxReply), surface: surface, decoder: codec.NewDecoder()}
	err := v.out.Write(msgWant, appendWant(nil, want))
	for err == nil {
		err = v.next()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// view is one viewer at the viewer's side. Its goroutine reads, decodes, shows
// and answers in turn: while it is busy the host sees no answer and sends less.
type view struct {
	in      *wire.Reader
	out     *wire.Writer
	surface Surface
	decoder *codec.Decoder
	frame   Frame
	cursors cursorSet
}

func (v *view) next() error {
	t, body, err := v.in.Next()
	if err != nil {
		return err
	}
	f, answer, err := v.take(t, body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if f != nil {
		began := time.Now()
		if err := v.surface.Show(f); err != nil {
			return err
		}
		answer.took += time.Since(began)
	}
	if answer.seq == 0 {
		return nil
	}
	return v.out.Append(msgShown, func(b []byte) []byte { return appendShown(b, answer.seq, answer.took) })
}

// answer is what the host is to be told; seq 0: nothing.
type answer struct {
	seq  uint32
	took time.Duration // to decode and show
}

// take returns the frame that a message makes, if it makes one.
func (v *view) take(t wire.Type, body []byte) (f *Frame, a answer, err error) {
	switch t {
	case msgDisplay:
		began := time.Now()
		a.seq, err = v.display(body)
		a.took = time.Since(began)
	case msgFrame:
		return v.decode(body)
	case msgCursor:
		f, err = v.cursor(body)
	case msgStatus:
		f, err = v.status(body)
	}
	return f, a, err
}

func (v *view) display(body []byte) (seq uint32, err error) {
	seq, d, err := parseDisplay(body)
	if err != nil {
		return 0, err
	}
	if err := v.decoder.Reset(d.W, d.H); err != nil {
		return 0, err
	}
	v.cursors = nil // as the host forgets which it has sent
	v.frame = Frame{Display: d, Picture: v.decoder.Picture(), Time: v.frame.Time}
	return seq, nil
}

func (v *view) decode(body []byte) (*Frame, answer, error) {
	began := time.Now()
	h, ops, err := parseFrameHeader(body)
	if err != nil {
		return nil, answer{}, err
	}
	if v.frame.Picture == nil {
		return nil, answer{}, fmt.Errorf("screen: a frame came before its display")
	}
	if h.generation != v.frame.Display.Generation {
		return nil, answer{}, fmt.Errorf("screen: a frame of display %d came for display %d", h.generation, v.frame.Display.Generation)
	}
	dirty, err := v.decoder.Decode(ops)
	if err != nil {
		return nil, answer{}, err
	}
	if len(dirty) == 0 && h.exact == v.frame.Exact {
		return nil, answer{h.seq, time.Since(began)}, nil // it asks only how long the way is
	}
	f := v.frame
	f.Picture, f.Dirty, f.Time, f.Exact, f.Bytes = v.decoder.Picture(), dirty, h.captured, h.exact, len(body)
	v.frame.Exact, v.frame.Time = h.exact, h.captured
	return &f, answer{h.seq, time.Since(began)}, nil
}

// cursor and status change nothing in the picture: they are shown as a frame
// without dirty rectangles.
func (v *view) cursor(body []byte) (*Frame, error) {
	c, err := parseCursor(body)
	if err != nil {
		return nil, err
	}
	if c.W < 0 {
		serial := c.Serial
		if c = v.cursors.find(serial); c == nil {
			return nil, fmt.Errorf("screen: pointer %d is named, but its picture never came", serial)
		}
	}
	v.cursors.add(c)
	f := v.frame
	f.Cursor = c
	return &f, nil
}

func (v *view) status(body []byte) (f *Frame, err error) {
	if v.frame.Status, err = parseStatus(body); err != nil {
		return nil, err
	}
	copied := v.frame
	return &copied, nil
}
