package window

// The window that asks the person at a computer whether somebody may see it:
// what it says, when it listens, how it looks.

import (
	"fmt"
	"image"
	"time"

	"rac/screen/codec"
)

// AcceptForm is what the window says. All of it may come from strangers.
type AcceptForm struct {
	Name        string // as the asking side calls itself
	ID          string // its verified ID as words
	Certificate string // "verified by ACME"; "" or what is wrong with the name
	Verified    bool   // Certificate is good news
	Wants       string // what it asks for
	Warning     string // against fraud
	Deadline    time.Time
}

// Answer is the person's decision. The zero value refuses.
type Answer int

const (
	Refused Answer = iota
	ViewOnly
	WithControl
)

func (a Answer) String() string {
	return [...]string{"refused", "view only", "with control"}[min(max(a, 0), 2)]
}

// settle is how long the window must have been in plain sight, unmoved, before
// it takes a click: one that was meant for what lay there before must not let
// anybody in.
const settle = time.Second

// accept is the state of the window.
type accept struct {
	form   AcceptForm
	ready  time.Time // clicks count from here on
	now    time.Time
	places [3]image.Rectangle // by Answer
	downOn image.Rectangle    // where the button went down while clicks counted
}

// disturbed says that the window has appeared, moved, or was covered.
func (a *accept) disturbed(now time.Time) {
	a.ready, a.downOn = now.Add(settle), image.Rectangle{}
}

func (a *accept) listens() bool { return !a.now.Before(a.ready) }

// press and release make a click, both in the same place and both in time.
func (a *accept) press(at image.Point, now time.Time) {
	a.now, a.downOn = now, image.Rectangle{}
	for _, r := range a.places {
		if at.In(r) && a.listens() {
			a.downOn = r
		}
	}
}

func (a *accept) release(at image.Point, now time.Time) (Answer, bool) {
	a.now = now
	for answer, r := range a.places {
		if at.In(r) && r == a.downOn && a.listens() {
			return Answer(answer), true
		}
	}
	a.downOn = image.Rectangle{}
	return Refused, false
}

// left is the time until the request is refused, in whole seconds.
func (a *accept) left() int {
	return int(max(a.form.Deadline.Sub(a.now)+time.Second-1, 0) / time.Second)
}

func (a *accept) draw(t *theme) *codec.Picture {
	const width = 480
	pic := codec.NewPicture(t.px(width), t.px(800))
	fill(pic, pic.Bounds(), paper)
	pad := t.px(24)
	room := pic.W - 2*pad
	y := a.drawHead(t, pic, pad, room)
	for _, row := range []struct{ label, text string }{{"ID", a.form.ID}, {"Wants", a.form.Wants}} {
		if row.text == "" {
			continue
		}
		t.strong.draw(pic, image.Pt(pad, y), row.label, inkGrey)
		y = t.lines(pic, t.normal, image.Pt(pad+t.px(64), y), room-t.px(64), plain(row.text, 300), inkDark) + t.px(6)
	}
	if a.form.Warning != "" {
		y = t.warning(pic, image.Pt(pad, y+t.px(8)), room, plain(a.form.Warning, 500)) + t.px(14)
	}
	t.note.draw(pic, image.Pt(pad, y), fmt.Sprintf("Without an answer it is refused in %d s.", a.left()), inkGrey)
	y += t.note.height() + t.px(12)
	y = a.drawButtons(t, pic, y, pad) + t.px(20)
	return pic.Sub(image.Rect(0, 0, pic.W, min(y, pic.H)))
}

func (a *accept) drawHead(t *theme, pic *codec.Picture, pad, room int) int {
	name := t.big.shorten(plain(a.form.Name, 100), room)
	y := t.px(18)
	h := y + t.normal.height() + t.px(6) + t.big.height() + t.px(4) + t.strong.height() + t.px(16)
	fill(pic, image.Rect(0, 0, pic.W, h), white)
	fill(pic, image.Rect(0, h, pic.W, h+t.px(1)), lineGrey)
	fill(pic, image.Rect(0, 0, pic.W, t.px(4)), accent)
	t.normal.draw(pic, image.Pt(pad, y), "Somebody asks to use this computer:", inkGrey)
	y += t.normal.height() + t.px(6)
	t.big.draw(pic, image.Pt(pad, y), name, inkDark)
	y += t.big.height() + t.px(4)
	text, ink := a.form.Certificate, uint32(good)
	if !a.form.Verified {
		ink = bad
		if text == "" {
			text = "unverified name"
		}
	}
	t.strong.draw(pic, image.Pt(pad, y), t.strong.shorten(plain(text, 200), room), ink)
	return h + t.px(18)
}

func (a *accept) drawButtons(t *theme, pic *codec.Picture, y, pad int) int {
	x := pic.W - pad
	for _, b := range []struct {
		answer Answer
		button
	}{
		{Refused, button{text: "Refuse", primary: true}},
		{WithControl, button{text: "With control", dim: !a.listens()}},
		{ViewOnly, button{text: "View only", dim: !a.listens()}},
	} {
		size := t.buttonSize(b.button)
		r := image.Rect(x-size.X, y, x, y+size.Y)
		t.button(pic, r, b.button)
		a.places[b.answer] = r
		x = r.Min.X - t.px(12)
	}
	return y + t.px(34)
}
