package codec

import (
	"image"
	"slices"
)

const (
	shortSeg   = 16      // pixels of a segment
	longSeg    = 64      // … where short ones tell little
	segBits    = 17      // of the table of segments
	voteStep   = 8       // rows between those of the new picture that vote
	manyPixels = 1 << 19 // above: the table takes only some of the rows
	segBase    = 0x9e3779b97f4a7c15
	voteBits   = 10
)

// votes counts vectors. A segment is n pixels of one row with at least three changes
// of colour; the old picture's are taken at every n'th pixel of each row, the new
// one's at each pixel of every eighth. Short ones find what is narrow, too; but two
// letters of a font of fixed width come again and again on a large screen, and each
// only tells something if it is the only one.
type votes struct {
	n      int // pixels of a segment
	table  []segment
	filter []uint64 // one bit for each hash: most of what is asked for is not there
	power  [longSeg + 1]uint64
	slot   [1 << voteBits]vote
	top    []vote
	out    []image.Point
}

type segment struct {
	tag uint32
	at  uint32 // x + y * width + 1; 0 is free, repeated means more than one
}

const repeated = 1<<32 - 1

type vote struct {
	v image.Point // from a new pixel to the old one
	n int
}

// hold returns the vectors with the most votes of segments of n pixels, best first,
// from the new pixels inside box and the old ones there.
func (s *votes) hold(old, new *Picture, box image.Rectangle, n int) []image.Point {
	s.n = n
	s.clear()
	x0 := (box.Min.X + n - 1) &^ (n - 1)
	step := 1
	if area(box) > manyPixels {
		step = 3 // a third of the votes is plenty; not a divisor of voteStep, or it would be all or none
	}
	for y := box.Min.Y; y < box.Max.Y; y += step {
		row := old.Row(y)
		for x := x0; x+n <= box.Max.X; x += n {
			s.enter(row[x:x+n], uint32(y*old.W+x+1))
		}
	}
	for y := box.Min.Y; y < box.Max.Y; y += voteStep {
		s.poll(new.Row(y)[box.Min.X:box.Max.X], box.Min.X, y, old.W)
	}
	return s.count(minVotes)
}

func (s *votes) clear() {
	if s.table == nil {
		s.table = make([]segment, 1<<segBits)
		s.filter = make([]uint64, 1<<segBits/64)
		s.power[0] = 1
		for i := range longSeg {
			s.power[i+1] = s.power[i] * segBase
		}
	}
	clear(s.table)
	clear(s.filter)
	s.begin()
}

// begin forgets all votes.
func (s *votes) begin() { clear(s.slot[:]) }

// enter puts a segment of the old picture into the table.
func (s *votes) enter(px []uint32, at uint32) {
	if !telling(px) {
		return
	}
	h, powers := uint64(0), s.power[:len(px)]
	for i, c := range px {
		h += uint64(c+1) * powers[len(powers)-1-i]
	}
	i, tag := s.place(h)
	s.filter[i/64] |= 1 << (i % 64)
	switch e := &s.table[i]; {
	case e.at == 0:
		*e = segment{tag, at}
	case e.tag == tag:
		e.at = repeated
	}
}

// telling says whether the colour changes often enough for a segment to be rare.
func telling(px []uint32) bool {
	changes, left := 0, px[0]
	for _, c := range px {
		if c != left {
			if changes++; changes == 3 {
				return true
			}
		}
		left = c
	}
	return false
}

// place returns a hash's place in the table and what tells it from others there.
func (s *votes) place(h uint64) (int, uint32) {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return int(h >> (64 - segBits)), uint32(h >> 8)
}

// poll lets a row of the new picture vote; its first pixel is at x, y.
func (s *votes) poll(px []uint32, x, y, width int) {
	if len(px) < s.n {
		return
	}
	h := uint64(0)
	for _, c := range px[:s.n-1] {
		h = h*segBase + uint64(c+1)
	}
	drop := s.power[s.n]
	prev := uint64(0)
	for i, c := range px[s.n-1:] {
		h = h*segBase + uint64(c+1) - prev*drop
		prev = uint64(px[i] + 1)
		at, tag := s.place(h)
		if s.filter[at/64]>>(at%64)&1 == 0 {
			continue
		}
		if e := s.table[at]; e.tag == tag && e.at != repeated {
			pos := int(e.at - 1)
			s.cast(image.Pt(pos%width-(x+i), pos/width-y))
		}
	}
}

// cast counts a vote. Where many are near one place of the table, some get lost.
func (s *votes) cast(v image.Point) {
	if v == (image.Point{}) {
		return
	}
	at := (uint32(v.X)*0x9e3779b1 + uint32(v.Y)*0x85ebca6b) >> (32 - voteBits)
	for range 8 {
		c := &s.slot[at]
		if c.n == 0 || c.v == v {
			c.v = v
			c.n++
			return
		}
		at = (at + 1) % (1 << voteBits)
	}
}

// count returns the vectors with the most votes, but for those with less than least.
func (s *votes) count(least int) []image.Point {
	s.top, s.out = s.top[:0], s.out[:0]
	for _, c := range s.slot {
		if c.n >= least {
			s.top = append(s.top, c)
		}
	}
	slices.SortFunc(s.top, func(a, b vote) int { return b.n - a.n })
	for _, c := range s.top[:min(len(s.top), topVotes)] {
		if c.n*minShare >= s.top[0].n {
			s.out = append(s.out, c.v)
		}
	}
	return s.out
}
