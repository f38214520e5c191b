package screen

import (
	"math"
	"time"
)

// way is what the answers of a viewer tell of the line to it: how long it is, how
// fast, and when what is under way will have left it.
//
// A message that is alone on the line is answered after the round trip, the time
// that its bytes take and the time that the viewer takes. The first is the least
// that was seen (as BBR takes it: Cardwell et al., "BBR: Congestion-Based
// Congestion Control", ACM Queue 14-5, 2016), the viewer tells the last, and what
// is left over kept the line busy. Bytes and busy time are added up and fade, so
// that answers which come late and then together, after a lost packet or while the
// processor was taken, are right in sum. Each message measures the whole line by
// itself, however little is sent in all; BBR's own samples are too low then.
type way struct {
	asked time.Time     // when the last small message was sent
	rtt   least         // send to Shown of small messages, less what the viewer took
	took  time.Duration // to decode and show, of the last ones

	carried, busy float64   // bytes that the line carried in how many seconds; they fade
	best          best      // bytes a second, of messages that were alone on a near line
	left          time.Time // when the last answered message had left the line
	answered      time.Time // when that answer came
}

const (
	// small is the size up to which a message says how long the way is: one packet.
	small = 1400
	// guess is the rate of a line of which nothing is known yet, in bytes a second,
	// and guessed is what it weighs: the first real message outweighs it.
	guess   = 250e3
	guessed = 2 * time.Millisecond
	// memory is the busy time after which a sample counts a third.
	memory = 200 * time.Millisecond
	// evident is what a message must keep the line busy for, or longer than
	// expected, to say something of its rate: two schedulers make it look a
	// millisecond or two slower than it is.
	evident = 4 * time.Millisecond
	// atOnce is the time below which a viewer went from one message to the next
	// without waiting: then it was the viewer, and not the line, that was busy.
	atOnce = 300 * time.Microsecond
	// near is the round trip below which an answer that comes late is not the line's
	// doing but a processor's that is busy with other things: see best.
	near = 2 * time.Millisecond
)

// rate returns the line's bytes a second.
func (w *way) rate() float64 {
	if w.busy == 0 {
		return guess
	}
	return w.carried / w.busy
}

// blind says whether it is long since a message was sent that tells how long the way
// is: from large ones alone nobody can tell a long way from a slow one.
func (w *way) blind(now time.Time) bool {
	return w.busy > 0 && now.Sub(w.asked) > probeEvery
}

const probeEvery = time.Second

// takes returns how long the line is busy with that many bytes.
func (w *way) takes(bytes int) time.Duration {
	return time.Duration(float64(bytes) / w.rate() * float64(time.Second))
}

// answer takes the answer to a message that was sent at the given time. alone: nothing
// else was under way then.
func (w *way) answer(bytes int, sent time.Time, alone bool, took time.Duration, now time.Time) {
	took = min(took, now.Sub(sent))
	if bytes <= small {
		w.rtt.add(now.Sub(sent)-took, now)
	}
	arrived := now.Add(-took)
	left := later(arrived.Add(-w.rtt.value), sent)
	busy := max(left.Sub(later(sent, w.left)), 0)
	if arrived.Sub(w.answered) < atOnce {
		busy = min(busy, w.takes(bytes))
	}
	if w.rtt.value > 0 && w.rtt.value < near {
		if alone && bytes >= telling {
			w.best.add(float64(bytes)/max(left.Sub(sent), shortest).Seconds(), now)
		}
		busy = min(busy, w.best.takes(bytes, now))
	}
	w.measure(bytes, busy)
	if fastest := w.best.rate(now); w.carried < fastest*w.busy {
		w.carried = fastest * w.busy // also of messages that are too quick to measure
	}
	w.took += (took - w.took) / 4
	w.left, w.answered = later(w.left, left), now
}

func (w *way) measure(bytes int, busy time.Duration) {
	expected := w.takes(bytes)
	if expected < evident && busy < expected+2*evident {
		return
	}
	if w.busy == 0 {
		w.carried, w.busy = guess*guessed.Seconds(), guessed.Seconds()
	}
	fade := math.Exp(-max(busy, expected).Seconds() / memory.Seconds())
	w.carried = w.carried*fade + float64(bytes)
	w.busy = w.busy*fade + max(busy, time.Microsecond).Seconds()
}

// least keeps the least of the samples of the last one or two windows. A window
// does not end before it has some samples: after a silence the first that comes
// may have met a queue.
type least struct {
	value    time.Duration
	now, was time.Duration // the least of this window and the one before
	since    time.Time
	samples  int
}

const (
	window     = 10 * time.Second
	minSamples = 8
)

func (l *least) add(d time.Duration, now time.Time) {
	d = max(d, 10*time.Microsecond)
	switch {
	case l.since.IsZero():
		l.now, l.was, l.since = d, d, now
	case now.Sub(l.since) > window && l.samples >= minSamples:
		l.now, l.was, l.since, l.samples = d, l.now, now, 0
	}
	l.samples++
	l.now = min(l.now, d)
	l.value = min(l.now, l.was)
}

// best is the highest rate that was seen in the last one or two periods. A message
// that was alone never seems to be faster than the line, only slower, by however long
// the two programs waited for a processor; so the highest is the nearest. On a long
// line the sum of all is used instead: there, waiting is mostly the line's.
type best struct {
	now, was float64 // bytes a second, of this period and the one before
	since    time.Time
}

const (
	telling = 4 << 10 // bytes from which on a message says something of a near line
	// shortest is the least that it is taken to have needed, so that what a shaper
	// lets through at once does not vouch for much more.
	shortest = 2 * time.Millisecond
	period   = time.Second / 2
)

func (b *best) add(rate float64, now time.Time) {
	b.forget(now)
	b.now = max(b.now, rate)
}

func (b *best) forget(now time.Time) {
	switch age := now.Sub(b.since); {
	case age > 2*period:
		b.now, b.was, b.since = 0, 0, now
	case age > period:
		b.now, b.was, b.since = 0, b.now, now
	}
}

// rate returns bytes a second, 0 if nothing is known.
func (b *best) rate(now time.Time) float64 {
	b.forget(now)
	return max(b.now, b.was)
}

// takes returns how long that many bytes took at most; never if nothing is known.
func (b *best) takes(bytes int, now time.Time) time.Duration {
	rate := b.rate(now)
	if rate == 0 {
		return never
	}
	return time.Duration(float64(bytes) / rate * float64(time.Second))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
