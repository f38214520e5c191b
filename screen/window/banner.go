package window

// The banner that tells the person at a computer who is connected to it.

import (
	"image"

	"rac/screen/codec"
)

// banner is what it says, and where the button was drawn.
type banner struct {
	text  string
	tip   string // the keys that do the same as the button
	plain bool   // there is no button: nothing is left to be ended
	ended bool   // the button was clicked
	end   image.Rectangle
}

func (b *banner) draw(t *theme) *codec.Picture {
	const most = 700
	stop := button{text: "End session"}
	if b.ended {
		stop = button{text: "Ending…", dim: true}
	}
	size := t.buttonSize(stop)
	if b.plain {
		size.X = 0
	}
	size.Y = t.px(26)
	tip := t.px(10) + t.note.width(b.tip)
	if b.tip == "" {
		tip = 0
	}
	text := t.strong.shorten(plain(b.text, 200), t.px(most))
	pad, dot := t.px(14), t.px(10)
	pic := codec.NewPicture(pad+dot+t.px(8)+t.strong.width(text)+pad+size.X+tip+t.px(6), size.Y+2*t.px(5))
	fill(pic, pic.Bounds(), night)
	fill(pic, image.Rect(0, pic.H-t.px(2), pic.W, pic.H), warnLine)
	mid := pic.H / 2
	t.round(pic, image.Rect(pad, mid-dot/2, pad+dot, mid-dot/2+dot), dot/2, warnLine)
	x := t.strong.draw(pic, image.Pt(pad+dot+t.px(8), mid-t.strong.height()/2), text, white)
	if b.plain {
		return pic
	}
	b.end = image.Rect(x+pad, t.px(4), x+pad+size.X, t.px(4)+size.Y).Intersect(pic.Bounds())
	t.button(pic, b.end, stop)
	t.note.draw(pic, image.Pt(b.end.Max.X+t.px(8), mid-t.note.height()/2), b.tip, inkPale)
	return pic
}
