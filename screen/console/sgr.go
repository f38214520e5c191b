package console

// setPen is SGR: the looks of what is written from now on.
func (t *vt) setPen(params []param) {
	if len(params) == 0 {
		t.cur.pen = pen{}
	}
	for len(params) > 0 {
		params = params[t.cur.pen.set(params):]
	}
}

// set takes one attribute and returns how many parameters it had.
func (p *pen) set(params []param) int {
	n := params[0].value
	switch {
	case n == 0:
		*p = pen{}
	case n == 4:
		return p.underline(params)
	case n >= 1 && n <= 9:
		p.attr |= onAttr[n]
	case n >= 21 && n <= 29:
		p.attr &^= offAttr[n-20]
		p.attr |= map[int]attr{21: underline}[n] // doubly underlined
	case n >= 30 && n <= 37:
		p.fg = colorPalette | color(n-30)
	case n >= 40 && n <= 47:
		p.bg = colorPalette | color(n-40)
	case n >= 90 && n <= 97:
		p.fg = colorPalette | color(n-90+8)
	case n >= 100 && n <= 107:
		p.bg = colorPalette | color(n-100+8)
	case n == 39:
		p.fg = colorDefault
	case n == 49:
		p.bg = colorDefault
	case n == 38:
		return extended(params, &p.fg)
	case n == 48:
		return extended(params, &p.bg)
	case n == 58:
		return extended(params, new(color)) // the underline's colour: it has the text's
	}
	return 1 + subs(params[1:])
}

var onAttr = [10]attr{1: bold, 2: dim, 3: italic, 4: underline, 5: blink, 6: blink, 7: inverse, 8: hidden, 9: strike}
var offAttr = [10]attr{2: bold | dim, 3: italic, 4: underline, 5: blink, 7: inverse, 8: hidden, 9: strike}

// subs returns how many sub-parameters params begins with.
func subs(params []param) int {
	n := 0
	for n < len(params) && params[n].sub {
		n++
	}
	return n
}

// underline takes 4 and its styles, 4:0 to 4:5; every style is a plain line.
func (p *pen) underline(params []param) int {
	n := subs(params[1:])
	p.attr |= underline
	if n > 0 && params[1].value == 0 {
		p.attr &^= underline
	}
	return 1 + n
}

// extended takes a colour: 38;5;n, 38;2;r;g;b, 38:5:n, 38:2:r:g:b and
// 38:2:space:r:g:b. It returns how many parameters that were.
func extended(params []param, to *color) int {
	if n := subs(params[1:]); n > 0 {
		colonColor(params[1:1+n], to)
		return 1 + n
	}
	if len(params) >= 3 && params[1].value == 5 {
		setIndexed(params[2], to)
		return 3
	}
	if len(params) >= 5 && params[1].value == 2 {
		setRGB(params[2:5], to)
		return 5
	}
	return len(params) // cut off: nothing after it can be understood
}

func colonColor(params []param, to *color) {
	switch {
	case params[0].value == 5 && len(params) >= 2:
		setIndexed(params[1], to)
	case params[0].value == 2 && len(params) == 4:
		setRGB(params[1:], to)
	case params[0].value == 2 && len(params) > 4:
		setRGB(params[2:5], to)
	}
}

func setIndexed(p param, to *color) {
	if p.value < 256 {
		*to = colorPalette | color(p.value)
	}
}

func setRGB(p []param, to *color) {
	*to = colorRGB
	for _, channel := range p {
		*to = *to&colorRGB | (*to&0xffff)<<8 | color(min(channel.value, 255))
	}
}
