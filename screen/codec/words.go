package codec

import (
	"encoding/binary"
	"image"
	"slices"
)

// WORDS: text repeats the same columns of 8 pixels over and over. Both sides keep
// a ring of the last 65535 different ones; a known column is its 16-bit id.

// word is a column of 8 pixels, from top to bottom, two in each element, the
// upper one in the low half.
type word [4]uint64

// wordCoder appends words to the three streams of a chunk.
type wordCoder struct {
	words   wordIndex
	colours colourIndex
	ids     []byte // uint16 for each word
	fresh   []byte // 8 uint16 for each new word
	pal     []byte // 3 bytes for each new colour
	hash    [tileSide]uint64
	below   [tileSide]uint32 // stays zero: the rows below the picture
	trial   *trial
}

func (e *wordCoder) clear() { e.ids, e.fresh, e.pal = e.ids[:0], e.fresh[:0], e.pal[:0] }
func (e *wordCoder) size() int {
	return len(e.ids) + len(e.fresh) + len(e.pal)
}

func (e *wordCoder) reset() {
	e.words.reset()
	e.colours.reset()
	e.clear()
}

// encode appends the pixels of p inside box, band after band.
func (e *wordCoder) encode(p *Picture, box image.Rectangle) {
	for y := box.Min.Y; y < box.Max.Y; y += bandRows {
		for x := box.Min.X; x < box.Max.X; x += tileSide {
			e.columns(p, x, y, min(tileSide, box.Max.X-x))
		}
	}
}

// columns appends n ≤ 64 words of the band at y. This is the hot loop of text:
// hashes are made row by row, and a column with the hash of its left neighbour
// is looked up where that one was found.
func (e *wordCoder) columns(p *Picture, x, y, n int) {
	var rows [bandRows][]uint32
	for i := range rows {
		rows[i] = e.below[:n]
		if y+i < p.H {
			rows[i] = p.Pix[(y+i)*p.Stride+x:][:n]
		}
	}
	hash := e.hash[:n]
	clear(hash)
	for i := range rows {
		for j, c := range rows[i][:n] {
			hash[j] = (hash[j] ^ uint64(c)) * 0x9e3779b97f4a7c15
			hash[j] ^= hash[j] >> 29
		}
	}
	r0, r1, r2, r3, r4, r5, r6, r7 := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n], rows[4][:n], rows[5][:n], rows[6][:n], rows[7][:n]
	at := len(e.ids)
	e.ids = slices.Grow(e.ids, 2*n)[:at+2*n]
	ids := e.ids[at:]
	var lastHash uint64
	last := 0
	for j, h := range hash {
		w := word{
			uint64(r0[j]) | uint64(r1[j])<<32, uint64(r2[j]) | uint64(r3[j])<<32,
			uint64(r4[j]) | uint64(r5[j])<<32, uint64(r6[j]) | uint64(r7[j])<<32,
		}
		h ^= h >> 32
		h *= 0xd6e8feb86659fd93
		if last == 0 || h != lastHash || e.words.at[last] != w {
			last = e.words.find(h, &w)
		}
		lastHash = h
		binary.LittleEndian.PutUint16(ids[2*j:], uint16(last))
		if last == 0 {
			last = e.insert(h, &w)
			e.newWord(&w)
		}
	}
}

func (e *wordCoder) newWord(w *word) {
	for _, pair := range w {
		for _, c := range [2]uint32{uint32(pair), uint32(pair >> 32)} {
			id, known := e.colour(c)
			if !known {
				id = 0
				e.pal = appendColour(e.pal, c)
			}
			e.fresh = append(e.fresh, byte(id), byte(id>>8))
		}
	}
}

// wordDecoder reads what wordCoder has written.
type wordDecoder struct {
	words   ring[word]
	colours ring[uint32]
	ids     []byte
	fresh   []byte
	pal     []byte
}

func (d *wordDecoder) reset() {
	d.words.reset()
	d.colours.reset()
}

// split gives the decoder its streams: n ids at the start of b, then what they
// call for. All of b must be used.
func (d *wordDecoder) split(b []byte, n int) error {
	if 2*n > len(b) {
		return badFrame("%d ids in %d bytes", n, len(b))
	}
	d.ids, b = b[:2*n], b[2*n:]
	fresh := 16 * countZeros(d.ids)
	if fresh > len(b) {
		return badFrame("%d bytes of new words in %d bytes", fresh, len(b))
	}
	d.fresh, b = b[:fresh], b[fresh:]
	if pal := 3 * countZeros(d.fresh); pal != len(b) {
		return badFrame("%d bytes of new colours in %d bytes", pal, len(b))
	}
	d.pal = b
	return nil
}

// countZeros counts ids that are 0.
func countZeros(ids []byte) (n int) {
	for len(ids) >= 2 {
		if ids[0]|ids[1] == 0 {
			n++
		}
		ids = ids[2:]
	}
	return n
}

// decode sets the pixels of p inside box. split has made sure that the streams
// are long enough.
func (d *wordDecoder) decode(p *Picture, box image.Rectangle) error {
	for y := box.Min.Y; y < box.Max.Y; y += bandRows {
		for x := box.Min.X; x < box.Max.X; x += tileSide {
			if err := d.columns(p, x, y, min(tileSide, box.Max.X-x)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *wordDecoder) columns(p *Picture, x, y, n int) error {
	var rows [bandRows][]uint32
	var below [tileSide]uint32
	for i := range rows {
		rows[i] = below[:n]
		if y+i < p.H {
			rows[i] = p.Pix[(y+i)*p.Stride+x:][:n]
		}
	}
	r0, r1, r2, r3, r4, r5, r6, r7 := rows[0][:n], rows[1][:n], rows[2][:n], rows[3][:n], rows[4][:n], rows[5][:n], rows[6][:n], rows[7][:n]
	ids := d.ids[:2*n]
	d.ids = d.ids[2*n:]
	for j := range r0 {
		id := int(binary.LittleEndian.Uint16(ids[2*j:]))
		if id == 0 {
			var err error
			if id, err = d.newWord(); err != nil {
				return err
			}
		} else if id > d.words.fill {
			return badFrame("word %d of %d", id, d.words.fill)
		}
		w := &d.words.at[id]
		r0[j], r1[j] = uint32(w[0]), uint32(w[0]>>32)
		r2[j], r3[j] = uint32(w[1]), uint32(w[1]>>32)
		r4[j], r5[j] = uint32(w[2]), uint32(w[2]>>32)
		r6[j], r7[j] = uint32(w[3]), uint32(w[3]>>32)
	}
	return nil
}

func (d *wordDecoder) newWord() (int, error) {
	var w word
	for i := range bandRows {
		id := int(binary.LittleEndian.Uint16(d.fresh[2*i:]))
		if id == 0 {
			id = d.colours.add(getColour(d.pal))
			d.pal = d.pal[3:]
		} else if id > d.colours.fill {
			return 0, badFrame("colour %d of %d", id, d.colours.fill)
		}
		w[i/2] |= uint64(d.colours.at[id]) << (32 * (i % 2))
	}
	d.fresh = d.fresh[16:]
	return d.words.add(w), nil
}
