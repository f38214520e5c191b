package codec

// Viewers that show the same picture and lack nothing may share one Encoder: what
// their decoders remember beside the picture is forgotten by both ends, and from then
// on the same frames bring them all to the same state. One that goes its own way gets
// a twin of the Encoder.

// Forget lets both ends forget, with the next frame, everything but the picture.
func (e *Encoder) Forget() {
	e.words.reset()
	e.cache.reset()
	e.other.cut(0)
	e.packer.reset()
	e.forget = true
	for i := range e.tiles {
		t := &e.tiles[i]
		t.known, t.missed, t.kept = false, false, false
		clear(t.past[:])
	}
}

// Meets says whether the viewers of e and o show the same picture, every pixel, and
// lack nothing: then Forget makes e good for both.
func (e *Encoder) Meets(o *Encoder) bool {
	if e.grid != o.grid || e.Pending() || o.Pending() || e.rough+o.rough > 0 {
		return false
	}
	for y := range e.grid.h {
		if !equalRow(e.have.Row(y), o.have.Row(y)) {
			return false
		}
	}
	return true
}

// Twin returns an Encoder for a viewer that has got all of e's frames and gets none
// from now on. It forgets as Forget does.
func (e *Encoder) Twin() *Encoder {
	t := NewEncoder()
	t.clock, t.start = e.clock, e.start
	t.Reset(e.grid.w, e.grid.h)
	t.SetLine(e.line)
	t.reset, t.forget = e.reset, !e.reset
	copyPixels(t.have, e.have, e.have.Bounds())
	if e.settle(); e.mirrored {
		t.mirror()
		copyPixels(t.shown, e.shown, e.shown.Bounds())
	}
	copyPixels(t.want, e.want, e.want.Bounds())
	for i := range e.tiles {
		t.tiles[i].shown, t.tiles[i].fresh = e.tiles[i].shown, e.tiles[i].pending
		t.setRough(i, e.tiles[i].rough)
	}
	t.count()
	return t
}
