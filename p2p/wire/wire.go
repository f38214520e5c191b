// Package wire is what every part of rac agrees on about the line between two
// computers: what a peer is called, what a stream is, and how messages are cut
// out of it. It knows neither libp2p, which makes the streams, nor what the
// messages say; it imports nothing of rac.
//
// A message is its type (1 byte), the length of its body (uint32, big-endian)
// and the body. Each stream states the largest body that it carries: a longer
// one ends the stream before memory is taken for it. A reader skips types that
// it does not know, so that a newer peer may say more; what an older peer could
// not understand at all gets a new major version in the protocol ID.
package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// PeerID is the name of a computer: its public key as libp2p writes it
// ("12D3KooW…"). A PeerID that p2p hands out has been verified by the handshake
// of the connection; one that came in a message has not.
type PeerID string

// Short returns the end of the ID, enough for a person to tell peers apart in a
// log line. It is not enough to identify one.
func (id PeerID) Short() string {
	if len(id) <= 8 {
		return string(id)
	}
	return "…" + string(id[len(id)-8:])
}

// Protocol names what is spoken on a stream, with its major version:
// "/rac/screen/1".
type Protocol string

// Stream is a reliable, encrypted, ordered line to one peer.
type Stream interface {
	io.ReadWriteCloser // Close ends both directions and wakes pending Reads and Writes

	// CloseWrite says that nothing more will be written; the peer reads io.EOF.
	CloseWrite() error

	// SetDeadline bounds pending and future Reads and Writes; the zero time
	// lifts the bound.
	SetDeadline(time.Time) error
}

// Handler serves one stream that a peer has opened. from was verified by the
// connection's handshake. The stream is closed when the handler returns; ctx
// ends when the node closes.
type Handler func(ctx context.Context, from PeerID, s Stream) error

// Type tells what a message is. Each stream has its own set.
type Type uint8

const headerLen = 5 // type uint8, length of the body uint32

// ErrTooLong is wrapped by the errors for a message whose body is longer than
// its stream allows.
var ErrTooLong = errors.New("message is too long")

// Reader cuts messages out of a stream. It reads no byte beyond the message it
// returns, so the stream can be handed on between two messages.
type Reader struct {
	r    io.Reader
	max  int
	body []byte
}

// NewReader returns a Reader of messages whose bodies have at most max bytes.
func NewReader(r io.Reader, max int) *Reader {
	return &Reader{r: r, max: max}
}

// growStep bounds how much memory a header alone can make Next take; more is
// taken only as the body's bytes arrive.
const growStep = 256 << 10

// Next returns the next message. The body is valid until the following call.
// It returns io.EOF at the end of the stream between two messages and
// io.ErrUnexpectedEOF inside one.
func (r *Reader) Next() (Type, []byte, error) {
	var header [headerLen]byte
	if _, err := io.ReadFull(r.r, header[:]); err != nil {
		return 0, nil, err
	}
	t := Type(header[0])
	n := binary.BigEndian.Uint32(header[1:])
	if uint64(n) > uint64(r.max) {
		return t, nil, fmt.Errorf("wire: message 0x%02x of %d bytes, at most %d are allowed: %w", uint8(t), n, r.max, ErrTooLong)
	}
	body, err := r.read(int(n))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return t, body, err
}

func (r *Reader) read(n int) ([]byte, error) {
	for have := 0; have < n; {
		step := min(n, max(len(r.body), have+growStep))
		if step > len(r.body) {
			r.body = append(r.body[:have], make([]byte, step-have)...)
			r.body = r.body[:cap(r.body)]
		}
		if _, err := io.ReadFull(r.r, r.body[have:step]); err != nil {
			return nil, err
		}
		have = step
	}
	return r.body[:n], nil
}

// Writer puts messages on a stream, each in a single Write. It is not safe for
// use by several goroutines: a stream has one writer.
type Writer struct {
	w   io.Writer
	max int
	buf []byte
}

// NewWriter returns a Writer of messages whose bodies have at most max bytes.
func NewWriter(w io.Writer, max int) *Writer {
	return &Writer{w: w, max: max}
}

// Write sends one message. A body above the stream's limit is an error and
// sends nothing.
func (w *Writer) Write(t Type, body []byte) error {
	return w.Append(t, func(dst []byte) []byte { return append(dst, body...) })
}

// Append sends one message whose body fill appends to dst, without a copy in
// between.
func (w *Writer) Append(t Type, fill func(dst []byte) []byte) error {
	w.buf = append(w.buf[:0], byte(t), 0, 0, 0, 0)
	w.buf = fill(w.buf)
	n := len(w.buf) - headerLen
	if n > w.max {
		return fmt.Errorf("wire: message 0x%02x of %d bytes, at most %d are allowed: %w", uint8(t), n, w.max, ErrTooLong)
	}
	binary.BigEndian.PutUint32(w.buf[1:], uint32(n))
	_, err := w.w.Write(w.buf)
	return err
}
