package window

// The password dialog: what it holds, how it reacts, how it looks. The window
// around it is the system's (ask_x11.go).

import (
	"image"
	"strings"
	"unicode/utf8"

	"rac/screen/codec"
	"rac/screen/x11"
)

// PasswordForm is what the dialog says. All of it may come from strangers.
type PasswordForm struct {
	Host       string // the name or ID that was dialled
	Words      string // the host's verified ID as words
	MaySave    bool   // the host lets clients save the login
	SaveReason string // why it does not
	Retry      string // what was wrong with the last try; "" at the first
	TOTP       bool   // the password was right: ask for the code of the second factor
}

// maxSecret bounds what can be typed or pasted into a field, in characters.
const maxSecret = 1024

// part is a part of the dialog that can have the focus, in the order of Tab.
type part int

const (
	partPassword part = iota
	partCode
	partSave
	partCancel
	partConnect
	partCount
)

// password is the state of the dialog.
type password struct {
	form    PasswordForm
	secret  []rune
	code    []rune
	save    bool
	caps    bool // Caps Lock is on
	focus   part
	places  [partCount]image.Rectangle // where the parts were drawn last
	compose composer
}

// newPassword returns the dialog with the focus where the typing begins.
func newPassword(form PasswordForm) password {
	p := password{form: form}
	if form.TOTP {
		p.focus = partCode
	}
	return p
}

// outcome is how a dialog stands.
type outcome int

const (
	going outcome = iota
	accepted
	cancelled
)

func (p *password) field() *[]rune {
	switch p.focus {
	case partPassword:
		return &p.secret
	case partCode:
		return &p.code
	}
	return nil
}

// key reacts to a key going down.
func (p *password) key(sym uint32, ctrl bool) outcome {
	switch sym {
	case x11.SymEscape:
		return cancelled
	case x11.SymReturn, x11.SymKPEnter:
		if p.focus == partCancel {
			return cancelled
		}
		return p.submit()
	case x11.SymTab:
		p.step(1)
	case x11.SymLeftTab:
		p.step(-1)
	case x11.SymBackSpace:
		p.erase(1)
	case 'u', 'U':
		if ctrl {
			p.erase(maxSecret)
			return going
		}
		p.insert(p.compose.text(sym))
	case ' ':
		return p.space()
	default:
		if !ctrl {
			p.insert(p.compose.text(sym))
		}
	}
	return going
}

// submit ends the dialog if it is filled in, else goes to what is missing.
func (p *password) submit() outcome {
	switch {
	case p.has(partPassword) && len(p.secret) == 0:
		p.focus = partPassword
	case p.has(partCode) && len(p.code) == 0:
		p.focus = partCode
	default:
		return accepted
	}
	return going
}

func (p *password) space() outcome {
	switch p.focus {
	case partSave:
		p.toggle()
	case partCancel:
		return cancelled
	case partConnect:
		return p.submit()
	default:
		p.insert(p.compose.text(' '))
	}
	return going
}

func (p *password) toggle() { p.save = p.form.MaySave && !p.save }

// has says whether a part can have the focus.
func (p *password) has(which part) bool {
	switch which {
	case partPassword:
		return !p.form.TOTP
	case partCode:
		return p.form.TOTP
	case partSave:
		return !p.form.TOTP && p.form.MaySave
	}
	return true
}

// step moves the focus to the next part that there is.
func (p *password) step(by part) {
	for {
		if p.focus = (p.focus + by + partCount) % partCount; p.has(p.focus) {
			return
		}
	}
}

// erase takes away the last n characters and leaves nothing of them in memory.
func (p *password) erase(n int) {
	if f := p.field(); f != nil {
		keep := max(len(*f)-n, 0)
		clear((*f)[keep:])
		*f = (*f)[:keep]
	}
}

// insert adds typed or pasted text; line ends and other control characters,
// which no keyboard types into a field, are left out.
func (p *password) insert(s string) {
	f := p.field()
	if f == nil || !utf8.ValidString(s) {
		return
	}
	for _, r := range s {
		if r >= ' ' && r != 0x7f && len(*f) < maxSecret {
			*f = append(*f, r)
		}
	}
}

// click reacts to a click with the left button.
func (p *password) click(at image.Point) outcome {
	for i, r := range p.places {
		if !at.In(r) {
			continue
		}
		switch part(i) {
		case partCancel:
			return cancelled
		case partConnect:
			return p.submit()
		case partSave:
			p.toggle()
		default:
			p.focus = part(i)
		}
	}
	return going
}

// look is what a drawing depends on: equal looks, equal pictures.
type look struct {
	secret     int
	code       string
	save, caps bool
	focus      part
}

func (p *password) look() look {
	return look{len(p.secret), string(p.code), p.save, p.caps, p.focus}
}

// wipe leaves nothing typed in memory, as far as Go lets us.
func (p *password) wipe() {
	clear(p.secret[:cap(p.secret)])
	clear(p.code[:cap(p.code)])
}

