package input

// A viewer's input for as long as its session lasts. Send (send.go) carries it.

import (
	"context"
	"crypto/rand"
	"math"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// blockAfter is for how long what is done at the viewer is kept for a host that is
// silent; then it is dropped. A host that has nothing to confirm is heard each
// reportEvery: it counts as silent from when the next report is due, else a key that
// comes at that moment would be kept for less.
const blockAfter = 3 * time.Second

// prompt is for how long the host may have put in nothing of what was sent to it
// until keys do not repeat: what waits on a line that has stalled must not come
// out of it as a row of letters.
const prompt = 300 * time.Millisecond

// maxQueue is how many events may wait for a line that has stalled, some
// minutes of typing; then no more are taken from the caller.
const maxQueue = 4096

// Feed is what a person does at a viewer, on its way to the host. It outlives
// the streams that carry it: the next Send goes on where the last one has ended,
// and no event is put in twice.
//
// When a report of the host is 3 s overdue, or it has put in nothing for 3 s of what
// was sent to it, a Feed drops what it has and what comes, until the host is heard
// again: a key that is pressed into a dead line must not be typed later into whatever
// has come up there since. Lost tells how much was dropped.
type Feed struct {
	id   chainID
	wake chan struct{} // holds one: there is something to write
	room chan struct{} // holds one: the queue has become shorter

	mu      sync.Mutex
	queue   []Event // waits to be written
	held    map[Event]bool
	orphans map[Event]bool // may be down at the host, and nobody will release it: ids of what was dropped
	ended   bool           // no more events will come
	muted   bool           // they are thrown away: the host takes none
	lost    int            // presses and texts that were dropped, since Lost was asked
	carrier *carrier       // the one that may take from the queue

	// Of a chain only.
	chained bool
	sent    []Event       // written, and not yet known to be put in
	since   time.Time     // when the first of these was written, or the one before it was known
	taken   uint64        // known to be put in, over all streams
	heard   time.Time     // when the host last was
	clock   time.Duration // the host's newest, on the carrier's stream
}

// NewFeed returns an empty Feed.
func NewFeed() *Feed {
	f := newFeed()
	f.chained = true
	rand.Read(f.id[:])
	return f
}

func newFeed() *Feed {
	return &Feed{wake: make(chan struct{}, 1), room: make(chan struct{}, 1), held: map[Event]bool{}, orphans: map[Event]bool{}, heard: time.Now()}
}

// Run takes events until there are no more, or ctx ends.
func (f *Feed) Run(ctx context.Context, events <-chan Event) {
	for {
		select {
		case ev, ok := <-events:
			if !ok {
				f.end()
				return
			}
			if !f.take(ctx, ev) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (f *Feed) end() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	offer(f.wake)
}

// take waits for room; false: ctx has ended.
func (f *Feed) take(ctx context.Context, ev Event) bool {
	for !f.tryTake(ev) {
		select {
		case <-f.room:
		case <-ctx.Done():
			return false
		}
	}
	offer(f.wake)
	return true
}

func (f *Feed) tryTake(ev Event) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, key := ev.(Key)
	switch {
	case f.muted || key && k.Again && !f.repeatsLocked(k):
	case f.blockedLocked():
		// What was sent may have been put in: the next stream will tell.
		f.dropLocked(append(f.queue, ev))
		f.queue = nil
	case len(f.queue)+len(f.sent) >= maxQueue:
		return false
	default:
		f.addLocked(ev)
	}
	return true
}

// Blocked tells whether what comes is dropped.
func (f *Feed) Blocked() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.blockedLocked()
}

func (f *Feed) blockedLocked() bool {
	silent := time.Since(f.heard) > reportEvery+blockAfter
	stalled := len(f.sent) > 0 && time.Since(f.since) > blockAfter
	return f.chained && (silent || stalled)
}

// repeatsLocked tells whether a key may repeat: the host has it down, and takes
// what comes as it comes.
func (f *Feed) repeatsLocked(k Key) bool {
	stalled := f.chained && len(f.sent) > 0 && time.Since(f.since) > prompt
	return f.held[k.id()] && !stalled && !slices.Contains(f.queue, Event(k))
}

// dropLocked counts what is lost. Nothing counts as held from then on: the person
// presses anew what he wants to be down.
func (f *Feed) dropLocked(events []Event) {
	for _, ev := range events {
		id, down, ok := pressed(ev)
		if ok {
			f.orphans[id] = true
		}
		if k, key := ev.(Key); key && k.Again {
			continue
		}
		if down {
			f.lost++
		} else if text, ok := ev.(Text); ok {
			f.lost += utf8.RuneCountInString(text.Text)
		}
	}
	for id := range f.held {
		f.orphans[id] = true
	}
	clear(f.held)
}

// releaseLocked has the host release what nobody else will: it may have put in a
// press whose release was dropped.
func (f *Feed) releaseLocked() {
	if len(f.orphans) == 0 || f.blockedLocked() {
		return
	}
	var ups []Event
	for id := range f.orphans {
		ups = append(ups, up(id))
	}
	clear(f.orphans)
	f.queue = append(ups, f.queue...)
	offer(f.wake)
}

// Lost returns how many presses and characters were dropped since it was last
// asked.
func (f *Feed) Lost() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.lost
	f.lost = 0
	return n
}

