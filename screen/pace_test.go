package screen

import (
	"testing"
	"time"
)

// line is a simulated line of a rate (bytes a second) and a round trip; send
// gives the time at which the answer to a frame comes back.
type line struct {
	rate float64
	rtt  time.Duration
	free time.Time // when the frames sent so far have left
}

func (l *line) send(bytes int, now time.Time) time.Time {
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(float64(bytes) / l.rate * float64(time.Second)))
	return l.free.Add(l.rtt)
}

// flood keeps a line as busy as pace allows for a while, and returns the bytes a
// second that it carried in the second half and the longest time that a frame took.
func flood(l line, forTime time.Duration) (rate float64, slowest time.Duration) {
	type answer struct {
		seq uint32
		at  time.Time
		was time.Time
	}
	var p pace
	var answers []answer
	start := time.Unix(0, 0)
	p.sent(0, 100, start) // the display
	p.shown(0, 0, l.send(100, start))
	half, bytes := start.Add(forTime/2), 0
	for now, seq := start, uint32(0); now.Sub(start) < forTime; {
		if n := p.room(); n > 0 {
			seq++
			p.sent(seq, n, now)
			answers = append(answers, answer{seq, l.send(n, now), now})
			if now.After(half) {
				bytes += n
			}
			continue
		}
		a := answers[0]
		answers = answers[1:]
		now = a.at
		if a.was.After(half) {
			slowest = max(slowest, now.Sub(a.was))
		}
		p.shown(a.seq, 0, now)
	}
	return float64(bytes) / (forTime / 2).Seconds(), slowest
}

func TestPaceFillsALineWithoutQueueing(t *testing.T) {
	for _, l := range []line{
		{rate: 100e6, rtt: time.Millisecond},
		{rate: 2.5e6, rtt: 30 * time.Millisecond},
		{rate: 2.5e6, rtt: 200 * time.Millisecond},
		{rate: 250e3, rtt: 80 * time.Millisecond},
	} {
		rate, slowest := flood(l, 20*time.Second)
		if rate < 0.9*l.rate {
			t.Errorf("a line of %.0f bytes/s and %v carried %.0f", l.rate, l.rtt, rate)
		}
		// One round trip, what twice the product takes, and the first allowance.
		most := 3*l.rtt + 2*frameTime + time.Duration(firstAllowance/l.rate*float64(time.Second))
		if slowest > most {
			t.Errorf("a line of %.0f bytes/s and %v: a frame took %v, want at most %v", l.rate, l.rtt, slowest, most)
		}
	}
}

func TestAViewerThatNeverAnswersGetsNoMoreThanTheAllowance(t *testing.T) {
	var p pace
	total := 0
	for seq := uint32(1); p.room() > 0; seq++ {
		p.sent(seq, 1000, time.Unix(0, 0))
		total += 1000
	}
	if total > firstAllowance+1000 || len(p.underWay) > maxUnderWay {
		t.Errorf("%d bytes in %d frames are under way", total, len(p.underWay))
	}
}

func TestAnswersToFramesThatWereNeverSentChangeNothing(t *testing.T) {
	var p pace
	p.sent(1, 1000, time.Unix(0, 0))
	p.shown(1, 0, time.Unix(1, 0))
	before := p.allowance()
	p.shown(1, 0, time.Unix(2, 0))
	p.shown(9, 0, time.Unix(2, 0))
	if p.allowance() != before || p.bytes != 0 {
		t.Errorf("allowance %d, was %d; %d bytes under way", p.allowance(), before, p.bytes)
	}
}
