package main

import (
	"errors"
	"image"
	"testing"
	"testing/synctest"
	"time"

	"rac/screen"
	"rac/screen/codec"
	"rac/screen/screentest"
)

// views are two views of a desktop of 100 × 50 pixels on one surface, the old one
// shown.
func views(t *testing.T, urgent bool) (rec *screentest.Recorder, old, next *scene) {
	t.Helper()
	rec = &screentest.Recorder{}
	st := &stage{out: rec}
	old = st.enter(false)
	if err := old.Show(picture(1, image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return rec, old, st.enter(urgent)
}

// picture is a frame of one colour.
func picture(colour uint32, dirty ...image.Rectangle) *screen.Frame {
	p := codec.NewPicture(100, 50)
	for i := range p.Pix {
		p.Pix[i] = colour
	}
	return &screen.Frame{Display: screen.Display{W: 100, H: 50}, Picture: p, Dirty: dirty, Bytes: 1}
}

// shows checks which colour was shown last.
func shows(t *testing.T, rec *screentest.Recorder, colour uint32) *screen.Frame {
	t.Helper()
	f, _ := rec.Last()
	if got := f.Picture.Pix[0]; got != colour {
		t.Errorf("the picture of %d is shown, want that of %d", got, colour)
	}
	return f
}

func TestTheOldPictureStaysUntilTheNewOneIsWhole(t *testing.T) {
	rec, old, next := views(t, false)
	cursor := &screen.Cursor{Serial: 7}
	next.Show(&screen.Frame{Cursor: cursor})
	next.Show(picture(2, image.Rect(0, 0, 100, 25))) // ends inside a row of cells
	shows(t, rec, 1)
	if err := old.Show(picture(3, image.Rect(0, 0, 9, 9))); err != nil {
		t.Errorf("the old view has ended: %v", err)
	}
	shows(t, rec, 3)
	next.Show(picture(2, image.Rect(0, 25, 100, 50)))
	shows(t, rec, 3)
	next.Show(picture(2, image.Rect(0, 16, 100, 40)))
	f := shows(t, rec, 2)
	if len(f.Dirty) != 1 || f.Dirty[0] != image.Rect(0, 0, 100, 50) {
		t.Errorf("%v of the new picture was painted, want all of it", f.Dirty)
	}
	if f.Cursor == nil || f.Cursor.Serial != 7 {
		t.Errorf("the pointer is %v, want what came before the picture", f.Cursor)
	}
	select {
	case <-next.shown:
	default:
		t.Error("nobody was told that the new view is shown")
	}
	if err := old.Show(picture(1)); !errors.Is(err, errOutOfDate) {
		t.Errorf("the old view goes on: %v", err)
	}
	shows(t, rec, 2)
}

func TestThePictureDoesNotGoBackInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, old, next := views(t, false)
		at := func(f *screen.Frame, age time.Duration) *screen.Frame {
			f.Time, f.Exact = time.Now().Add(-age), true
			return f
		}
		old.Show(at(picture(3), 20*time.Millisecond))
		next.Show(at(picture(2, image.Rect(0, 0, 100, 50)), 60*time.Millisecond))
		shows(t, rec, 3)
		time.Sleep(30 * time.Millisecond)
		next.Show(at(picture(4, image.Rect(0, 0, 1, 1)), 10*time.Millisecond))
		shows(t, rec, 4)

		slow, newest := next.stage.enter(false), time.Time{}
		for range 20 { // always later than the other
			next.Show(at(picture(5), 0))
			slow.Show(at(picture(6, image.Rect(0, 0, 1, 1)), 100*time.Millisecond))
			f, _ := rec.Last()
			if f.Time.Before(newest) {
				t.Fatalf("the picture goes back by %v", newest.Sub(f.Time))
			}
			newest = f.Time
			time.Sleep(50 * time.Millisecond)
		}
		if f := shows(t, rec, 6); len(f.Dirty) != 1 || f.Dirty[0] != image.Rect(0, 0, 1, 1) {
			t.Errorf("%v is painted of a picture that has been whole for long", f.Dirty)
		}

		late := slow.stage.enter(false)
		slow.Show(at(picture(7), 0))
		late.Show(at(picture(8, image.Rect(0, 0, 1, 1)), time.Hour)) // as if its clock were wrong
		time.Sleep(catchUp + time.Millisecond)
		late.Show(at(picture(8, image.Rect(0, 0, 1, 1)), time.Hour))
		shows(t, rec, 7)
		time.Sleep(standStill)
		late.Show(at(picture(8, image.Rect(0, 0, 1, 1)), time.Hour))
		shows(t, rec, 8)
	})
}

func TestAnExactPictureIsWhole(t *testing.T) {
	rec, _, next := views(t, false)
	f := picture(2, image.Rect(0, 0, 3, 3))
	f.Exact = true
	next.Show(f)
	shows(t, rec, 2)
}

func TestWhereTheOldLineIsDeadTheNewPictureIsShownAsItComes(t *testing.T) {
	rec, _, next := views(t, true)
	part := image.Rect(0, 0, 100, 16)
	next.Show(picture(2, part))
	if f := shows(t, rec, 2); len(f.Dirty) != 1 || f.Dirty[0] != part {
		t.Errorf("%v was painted, want %v: the rest has not come", f.Dirty, part)
	}
}

func TestAHostWithoutAScreenIsNotWaitedFor(t *testing.T) {
	rec, _, next := views(t, false)
	next.Show(&screen.Frame{Status: "no display: retrying"})
	if f, _ := rec.Last(); f.Status == "" {
		t.Error("nobody is told why there is no picture")
	}
}
