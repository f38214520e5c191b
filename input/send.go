package input

// The viewer's end of an input stream.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"
	"unicode/utf8"

	"rac/p2p/wire"
)

const (
	// heartbeat is how often a viewer that holds something says so. Four may be
	// lost before the host lets go (silence).
	heartbeat = 500 * time.Millisecond
	// maxQueue is how many events may wait for a line that has stalled, some
	// minutes of typing; then no more are taken from the caller.
	maxQueue = 4096
)

// ErrUnconfirmed means that the stream ended before the host said that
// everything was put in.
var ErrUnconfirmed = errors.New("the host did not confirm the input")

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
	defer context.AfterFunc(ctx, func() { s.Close() })()
	snd := &sender{held: map[Event]bool{}}
	batches, wrote, answered := make(chan []Event), make(chan error, 1), make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() { wrote <- write(s, batches) })
	wg.Go(func() { answered <- awaitReply(s) })
	defer wg.Wait()
	defer s.Close()
	err := snd.run(events, batches, wrote, answered)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
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

// sender is what waits to be written, and what is held down.
type sender struct {
	queue []Event
	held  map[Event]bool
}

// run moves events into batches, each of which is taken when the one before has
// been written, until the host has answered. It closes batches.
func (s *sender) run(events <-chan Event, batches chan<- []Event, wrote, answered <-chan error) error {
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	ended := false
	end := sync.OnceFunc(func() { close(batches) })
	defer end()
	for {
		take, give := events, batches
		if len(s.queue) >= maxQueue {
			take = nil
		}
		if len(s.queue) == 0 {
			give = nil
			if ended {
				end()
			}
		}
		select {
		case ev, ok := <-take:
			if !ok {
				events, ended = nil, true
				continue
			}
			s.add(ev)
		case give <- s.queue:
			s.queue = nil
			beat.Reset(heartbeat)
		case <-beat.C:
			if len(s.held) > 0 && len(s.queue) == 0 && !ended {
				s.queue = append(s.queue, alive{})
			}
		case err := <-wrote:
			if err != nil {
				return reasonOf(err, answered)
			}
			wrote = nil // all was written: what remains is the answer
		case err := <-answered:
			if err == nil && !(ended && len(s.queue) == 0) {
				return fmt.Errorf("input: the host hung up: %w", ErrUnconfirmed)
			}
			return err
		}
	}
}

// reasonOf prefers what the host said to the error of the write that failed
// since the host had closed the stream.
func reasonOf(err error, answered <-chan error) error {
	select {
	case said := <-answered:
		if said != nil {
			return said
		}
	case <-time.After(time.Second):
	}
	return fmt.Errorf("input: send: %w", err)
}

// add queues an event, merged with the last one where nothing is lost by it.
func (s *sender) add(ev Event) {
	switch ev := ev.(type) {
	case Key:
		s.hold(ev.id(), ev.Down)
	case Button:
		s.hold(ev.id(), ev.Down)
	case Motion:
		s.addMotion(Motion{clampInt32(ev.X), clampInt32(ev.Y)})
		return
	case Wheel:
		s.addWheel(ev)
		return
	case Text:
		s.addText(clean(ev.Text))
		return
	}
	s.queue = append(s.queue, ev)
}

func (s *sender) hold(id Event, down bool) {
	if down {
		s.held[id] = true
	} else {
		delete(s.held, id)
	}
}

func (s *sender) addMotion(m Motion) {
	if n := len(s.queue); n > 0 {
		if _, ok := s.queue[n-1].(Motion); ok {
			s.queue[n-1] = m
			return
		}
	}
	s.queue = append(s.queue, m)
}

func (s *sender) addWheel(w Wheel) {
	if n := len(s.queue); n > 0 {
		if last, ok := s.queue[n-1].(Wheel); ok {
			s.queue[n-1] = clampWheel(Wheel{last.DX + clampInt32(w.DX), last.DY + clampInt32(w.DY)})
			return
		}
	}
	s.queue = append(s.queue, clampWheel(w))
}

// addText cuts a text between characters.
func (s *sender) addText(text string) {
	for text != "" {
		n := min(len(text), maxText)
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		s.queue = append(s.queue, Text{text[:n]})
		text = text[n:]
	}
}

func clampInt32(n int) int { return min(max(n, math.MinInt32), math.MaxInt32) }

// write sends batches, each in as few writes as it takes, then ends our half of
// the stream. It is the stream's only writer.
func write(s wire.Stream, batches <-chan []Event) error {
	buf := bufio.NewWriter(s)
	w := wire.NewWriter(buf, maxBody)
	for batch := range batches {
		for _, ev := range batch {
			if err := w.Append(typeOf(ev), func(dst []byte) []byte { return appendEvent(dst, ev) }); err != nil {
				return err
			}
		}
		if err := buf.Flush(); err != nil {
			return err
		}
	}
	return s.CloseWrite()
}

// awaitReply waits for what the host says at the end: nil is Done.
func awaitReply(s wire.Stream) error {
	r := wire.NewReader(s, maxBody)
	for {
		t, body, err := r.Next()
		if err == io.EOF {
			return fmt.Errorf("input: %w", ErrUnconfirmed)
		}
		if err != nil {
			return fmt.Errorf("input: %w: %w", ErrUnconfirmed, err)
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
