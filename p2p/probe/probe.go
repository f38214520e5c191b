// Package probe measures the line between two computers and asks the other one
// how it sees the network: the second half of rac doctor ID. Each question has a
// stream of its own, behind auth's Guard; all are bounded in time, and a host
// answers one at a time.
package probe

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"rac/p2p/wire"
)

// Self is what a host says of itself and its network.
type Self struct {
	UDP     string `json:"udp"`     // as p2p.NATKind has it
	TCP     string `json:"tcp"`     //
	Router  string `json:"router"`  // whether its router forwards ports
	Relays  int    `json:"relays"`  // that it has a place on
	Version string `json:"version"` // of rac
}

// Rate is what a line has carried.
type Rate struct {
	Bytes int64
	Took  time.Duration
}

// Mbit is the rate in Mbit/s.
func (r Rate) Mbit() float64 {
	if r.Took <= 0 {
		return 0
	}
	return float64(r.Bytes) * 8 / 1e6 / r.Took.Seconds()
}

// ErrBusy is the error of a question to a host that is answering another one.
var ErrBusy = errors.New("the host is being measured by somebody else")

const (
	// maxTime bounds the measuring of one direction.
	maxTime = 3 * time.Second
	// grace is for what is under way on a slow line when the time is over.
	grace = 15 * time.Second
	// turn is how long a question waits for the one before it: its asker may have
	// the answer before its host is ready for the next.
	turn  = time.Second
	piece = 16 << 10
)

// Host answers.
type Host struct {
	self func() Self
	busy chan struct{}
}

// NewHost returns a Host that says of itself what self returns.
func NewHost(self func() Self) *Host { return &Host{self, make(chan struct{}, 1)} }

// Serve answers one question, and closes s.
func (h *Host) Serve(ctx context.Context, s wire.Stream) error {
	defer s.Close()
	defer context.AfterFunc(ctx, func() { s.Close() })()
	s.SetDeadline(time.Now().Add(maxTime + grace))
	r, w := wire.NewReader(s, maxBody), wire.NewWriter(s, maxBody)
	t, body, err := r.Next()
	if err != nil {
		return err
	}
	select {
	case h.busy <- struct{}{}:
		defer func() { <-h.busy }()
	case <-time.After(turn):
		w.Write(msgBusy, nil)
		return ErrBusy
	}
	switch t {
	case msgAsk:
		text, err := json.Marshal(h.self())
		if err != nil {
			return err
		}
		return w.Write(msgSelf, text)
	case msgDown:
		d, err := parseTime(body)
		if err != nil {
			return err
		}
		return pour(w, d)
	case msgUp:
		rate, err := drain(r)
		if err != nil {
			return err
		}
		return w.Append(msgRate, rate.append)
	}
	return malformed(t, body)
}

// Ask asks the host what it says of itself. It closes s, as all of these do.
func Ask(ctx context.Context, s wire.Stream) (self Self, err error) {
	err = question(ctx, s, func(r *wire.Reader, w *wire.Writer) error {
		if err := w.Write(msgAsk, nil); err != nil {
			return err
		}
		body, err := answer(r, msgSelf)
		if err == nil {
			self, err = parseSelf(body)
		}
		return err
	})
	return self, err
}

// Down measures for d, at most 3 s, how much arrives from the host.
func Down(ctx context.Context, s wire.Stream, d time.Duration) (rate Rate, err error) {
	err = question(ctx, s, func(r *wire.Reader, w *wire.Writer) error {
		if err := w.Append(msgDown, func(dst []byte) []byte { return appendTime(dst, d) }); err != nil {
			return err
		}
		rate, err = drain(r)
		return err
	})
	return rate, err
}

// Up measures for d, at most 3 s, how much arrives at the host.
func Up(ctx context.Context, s wire.Stream, d time.Duration) (rate Rate, err error) {
	err = question(ctx, s, func(r *wire.Reader, w *wire.Writer) error {
		if err := w.Write(msgUp, nil); err != nil {
			return err
		}
		if err := pour(w, min(d, maxTime)); err != nil {
			return err
		}
		body, err := answer(r, msgRate)
		if err == nil {
			rate, err = parseRate(body)
		}
		return err
	})
	return rate, err
}

func question(ctx context.Context, s wire.Stream, ask func(*wire.Reader, *wire.Writer) error) error {
	defer s.Close()
	defer context.AfterFunc(ctx, func() { s.Close() })()
	s.SetDeadline(time.Now().Add(maxTime + grace))
	err := ask(wire.NewReader(s, maxBody), wire.NewWriter(s, maxBody))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// answer returns the body of the message that is waited for.
func answer(r *wire.Reader, want wire.Type) ([]byte, error) {
	for {
		t, body, err := r.Next()
		switch {
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case t == msgBusy:
			return nil, ErrBusy
		case t == want:
			return body, nil
		}
	}
}

// pour sends for d, then the end.
func pour(w *wire.Writer, d time.Duration) error {
	block := make([]byte, piece)
	for began := time.Now(); time.Since(began) < d; {
		if err := w.Write(msgData, block); err != nil {
			return err
		}
	}
	return w.Write(msgEnd, nil)
}

// drain counts until the end, from the first piece on: the time before it is the
// way there.
func drain(r *wire.Reader) (rate Rate, err error) {
	var began time.Time
	for {
		t, body, err := r.Next()
		switch {
		case err == io.EOF:
			return rate, io.ErrUnexpectedEOF
		case err != nil:
			return rate, err
		case t == msgBusy:
			return rate, ErrBusy
		case t == msgEnd:
			return rate, nil
		case t == msgData && began.IsZero():
			began = time.Now()
		case t == msgData:
			rate.Bytes += int64(len(body))
			rate.Took = time.Since(began)
		}
	}
}