// draw paints the dialog, as high as it needs to be.
func (p *password) draw(t *theme) *codec.Picture {
	const width = 440
	pic := codec.NewPicture(t.px(width), t.px(700))
	fill(pic, pic.Bounds(), paper)
	pad := t.px(24)
	room := pic.W - 2*pad
	y := p.drawHead(t, pic, pad, room)
	if p.form.Retry != "" {
		y = t.warning(pic, image.Pt(pad, y), room, plain(p.form.Retry, 300)) + t.px(14)
	}
	if p.form.TOTP {
		y = p.drawField(t, pic, image.Pt(pad, y), t.px(170), "Code from your authenticator app", partCode, string(p.code)) + t.px(20)
	} else {
		y = p.drawPassword(t, pic, pad, y, room)
	}
	y = p.drawButtons(t, pic, y, pad) + t.px(20)
	return pic.Sub(image.Rect(0, 0, pic.W, min(y, pic.H)))
}

func (p *password) drawPassword(t *theme, pic *codec.Picture, pad, y, room int) int {
	y = p.drawField(t, pic, image.Pt(pad, y), room, "Password", partPassword, strings.Repeat("•", len(p.secret)))
	caps := ""
	if p.caps {
		caps = "Caps Lock is on"
	}
	t.note.draw(pic, image.Pt(pad, y), caps, warnInk)
	y += t.note.height() + t.px(4)
	return p.drawSave(t, pic, image.Pt(pad, y), room) + t.px(20)
}

func (p *password) drawHead(t *theme, pic *codec.Picture, pad, room int) int {
	title := t.big.shorten("Log in to "+plain(p.form.Host, 100), room)
	words := t.note.wrap(plain(p.form.Words, 200), room-t.px(14))
	h := t.px(18) + t.big.height() + t.px(4) + max(len(words), 1)*t.note.height() + t.px(14)
	fill(pic, image.Rect(0, 0, pic.W, h), white)
	fill(pic, image.Rect(0, h, pic.W, h+t.px(1)), lineGrey)
	t.big.draw(pic, image.Pt(pad, t.px(18)), title, inkDark)
	y := t.px(18) + t.big.height() + t.px(4)
	for _, l := range words {
		t.note.draw(pic, image.Pt(pad, y), l, inkGrey)
		y += t.note.height()
	}
	return h + t.px(20)
}

// drawField paints a label and a box to type into.
func (p *password) drawField(t *theme, pic *codec.Picture, at image.Point, room int, label string, which part, text string) int {
	t.strong.draw(pic, at, label, inkDark)
	y := at.Y + t.strong.height() + t.px(4)
	r := image.Rect(at.X, y, at.X+room, y+t.px(34))
	edge := uint32(lineGrey)
	if p.focus == which {
		t.round(pic, r.Inset(-t.px(3)), t.px(7), mix(paper, accent, 90))
		edge = accent
	}
	t.box(pic, r, t.px(4), white, edge)
	p.places[which] = r
	in := pic.Sub(r.Inset(t.px(4)))
	end := t.px(6)
	if over := t.normal.width(text) + t.px(12) - in.W; over > 0 {
		end -= over // the end of a long text stays in sight
	}
	end = t.normal.draw(in, image.Pt(end, (in.H-t.normal.height())/2), text, inkDark)
	if p.focus == which {
		fill(in, image.Rect(end+t.px(1), t.px(4), end+t.px(2), in.H-t.px(4)), inkDark)
	}
	return r.Max.Y + t.px(6)
}

func (p *password) drawSave(t *theme, pic *codec.Picture, at image.Point, room int) int {
	side := t.px(18)
	r := image.Rect(at.X, at.Y, at.X+side, at.Y+side)
	ground, edge, ink := uint32(white), uint32(inkGrey), uint32(inkDark)
	switch {
	case !p.form.MaySave:
		ground, edge, ink = paper, lineGrey, inkPale
	case p.save:
		ground, edge = accent, accent
	}
	if p.focus == partSave {
		t.round(pic, r.Inset(-t.px(3)), t.px(6), mix(paper, accent, 90))
	}
	t.box(pic, r, t.px(3), ground, edge)
	if p.save {
		t.tick(pic, r, white)
	}
	text := "Log in automatically from now on"
	x := r.Max.X + t.px(10)
	end := t.normal.draw(pic, image.Pt(x, at.Y+(side-t.normal.height())/2), text, ink)
	p.places[partSave] = image.Rect(r.Min.X, r.Min.Y, end, r.Max.Y)
	y := r.Max.Y + t.px(4)
	if !p.form.MaySave {
		y = t.lines(pic, t.note, image.Pt(x, y), room-(x-at.X), plain(p.form.SaveReason, 200), inkGrey)
	}
	return y
}

func (p *password) drawButtons(t *theme, pic *codec.Picture, y, pad int) int {
	x := pic.W - pad
	for _, b := range []struct {
		part part
		button
	}{
		{partConnect, button{text: "Connect", primary: true, focus: p.focus == partConnect}},
		{partCancel, button{text: "Cancel", focus: p.focus == partCancel}},
	} {
		size := t.buttonSize(b.button)
		r := image.Rect(x-size.X, y, x, y+size.Y)
		t.button(pic, r, b.button)
		p.places[b.part] = r
		x = r.Min.X - t.px(12)
	}
	return y + t.px(34)
}
