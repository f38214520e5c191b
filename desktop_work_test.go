//go:build linux

package main

import (
	"fmt"
	"image"
	"path/filepath"
	"strings"
	"testing"

	"rac/screen/codec"
	"rac/screen/screentest"
)

// Looking at another desktop, and working on it.

func TestTheWindowShowsTheOtherDesktopPixelForPixel(t *testing.T) {
	desk := newComputer(t, screentest.Xvfb(t, 1280, 800), true)
	desk.lock()
	desk.run("sed", "-i", "s/^banner .*/banner = false/", desk.config()) // it would name the second session on the screenshot alone
	h := desk.host(onLoopback()...)
	v := newComputer(t, screentest.Xvfb(t, 1400, 900), true).watch(h.addr, h)
	painting := h.hang(image.Rect(600, 60, 1100, 460))
	one, two := h.typewriter("one", image.Pt(20, 40)), h.typewriter("two", image.Pt(120, 420))
	v.equals(h)
	h.run("xdotool", "windowmove", fmt.Sprint(painting.win), "500", "200") // it covers a part of "two" now
	v.equals(h)
	h.xdotool(fmt.Sprintf("windowactivate %d windowactivate %d", one.win, two.win))
	v.equals(h)

	shot := filepath.Join(v.dir, "shot.png")
	cmd := v.command("rac", "connect", h.addr, "--screenshot", shot, "--password-stdin")
	cmd.Stdin = strings.NewReader(password + "\n")
	if out, err := cmd.Output(); err != nil || string(out) != shot+"\n" {
		t.Fatalf("rac connect --screenshot: %v, printed %q", err, out)
	}
	v.equals(h)
	if d := screentest.Differ(h.Grab(), readPNG(t, shot)); !d.Empty() {
		t.Errorf("the screenshot differs from the screen in %v", d)
	}
}

// readPNG reads a picture that must have no transparent pixel.
func readPNG(t *testing.T, file string) *codec.Picture {
	t.Helper()
	img := readImage(t, file)
	pic := codec.NewPicture(img.Bounds().Dx(), img.Bounds().Dy())
	for y := range pic.H {
		for x := range pic.W {
			r, g, b, a := img.At(x, y).RGBA()
			if a != 0xffff {
				t.Fatalf("pixel %d,%d has opacity %#x", x, y, a)
			}
			pic.Row(y)[x] = r>>8<<16 | g>>8<<8 | b>>8
		}
	}
	return pic
}

func TestWhatIsTypedArrivesInTheTerminalThatWasClicked(t *testing.T) {
	h, v := startSession(t)
	one, two := h.typewriter("one", image.Pt(20, 40)), h.typewriter("two", image.Pt(20, 420))
	v.equals(h)
	v.xdotool("mousemove " + v.at(one.middle()) + " click 1")
	v.run("xdotool", "type", "Hello, World! ~`@#$%^&*()_+{}|:\"<>?[]\\;',./-=\n")
	one.holds("Hello, World! ~`@#$%^&*()_+{}|:\"<>?[]\\;',./-=\n")
	v.xdotool("mousemove " + v.at(two.middle()) + " click 1")
	v.run("xdotool", "type", "and the second\n")
	two.holds("and the second\n")
	v.xdotool("key --clearmodifiers T e s x BackSpace t Return ctrl+d")
	two.holds("and the second\nTest\n")
	v.equals(h)
}

func TestAGermanKeyboardTypesItsCharactersOnAnAmericanHost(t *testing.T) {
	h, v := startSession(t)
	one := h.typewriter("one", image.Pt(20, 40))
	v.equals(h)
	v.xdotool("mousemove " + v.at(one.middle()) + " click 1")
	v.run("setxkbmap", "de")
	// Key by key, as fingers do: AltGr goes down, Q, AltGr goes up.
	v.xdotool("key udiaeresis odiaeresis adiaeresis ssharp y z shift+7 shift+2")
	v.xdotool("key ISO_Level3_Shift+q ISO_Level3_Shift+e ISO_Level3_Shift+7 ISO_Level3_Shift+0 ISO_Level3_Shift+ssharp Return")
	one.holds("üöäßyz/\"@€{}\\\n")
	one.clear()
	v.run("xdotool", "type", "Zyklus für 5 € [mit] @ und |µ| ~ Öl?\n")
	v.run("setxkbmap", "ru")
	v.xdotool("key Cyrillic_ya Cyrillic_YU comma Return")
	// What is on no keyboard comes from a key that an input method has bound.
	v.run("xmodmap", "-e", "keycode 248 = U65E5", "-e", "keycode 247 = EuroSign")
	v.xdotool("key U65E5 EuroSign Return")
	one.holds("Zyklus für 5 € [mit] @ und |µ| ~ Öl?\nяЮ,\n日€\n")
	eventually(t, "all keys are up", func() bool { return len(h.keysDown()) == 0 })
}

