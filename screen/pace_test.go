package screen

import (
	"testing"
	"time"
)

// pipe is a simulated line of a rate (bytes a second) and a round trip; send
// gives the time at which the answer to a frame comes back.
type pipe struct {
	rate float64
	rtt  time.Duration
	free time.Time // when the frames sent so far have left
}

func (l *pipe) send(bytes int, now time.Time) time.Time {
	l.free = later(l.free, now).Add(time.Duration(float64(bytes) / l.rate * float64(time.Second)))
	return l.free.Add(l.rtt)
}

// flooded is what came of sending as much as pace allows.
type flooded struct {
	rate  float64       // bytes a second, in the second half
	queue time.Duration // the longest that a message waited on the line, then
}

// flood keeps a line as busy as pace allows. change is called before each step and
// may make it another one.
func flood(l pipe, forTime time.Duration, change func(l *pipe, after time.Duration)) (f flooded) {
	type answer struct {
		seq uint32
		at  time.Time
	}
	var p pace
	var answers []answer
	start := time.Unix(1000, 0)
	now := start
	send := func(seq uint32, n int) {
		if after := now.Sub(start); after > forTime/2 {
			f.queue = max(f.queue, l.free.Sub(now))
			f.rate += float64(n) / (forTime / 2).Seconds()
		}
		p.sent(seq, n, 0, now)
		answers = append(answers, answer{seq, l.send(n, now)})
	}
	send(0, 100) // the display
	for seq := uint32(1); now.Sub(start) < forTime; {
		change(&l, now.Sub(start))
		wait := p.wait(now)
		if wait == 0 {
			if p.blind(now) {
				send(seq, 50)
				seq++
			}
			send(seq, p.limit(true))
			seq++
			continue
		}
		if next := now.Add(wait); len(answers) == 0 || next.Before(answers[0].at) {
			now = next
			continue
		}
		a := answers[0]
		answers = answers[1:]
		now = later(now, a.at)
		p.shown(a.seq, 0, now)
	}
	return f
}

func steady(*pipe, time.Duration) {}

func TestPaceFillsALineWithoutQueueing(t *testing.T) {
	for _, l := range []pipe{
		{rate: 100e6, rtt: time.Millisecond},
		{rate: 2.5e6, rtt: 30 * time.Millisecond},
		{rate: 2.5e6, rtt: 200 * time.Millisecond},
		{rate: 250e3, rtt: 80 * time.Millisecond},
		{rate: 32e3, rtt: 80 * time.Millisecond},
	} {
		f := flood(l, 20*time.Second, steady)
		if f.rate < 0.9*l.rate {
			t.Errorf("a line of %.0f bytes/s and %v carried %.0f", l.rate, l.rtt, f.rate)
		}
		if f.queue > 3*frameTime {
			t.Errorf("a line of %.0f bytes/s and %v: a message waited %v", l.rate, l.rtt, f.queue)
		}
	}
}

func TestPaceFollowsALineThatBecomesSlowerOrFasterWithinASecond(t *testing.T) {
	for _, c := range []struct{ before, after float64 }{{2.5e6, 250e3}, {2.5e6, 1e6}, {250e3, 2.5e6}, {250e3, 50e3}} {
		l := pipe{rate: c.before, rtt: 40 * time.Millisecond}
		const half = 5 * time.Second
		var late flooded
		f := flood(l, 2*half, func(l *pipe, after time.Duration) {
			if after >= half-time.Second {
				l.rate = c.after
			}
		})
		late = f
		if late.queue > wholeFrame {
			t.Errorf("from %.0f to %.0f bytes/s: a second later a message waited %v", c.before, c.after, late.queue)
		}
		if late.rate < 0.8*c.after {
			t.Errorf("from %.0f to %.0f bytes/s: %.0f are used", c.before, c.after, late.rate)
		}
	}
}

func TestALongerWayIsNotTakenForASlowerLine(t *testing.T) {
	l := pipe{rate: 1e6, rtt: 20 * time.Millisecond}
	f := flood(l, time.Minute, func(l *pipe, after time.Duration) {
		if after > 5*time.Second {
			l.rtt = 120 * time.Millisecond
		}
	})
	if f.rate < 0.85*l.rate {
		t.Errorf("%.0f of %.0f bytes/s are used", f.rate, l.rate)
	}
}

func TestAViewerThatNeverAnswersGetsNoMoreThanALongLineHolds(t *testing.T) {
	var p pace
	total, now := 0, time.Unix(1000, 0)
	for seq := uint32(1); ; seq++ {
		wait := p.wait(now)
		if wait == never {
			break
		}
		now = now.Add(wait)
		p.sent(seq, p.limit(true), 0, now)
		total += p.limit(true)
	}
	if total > 128<<10 || len(p.underWay) > 20 {
		t.Errorf("%d bytes in %d frames are under way", total, len(p.underWay))
	}
}

func TestAnswersToFramesThatWereNeverSentChangeNothing(t *testing.T) {
	var p pace
	p.sent(1, 100000, 0, time.Unix(0, 0))
	p.shown(1, 0, time.Unix(1, 0))
	before := p.way
	p.shown(1, 0, time.Unix(2, 0))
	p.shown(9, 0, time.Unix(2, 0))
	if p.way != before || p.bytes != 0 {
		t.Errorf("now %+v, was %+v; %d bytes under way", p.way, before, p.bytes)
	}
}
