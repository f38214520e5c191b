package codec

// The rings of words and colours, and how the encoder finds what is in them.

// ring holds words, or the colours of new ones, in slots 1 to 65535. A new one
// takes the slot after the last, so the oldest are forgotten first.
type ring[T any] struct {
	at   []T
	next int // the slot of the next new one
	fill int // slots in use
}

func (r *ring[T]) reset() {
	if r.at == nil {
		r.at = make([]T, ringSize)
	}
	r.next, r.fill = 1, 0
}

func (r *ring[T]) add(v T) int {
	id := r.next
	r.at[id] = v
	r.fill = max(r.fill, id)
	if r.next++; r.next == ringSize {
		r.next = 1
	}
	return id
}

// wordIndex finds words in the encoder's ring: chains of equal hashes from the
// newest to the oldest.
type wordIndex struct {
	ring[word]
	head []uint16 // by the hash's upper 16 bits
	link []uint16 // to an older word of the chain; not cleared when its slot is taken again
	hash []uint64
}

const maxChain = 12 // links followed; a word not found is merely sent again

func (x *wordIndex) reset() {
	x.ring.reset()
	if x.head == nil {
		x.head, x.link, x.hash = make([]uint16, ringSize), make([]uint16, ringSize), make([]uint64, ringSize)
	}
	clear(x.head)
}

// age counts how many words have been added since id.
func (x *wordIndex) age(id int) int {
	if id < x.next {
		return x.next - id
	}
	return x.next - id + ringSize - 1
}

// find returns the id of w, 0 if it is not there.
func (x *wordIndex) find(h uint64, w *word) int {
	id := int(x.head[h>>48])
	for range maxChain {
		if id == 0 {
			return 0
		}
		if x.hash[id] == h && x.at[id] == *w {
			return id
		}
		older := int(x.link[id])
		if older == 0 || x.age(older) <= x.age(id) {
			return 0 // the slot belongs to another chain by now
		}
		id = older
	}
	return 0
}

func (x *wordIndex) insert(h uint64, w *word) int {
	old := x.head[h>>48]
	id := x.add(*w)
	x.hash[id] = h
	x.link[id] = 0
	if int(old) != id {
		x.link[id] = old
	}
	x.head[h>>48] = uint16(id)
	return id
}

// colourIndex finds colours in the encoder's ring. Two colours of equal hash
// drive each other out: that costs 3 bytes.
type colourIndex struct {
	ring[uint32]
	slot []uint16
}

func (x *colourIndex) reset() {
	x.ring.reset()
	if x.slot == nil {
		x.slot = make([]uint16, 1<<17)
	}
	clear(x.slot)
}

func (x *colourIndex) find(c uint32) (id int, known bool) {
	s := &x.slot[c*0x9e3779b1>>15]
	if id := int(*s); id != 0 && x.at[id] == c {
		return id, true
	}
	id = x.add(c)
	*s = uint16(id)
	return id, false
}
