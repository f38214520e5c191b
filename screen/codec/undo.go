package codec

import "slices"

// What is encoded for a trial is taken back: both ends must go on from the same state.

// trial notes what has been done to the rings and the chains since it began, and has
// the shades as they were. There may be a trial within a trial.
type trial struct {
	words   []wordBefore
	colours []colourBefore
	heads   []headBefore
	shades  [2]shadeList
	depth   int
}

// shadeList is the contents of a recolouring.
type shadeList struct {
	from []uint32
	to   []shades
}

// wordBefore is what a new word has replaced.
type wordBefore struct {
	at   word
	hash uint64
	new  uint64 // the hash of the new one
	link uint16
	head uint16
	fill int
}

// colourBefore is what a new colour has replaced.
type colourBefore struct {
	new, at uint32
	slot    uint16
	fill    int
}

// headBefore is what a position in the packer's chains has replaced.
type headBefore struct {
	hash, at uint32
	chain    uint16
}

// mark is where a trial began.
type mark struct {
	words, colours, heads, depth int
	past                         int // bytes that the packer has seen
}

// try begins a trial.
func (e *Encoder) try() mark {
	t := &e.trial
	e.words.trial, e.packer.trial = t, t
	list := &t.shades[t.depth]
	list.from, list.to = append(list.from[:0], e.other.from...), append(list.to[:0], e.other.to...)
	t.depth++
	return mark{len(t.words), len(t.colours), len(t.heads), t.depth - 1, e.packer.gone + len(e.packer.b)}
}

// back ends the trial that began at m: all is what it was.
func (e *Encoder) back(m mark) {
	t, p := &e.trial, &e.packer
	for ; len(t.words) > m.words; t.words = t.words[:len(t.words)-1] {
		e.words.words.remove(&t.words[len(t.words)-1])
	}
	for ; len(t.colours) > m.colours; t.colours = t.colours[:len(t.colours)-1] {
		e.words.colours.remove(&t.colours[len(t.colours)-1])
	}
	for ; len(t.heads) > m.heads; t.heads = t.heads[:len(t.heads)-1] {
		p.remove(&t.heads[len(t.heads)-1])
	}
	p.b = p.b[:m.past-p.gone]
	e.other.set(&t.shades[m.depth])
	if t.depth = m.depth; t.depth == 0 {
		e.words.trial, p.trial = nil, nil
	}
}

// insert puts a word into its ring.
func (e *wordCoder) insert(h uint64, w *word) int {
	if x := &e.words; e.trial != nil {
		e.trial.words = append(e.trial.words, wordBefore{x.at[x.next], x.hash[x.next], h, x.link[x.next], x.head[h>>48], x.fill})
	}
	return e.words.insert(h, w)
}

// colour returns the id of a colour, which is put into its ring if it is not there.
func (e *wordCoder) colour(c uint32) (id int, known bool) {
	x := &e.colours
	if e.trial == nil {
		return x.find(c)
	}
	before := colourBefore{c, x.at[x.next], x.slot[c*0x9e3779b1>>15], x.fill}
	if id, known = x.find(c); !known {
		e.trial.colours = append(e.trial.colours, before)
	}
	return id, known
}

// remove takes back the last word.
func (x *wordIndex) remove(b *wordBefore) {
	id := x.drop(b.at, b.fill)
	x.hash[id], x.link[id], x.head[b.new>>48] = b.hash, b.link, b.head
}

// remove takes back the last colour.
func (x *colourIndex) remove(b *colourBefore) {
	x.drop(b.at, b.fill)
	x.slot[b.new*0x9e3779b1>>15] = b.slot
}

// drop takes back the last add.
func (r *ring[T]) drop(at T, fill int) (id int) {
	if r.next--; r.next == 0 {
		r.next = ringSize - 1
	}
	r.at[r.next], r.fill = at, fill
	return r.next
}

// remove takes the last position out of the chains.
func (p *packer) remove(b *headBefore) {
	p.next--
	p.head[b.hash], p.chain[p.next&0xffff] = b.at, b.chain
}

// set makes m what it was.
func (m *recolouring) set(list *shadeList) {
	n := len(list.from)
	if len(m.from) < n || !slices.Equal(m.from[:n], list.from) { // it was told anew
		m.cut(0)
		for i, c := range list.from {
			m.add(c, list.to[i])
		}
	}
	m.cut(n)
	copy(m.to, list.to)
}
