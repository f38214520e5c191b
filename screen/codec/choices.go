package codec

// The shades of RECOLOUR, pixel by pixel: one of up to four is told by up to three
// bits, each of which takes what it is worth by how often it was so, as an arithmetic
// coder with 32 bits and no carries does it (M. Mahoney's lpaq). Most pixels are paper
// and stay it, so that a bit or two are too many for them.

const (
	mostShades = 4
	even       = 1 << 11 // of 1 << 12: as often as not
	learnShift = 4       // of how often

	worstChoice = 4 // bytes for a pixel: 3 bits that never are what they were
)

// shades are what one colour becomes.
type shades struct {
	n     int
	to    [mostShades]uint32
	often [mostShades - 1]uint16 // the i'th is it if none before is, of 1 << 12
}

func oneShade(c uint32) shades {
	return shades{n: 1, to: [mostShades]uint32{c}, often: [mostShades - 1]uint16{even, even, even}}
}

func (s *shades) index(c uint32) int {
	for i, v := range s.to[:s.n] {
		if v == c {
			return i
		}
	}
	return -1
}

// learn notes that shade i was it, or was not.
func (s *shades) learn(i int, it bool) {
	p := &s.often[i]
	if it {
		*p += (1<<12 - *p) >> learnShift
	} else {
		*p -= *p >> learnShift
	}
}

// interval is what the bits so far leave of all numbers.
type interval struct{ low, high uint32 }

// middle returns the largest number that says that shade i is it.
func (v *interval) middle(s *shades, i int) uint32 {
	return v.low + (v.high-v.low)>>12*uint32(s.often[i])
}

// narrow takes the half below or above the middle.
func (v *interval) narrow(middle uint32, below bool) {
	if below {
		v.high = middle
	} else {
		v.low = middle + 1
	}
}

// shift drops the first byte if it is sure.
func (v *interval) shift() bool {
	if (v.low^v.high)>>24 != 0 {
		return false
	}
	v.low, v.high = v.low<<8, v.high<<8|0xff
	return true
}

// choiceWriter appends choices to b.
type choiceWriter struct {
	interval
	b []byte
}

func (w *choiceWriter) put(s *shades, choice int) {
	for i := range s.n - 1 {
		it := i == choice
		w.narrow(w.middle(s, i), it)
		s.learn(i, it)
		for first := byte(w.high >> 24); w.shift(); first = byte(w.high >> 24) {
			w.b = append(w.b, first)
		}
		if it {
			return
		}
	}
}

// finish returns the bytes; none, if nothing was put. Zeros follow them.
func (w *choiceWriter) finish() []byte {
	if w.interval == (interval{0, 1<<32 - 1}) && len(w.b) == 0 {
		return w.b
	}
	return append(w.b, byte(w.high>>24))
}

// choiceReader reads them.
type choiceReader struct {
	interval
	b    []byte
	at   int // bytes that are in code
	code uint32
	used bool
}

func (r *choiceReader) next() {
	r.code <<= 8
	if r.at < len(r.b) {
		r.code |= uint32(r.b[r.at])
	}
	r.at++
}

func (r *choiceReader) get(s *shades) int {
	if !r.used {
		r.used = true
		for range 4 {
			r.next()
		}
	}
	for i := range s.n - 1 {
		m := r.middle(s, i)
		it := r.code <= m
		r.narrow(m, it)
		s.learn(i, it)
		for r.shift() {
			r.next()
		}
		if it {
			return i
		}
	}
	return s.n - 1
}

// whole says whether all bytes were used, and no more.
func (r *choiceReader) whole() bool {
	if !r.used {
		return len(r.b) == 0
	}
	return r.at-3 == len(r.b)
}
