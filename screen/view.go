package screen

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"time"

	"rac/p2p/wire"
	"rac/screen/codec"
)

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
	switch t {
	case msgDisplay:
		return v.display(body)
	case msgFrame:
		return v.show(body)
	case msgCursor:
		return v.cursor(body)
	case msgStatus:
		return v.status(body)
	}
	return nil
}

func (v *view) display(body []byte) error {
	seq, d, err := parseDisplay(body)
	if err != nil {
		return err
	}
	if err := v.decoder.Reset(d.W, d.H); err != nil {
		return err
	}
	v.cursors = nil // as the host forgets which it has sent
	v.frame = Frame{Display: d, Picture: v.decoder.Picture(), Time: v.frame.Time}
	return v.out.Append(msgShown, func(b []byte) []byte { return appendShown(b, seq, 0) })
}

func (v *view) show(body []byte) error {
	began := time.Now()
	h, ops, err := parseFrameHeader(body)
	if err != nil {
		return err
	}
	if v.frame.Picture == nil {
		return fmt.Errorf("screen: a frame came before its display")
	}
	if h.generation != v.frame.Display.Generation {
		return fmt.Errorf("screen: a frame of display %d came for display %d", h.generation, v.frame.Display.Generation)
	}
	dirty, err := v.decoder.Decode(ops)
	if err != nil {
		return err
	}
	f := v.frame
	f.Picture, f.Dirty, f.Time, f.Exact, f.Bytes = v.decoder.Picture(), dirty, h.captured, h.exact, len(body)
	if err := v.surface.Show(&f); err != nil {
		return err
	}
	v.frame.Exact, v.frame.Time = h.exact, h.captured
	return v.out.Append(msgShown, func(b []byte) []byte { return appendShown(b, h.seq, time.Since(began)) })
}

// cursor and status change nothing in the picture: they are shown as a frame
// without dirty rectangles.
func (v *view) cursor(body []byte) error {
	c, err := parseCursor(body)
	if err != nil {
		return err
	}
	if c.W < 0 {
		serial := c.Serial
		if c = v.cursors.find(serial); c == nil {
			return fmt.Errorf("screen: pointer %d is named, but its picture never came", serial)
		}
	}
	v.cursors.add(c)
	f := v.frame
	f.Cursor, f.Dirty = c, []image.Rectangle{}
	return v.surface.Show(&f)
}

func (v *view) status(body []byte) (err error) {
	if v.frame.Status, err = parseStatus(body); err != nil {
		return err
	}
	f := v.frame
	return v.surface.Show(&f)
}