func TestWindowsAreDraggedAndTextIsSelected(t *testing.T) {
	h, v := startSession(t)
	one := h.typewriter("one", image.Pt(20, 40))
	v.equals(h)
	before := h.area(one.win)
	title := image.Pt(before.Min.X+before.Dx()/2, before.Min.Y-8)
	v.xdotool("mousemove " + v.at(title) + " mousedown 1")
	for _, d := range []image.Point{{10, 5}, {60, 20}, {150, 90}, {200, 120}} {
		v.xdotool("mousemove " + v.at(title.Add(d)))
	}
	v.xdotool("mouseup 1")
	eventually(t, "the terminal moves by 200,120", func() bool { return h.area(one.win) == before.Add(image.Pt(200, 120)) })
	v.equals(h)

	// The first line that is seen, selected by dragging over it and pasted by the
	// middle button.
	area := h.area(one.win)
	row := area.Min.Y + 4
	v.xdotool("mousemove " + v.at(image.Pt(area.Min.X+20, row)) + " mousedown 1 mousemove " + v.at(image.Pt(area.Max.X-5, row)) + " mouseup 1 click 2")
	v.xdotool("key Return")
	eventually(t, "the selected line is pasted", func() bool {
		return strings.HasPrefix(one.text(), "row ") && strings.HasSuffix(one.text(), "\n")
	})
}

func TestClicksAndTheWheelArriveOneByOneWhereTheyWereMade(t *testing.T) {
	h, v := startSession(t)
	painting := h.hang(image.Rect(600, 60, 1100, 460))
	one := h.typewriter("one", image.Pt(20, 40))
	v.equals(h)
	at := func(x, y int) string { return v.at(h.area(painting.win).Min.Add(image.Pt(x, y))) }
	v.xdotool("mousemove " + at(10, 20) + " click 1 mousemove " + at(490, 390) + " click 3 click 2 click 4 click 5 click 5 click 6 click 7")
	v.xdotool("mousemove " + at(0, 0) + " mousedown 1 mousemove " + at(30, 40) + " mouseup 1 click 8 click 9")
	painting.was(t, "+1@10,20 -1@10,20 +3@490,390 -3@490,390 +2@490,390 -2@490,390 +4@490,390 -4@490,390 "+
		"+5@490,390 -5@490,390 +5@490,390 -5@490,390 +6@490,390 -6@490,390 +7@490,390 -7@490,390 "+
		"+1@0,0 -1@30,40 +8@30,40 -8@30,40 +9@30,40 -9@30,40")

	// In a terminal the wheel scrolls back.
	end := h.Grab()
	v.xdotool("mousemove " + v.at(one.middle()) + " click 4")
	eventually(t, "the terminal scrolls", func() bool {
		return screentest.Differ(end, h.Grab()).Overlaps(h.area(one.win)) // the banner may come meanwhile, elsewhere
	})
	v.equals(h)
}

func TestThePointerHasTheShapeThatItHasThere(t *testing.T) {
	h, v := startSession(t)
	one := h.typewriter("one", image.Pt(20, 40))
	v.equals(h)
	shapes := map[string]bool{}
	for _, place := range []image.Point{one.middle(), image.Pt(1200, 700), one.area(one.win).Max.Add(image.Pt(0, 2))} {
		v.xdotool("mousemove " + v.at(place))
		eventually(t, fmt.Sprintf("the pointers at %v are the same", place), func() bool {
			return h.pointerAt() == place && h.pointerShape() == v.pointerShape()
		})
		shapes[h.pointerShape()] = true
	}
	if len(shapes) != 3 { // in the text, on the ground, at a window's corner
		t.Errorf("the pointer has had %d shapes, want 3", len(shapes))
	}
}
