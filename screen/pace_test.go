package screen

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// pipe is a simulated line of a rate (bytes a second) and a round trip; send
// gives the time at which the answer to a frame comes back.
type pipe struct {
	rate float64
	rtt  time.Duration
	free time.Time // when the frames sent so far have left

	making time.Duration // what the host takes to make a message

	random  *rand.Rand // which packets get lost, of one out of loss
	loss    int
	ordered time.Time // before that nothing more is handed over at the other end
}

func (l *pipe) send(bytes int, now time.Time) time.Time {
	l.free = later(l.free, now).Add(time.Duration(float64(bytes) / l.rate * float64(time.Second)))
	for packet := 0; l.random != nil && packet <= bytes/1400; packet++ {
		for again := l.free; l.random.IntN(l.loss) == 0; {
			again = again.Add(l.rtt * 5 / 4) // three later ones tell of it (RFC 8985), and it is sent again
			l.ordered = later(l.ordered, again)
		}
	}
	return later(l.free, l.ordered).Add(l.rtt)
}

// flooded is what came of sending as much as pace allows.
type flooded struct {
	rate  float64       // bytes a second, in the second half
	queue time.Duration // the longest that a message waited on the line, then
}

// flood keeps a line as busy as pace allows. change is called before each step and
// may make it another one.
func flood(l pipe, forTime time.Duration, change func(l *pipe, after time.Duration)) flooded {
	return floodWith(l, true, forTime, change)
}

