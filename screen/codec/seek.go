package codec

import "image"

// Where the parts of a moving picture were before: each tries the vectors of its last
// frame, of its neighbour and none, and walks from the best one as long as that helps,
// at the end by half a pixel. What is compared is a grid of pixels' green, with steps that
// differ from those of the screen's usual patterns.

const (
	seekStep   = 4  // pixels between those that are compared
	seekEnough = 1  // difference of a pixel, at the mean, below which there is nothing to gain
	seekWalks  = 12 // steps of a walk
	seekGain   = 12 // a better vector misses by at least so many times less
	seekHalf   = 8  // … one of halves, as means also smooth grain
	seekLost   = 2  // after what was exact, what misses by so many times more than neighbours differ is new
)

// seek decides which of a run's blocks are predicted, and from where.
func (e *Encoder) seek(r *waveRun) {
	s := seeker{e.want, e.shown}
	r.hints = r.hints[:0]
	last := image.Point{}
	blocksOf(r.box, func(b image.Rectangle) {
		h := hint{}
		miss, rough := 0, 0
		partsOf(b, func(i int, part image.Rectangle) {
			t := &e.tiles[(part.Min.Y+part.Max.Y)/2/tileSide*e.grid.cols+(part.Min.X+part.Max.X)/2/tileSide]
			differ, most := s.rough(part), 1<<30
			if e.rough == 0 { // all was exact: what is new is more likely than what has moved
				most = seekLost * differ
			}
			best, sum := s.find(part, t.from, last, most)
			t.from, last = best, best
			if h.from[i] = best.Mul(2); sum < most {
				h.from[i], sum = s.halves(part, h.from[i], sum)
			}
			miss += sum
			rough += differ
		})
		h.predicted = miss < rough
		r.hints = append(r.hints, h)
	})
}

// seeker finds where pixels of pic come from in old.
type seeker struct {
	pic, old *Picture
}

// find returns where the pixels inside r come from and by how much they miss. old and last
// may be good vectors. What misses by as much as most is not walked from.
func (s *seeker) find(r image.Rectangle, old, last image.Point, most int) (best image.Point, sum int) {
	enough := area(r) / (seekStep * seekStep) * seekEnough
	sum = s.miss(r, best, 1<<30)
	for _, v := range [...]image.Point{last, old} {
		if sum > enough && v != best {
			if m := s.miss(r, v, sum-sum/seekGain); m < sum-sum/seekGain {
				best, sum = v, m
			}
		}
	}
	if enough < sum && sum < most {
		return s.walk(r, best, sum, enough)
	}
	return best, sum
}

// miss adds up how far the pixels inside r are from those v further, in whole pixels. It
// may stop once that is more than most.
func (s *seeker) miss(r image.Rectangle, v image.Point, most int) (sum int) {
	if !r.Add(v).In(s.old.Bounds()) {
		return 1 << 30
	}
	for y := r.Min.Y + seekStep/2; y < r.Max.Y && sum <= most; y += seekStep {
		a, b := s.pic.Row(y)[r.Min.X:r.Max.X], s.old.Row(y + v.Y)[r.Min.X+v.X:]
		b = b[:len(a)]
		for x := y / seekStep & 3; x < len(a); x += seekStep {
			d := int(a[x]>>8&255) - int(b[x]>>8&255)
			sum += max(d, -d)
		}
	}
	return sum
}

// halves looks for a better vector half a pixel from v, which misses by sum, first in rows;
// vectors are in halves here.
func (s *seeker) halves(r image.Rectangle, v image.Point, sum int) (image.Point, int) {
	enough := area(r) / (seekStep * seekStep) * seekEnough
	for _, d := range [...]image.Point{{1, 0}, {0, 1}} {
		from := v
		for _, u := range [...]image.Point{from.Sub(d), from.Add(d)} {
			if sum <= enough {
				return v, sum
			}
			if m := s.missHalf(r, u, sum-sum/seekHalf); m < sum-sum/seekHalf {
				v, sum = u, m
			}
		}
	}
	return v, sum
}

// missHalf is miss for a vector in halves.
func (s *seeker) missHalf(r image.Rectangle, v image.Point, most int) (sum int) {
	half := image.Pt(v.X&1, v.Y&1)
	from := r.Add(image.Pt(v.X>>1, v.Y>>1))
	if from.Max = from.Max.Add(half); !from.In(s.old.Bounds()) {
		return 1 << 30
	}
	down := from.Min.Y - r.Min.Y
	for y := r.Min.Y + seekStep/2; y < r.Max.Y && sum <= most; y += seekStep {
		a := s.pic.Row(y)[r.Min.X:r.Max.X]
		b, c := s.old.Row(y + down)[from.Min.X:from.Max.X], s.old.Row(y + down + half.Y)[from.Min.X:from.Max.X]
		for x := y / seekStep & 3; x < len(a); x += seekStep {
			p := mean(mean(b[x], b[x+half.X]), mean(c[x], c[x+half.X]))
			d := int(a[x]>>8&255) - int(p>>8&255)
			sum += max(d, -d)
		}
	}
	return sum
}

// rough tells how much the pixels inside r differ from their neighbours.
func (s *seeker) rough(r image.Rectangle) (sum int) {
	for y := r.Min.Y + seekStep/2; y < r.Max.Y; y += seekStep {
		a := s.pic.Row(y)[r.Min.X:r.Max.X]
		for x := y / seekStep & 3; x+seekStep < len(a); x += seekStep {
			d := int(a[x]>>8&255) - int(a[x+seekStep]>>8&255)
			sum += max(d, -d)
		}
	}
	return sum
}

// walk looks for a better vector than v, which misses by sum.
func (s *seeker) walk(r image.Rectangle, v image.Point, sum, enough int) (image.Point, int) {
	for range seekWalks {
		best := v
		for _, d := range [...]image.Point{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
			if m := s.miss(r, v.Add(d), sum-sum/seekGain); m < sum-sum/seekGain {
				best, sum = v.Add(d), m
			}
		}
		if best == v || sum <= enough {
			return best, sum
		}
		v = best
	}
	return v, sum
}
