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

// kept is for how long what is done at the viewer waits for a host that is silent;
// then it is dropped. That is 3 s, and a host that has nothing to confirm is heard
// each reportEvery: it counts as silent from when the next report is due, else a key
// that comes at that moment would be kept for less.
const kept = 3*time.Second + reportEvery

// prompt is for how long the host may have put in nothing of what was sent to it
// until keys do not repeat: what waits on a line that has stalled must not come
// out of it as a row of letters.
const prompt = 300*time.Millisecond + gather

// maxMissed bounds what a report of the host can say to be missing.
const maxMissed = 1 << 20

// maxQueue is how many events may wait for a line that has stalled, some
// minutes of typing; then no more are taken from the caller.
const maxQueue = 4096

// Feed is what a person does at a viewer, on its way to the host. It outlives
// the streams that carry it: the next Send goes on where the last one has ended,
// and no event is put in twice.
//
// Each key that it takes is put in by the host, once, or counted by Lost. When a
// report of the host is 3 s overdue, a Feed drops what waits and what comes, until the
// host is heard again: a key that is pressed into a dead line must not be typed later
// into whatever has come up there since. For the same reason it drops what the host
// could put in no more before it is late (serve.go). What the host could not put in,
// it tells.
type Feed struct {
	id   chainID
	wake chan struct{} // holds one: there is something to write
	room chan struct{} // holds one: the queue has become shorter
	tell chan struct{} // holds one: Lost has something to say

	mu      sync.Mutex
	queue   []stroke // waits to be written
	held    map[Event]bool
	orphans map[Event]bool // may be down at the host, and nobody will release it: ids of what was dropped
	ended   bool           // no more events will come
	muted   bool           // they are thrown away: the host takes none
	lost    int            // presses and characters that were dropped, since Lost was asked
	carrier *carrier       // the one that may take from the queue
	sends   int            // how many there were

	// Of a chain only.
	chained bool
	sent    []stroke      // written, and not yet known to be put in
	since   time.Time     // when the first of these was written, or the one before it was known
	taken   uint64        // known to have been taken by the host, over all streams
	missed  uint64        // presses and characters of these that it could not put in
	heard   time.Time     // when the host last was
	clock   time.Duration // the host's newest, on the carrier's stream
}

// stroke is an event and when it was made, by the clock on the wall: what was
// typed before this computer fell asleep is old when it wakes.
type stroke struct {
	Event
	at time.Time
}

func strokeOf(ev Event) stroke { return stroke{ev, time.Now().Round(0)} }

// age is not more than a day: the clock may have been set.
func (s stroke) age() time.Duration {
	return min(max(time.Now().Round(0).Sub(s.at), 0), 24*time.Hour)
}

// NewFeed returns an empty Feed.
func NewFeed() *Feed {
	f := newFeed()
	f.chained = true
	rand.Read(f.id[:])
	return f
}

