package codec

// The 5/3 wavelet of JPEG 2000 (Le Gall, Tabatabai 1988) by lifting (Sweldens
// 1996), on four rows at once: a word holds samples of four strips of a block at
// the same place, so that neighbours within a strip are words side by side and
// only a strip's first and last row look at another lane.

// strips is a block's plane: 4 · rows rows of w samples. Sample x, y is in lane
// y / rows of word (y % rows) · w + x, as its value + laneBias. What an honest
// encoder makes stays below the bias; what does not spoils its neighbours' pixels
// and nothing else.
type strips struct {
	at      []uint64
	w, rows int
	levels  int
}

const (
	laneOnes = 0x0001000100010001
	laneBias = 0x2000 * laneOnes
	topLane  = 0xffff << 48
)

// Rows and columns round in different directions, and an even sample so that what it
// gets is nothing at the mean: where the odd ones are taken for zero, as most are, the
// picture would else become a little brighter with each split.

// half returns (a + b) >> 1 of biased lanes, biased.
func half(a, b uint64) uint64 { return (a + b) >> 1 & (0x7fff * laneOnes) }

// quarter returns (a + b + 1) >> 2 of biased lanes, with half the bias.
func quarter(a, b uint64) uint64 { return (a + b + laneOnes) >> 2 & (0x3fff * laneOnes) }

// halfUp and quarterUp are those of columns: (a + b + 1) >> 1 and (a + b + 2) >> 2.
func halfUp(a, b uint64) uint64    { return (a + b + laneOnes) >> 1 & (0x7fff * laneOnes) }
func quarterUp(a, b uint64) uint64 { return (a + b + 2*laneOnes) >> 2 & (0x3fff * laneOnes) }

// forward replaces the samples by coefficients in place. After level l, those of
// even multiples of 1 << l in both directions are the picture of the next level.
func (s *strips) forward() {
	for l := range s.levels {
		step := 1 << l
		for i := 0; i < s.rows; i += step {
			splitRow(s.row(i), step)
		}
		s.splitColumns(step)
	}
}

// inverse undoes forward. some has the bands that are not all zero, each as 1 << its number
// (bandAt): what is odd in a direction and zero leaves what is even as it is, and in columns
// need not be looked at.
func (s *strips) inverse(some bandSet) {
	for l := s.levels - 1; l >= 0; l-- {
		step, every := 1<<l, 1<<l
		odd := some >> (1 + 3*(s.levels-1-l))
		oddInRows := odd&(1<<0|1<<2) != 0
		if !oddInRows {
			every = 2 * step
		}
		if odd&(1<<1|1<<2) != 0 {
			s.restoreEvens(step, every)
		}
		s.restoreOdds(step, every)
		for i := 0; i < s.rows; i += step {
			if oddInRows {
				joinRow(s.row(i), step)
			} else {
				fillRow(s.row(i), step)
			}
		}
	}
}

func (s *strips) row(i int) []uint64 { return s.at[i*s.w:][:s.w] }

func splitRow(s []uint64, step int) {
	even := s[0]
	last := uint64(0)
	for x := step; x < len(s); x += 2 * step {
		next := even
		if x+step < len(s) {
			next = s[x+step]
		}
		d := s[x] + laneBias - half(even, next)
		s[x] = d
		if x == step {
			last = d
		}
		s[x-step] = even + quarter(last, d) - laneBias/2
		last, even = d, next
	}
}

func joinRow(s []uint64, step int) {
	last := s[step]
	even := s[0] + laneBias/2 - quarter(last, last)
	for x := step; x < len(s); x += 2 * step {
		d, next := s[x], even
		s[x-step] = even
		if x+step < len(s) {
			next = s[x+step] + laneBias/2 - quarter(d, s[x+2*step])
		}
		s[x] = d + half(even, next) - laneBias
		even = next
	}
}

// fillRow is joinRow where all that is odd is zero.
func fillRow(s []uint64, step int) {
	even := s[0]
	for x := step; x < len(s); x += 2 * step {
		next := even
		if x+step < len(s) {
			next = s[x+step]
		}
		s[x] = half(even, next)
		even = next
	}
}

// splitColumns is splitRow for all columns. The row after a strip's last is the
// next strip's first.
func (s *strips) splitColumns(step int) {
	for i := step; i < s.rows; i += 2 * step {
		d, up := s.row(i), s.row(i-step)
		if i+step < s.rows {
			predictColumns(d, up, s.row(i+step), step)
			continue
		}
		first := s.row(0)
		for x := 0; x < len(d); x += step {
			d[x] += laneBias - halfUp(up[x], first[x]>>16|up[x]&topLane)
		}
	}
	final := s.row(s.rows - step)
	for i := 0; i < s.rows; i += 2 * step {
		e, down := s.row(i), s.row(i+step)
		if i > 0 {
			updateColumns(e, s.row(i-step), down, step)
			continue
		}
		for x := 0; x < len(e); x += step {
			e[x] += quarterUp(final[x]<<16|down[x]&0xffff, down[x]) - laneBias/2
		}
	}
}

// restoreEvens and, after it, restoreOdds undo splitColumns in each column that is a multiple
// of every.
func (s *strips) restoreEvens(step, every int) {
	final := s.row(s.rows - step)
	for i := 0; i < s.rows; i += 2 * step {
		e, down := s.row(i), s.row(i+step)
		if i > 0 {
			restoreEven(e, s.row(i-step), down, every)
			continue
		}
		for x := 0; x < len(e); x += every {
			e[x] += laneBias/2 - quarterUp(final[x]<<16|down[x]&0xffff, down[x])
		}
	}
}

func (s *strips) restoreOdds(step, every int) {
	for i := step; i < s.rows; i += 2 * step {
		d, up := s.row(i), s.row(i-step)
		if i+step < s.rows {
			restoreOdd(d, up, s.row(i+step), every)
			continue
		}
		first := s.row(0)
		for x := 0; x < len(d); x += every {
			d[x] += halfUp(up[x], first[x]>>16|up[x]&topLane) - laneBias
		}
	}
}

func predictColumns(d, up, down []uint64, step int) {
	up, down = up[:len(d)], down[:len(d)]
	for x := 0; x < len(d); x += step {
		d[x] += laneBias - halfUp(up[x], down[x])
	}
}

func updateColumns(e, up, down []uint64, step int) {
	up, down = up[:len(e)], down[:len(e)]
	for x := 0; x < len(e); x += step {
		e[x] += quarterUp(up[x], down[x]) - laneBias/2
	}
}

func restoreEven(e, up, down []uint64, step int) {
	up, down = up[:len(e)], down[:len(e)]
	for x := 0; x < len(e); x += step {
		e[x] += laneBias/2 - quarterUp(up[x], down[x])
	}
}

func restoreOdd(d, up, down []uint64, step int) {
	up, down = up[:len(d)], down[:len(d)]
	for x := 0; x < len(d); x += step {
		d[x] += halfUp(up[x], down[x]) - laneBias
	}
}
