package codec

import (
	"bytes"
	"image"
	"testing"

	"github.com/pierrec/lz4/v4"
	"golang.org/x/image/font/gofont/gomono"
)

// unpackPast unpacks a block as the decoder does.
func unpackPast(t testing.TB, p *past, packed []byte, n int) []byte {
	t.Helper()
	at := p.grow(n)
	m, err := lz4.UncompressBlockWithDict(packed, p.b[at:], p.before(at))
	if err != nil || m != n {
		t.Fatalf("%d bytes after %d: %d are unpacked, %v: %x", n, at, m, err, packed)
	}
	return p.b[at:]
}

// FuzzPacker packs blocks, cut from data after the lengths in cuts, and unpacks them.
func FuzzPacker(f *testing.F) {
	f.Add([]byte("abcabcabcabcabc, abcabcabcabc; abcabcabc"), []byte{7, 20, 3})
	f.Add(bytes.Repeat([]byte("0123456789"), 30), []byte{100, 10, 255})
	f.Fuzz(func(t *testing.T, data, cuts []byte) {
		var p packer
		var d past
		p.reset()
		for _, n := range append(cuts, 255) {
			block := data[:min(int(n), len(data))]
			data = data[len(block):]
			if len(block) == 0 {
				continue
			}
			if n%8 == 7 {
				p.add(block)
				copy(d.b[d.grow(len(block)):cap(d.b)], block)
				continue
			}
			packed := p.pack(nil, block)
			if got := unpackPast(t, &d, packed, len(block)); !bytes.Equal(got, block) {
				t.Fatalf("%q became %q", block, got)
			}
		}
	})
}

func TestAPageThatScrollsTakesFarFewerBytesOnAThinLine(t *testing.T) {
	page := textPage(400, 15*200, face(t, gomono.TTF, 10), 15, 7)
	scroll := func(rate float64) (sum int) {
		l := newLink(t, 400, 300)
		l.enc.SetLine(Line{Rate: rate})
		for y := 0; y+300 <= page.H; y += 15 {
			sum += l.show(page.Sub(image.Rect(0, y, 400, y+300)).clone(), 1<<30)
		}
		return sum
	}
	thin, alone := scroll(thinLine/2), scroll(thinLine)
	t.Logf("%d bytes, %d where each block stands alone", thin, alone)
	if 10*thin > 7*alone {
		t.Errorf("%d bytes, %d where each block stands alone", thin, alone)
	}
}

func TestThePackersPositionsMayOverflow(t *testing.T) {
	var p packer
	var d past
	p.reset()
	block := bytes.Repeat([]byte("a line of text that comes again, "), 99)
	for range 200 {
		p.gone += 1 << 26
		p.next += 1 << 26
		if got := unpackPast(t, &d, p.pack(nil, block), len(block)); !bytes.Equal(got, block) {
			t.Fatal("another block")
		}
	}
}