func newFeed() *Feed {
	return &Feed{wake: make(chan struct{}, 1), room: make(chan struct{}, 1), tell: make(chan struct{}, 1), held: map[Event]bool{}, orphans: map[Event]bool{}, heard: time.Now()}
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

// take waits for room, or for the host to count as silent; false: ctx has ended.
func (f *Feed) take(ctx context.Context, ev Event) bool {
	for !f.tryTake(ev) {
		select {
		case <-f.room:
		case <-time.After(reportEvery):
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
	case f.silentLocked() || f.chained && f.oldestLocked() > late:
		// What was sent may have been put in: the next stream will tell.
		f.dropLocked(append(f.queue, strokeOf(ev)))
		f.queue = nil
	case len(f.queue)+len(f.sent) >= maxQueue:
		return false
	default:
		f.addLocked(ev)
	}
	return true
}

// silentLocked tells whether the host has not been heard for too long.
func (f *Feed) silentLocked() bool { return f.chained && time.Since(f.heard) > kept }

// oldestLocked is the age of what has waited for the longest.
func (f *Feed) oldestLocked() time.Duration {
	for _, waits := range [][]stroke{f.sent, f.queue} {
		if len(waits) > 0 {
			return waits[0].age()
		}
	}
	return 0
}

// repeatsLocked tells whether a key may repeat: the host has it down, and takes
// what comes as it comes.
func (f *Feed) repeatsLocked(k Key) bool {
	stalled := f.chained && len(f.sent) > 0 && time.Since(f.since) > prompt
	waits := slices.ContainsFunc(f.queue, func(s stroke) bool { return s.Event == Event(k) })
	return f.held[k.id()] && !stalled && !waits
}

// dropLocked counts what is lost. Nothing counts as held from then on: the person
// presses anew what he wants to be down.
func (f *Feed) dropLocked(strokes []stroke) {
	for _, s := range strokes {
		if id, _, ok := pressed(s.Event); ok {
			f.orphans[id] = true
		}
		f.lost += weight(s.Event)
	}
	for id := range f.held {
		f.orphans[id] = true
	}
	clear(f.held)
}

// releaseLocked has the host release what nobody else will: it may have put in a
// press whose release was dropped.
func (f *Feed) releaseLocked() {
	if len(f.orphans) == 0 {
		return
	}
	var ups []stroke
	for id := range f.orphans {
		ups = append(ups, strokeOf(up(id)))
	}
	clear(f.orphans)
	f.queue = append(ups, f.queue...)
	offer(f.wake)
}

// Dropped says when to ask Lost: something was dropped, and the host is heard, so
// that no more is for now.
func (f *Feed) Dropped() <-chan struct{} { return f.tell }

// Lost returns how many presses and characters were dropped since it was last
// asked.
func (f *Feed) Lost() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.lost
	f.lost = 0
	return n
}

func (f *Feed) tellLocked() {
	if f.lost > 0 {
		offer(f.tell)
	}
}

// Mute throws away what comes, until it is called with false: the host permits
// no input. What was on its way counts as lost.
func (f *Feed) Mute(muted bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.muted == muted {
		return
	}
	f.muted, f.heard = muted, time.Now()
	if muted {
		f.dropLocked(append(f.sent, f.queue...))
		f.queue, f.sent = nil, nil
		f.tellLocked()
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
	f.queueLocked(ev)
}

func (f *Feed) queueLocked(ev Event) { f.queue = append(f.queue, strokeOf(ev)) }

func (f *Feed) holdLocked(id Event, down bool) {
	if down {
		f.held[id] = true
	} else {
		delete(f.held, id)
	}
}

func (f *Feed) addMotionLocked(m Motion) {
	if n := len(f.queue); n > 0 {
		if _, ok := f.queue[n-1].Event.(Motion); ok {
			f.queue[n-1] = strokeOf(m)
			return
		}
	}
	f.queueLocked(m)
}

func (f *Feed) addWheelLocked(w Wheel) {
	if n := len(f.queue); n > 0 {
		if last, ok := f.queue[n-1].Event.(Wheel); ok {
			f.queue[n-1] = strokeOf(clampWheel(Wheel{last.DX + clampInt32(w.DX), last.DY + clampInt32(w.DY)}))
			return
		}
	}
	f.queueLocked(clampWheel(w))
}

// addTextLocked cuts a text between characters.
func (f *Feed) addTextLocked(text string) {
	for text != "" {
		n := min(len(text), maxText)
		for n < len(text) && !utf8.RuneStart(text[n]) {
			n--
		}
		f.queueLocked(Text{text[:n]})
		text = text[n:]
	}
}

func clampInt32(n int) int { return min(max(n, math.MinInt32), math.MaxInt32) }

// enter numbers a stream: of two the younger one carries.
func (f *Feed) enter() (nth int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sends++
	return f.sends
}

// begin makes c the carrier once the host has said what it has: taken events of
// the chain. What it lacks is written again, all of it or, where that would come too
// late, nothing.
func (f *Feed) begin(c *carrier, t taken) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.carrier != nil && f.carrier.nth > c.nth {
		return // it has been slow: what it says is out of date
	}
	f.carrier, f.clock = c, t.clock
	known := t.events >= f.taken && t.events-f.taken <= uint64(len(f.sent))
	if known {
		f.sent = f.sent[t.events-f.taken:]
	}
	if !known || f.silentLocked() || f.chained && f.oldestLocked() > kept {
		f.dropLocked(append(f.sent, f.queue...))
		f.sent, f.queue = nil, nil
	}
	f.queue = append(f.sent[:len(f.sent):len(f.sent)], f.queue...)
	f.sent, f.taken = nil, t.events
	f.hearLocked(t)
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
	f.clock = t.clock
	if n := min(t.events-min(t.events, f.taken), uint64(len(f.sent))); n > 0 {
		f.sent, f.taken, f.since = f.sent[n:], f.taken+n, time.Now()
		offer(f.room)
	}
	f.hearLocked(t)
}

// hearLocked notes a sign of life.
func (f *Feed) hearLocked(t taken) {
	f.heard = time.Now()
	f.lost += int(min(t.missed-min(t.missed, f.missed), maxMissed))
	f.missed = t.missed
	f.releaseLocked()
	f.tellLocked()
}

// batch is what is to be written now.
type batch struct {
	strokes []stroke
	clock   time.Duration // the host's newest
	over    bool          // nothing will follow
	holds   bool          // something is down
	gone    bool          // another stream carries on
}

// next takes what waits.
func (f *Feed) next(c *carrier) (b batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.carrier != c {
		offer(f.wake) // it was for the other
		return batch{gone: true}
	}
	b = batch{strokes: f.queue, clock: f.clock, over: f.ended, holds: len(f.held) > 0}
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
