package console

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rac/screen/codec"
)

var pictures = flag.String("png", "", "write the recorded screens as pictures into this folder, to look at")

func picture(tb testing.TB, v *vt) *renderer {
	tb.Helper()
	r, err := newRenderer(v.cols, v.rows)
	if err != nil {
		tb.Fatal(err)
	}
	cells := make([]cell, v.cols*v.rows)
	v.view(cells)
	r.render(cells)
	return r
}

func TestPictures(t *testing.T) {
	for _, rec := range recordings(t) {
		v := newVT(80, 24)
		v.Write(rec.bytes)
		var out bytes.Buffer
		if err := png.Encode(&out, asImage(picture(t, v).pic)); err != nil {
			t.Fatal(err)
		}
		if *pictures != "" {
			if err := os.WriteFile(filepath.Join(*pictures, rec.name+".png"), out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func asImage(p *codec.Picture) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for i, v := range p.Pix {
		copy(img.Pix[4*i:], []byte{byte(v >> 16), byte(v >> 8), byte(v), 255})
	}
	return img
}

// TestAPartialDrawingEqualsAWholeOne: whatever came before, the picture is that
// of the cells.
func TestAPartialDrawingEqualsAWholeOne(t *testing.T) {
	for _, rec := range recordings(t) {
		v := newVT(80, 24)
		r, err := newRenderer(80, 24)
		if err != nil {
			t.Fatal(err)
		}
		cells := make([]cell, 80*24)
		before := codec.NewPicture(r.pic.W, r.pic.H)
		for rest := rec.bytes; len(rest) > 0; rest = rest[min(200, len(rest)):] {
			v.Write(rest[:min(200, len(rest))])
			v.view(cells)
			copy(before.Pix, r.pic.Pix)
			dirty := r.render(cells)
			if i := differs(r.pic, picture(t, v).pic); i >= 0 {
				t.Fatalf("%s: pixel %d,%d differs from a fresh picture", rec.name, i%r.pic.W, i/r.pic.W)
			}
			for _, box := range dirty { // nothing has changed outside of them
				for y := box.Min.Y; y < box.Max.Y; y++ {
					copy(before.Row(y)[box.Min.X:box.Max.X], r.pic.Row(y)[box.Min.X:])
				}
			}
			if i := differs(r.pic, before); i >= 0 {
				t.Fatalf("%s: pixel %d,%d has changed outside of %v", rec.name, i%r.pic.W, i/r.pic.W, dirty)
			}
		}
	}
}

func differs(a, b *codec.Picture) int {
	for i := range a.Pix {
		if a.Pix[i] != b.Pix[i] {
			return i
		}
	}
	return -1
}

// TestBoxesJoin: whatever characters stand side by side, the arms of one weight
// leave the cell at the same pixels.
func TestBoxesJoin(t *testing.T) {
	edges := map[[2]int]string{}
	for i := range 0x80 {
		if i >= 0x04 && i <= 0x0b || i >= 0x4c && i <= 0x4f || i >= 0x71 && i <= 0x73 {
			continue // dashes end in a gap; diagonals end in the corners
		}
		m := drawn(rune(0x2500 + i))
		for arm := range 4 {
			weight := int(boxArms[5*i+arm] - '0')
			edge := ""
			for k := range cellW * cellH {
				x, y := k%cellW, k/cellW
				if [...]bool{x == 0, x == cellW-1, y == 0, y == cellH-1}[arm] && m[k] != none {
					edge += string(rune('A' + x*(arm/2) + y*(1-arm/2)))
				}
			}
			key := [2]int{arm / 2, weight}
			if want, ok := edges[key]; ok && want != edge {
				t.Errorf("%c: arm %d of weight %d leaves at %q, want %q", 0x2500+i, arm, weight, edge, want)
			}
			edges[key] = edge
		}
	}
	if len(edges) != 8 || edges[[2]int{0, 0}] != "" {
		t.Errorf("edges %v", edges)
	}
}

func TestBlocksFillTheirPart(t *testing.T) {
	for r, want := range map[rune]int{'█': cellW * cellH, '▀': cellW * cellH / 2, '▄': cellW * cellH / 2, '▁': 2 * cellW, '▉': 8 * cellH, '⣿': 8 * 4} {
		n := 0
		for _, l := range drawn(r) {
			if l == solid {
				n++
			}
		}
		if n != want {
			t.Errorf("%c covers %d pixels, want %d", r, n, want)
		}
	}
	left, right := drawn('▌'), drawn('▐')
	for i := range left {
		if left[i] == solid && right[i] == solid {
			t.Errorf("the halves overlap at %d", i)
		}
	}
}

// TestTextHasFourColours: the codec's PACK takes no more.
func TestTextHasFourColours(t *testing.T) {
	v := newVT(80, 24)
	for r := rune(' '); r < 0x250; r++ {
		v.print(r)
	}
	v.mode.showCursor = false
	colours := map[uint32]bool{}
	for _, p := range picture(t, v).pic.Pix {
		colours[p] = true
	}
	if len(colours) != 4 {
		t.Errorf("%x: %d colours, want 4", slices.Collect(maps.Keys(colours)), len(colours))
	}
}

func TestEveryCharacterHasAGlyph(t *testing.T) {
	g, err := newGlyphs()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []rune{'a', 'ß', '─', '█', '⠿', '⎺', '▽', '\ufffd', 0x10ffff, 0x7fffffff, '✈'} {
		for _, look := range []attr{0, bold, italic, bold | italic} {
			if m := g.of(&cell{r: r, pen: pen{attr: look}}); len(m) != cellW*cellH {
				t.Errorf("%U: %d levels", r, len(m))
			}
		}
	}
	for _, r := range []rune{'漢', '😀', 0x10ffff} {
		if m := g.of(&cell{r: r, pen: pen{attr: wide}}); len(m) != 2*cellW*cellH {
			t.Errorf("%U: %d levels", r, len(m))
		}
	}
}

func TestTheGlyphCacheIsBounded(t *testing.T) {
	g, err := newGlyphs()
	if err != nil {
		t.Fatal(err)
	}
	for r := range rune(3 * maxGlyphs) {
		g.of(&cell{r: 0x4e00 + r, pen: pen{attr: wide}})
	}
	if len(g.cache) > maxGlyphs {
		t.Errorf("%d glyphs kept", len(g.cache))
	}
}

func fullScreen(tb testing.TB) (*vt, []cell) {
	tb.Helper()
	v := newVT(120, 40)
	recs := recordings(tb)
	for range 10 {
		for _, rec := range recs {
			if rec.name != "man" && rec.name != "bash" {
				v.Write(rec.bytes)
			}
		}
	}
	cells := make([]cell, 120*40)
	v.view(cells)
	for i := range cells { // nothing blank
		if cells[i].r == 0 || cells[i].r == ' ' {
			cells[i].r = rune('!' + i%90)
		}
	}
	return v, cells
}

func BenchmarkRenderWholeScreen(b *testing.B) {
	_, cells := fullScreen(b)
	r, err := newRenderer(120, 40)
	if err != nil {
		b.Fatal(err)
	}
	r.render(cells)
	for b.Loop() {
		r.shown = nil
		r.render(cells)
	}
}

func BenchmarkRenderFirstTime(b *testing.B) {
	_, cells := fullScreen(b)
	for b.Loop() {
		r, err := newRenderer(120, 40)
		if err != nil {
			b.Fatal(err)
		}
		r.render(cells)
	}
}

func BenchmarkRenderOneLetter(b *testing.B) {
	v, cells := fullScreen(b)
	r, err := newRenderer(120, 40)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		v.Write([]byte("x\b\x1b[C"))
		v.view(cells)
		r.render(cells)
	}
}

func BenchmarkParse(b *testing.B) {
	var all []byte
	for _, rec := range recordings(b) {
		all = append(all, rec.bytes...)
	}
	v := newVT(120, 40)
	b.SetBytes(int64(len(all)))
	for b.Loop() {
		v.Write(all)
		v.takeAnswers()
	}
}

func BenchmarkParseText(b *testing.B) {
	all := bytes.Repeat([]byte("a line of plain text as cat and make write it, of the usual length\r\n"), 1000)
	v := newVT(120, 40)
	b.SetBytes(int64(len(all)))
	for b.Loop() {
		v.Write(all)
	}
}