func floodWith(l pipe, news bool, forTime time.Duration, change func(l *pipe, after time.Duration)) (f flooded) {
	type answer struct {
		seq uint32
		at  time.Time
	}
	var p pace
	var answers []answer
	start := time.Unix(1000, 0)
	now := start
	send := func(seq uint32, n int) {
		now = now.Add(l.making)
		if after := now.Sub(start); after > forTime/2 {
			f.queue = max(f.queue, l.free.Sub(now))
			f.rate += float64(n) / (forTime / 2).Seconds()
		}
		p.sent(seq, n, l.making, now)
		answers = append(answers, answer{seq, l.send(n, now)})
	}
	send(0, 100) // the display
	for seq := uint32(1); now.Sub(start) < forTime; {
		change(&l, now.Sub(start))
		for len(answers) > 0 && !answers[0].at.After(now) { // came while the last message was made
			p.shown(answers[0].seq, 0, answers[0].at)
			answers = answers[1:]
		}
		wait := p.wait(now)
		if wait == 0 {
			if p.blind(now) {
				send(seq, 50)
				seq++
			}
			send(seq, p.limit(news))
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

// TestAMessageIsMadeWhileTheOneBeforeIsOnTheLine: and what is made too early would wait.
func TestAMessageIsMadeWhileTheOneBeforeIsOnTheLine(t *testing.T) {
	l := pipe{rate: 50e6, rtt: time.Millisecond, making: 8 * time.Millisecond}
	if f := flood(l, 10*time.Second, steady); f.rate < 0.9*l.rate || f.queue > time.Millisecond {
		t.Errorf("%.2f of the line are used, a message waited %v", f.rate/l.rate, f.queue)
	}
}

func TestPaceFollowsALineThatBecomesSlowerOrFasterWithinASecond(t *testing.T) {
	const far, near = 40 * time.Millisecond, time.Millisecond
	for _, c := range []struct {
		before, after float64
		rtt           time.Duration
	}{{2.5e6, 250e3, far}, {2.5e6, 1e6, far}, {250e3, 2.5e6, far}, {250e3, 50e3, far}, {100e6, 10e6, near}, {10e6, 100e6, near}, {2.5e6, 500e3, near}} {
		l := pipe{rate: c.before, rtt: c.rtt}
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

// TestLostPacketsAreNotTakenForASlowLine: what comes behind a lost packet waits for it
// to be sent again, and the line takes as much as before all the while. A picture that
// becomes exact uses it.
func TestLostPacketsAreNotTakenForASlowLine(t *testing.T) {
	for _, c := range []struct {
		pipe
		used float64
	}{
		{pipe{rate: 1.25e6, rtt: 60 * time.Millisecond, loss: 100}, 0.85},
		{pipe{rate: 2.5e6, rtt: 30 * time.Millisecond, loss: 100}, 0.8},
		{pipe{rate: 1.25e6, rtt: 60 * time.Millisecond, loss: 40}, 0.65},
	} {
		l := c.pipe
		used, queue := 0.0, time.Duration(0)
		const runs = 40
		for seed := range uint64(runs) {
			l.random = rand.New(rand.NewPCG(seed, 1))
			f := floodWith(l, false, 4*time.Second, steady)
			used, queue = used+f.rate/l.rate/runs, queue+f.queue/runs
		}
		if used < c.used || queue > 3*frameTime {
			t.Errorf("a line of %.0f bytes/s and %v that loses one packet of %d: %.2f of it are used, a message waited %v", l.rate, l.rtt, l.loss, used, queue)
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

// busyProcessor is how much later an answer comes where other programs take the
// processor most of the time.
func busyProcessor(random *rand.Rand) time.Duration {
	if random.IntN(4) == 0 {
		return 0
	}
	return time.Duration(random.ExpFloat64() * float64(25*time.Millisecond))
}

// rates sends messages of that size, or as much as pace allows, over a line between
// busy processors, every 30 ms at most, and returns the rates that pace believes in,
// after the first seconds.
func rates(l pipe, bytes int) (list []float64) {
	random := rand.New(rand.NewPCG(1, 1))
	var p pace
	now := time.Unix(1000, 0)
	start := now
	for seq := uint32(1); now.Sub(start) < 10*time.Second; seq += 2 {
		for i, n := range []int{50, min(bytes, p.limit(true))} {
			p.sent(seq+uint32(i), n, 0, now)
			now = l.send(n, now).Add(busyProcessor(random))
			p.shown(seq+uint32(i), 0, now)
		}
		if now.Sub(start) > 2*time.Second {
			list = append(list, p.rate())
		}
		now = now.Add(30 * time.Millisecond)
	}
	return list
}

func TestABusyProcessorIsNotTakenForASlowLine(t *testing.T) {
	for _, l := range []pipe{{rate: 500e6, rtt: 300 * time.Microsecond}, {rate: 110e6, rtt: time.Millisecond}} {
		list := rates(l, 1<<20)
		slices.Sort(list)
		if slow := list[len(list)/20]; slow < exactFrom {
			t.Errorf("a line of %.0f MB/s is taken for one of %.0f", l.rate/1e6, slow/1e6)
		}
	}
}

// TestAFilmShowsThatANearLineIsFast: its coarse frames take the line for so short a time
// that the rate, once it was too low for exact ones, would stay that for ever.
func TestAFilmShowsThatANearLineIsFast(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	send := func(l pipe, seq uint32, n int) {
		p.sent(seq, n, 0, now)
		now = l.send(n, now).Add(time.Millisecond) // to wake up
		p.shown(seq, 0, now)
		now = now.Add(30 * time.Millisecond)
	}
	l := pipe{rate: 59e6, rtt: 300 * time.Microsecond}
	for seq := uint32(1); seq < 60; seq += 2 {
		send(l, seq, 50)
		send(l, seq+1, mostMessage)
	}
	if p.rate() > exactFrom || p.rate() < 55e6 {
		t.Fatalf("the line is taken for one of %.1f MB/s", p.rate()/1e6)
	}
	l.rate = 500e6
	for seq := uint32(60); seq < 90; seq++ {
		send(l, seq, 220_000)
	}
	if p.rate() < exactFrom {
		t.Errorf("a line of 500 MB/s is still taken for one of %.1f", p.rate()/1e6)
	}
}

func TestASlowLineIsNotTakenForABusyProcessor(t *testing.T) {
	l := pipe{rate: 1e6, rtt: time.Millisecond}
	for _, rate := range rates(l, 100<<10) {
		if rate > 1.1*l.rate {
			t.Fatalf("a line of %.1f MB/s is taken for one of %.1f", l.rate/1e6, rate/1e6)
		}
	}
}
