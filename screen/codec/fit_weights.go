package codec

import (
	"image"
	"math"
)

// The weights of a FIT are those with which its pixels are missed least: least squares, of
// every sixth pixel, three times over, each time with less regard for pixels that the last
// weights missed by much. Such pixels, at the edges of things, are few and would else decide
// alone. Only the encoder does this, so how its floating point rounds is its own affair.

const (
	fitEvery  = 6
	fitPasses = 3
)

// fitSums is one plane's system of linear equations.
type fitSums struct {
	a [fitMost][fitMost]float64 // the lower half
	b [fitMost]float64
}

// fit returns weights for p's pixels inside box.
func (s *fitSums) fit(p *Picture, box image.Rectangle) (weights fitWeights) {
	for plane := range weights {
		var w [fitMost]float64
		n := fitCount(plane)
		for pass := range fitPasses {
			*s = fitSums{}
			s.collect(p, box, plane, &w, pass > 0)
			s.solve(n, &w)
		}
		for i, v := range w[:n] {
			weights[plane][i] = int32(math.Round(max(-8, min(v, 8)) * fitOne))
		}
	}
	return weights
}

// collect adds up the box's pixels. again: w is a first guess.
func (s *fitSums) collect(p *Picture, box image.Rectangle, plane int, w *[fitMost]float64, again bool) {
	var d [fitMost]int32
	var v [fitMost]float64
	n := fitCount(plane)
	for y := box.Min.Y + 2; y < box.Max.Y; y++ {
		for x := box.Min.X + 2 + (5*y)%fitEvery; x < box.Max.X-1; x += fitEvery {
			want := look(p, &d, plane, x, y)
			for i := range n {
				v[i] = float64(d[i])
			}
			weight := 1.0
			if again {
				e := want
				for i := range n {
					e -= w[i] * v[i]
				}
				weight = 1 / (1 + e*e)
			}
			for i := range n {
				t := weight * v[i]
				row := &s.a[i]
				for j := range i + 1 {
					row[j] += t * v[j]
				}
				s.b[i] += t * want
			}
		}
	}
}

// look fills d with the differences around a pixel that is not at an edge. It returns the
// pixel's own.
func look(p *Picture, d *[fitMost]int32, plane, x, y int) (want float64) {
	c, up, top := p.Row(y)[x-2:x+1], p.Row(y - 1)[x-1:x+2], p.Row(y - 2)[x]
	at := func(c uint32, plane int) int32 { return int32(c >> fitShift[plane] & 255) }
	n := at(up[1], plane)
	d[0], d[1], d[2], d[3], d[4] = at(c[1], plane)-n, at(up[0], plane)-n, at(up[2], plane)-n, at(c[0], plane)-n, at(top, plane)-n
	for i := range plane {
		n := at(up[1], i)
		o := d[5+4*i : 9+4*i]
		o[0], o[1], o[2], o[3] = at(c[2], i)-n, at(c[1], i)-n, at(up[0], i)-n, at(up[2], i)-n
	}
	return float64(at(c[2], plane) - n)
}

// solve sets w, by Cholesky's decomposition.
func (s *fitSums) solve(n int, w *[fitMost]float64) {
	a := &s.a
	for i := range n {
		a[i][i] += 1e-3 + 1e-6*a[i][i] // where nothing differs there is nothing to tell
		for j := range i + 1 {
			sum := a[i][j]
			for k := range j {
				sum -= a[i][k] * a[j][k]
			}
			if i == j {
				a[i][i] = math.Sqrt(max(sum, 1e-9))
			} else {
				a[i][j] = sum / a[j][j]
			}
		}
	}
	for i := range n {
		sum := s.b[i]
		for k := range i {
			sum -= a[i][k] * w[k]
		}
		w[i] = sum / a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		sum := w[i]
		for k := i + 1; k < n; k++ {
			sum -= a[k][i] * w[k]
		}
		w[i] = sum / a[i][i]
	}
}
