package screen

import "time"

// pace decides how much picture may be under way to one viewer, so that what
// arrives is new and what is typed meanwhile does not wait behind it.
//
// The line is measured as BBR does (Cardwell et al., "BBR: Congestion-Based
// Congestion Control", ACM Queue 14-5, 2016): its rate is the best delivery that
// was seen in the last ten seconds, its round trip the shortest. What is under way may be
// one and a half times the product of the two, so that the line does not run dry while an
// answer is on its way, in messages of at most a quarter of that: the answers to
// the first tell the rate while the last are still being sent.
// Unlike BBR it does not pace packets, which is the transport's work, and it does not
// probe: a viewer that lacks pixels fills the allowance by itself. A sample that was
// taken while there was little to send can only be too low, and the best one counts.
type pace struct {
	underWay  []sent // oldest first; never more than maxUnderWay
	bytes     int    // of underWay
	delivered int    // bytes shown since the start

	rate best[float64]       // bytes a second
	rtt  best[time.Duration] // send to Shown, less what decoding and showing took
}

type sent struct {
	seq       uint32
	bytes     int
	at        time.Time
	delivered int // pace.delivered when it was sent
}

const (
	// maxUnderWay bounds the frames that a viewer has not answered: on a line of
	// 200 ms it allows 60 small ones a second.
	maxUnderWay = 16
	// firstAllowance is what may be under way before anything is known: one
	// screen of text, a quarter of a second at 2 Mbit/s.
	firstAllowance = 64 << 10
	// frameTime is the least time that the allowance may take on the line: below
	// it the cost of many small messages outweighs what newer pixels are worth.
	frameTime = 33 * time.Millisecond
	// small is the size up to which a message says how long the way is: a larger
	// one also takes its time to be put on the line. The first message, Display,
	// is small.
	small  = 4 << 10
	window = 10 * time.Second
)

// room returns how many bytes the next message may have; 0: wait for the next
// Shown.
func (p *pace) room() int {
	if len(p.underWay) >= maxUnderWay {
		return 0
	}
	return max(min(p.allowance()-p.bytes, p.allowance()/4), 0)
}

func (p *pace) allowance() int {
	way := max(p.rtt.value*3/2, frameTime)
	return max(int(p.rate.value*way.Seconds()), firstAllowance)
}

// speed returns the measured rate of the line in bytes a second, 0 while nothing
// is known.
func (p *pace) speed() float64 { return p.rate.value }

func (p *pace) sent(seq uint32, bytes int, now time.Time) {
	p.underWay = append(p.underWay, sent{seq, bytes, now, p.delivered})
	p.bytes += bytes
}

// shown takes the viewer's answer to frame seq. It ignores answers to frames
// that are not under way: nothing that a viewer says can raise the allowance by
// more than what it really took.
func (p *pace) shown(seq uint32, took time.Duration, now time.Time) {
	for len(p.underWay) > 0 && int32(seq-p.underWay[0].seq) >= 0 {
		f := p.underWay[0]
		p.underWay = p.underWay[1:]
		p.bytes -= f.bytes
		p.delivered += f.bytes
		if f.seq != seq {
			continue
		}
		elapsed := max(now.Sub(f.at), time.Microsecond)
		p.rate.raise(float64(p.delivered-f.delivered)/elapsed.Seconds(), now)
		if f.bytes <= small {
			p.rtt.lower(max(elapsed-took, 10*time.Microsecond), now)
		}
	}
}

// best keeps the best of the samples of about the last window: a worse one takes
// its place when it has grown old.
type best[T float64 | time.Duration] struct {
	value T
	at    time.Time
}

func (b *best[T]) raise(v T, now time.Time) { b.take(v, now, v >= b.value) }
func (b *best[T]) lower(v T, now time.Time) { b.take(v, now, v <= b.value) }
func (b *best[T]) take(v T, now time.Time, better bool) {
	if better || b.at.IsZero() || now.Sub(b.at) > window {
		b.value, b.at = v, now
	}
}
