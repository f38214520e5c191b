package screen

import (
	"image"
	"math"
	"reflect"
	"testing"
	"time"
)

func TestDisplayIsReadAsItWasWritten(t *testing.T) {
	want := Display{Generation: 7, W: 3840, H: 1080, Origin: image.Pt(-5, 3), Scale: 1.5, Name: "größe",
		Monitors: []image.Rectangle{image.Rect(0, 0, 1920, 1080), image.Rect(1920, 0, 3840, 1080)}}
	seq, got, err := parseDisplay(appendDisplay(nil, 9, want))
	if err != nil || seq != 9 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func TestSizesThatNoScreenHasAreRefused(t *testing.T) {
	for _, d := range []Display{{W: 0, H: 5}, {W: 16385, H: 1}, {W: 16384, H: 16384}} {
		if _, _, err := parseDisplay(appendDisplay(nil, 1, d)); err == nil {
			t.Errorf("a display of %d×%d was taken", d.W, d.H)
		}
	}
}

func TestForeignTextCannotSteerATerminal(t *testing.T) {
	if got, err := parseStatus([]byte("no\x1b[2J display\u202e \n\u0085ok\xff")); err != nil || got != "no[2J display ok" {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add(appendDisplay(nil, 3, Display{Generation: 1, W: 8, H: 9, Name: ":0", Monitors: []image.Rectangle{image.Rect(0, 0, 8, 9)}}))
	f.Add(appendCursor(nil, &Cursor{Serial: 4, HotX: 1, W: 2, H: 1, Pix: []uint32{1, 2}}, false))
	f.Add(appendFrameHeader(nil, frameHeader{seq: 1, generation: 2, exact: true, captured: time.UnixMicro(3)}))
	f.Add(appendWant(nil, Want{Monitor: 1, FPS: 30}))
	f.Add(appendShown(nil, 5, time.Second))
	f.Fuzz(func(t *testing.T, body []byte) {
		if seq, d, err := parseDisplay(body); err == nil {
			seqAgain, again, err := parseDisplay(appendDisplay(nil, seq, d))
			if err != nil || seqAgain != seq || !reflect.DeepEqual(again, d) && math.Abs(again.Scale-d.Scale) > 0.02 {
				t.Errorf("display %+v became %+v, %v", d, again, err)
			}
		}
		if c, err := parseCursor(body); err == nil {
			again, err := parseCursor(appendCursor(nil, c, c.W < 0))
			if err != nil || !reflect.DeepEqual(again, c) {
				t.Errorf("cursor %+v became %+v, %v", c, again, err)
			}
		}
		if h, _, err := parseFrameHeader(body); err == nil {
			again, _, err := parseFrameHeader(appendFrameHeader(nil, h))
			if err != nil || again != h {
				t.Errorf("frame %+v became %+v, %v", h, again, err)
			}
		}
		if w, err := parseWant(body); err == nil {
			if again, err := parseWant(appendWant(nil, w)); err != nil || again != w {
				t.Errorf("want %+v became %+v, %v", w, again, err)
			}
		}
		if seq, took, err := parseShown(body); err == nil {
			again, _, err := parseShown(appendShown(nil, seq, took))
			if err != nil || again != seq {
				t.Errorf("shown %d became %d, %v", seq, again, err)
			}
		}
		parseStatus(body)
	})
}
