package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"runtime"
	"slices"
	"testing"

	"github.com/pierrec/lz4/v4"
	"golang.org/x/image/font/basicfont"
)

// stored returns a frame of one chunk whose block is not packed.
func stored(ops, streams, slices []byte) []byte {
	raw := append(binary.AppendUvarint(nil, uint64(len(ops))), ops...)
	raw = append(raw, streams...)
	frame := binary.AppendUvarint([]byte{0}, uint64(len(raw)))
	return append(append(append(frame, 0), raw...), slices...)
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func repeat(n int, b ...byte) []byte { return bytes.Repeat(b, n) }

func copyOp(x, y, w, h, dx, dy int) []byte {
	return appendCopy(nil, op{box: image.Rect(x, y, x+w, y+h), dx: dx, dy: dy})
}

// All of these are for a picture of 200 x 150: 4 x 3 tiles.
func TestHostileFramesAreRefused(t *testing.T) {
	var (
		fill  = func(skip, run byte, rest ...byte) []byte { return append([]byte{byte(kindFill), skip, run}, rest...) }
		other = func(rest ...byte) []byte { return append([]byte{byte(kindRecolour), 0, 0}, rest...) }
		words = []byte{byte(kindWords) | opPart, 0, 0, 0, 0, 56, 56} // 8 x 8 pixels: 8 ids
		small = func(k kind, size byte) []byte { return []byte{byte(k) | opPart, 0, 0, 0, 0, 62, 62, size} }
		ids   = func(v ...uint16) (b []byte) {
			for _, id := range v {
				b = binary.LittleEndian.AppendUint16(b, id)
			}
			return b
		}
		zeros  = make([]byte, 1<<20)
		packed = func(rawLen, lie int) []byte {
			b := make([]byte, lz4.CompressBlockBound(rawLen))
			n, _ := lz4.CompressBlock(zeros[:rawLen], b, nil)
			f := binary.AppendUvarint([]byte{0}, uint64(rawLen+lie))
			return append(binary.AppendUvarint(f, uint64(n)), b[:n]...)
		}
		newWord = func(colours ...uint16) []byte { return join(ids(0, 1, 1, 1, 1, 1, 1, 1), ids(colours...)) }
	)
	for _, c := range []struct {
		name  string
		frame []byte
	}{
		{"nothing", nil},
		{"unknown flag", []byte{0x82}},
		{"length without a block", []byte{0, 5}},
		{"endless number", append([]byte{0}, repeat(20, 0xff)...)},
		{"block cut off", []byte{0, 50, 0, 1, 2, 3}},
		{"block above the limit", append(binary.AppendUvarint([]byte{0}, maxRaw+1), 0)},
		{"empty block", stored(nil, nil, nil)},
		{"rawLen says more than there is", packed(1000, 1)},
		{"rawLen says less than there is", packed(1000, -1)},
		{"rawLen that LZ4 cannot reach", []byte{0, 0xff, 0xff, 0x3f, 2, 0x10, 0}},
		{"match before the first block", []byte{0, 10, 10, 0x10, 2, 2, 0, 0x50, 0, 0, 0, 0, 0}},
		{"ops longer than the block", []byte{0, 3, 0, 200, byte(kindFill), 0}},
		{"a megabyte of zeros, many times", bytes.Repeat(packed(maxRaw, 0)[1:], 200)},
		{"op 0", stored([]byte{0, 0, 0}, nil, nil)},
		{"cache slot that is not filled", stored([]byte{byte(kindCache), 0, 0, 0, 0}, nil, nil)},
		{"cache run beyond what is filled", stored([]byte{byte(kindKeep), 0, 0, byte(kindCache), 0, 1, 0, 0}, nil, nil)},
		{"cache slot beyond the last", stored([]byte{byte(kindCache), 0, 0, 0, 16}, nil, nil)},
		{"keep of a part", stored([]byte{byte(kindKeep) | opPart, 0, 0, 0, 0, 8, 8}, nil, nil)},
		{"keeps of seven pictures", append([]byte{0}, bytes.Repeat(stored([]byte{byte(kindKeep), 0, 2, byte(kindKeep), 1, 2}, nil, nil)[1:], 9)...)},
		{"op with unknown flags", stored([]byte{0x22, 0, 0, 1, 2, 3}, nil, nil)},
		{"op cut off", stored([]byte{byte(kindFill), 0, 0, 1, 2}, nil, nil)},
		{"run beyond the row", stored(fill(0, 4, 1, 2, 3), nil, nil)},
		{"huge run", stored([]byte{byte(kindFill), 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3}, nil, nil)},
		{"skip beyond the picture", stored(fill(12, 0, 1, 2, 3), nil, nil)},
		{"skips that add up beyond", stored(join(fill(9, 0, 1, 2, 3), fill(5, 0, 1, 2, 3)), nil, nil)},
		{"empty part", stored([]byte{byte(kindFill) | opPart, 0, 0, 32, 0, 32, 0, 1, 2, 3}, nil, nil)},
		{"inverted part", stored([]byte{byte(kindFill) | opPart, 0, 0, 60, 0, 60, 0, 1, 2, 3}, nil, nil)},
		{"part wider than a tile", stored([]byte{byte(kindFill) | opPart, 0, 1, 70, 0, 0, 0, 1, 2, 3}, nil, nil)},
		{"words not in bands", stored([]byte{byte(kindWords) | opPart, 0, 0, 0, 1, 56, 56}, make([]byte, 100), nil)},
		{"copy beyond the right", stored(copyOp(150, 0, 51, 10, -10, 0), nil, nil)},
		{"copy from outside", stored(copyOp(0, 0, 10, 10, -1, 0), nil, nil)},
		{"copy from below", stored(copyOp(0, 140, 10, 10, 0, 1), nil, nil)},
		{"copy of nothing", stored(copyOp(0, 0, 0, 10, 1, 0), nil, nil)},
		{"copy after a tile", stored(join(fill(0, 0, 1, 2, 3), copyOp(0, 0, 10, 10, 1, 1)), nil, nil)},
		{"copies of seven pictures", stored(bytes.Repeat(copyOp(0, 0, 199, 150, 1, 0), 7), nil, nil)},
		{"more copies of a pixel than sixteen a tile", stored(bytes.Repeat(copyOp(9, 9, 1, 1, 1, 0), 12*16+1), nil, nil)},
		{"copies in more blocks than sixteen a tile", append([]byte{0}, bytes.Repeat(stored(copyOp(9, 9, 1, 1, 1, 0), nil, nil)[1:], 12*16+1)...)},
		{"the picture twice in slices", append([]byte{0}, bytes.Repeat(flatFits(200, 150), 2)...)},
		{"pack of one colour", stored([]byte{byte(kindPack), 0, 0, 1, 1, 2, 3}, zeros[:512], nil)},
		{"pack of five colours", stored([]byte{byte(kindPack), 0, 0, 5, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3}, zeros[:1024], nil)},
		{"pack with few indices", stored([]byte{byte(kindPack), 0, 0, 2, 1, 2, 3, 4, 5, 6}, zeros[:511], nil)},
		{"words with few ids", stored(words, ids(0, 0, 0), nil)},
		{"words with an id that is not known", stored(words, ids(1, 1, 1, 1, 1, 1, 1, 1), nil)},
		{"words with an id ahead of its word", stored(words, join(ids(1, 0, 1, 1, 1, 1, 1, 1), ids(0, 1, 1, 1, 1, 1, 1, 1), []byte{1, 2, 3}), nil)},
		{"words without the new word", stored(words, newWord(), nil)},
		{"words with a colour that is not known", stored(words, newWord(1, 1, 1, 1, 1, 1, 1, 1), nil)},
		{"words without the new colour", stored(words, newWord(0, 1, 1, 1, 1, 1, 1, 1), nil)},
		{"words with bytes to spare", stored(words, join(newWord(0, 1, 1, 1, 1, 1, 1, 1), []byte{1, 2, 3, 4}), nil)},
		{"recolour cut off", stored(other(2*2, 1, 1, 1, 2, 3), nil, nil)},
		{"recolour with too few colours", join(stored(fill(0, 0, 1, 2, 3), nil, nil), stored([]byte{byte(kindRecolour), 0, 1, 2, 1, 1, 2, 3, 0}, nil, nil)[1:])},
		{"recolour without what was told before", join(stored(other(2, 1, 1, 2, 3, 0), nil, nil), stored(other(1, 0), nil, nil)[1:])},
		{"recolour with a colour to spare", stored(other(4, 1, 1, 1, 2, 3, 4, 5, 6, 0), nil, nil)},
		{"recolour of no shade", stored(other(2, 0, 0), nil, nil)},
		{"recolour of five shades", stored(join(other(2), repeat(16, 5), []byte{0}), nil, nil)},
		{"recolour without choices", stored(other(2, 2, 1, 2, 3, 4, 5, 6, 0), nil, nil)},
		{"recolour with choices to spare", stored(other(2, 1, 1, 2, 3, 1, 0), nil, nil)},
		{"recolour with more choices than pixels", stored(join(other(2, 2, 1, 2, 3, 4, 5, 6, 0x81, 0x80, 1), repeat(16385, 0)), nil, nil)},
		{"fill with bytes to spare", stored(fill(0, 0, 1, 2, 3), []byte{0}, nil)},
		{"slice cut off", stored(small(kindBits, 9), nil, []byte{0, 0, 0})},
		{"bits without widths", stored(small(kindBits, 3), nil, []byte{0, 0, 0})},
		{"bits of a prediction that is not there", stored(small(kindBits, 4), nil, []byte{2, 0, 0, 0})},
		{"bits with a width of 9", stored(small(kindBits, 13), nil, join([]byte{0, 9, 0, 0}, zeros[:9]))},
		{"bits with bytes to spare", stored(small(kindBits, 5), nil, []byte{0, 0, 0, 0, 0})},
		{"bits with few bytes", stored(small(kindBits, 4), nil, []byte{0, 1, 0, 0})},
		{"fit without weights", stored(small(kindFit, 53), nil, zeros[:53])},
		{"fit with bytes to spare", stored(small(kindFit, 120), nil, zeros[:120])},
		{"exact without bits", stored(small(kindExact, 0), nil, nil)},
		{"exact with bytes to spare", stored(small(kindExact, 60), nil, zeros[:60])},
		{"exact with a run beyond the row", stored(small(kindExact, 5), nil, repeat(5, 0b11111110))},
		{"wave without a quality", stored(small(kindWave, 0), nil, nil)},
		{"wave of no quality", stored(small(kindWave, 3), nil, []byte{99, 0, 0})},
		{"wave cut off", stored(small(kindWave, 3), nil, []byte{1, 0, 0})},
		{"wave with bytes to spare", stored(small(kindWave, 120), nil, append([]byte{1}, repeat(119, 255)...))},
		{"wave beside a fill", stored(join(fill(0, 0, 1, 2, 3), small(kindWave, 3)), nil, []byte{1, 0, 0})},
		{"waves of two heights", stored(join([]byte{byte(kindWave) | opTall, 0, 0, 1}, []byte{byte(kindWave), 7, 0, 1}), nil, []byte{1, 1})},
		{"tall wave in an odd row", stored([]byte{byte(kindWave) | opTall, 4, 0, 1}, nil, []byte{1})},
		{"tall wave in the last row", stored([]byte{byte(kindWave) | opTall, 8, 0, 1}, nil, []byte{1})},
		{"tall words", stored(append([]byte{byte(kindWords) | opTall}, 0, 0), nil, nil)},
		{"slice above the limit", stored(append([]byte{byte(kindBits) | opPart, 0, 0, 0, 0, 62, 62}, 0xff, 0xff, 0xff, 0x0f), nil, nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := NewDecoder()
			if err := d.Reset(200, 150); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Decode(c.frame); !errors.Is(err, ErrFrame) {
				t.Errorf("got the error %v, want ErrFrame", err)
			}
		})
	}
}

func TestADecoderHasBounds(t *testing.T) {
	d := NewDecoder()
	if _, err := d.Decode([]byte{0}); err == nil {
		t.Error("decoded without a picture")
	}
	for _, size := range [][2]int{{0, 5}, {5, 0}, {-1, 5}, {16385, 1}, {1, 16385}, {16384, 1025}, {1 << 30, 1 << 30}} {
		if d.Reset(size[0], size[1]) == nil {
			t.Errorf("a picture of %d x %d was allowed", size[0], size[1])
		}
	}
	if err := d.Reset(16384, 1024); err != nil {
		t.Error(err)
	}
}

// flatFits returns a chunk that sets a whole picture by FIT. Where nothing differs, a
// few bytes ask for as much time as a photograph.
func flatFits(w, h int) []byte {
	var work coder
	var ops, slices []byte
	g, p := newGrid(w, h), NewPicture(w, h)
	for y := range g.rows {
		n := len(slices)
		slices = work.append(slices, kindFit, p, g.run(y*g.cols, g.cols))
		ops = append(ops, byte(kindFit), 0, byte(g.cols-1))
		ops = binary.AppendUvarint(ops, uint64(len(slices)-n))
	}
	return stored(ops, nil, slices)[1:]
}

func TestAWholePictureMayBeInSlices(t *testing.T) {
	d := NewDecoder()
	if err := d.Reset(200, 150); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Decode(append([]byte{0}, flatFits(200, 150)...)); err != nil {
		t.Error(err)
	}
}

// frames returns real frames for a picture of 200 x 150, with every kind of op.
func frames() (list [][]byte) {
	e := NewEncoder()
	e.Reset(200, 150)
	screen := textPage(200, 150, basicfont.Face7x13, 13, 1)
	paste(screen, photoPage(100, 60, 1), 90, 80)
	paste(screen, flatPage(70, 60), 10, 70)
	lines := []Line{{Rate: 1}, {Rate: 1e12}, {Rate: 1, Budget: 500}}
	for i := range 6 {
		e.SetLine(lines[i%3])
		e.Update(screen, []image.Rectangle{screen.Bounds()})
		frame, _ := e.Append(nil, 1<<20)
		list = append(list, frame)
		screen.move(image.Rect(0, 0, 200, 120), 0, 26)
	}
	return list
}

const memoryBound = 40 << 20 // bytes that decoding a frame of 200 x 150 may take, its buffers kept between frames included

// decodeWithin decodes the frame and fails if that took more memory than it may.
func decodeWithin(t *testing.T, d *Decoder, frame []byte) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := d.Decode(frame)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > memoryBound {
		t.Errorf("a frame of %d bytes took %d bytes of memory", len(frame), n)
	}
	if err != nil && !errors.Is(err, ErrFrame) {
		t.Errorf("the error %v is not ErrFrame", err)
	}
	for _, c := range d.Picture().Pix {
		if c > 0xffffff {
			t.Fatalf("pixel %08x has an upper byte", c)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, frame := range frames() {
		f.Add(frame, frame)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := NewDecoder()
		if err := d.Reset(200, 150); err != nil {
			t.Fatal(err)
		}
		decodeWithin(t, d, first)
		decodeWithin(t, d, second)
	})
}

// FuzzDecodeOp reaches behind LZ4: any kind of op with any streams and slices,
// after a real frame that has filled the rings.
func FuzzDecodeOp(f *testing.F) {
	for k := range uint8(16) {
		f.Add(k, []byte{0, 0, 2, 1, 2, 3, 4, 5, 6}, make([]byte, 64), make([]byte, 64))
		f.Add(k|opPart, []byte{0, 0, 0, 0, 56, 56, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9}, bytes.Repeat([]byte{1, 0}, 8), []byte{1, 2, 3})
	}
	f.Add(uint8(kindCopy), copyOp(10, 10, 100, 100, 1, 1)[1:], []byte{}, []byte{})
	first := frames()[0]
	f.Fuzz(func(t *testing.T, head uint8, ops, streams, slices []byte) {
		d := NewDecoder()
		if err := d.Reset(200, 150); err != nil {
			t.Fatal(err)
		}
		decodeWithin(t, d, first)
		decodeWithin(t, d, stored(append([]byte{head}, ops...), streams, slices))
	})
}

// FuzzSlice gives the coders of pictures any bytes. Pictures are small, so that there are
// many.
func FuzzSlice(f *testing.F) {
	kinds := [...]kind{kindBits, kindExact, kindFit, kindWave}
	size := func(w, h uint8) (*Picture, *Picture) {
		p := NewPicture(1+int(w)%24, 1+int(h)%12)
		return p, NewPicture(p.W, p.H)
	}
	p, next := size(19, 7)
	paste(p, photoPage(p.W, p.H, 1), 0, 0)
	var work coder
	for i, k := range kinds[:3] {
		f.Add(uint8(i), uint8(19), uint8(7), work.append(nil, k, p, p.Bounds()))
	}
	r := waveRun{box: p.Bounds(), hints: []hint{{}}}
	for q := 0; q < len(qualities); q += 3 {
		r.transform(&work.wave, p, p, next)
		r.code(&work.wave, q)
		f.Add(uint8(3), uint8(19), uint8(7), slices.Clone(r.slice))
	}
	f.Fuzz(func(t *testing.T, i, w, h uint8, slice []byte) {
		k := kinds[int(i)%len(kinds)]
		p, q := size(w, h)
		if work.read(slice, k, p, q, p.Bounds()) != nil || k == kindWave {
			return
		}
		if err := work.read(work.append(nil, k, p, p.Bounds()), k, q, q, q.Bounds()); err != nil || !samePixels(p, q) {
			t.Errorf("%d: what was read is not read again: %v", k, err)
		}
	})
}

// FuzzPixels gives the coders of exact pictures any pixels.
func FuzzPixels(f *testing.F) {
	for _, p := range []*Picture{photoPage(16, 9, 1), noisePage(9, 16, 1), gradientPage(24, 4)} {
		var b []byte
		for _, c := range p.Pix {
			b = append(b, byte(c), byte(c>>8), byte(c>>16))
		}
		f.Add(uint8(p.W-1), b)
	}
	var work coder
	f.Fuzz(func(t *testing.T, w uint8, b []byte) {
		p := NewPicture(1+int(w)%24, 1)
		p.H = min(len(b)/3/p.W, 16)
		if p.H == 0 {
			return
		}
		p.Pix = make([]uint32, p.W*p.H)
		for i := range p.Pix {
			p.Pix[i] = uint32(b[3*i]) | uint32(b[3*i+1])<<8 | uint32(b[3*i+2])<<16
		}
		for _, k := range []kind{kindBits, kindExact, kindFit} {
			q := NewPicture(p.W, p.H)
			if err := work.read(work.append(nil, k, p, p.Bounds()), k, q, q, q.Bounds()); err != nil || !samePixels(p, q) {
				t.Errorf("%d: %d x %d pixels are not read as they were written: %v", k, p.W, p.H, err)
			}
		}
	})
}
