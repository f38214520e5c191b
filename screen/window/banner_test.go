//go:build linux

package window

// The banner that says who is connected.

import (
	"context"
	"image"
	"testing"

	"rac/screen/screentest"
)

func TestTheBannerStaysOnTopAndEndsTheSessionOnce(t *testing.T) {
	x := screentest.Xvfb(t, 900, 700)
	ctx, cancel := context.WithCancel(t.Context())
	ended, done := make(chan bool, 5), make(chan error, 1)
	go func() {
		done <- ShowBanner(ctx, Options{Display: x.Display, Title: dialogTitle}, "Anna is connected", func() { ended <- true })
	}()
	at := placed(t, x)
	if at.Min.Y != 0 || at.Min.X+at.Max.X < 899 || at.Min.X+at.Max.X > 901 {
		t.Errorf("it is at %v", at)
	}
	th, err := newTheme(1)
	if err != nil {
		t.Fatal(err)
	}
	b := &banner{text: "Anna is connected", tip: endKeyTip}
	want := b.draw(th)
	w := open(t, Options{Display: x.Display, Fullscreen: true})
	pic := noise(seeded(), 900, 700)
	show(t, w, whole(pic))
	below := image.Rect(0, at.Max.Y, 900, 700)
	eventually(t, "it is above a full-screen window", func() bool {
		now := grab(t, w.conn, w.conn.Root)
		// A window that lies above, but has not painted itself yet, still shows it.
		return equal(now.Sub(below), pic.Sub(below)) && equal(now.Sub(at), want)
	})
	clickOn(t, x, at, b.end, "1")
	answer(t, ended)
	clickOn(t, x, at, b.end, "1")
	cancel()
	if err := answer(t, done); err != nil || len(ended) > 0 {
		t.Errorf("%v, ended %d times more", err, len(ended))
	}
}

func TestTheBannersKeysEndTheSession(t *testing.T) {
	x := screentest.Xvfb(t, 900, 700)
	ended, done := make(chan bool, 5), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		done <- ShowBanner(ctx, Options{Display: x.Display, Title: dialogTitle}, "Anna is connected", func() { ended <- true })
	}()
	placed(t, x)
	x.Run(t, "xdotool", "key", "ctrl+alt+End") // not all of them
	x.Run(t, "xdotool", "key", "ctrl+alt+shift+End")
	answer(t, ended)
	cancel()
	if err := answer(t, done); err != nil || len(ended) > 0 {
		t.Errorf("%v, ended %d times more", err, len(ended))
	}
}
