package screen

import (
	"image"
	"time"

	"rac/screen/codec"
)

// pace decides when the next message may go to one viewer and how large it may be,
// so that what arrives is new and what is typed meanwhile does not wait behind it.
//
// A message waits here until what is under way has left the line (see way), less
// the time that it takes to be made: pixels that wait in a queue on the way only
// grow old, while here newer ones take their place. So a line is never given more
// than one message that it has not begun with, however deep its buffers are, and
// an idle one takes a small change at once. A line that has become slower shows by
// answers that do not come: more than fits into two round trips at the known rate
// is not sent without them.
type pace struct {
	way
	underWay []sent        // oldest first
	bytes    int           // of underWay
	making   time.Duration // what it takes to make a message, of the last ones
}

type sent struct {
	seq   uint32
	bytes int
	at    time.Time
	alone bool // nothing else was under way then
}

const (
	// frameTime is of a 60 Hz screen.
	frameTime = 16 * time.Millisecond
	// firstMessage is the limit before anything is known: what TCP sends at once
	// (RFC 6928), a sixteenth of a second at 2 Mbit/s.
	firstMessage = 14 << 10
	// leastMessage has room for a letter, a pointer's surroundings, a text cursor
	// on the slowest line.
	leastMessage = 1 << 10
	// mostMessage lets one part of a large picture be encoded while another is on the
	// line and a third is decoded: a photograph has three or four.
	mostMessage = 512 << 10
	// exactFrom is the rate from which on pictures are exact at once: a photograph
	// that fills a screen of 1920×1080 is then there in 40 ms or so.
	exactFrom = 60e6
)

// never is the wait that only an answer ends.
const never = time.Hour

// wait returns how long the next message has to wait: 0: it may be made now, never:
// not before the next answer. One message may wait at the viewer while that is
// busy with another.
func (p *pace) wait(now time.Time) time.Duration {
	if p.stuck() {
		return never
	}
	left, done := p.left, p.answered.Add(-p.rtt.value)
	for _, m := range p.underWay {
		left = later(left, m.at).Add(p.takes(m.bytes))
		done = later(done, left).Add(p.took)
	}
	if len(p.underWay) == 0 {
		return 0
	}
	lead := p.lead()
	if p.blind(now) {
		lead = 0 // a probe is to meet no queue
	}
	return max(done.Add(-p.took).Sub(now)-lead, 0)
}

// lead is how long before the line is free a message may be begun.
func (p *pace) lead() time.Duration { return min(p.making, 2*frameTime) }

// stuck says whether more is under way than line and viewer should hold, in bytes
// or in messages: what would be too much is only known once answers stay away.
func (p *pace) stuck() bool {
	way := p.rtt.value
	if way == 0 {
		way = longWay
	}
	largest := 0
	for _, m := range p.underWay {
		largest = max(largest, m.bytes)
	}
	holds := max(2*way, way+p.takes(largest)) + p.took + frameTime
	return p.takes(p.bytes) > holds || len(p.underWay) >= fewMessages+int(2*way/frameTime)
}

const (
	// longWay is the round trip that is assumed before the first answer.
	longWay = 100 * time.Millisecond
	// fewMessages may be under way on the shortest line; on a longer one what takes
	// two round trips: a lost packet takes one to be sent again, and what comes
	// behind it is not answered before.
	fewMessages = 4
)

// deaf says that so much is not answered that not even another display may go: who
// asks for one after the other would fill our memory.
func (p *pace) deaf() bool { return len(p.underWay) >= mostUnderWay }

// mostUnderWay is more than fits onto the longest way.
const mostUnderWay = 1024

// limit returns how many bytes the next message may have. news: it brings pixels that
// the viewer lacks, and not only a refinement, which what is typed meanwhile waits for.
func (p *pace) limit(news bool) int {
	if p.busy == 0 {
		return firstMessage
	}
	t := wholeFrame
	if !news {
		t = refinement
	}
	return int(min(max(p.rate()*t.Seconds(), leastMessage), mostMessage))
}

// line is what the encoder is told. since is the time since the last message with
// coarse pictures.
func (p *pace) line(q Quality, since time.Duration, near image.Point) codec.Line {
	l := codec.Line{Near: near}
	if p.busy > 0 {
		l.Rate = p.rate()
	}
	if q == Lossless || p.rate() >= exactFrom {
		return l
	}
	picture := min(max(since/4, movingPicture), stillPicture)
	if q == Low {
		picture /= 2
	}
	l.Budget = max(int(p.rate()*pictureTime.Seconds()), leastMessage)
	l.Most = int(p.rate() * picture.Seconds())
	return l
}

const (
	// wholeFrame is what a message may take on the line. What it has no room for moves
	// on in the picture, so that more than that has to be sent with the next one: text
	// that scrolls faster than the line takes it goes best in whole pictures, however
	// few. Usually they are far smaller.
	wholeFrame = 6 * frameTime
	refinement = 2 * frameTime
	// pictureTime is what pictures may take of a message: at 20 Mbit/s a film of
	// 1280×720 then has 37 dB.
	pictureTime = 10 * time.Millisecond
	// movingPicture is what pictures that move may take rather than be poor: 12 to 15
	// frames a second on the slowest lines that are any use. One picture after a rest
	// may take up to stillPicture to be a good one.
	movingPicture = 64 * time.Millisecond
	stillPicture  = 200 * time.Millisecond
)

// sent notes that a message, which took that long to make, is under way.
func (p *pace) sent(seq uint32, bytes int, making time.Duration, now time.Time) {
	p.underWay = append(p.underWay, sent{seq, bytes, now, len(p.underWay) == 0})
	p.bytes += bytes
	if bytes <= small {
		p.asked = now
	}
	p.making += (making - p.making) / 4
}

// shown takes the viewer's answer to message seq. Answers to what is not under way
// say nothing.
func (p *pace) shown(seq uint32, took time.Duration, now time.Time) {
	bytes := 0
	for len(p.underWay) > 0 && int32(seq-p.underWay[0].seq) >= 0 {
		m := p.underWay[0]
		p.underWay = p.underWay[1:]
		p.bytes -= m.bytes
		bytes += m.bytes // and of those before it that were not answered
		if m.seq == seq {
			p.answer(bytes, m.at, m.alone, took, now)
		}
	}
}
