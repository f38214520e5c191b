package codec

import (
	"image"
	"testing"

	"golang.org/x/image/font/basicfont"
)

// What screens took when this was written, in bytes, as the first frame on a slow
// line.
var screenBytes = map[string]int{
	"bitmap-text": 8621, "smooth-text": 32743, "gradient": 41002, "photo": 366533, "mixed": 225345,

	"01-term-bitmap": 43282, "02-term-lcd-dark": 55578, "03-editor": 97315, "04-mousepad-dark": 28782,
	"05-sheet": 82176, "06-files": 59764, "07-desk": 157891, "08-web-doc": 112502, "09-web-mixed": 745074,
	"10-web-dark": 76192, "11-photo-macro": 1089543, "12-photo-dunes": 1820975, "14-gradient": 136740,
}

// And what came after the screen before, see steps.
var stepBytes = map[string]int{
	"02-term-lcd-dark-scroll3": 1603, "02-term-lcd-dark-scroll21": 7077, "03-editor-type1": 2836, "03-editor-newline": 1855,
	"03-editor-menu": 28345, "05-sheet-scroll": 10234, "07-desk-drag1": 5873, "08-web-doc-scroll37": 5437,
	"08-web-doc-scroll301": 46831, "08-web-doc-switch": 89315, "09-web-mixed-scroll37": 13693, "09-web-mixed-hscroll53": 18997,
}

func TestScreensTakeNoMoreBytesThanTheyDid(t *testing.T) {
	byName := map[string]*Picture{}
	for _, p := range pages(t) {
		byName[p.name] = p.pic
		if most := screenBytes[p.name]; most > 0 {
			got := newLink(t, p.pic.W, p.pic.H).show(p.pic, 1<<30)
			within(t, p.name, got, most)
		}
	}
	for _, s := range steps {
		before, after := byName[s[0]], byName[s[1]]
		if before == nil || after == nil {
			continue // the real screens are not here
		}
		l := newLink(t, before.W, before.H)
		l.show(before, 1<<30)
		within(t, s[1], l.show(after, 1<<30), stepBytes[s[1]])
	}
}

// within allows 3 % and a few bytes.
func within(t *testing.T, name string, got, want int) {
	t.Helper()
	if got > want+want*3/100+20 {
		t.Errorf("%s takes %d bytes, it took %d", name, got, want)
	}
}

// The encoder and the decoder of a session make no garbage once their buffers have grown.
func TestFramesAllocateNothing(t *testing.T) {
	for _, line := range []Line{{Rate: 1e6}, {Rate: 6e6}, {Rate: 1e9}, {Rate: 1e6, Budget: 30_000}} {
		const w, h = 1024, 768 // worthSharing; with few pictures, which take their time
		l := newLink(t, w, h)
		l.enc.SetLine(line)
		screens := [2]*Picture{textPage(w, h, basicfont.Face7x13, 13, 1)}
		paste(screens[0], photoPage(300, 140, 1), 100, 60)
		screens[1] = screens[0].clone()
		for y := range h { // the same, mirrored: all tiles change
			row := screens[1].Row(y)
			for i, j := 0, len(row)-1; i < j; i, j = i+1, j-1 {
				row[i], row[j] = row[j], row[i]
			}
		}
		dirty := []image.Rectangle{screens[0].Bounds()}
		var frame []byte
		i := 0
		turn := func() {
			i++
			l.enc.Update(screens[i%2], dirty)
			frame, _ = l.enc.Append(frame[:0], 1<<30)
			if _, err := l.dec.Decode(frame); err != nil {
				t.Fatal(err)
			}
		}
		n := testing.AllocsPerRun(2, turn)
		for range 20 { // who of the crew has had no slice yet grows with the first one, whenever that is
			if n > 0 {
				n = testing.AllocsPerRun(2, turn)
			}
		}
		if n > 0 {
			t.Errorf("a frame for %+v allocates %.0f times", line, n)
		}
	}
}
