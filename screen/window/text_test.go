package window

import (
	"image"
	"strings"
	"testing"

	"rac/screen/codec"
)

func TestForeignTextCannotPretend(t *testing.T) {
	for in, want := range map[string]string{
		"Anna, ACME":            "Anna, ACME",
		"a\x1b[31mb\x00\u0085":  "a[31mb",
		"line\nbreak\ttab":      "line break tab",
		"exe\u202egpj.\u2066":   "exegpj.",
		"zero\u200bwidth\ufeff": "zerowidth",
		"bad\xffbyte":           "bad\ufffdbyte",
		"üЖ日":                   "üЖ日",
		"123456789012345":       "1234567890…",
	} {
		if got := plain(in, 10); got != want && plain(in, 100) != want {
			t.Errorf("%q is shown as %q", in, got)
		}
	}
}

func TestTextStaysInItsRoom(t *testing.T) {
	face, err := newTypeface(false, 14)
	if err != nil {
		t.Fatal(err)
	}
	long := "a few words and " + strings.Repeat("W", 90) + " and the end"
	lines := face.wrap(long, 200)
	for _, l := range lines {
		if face.width(l) > 200 {
			t.Errorf("%q is %d pixels wide", l, face.width(l))
		}
	}
	if got, want := strings.ReplaceAll(strings.Join(lines, ""), " ", ""), strings.ReplaceAll(long, " ", ""); got != want {
		t.Errorf("wrapped to %q", got)
	}
	if s := face.shorten(long, 100); face.width(s) > 100 || !strings.HasSuffix(s, "…") {
		t.Errorf("shortened to %q", s)
	}
	pic := codec.NewPicture(30, 10)
	face.draw(pic, image.Pt(-5, -3), long, 0xffffff) // beyond the picture on all sides
}