// Mute throws away what comes, until it is called with false: the host permits
// no input.
func (f *Feed) Mute(muted bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.muted == muted {
		return
	}
	f.muted, f.heard = muted, time.Now()
	if muted {
		f.queue, f.sent = nil, nil
		clear(f.held)
	}
}

// addLocked queues an event, merged with the last one where nothing is lost by it.
func (f *Feed) addLocked(ev Event) {
	switch ev := ev.(type) {
	case Key:
		f.holdLocked(ev.id(), ev.Down)
	case Button:
		f.holdLocked(ev.id(), ev.Down)
	case Motion:
		f.addMotionLocked(Motion{clampInt32(ev.X), clampInt32(ev.Y)})
		return
	case Wheel:
		f.addWheelLocked(ev)
		return
	case Text:
		f.addTextLocked(clean(ev.Text))
		return
	}
	f.queue = append(f.queue, ev)
}

func (f *Feed) holdLocked(id Event, down bool) {
	if down {
		f.held[id] = true
	} else {
		delete(f.held, id)
	}
}

func (f *Feed) addMotionLocked(m Motion) {
	if n := len(f.queue); n > 0 {
		if _, ok := f.queue[n-1].(Motion); ok {
			f.queue[n-1] = m
			return
		}
	}
	f.queue = append(f.queue, m)
}

func (f *Feed) addWheelLocked(w Wheel) {
	if n := len(f.queue); n > 0 {
		if last, ok := f.queue[n-1].(Wheel); ok {
			f.queue[n-1] = clampWheel(Wheel{last.DX + clampInt32(w.DX), last.DY + clampInt32(w.DY)})
			return
		}
	}
	f.queue = append(f.queue, clampWheel(w))
}

// addTextLocked cuts a text between characters.
func (f *Feed) addTextLocked(text string) {
	for text != "" {
		n := min(len(text), maxText)
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		f.queue = append(f.queue, Text{text[:n]})
		text = text[n:]
	}
}

func clampInt32(n int) int { return min(max(n, math.MinInt32), math.MaxInt32) }

// begin makes c the carrier once the host has said what it has: taken events of
// the chain. What it lacks is written again, unless it has become too old.
func (f *Feed) begin(c *carrier, t taken) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.carrier, f.clock = c, t.clock
	known := t.events >= f.taken && t.events-f.taken <= uint64(len(f.sent))
	if known {
		f.sent = f.sent[t.events-f.taken:]
	}
	if !known || f.blockedLocked() {
		f.dropLocked(append(f.sent, f.queue...))
		f.sent, f.queue = nil, nil
	}
	f.queue = append(f.sent[:len(f.sent):len(f.sent)], f.queue...)
	f.sent, f.taken, f.heard = nil, t.events, time.Now()
	f.releaseLocked()
	offer(f.wake)
	offer(f.room)
}

// confirm takes over what the host of c's stream says.
func (f *Feed) confirm(c *carrier, t taken) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.carrier != c {
		return // what it has put in is counted by the stream that took over
	}
	n := min(t.events-min(t.events, f.taken), uint64(len(f.sent)))
	f.clock, f.heard = t.clock, time.Now()
	if n > 0 {
		f.sent, f.taken, f.since = f.sent[n:], f.taken+n, f.heard
		offer(f.room)
	}
	f.releaseLocked()
}

// batch is what is to be written now.
type batch struct {
	events []Event
	clock  time.Duration // the host's newest
	over   bool          // nothing will follow
	holds  bool          // something is down
	gone   bool          // another stream carries on
}

// next takes what waits.
func (f *Feed) next(c *carrier) (b batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.carrier != c {
		offer(f.wake) // it was for the other
		return batch{gone: true}
	}
	b = batch{events: f.queue, clock: f.clock, over: f.ended, holds: len(f.held) > 0}
	if f.chained && len(f.queue) > 0 {
		if len(f.sent) == 0 {
			f.since = time.Now()
		}
		f.sent = append(f.sent, f.queue...)
	}
	f.queue = nil
	offer(f.room)
	return b
}
