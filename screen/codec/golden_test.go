package codec

import (
	"bytes"
	"flag"
	"fmt"
	"hash/crc32"
	"image"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/image/font/basicfont"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// story is a session whose frames are kept in testdata, for this and any other
// implementation: name, the op that it is about, line, and the screens one after another.
type story struct {
	name    string
	kind    kind
	line    Line
	screens []*Picture
}

func stories() []story {
	text := textPage(300, 200, basicfont.Face7x13, 13, 1)
	scrolled := text.clone()
	scrolled.move(image.Rect(0, 0, 300, 174), 0, 26)
	menu := text.clone()
	paste(menu, flatPage(150, 150), 20, 10)
	shaded := shadedPage(300, 200)
	dark := shaded.clone()
	reverse(dark, image.Rect(10, 20, 290, 131))
	shades := shaded.clone()
	for i, c := range shades.Pix {
		shades.Pix[i] = c>>1&0x7f7f7f + uint32(i%97/96)
	}
	four := text.clone()
	four.fill(image.Rect(20, 30, 140, 90), 0x00ff00)
	return []story{
		{"fill", kindFill, Line{}, []*Picture{flatPage(130, 70)}},
		{"pack", kindPack, Line{}, []*Picture{four}},
		{"words", kindWords, Line{}, []*Picture{shaded}},
		{"copy", kindCopy, Line{}, []*Picture{text, scrolled}},
		{"exact", kindExact, Line{}, []*Picture{photoPage(150, 90, 1), gradientPage(150, 90)}},
		{"fit", kindFit, Line{Rate: 1e5}, []*Picture{gradientPage(150, 90), grainyGradient(150, 90)}},
		{"bits", kindBits, Line{Rate: 1e12}, []*Picture{photoPage(150, 90, 1), gradientPage(150, 90)}},
		{"wave", kindWave, Line{Rate: 1, Budget: 2000}, grainyPan(300, 150, 3, 5, 3)},
		{"recolour", kindRecolour, Line{}, []*Picture{shaded, dark, shades}},
		{"cache", kindCache, Line{}, []*Picture{text, menu, text}},
	}
}

// shadedPage is text in more colours than PACK can say, on paper with stripes.
func shadedPage(w, h int) *Picture {
	p := textPage(w, h, basicfont.Face7x13, 13, 2)
	for i, c := range p.Pix {
		if x := uint32(i % w % 7); c == 0xffffff {
			p.Pix[i] = 0xffffff - 0x202020*x
		}
	}
	return p
}

// The bytes are the format: what was written once must be read for ever. That
// the encoder still writes the same is not a must: look, then run with -update.
func TestGoldenFrames(t *testing.T) {
	var vectors bytes.Buffer
	for _, s := range stories() {
		e, d := NewEncoder(), NewDecoder()
		now := e.start
		e.clock = func() time.Time { return now }
		e.SetLine(s.line)
		w, h := s.screens[0].W, s.screens[0].H
		e.Reset(w, h)
		if err := d.Reset(w, h); err != nil {
			t.Fatal(err)
		}
		for i, screen := range s.screens {
			now = now.Add(restTime)
			name := filepath.Join("testdata", s.name+string(rune('1'+i))+".frame")
			e.Update(screen, []image.Rectangle{screen.Bounds()})
			frame, _ := e.Append(nil, 1<<20)
			if *update {
				if err := os.WriteFile(name, frame, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(frame, golden) {
				t.Errorf("%s: the encoder now writes %d other bytes, it wrote %d", name, len(frame), len(golden))
			}
			if _, err := d.Decode(golden); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			fmt.Fprintf(&vectors, "%s%d.frame %d x %d crc32 %08x\n", s.name, i+1, w, h, checksum(d.Picture()))
			if s.line.Budget > 0 {
				if db := psnr(screen, d.Picture(), screen.Bounds()); db < 30 {
					t.Errorf("%s is %.1f dB near", name, db)
				}
			} else if !samePixels(screen, d.Picture()) {
				t.Errorf("%s decodes to another picture", name)
			}
		}
		if !slices.ContainsFunc(d.ops, func(o op) bool { return o.kind == s.kind }) { // of the last chunk
			t.Errorf("the last frame of %s has no such op", s.name)
		}
	}
	name := filepath.Join("testdata", "vectors.txt")
	if *update {
		if err := os.WriteFile(name, vectors.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(name); err != nil || !bytes.Equal(want, vectors.Bytes()) {
		t.Errorf("%s is not what the frames decode to: %v; got\n%s", name, err, vectors.Bytes())
	}
}

// checksum is the CRC-32 (IEEE) of the pixels, blue green red, row by row.
func checksum(p *Picture) uint32 {
	var b []byte
	for _, c := range p.Pix {
		b = appendColour(b, c)
	}
	return crc32.ChecksumIEEE(b)
}
