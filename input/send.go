package input

// The viewer's end of an input stream.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"rac/p2p/wire"
)

// heartbeat is how often a viewer that holds something says so. Three may be late
// until the host lets go of everything (silence).
const heartbeat = 500 * time.Millisecond

// lull is how often a viewer that holds nothing looks whether its turn is over.
const lull = 10 * heartbeat

// ErrUnconfirmed means that the stream ended before the host said that
// everything was put in.
var ErrUnconfirmed = errors.New("the host did not confirm the input")

// ErrMoved is returned by a Send whose Feed another Send has taken over.
var ErrMoved = errors.New("the input goes on over another stream")

// Send carries events to the host until events is closed, then ends its half of
// the stream and waits until the host has put everything in: a nil error says
// that it has. It closes s. That wait, like a stalled line, is bounded by ctx
// alone.
//
// An event goes out at once while the line takes it. While it does not, events
// wait in order; there a Motion is replaced by the Motion that follows it and
// Wheels are added up, but keys and buttons are never dropped, nor overtaken by
// a motion: a click lands where the pointer was. Receives from events stop when
// 4096 of them wait.
//
// Texts of any length are cut as the protocol needs; characters that no key
// makes are left out.
func Send(ctx context.Context, s wire.Stream, events <-chan Event) error {
	f := newFeed()
	running, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { f.Run(running, events) })
	defer wg.Wait()
	defer cancel()
	return f.Send(ctx, s)
}

// SendText types a text at the host, on a stream of its own, and returns when
// the host has confirmed it. It closes s.
func SendText(ctx context.Context, s wire.Stream, text string) error {
	if err := checkText(text); err != nil {
		s.Close()
		return err
	}
	events := make(chan Event, 1)
	events <- Text{text}
	close(events)
	return Send(ctx, s, events)
}

// Send carries the Feed on one stream, as the function Send does, until that
// ends or another Send of the same Feed takes over. It closes s.
func (f *Feed) Send(ctx context.Context, s wire.Stream) error {
	defer context.AfterFunc(ctx, func() { s.Close() })()
	c := &carrier{f: f, nth: f.enter(), s: s, answered: make(chan error, 1), began: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() { c.answered <- c.listen() })
	defer wg.Wait()
	defer s.Close()
	err := c.run(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// carrier is one stream of a Feed.
type carrier struct {
	f        *Feed
	nth      int // of the Feed's streams
	s        wire.Stream
	answered chan error    // the host's last word, or the end of the stream
	began    chan struct{} // closed when the host has answered msgBegin

	clock, age time.Duration // as were sent last
}

// run writes what the Feed has until the host has answered.
func (c *carrier) run(ctx context.Context) error {
	buf := bufio.NewWriter(c.s)
	w := wire.NewWriter(buf, maxBody)
	if err := c.begin(w, buf); err != nil {
		return err
	}
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	var due bool
	for {
		b := c.f.next(c)
		if b.gone {
			return ErrMoved
		}
		if len(b.strokes) == 0 && b.over {
			return c.finish()
		}
		events := c.script(b)
		if len(events) == 0 && b.holds && due {
			events = []Event{alive{}}
		}
		if len(events) > 0 {
			if err := write(w, buf, events); err != nil {
				return c.reason(err)
			}
			beat.Reset(heartbeat)
		}
		if due = false; !b.holds && len(events) > 0 {
			beat.Reset(lull)
		}
		select {
		case <-c.f.wake:
		case <-beat.C:
			if due = b.holds; due {
				beat.Reset(heartbeat)
			} else {
				beat.Reset(lull)
			}
		case err := <-c.answered:
			return c.early(err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ageStep is how exactly the host is told how old something is.
const ageStep = 100 * time.Millisecond

// script is what to write for a batch.
func (c *carrier) script(b batch) (events []Event) {
	if len(b.strokes) > 0 && b.clock != c.clock {
		c.clock = b.clock
		events = append(events, heard{c.clock})
	}
	for _, s := range b.strokes {
		if age := s.age().Truncate(ageStep); c.f.chained && age != c.age {
			c.age = age
			events = append(events, aged{age})
		}
		events = append(events, s.Event)
	}
	return events
}

// begin makes the stream the Feed's.
func (c *carrier) begin(w *wire.Writer, buf *bufio.Writer) error {
	if !c.f.chained {
		c.f.begin(c, taken{})
		return nil
	}
	if err := write(w, buf, []Event{begin{c.f.id}}); err != nil {
		return c.reason(err)
	}
	select {
	case <-c.began:
		return nil
	case err := <-c.answered:
		return c.early(err)
	}
}

// early is what an answer means that comes before the end.
func (c *carrier) early(err error) error {
	if err == nil {
		return fmt.Errorf("input: the host hung up: %w", ErrUnconfirmed)
	}
	return err
}

// finish ends our half of the stream and waits for the host's word.
func (c *carrier) finish() error {
	if err := c.s.CloseWrite(); err != nil {
		return c.reason(err)
	}
	return <-c.answered
}

// reason prefers what the host said to the error of the write that failed since
// the host had closed the stream.
func (c *carrier) reason(err error) error {
	select {
	case said := <-c.answered:
		if said != nil {
			return said
		}
	case <-time.After(time.Second):
	}
	return fmt.Errorf("input: send: %w", err)
}

// write sends events in as few writes as it takes.
func write(w *wire.Writer, buf *bufio.Writer, events []Event) error {
	for _, ev := range events {
		if err := w.Append(typeOf(ev), func(dst []byte) []byte { return appendEvent(dst, ev) }); err != nil {
			return err
		}
	}
	return buf.Flush()
}

// listen takes the host's reports until its last word: nil is Done.
func (c *carrier) listen() error {
	r := wire.NewReader(c.s, maxBody)
	var missed uint64
	for reports := 0; ; {
		t, body, err := r.Next()
		if err == io.EOF {
			return fmt.Errorf("input: %w", ErrUnconfirmed)
		}
		if err != nil {
			return fmt.Errorf("input: %w: %w", ErrUnconfirmed, err)
		}
		if t == msgMissed {
			if missed, err = parseMissed(body); err != nil {
				return err
			}
			continue
		}
		if t == msgTaken && c.f.chained {
			report, err := parseTaken(body)
			if err != nil {
				return err
			}
			report.missed = missed
			if reports++; reports == 1 {
				c.f.begin(c, report)
				close(c.began)
			} else {
				c.f.confirm(c, report)
			}
			continue
		}
		failure, ok, err := parseReply(t, body)
		if err != nil {
			return err
		}
		if ok && t == msgFailed {
			return fmt.Errorf("input: the host says: %s: %w", failure, ErrUnconfirmed)
		}
		if ok {
			return nil
		}
	}
}
