package main

import (
	"image"
	"io"
	"log/slog"
	"slices"
	"testing"

	"rac/input"
)

// hands injects nothing.
type hands struct{}

func (hands) Inject(input.Event) error { return nil }
func (hands) Close() error             { return nil }

// TestTheScreenIsToldWhereThePointerGoes: what is there is sent first.
func TestTheScreenIsToldWhereThePointerGoes(t *testing.T) {
	var told []image.Point
	s := &hostScreen{log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	in := s.injector(func(at image.Point) { told = append(told, at) })
	s.hands.open = func() (input.Injector, error) { return hands{}, nil }
	for _, e := range []input.Event{input.Motion{X: 600, Y: 380}, input.Button{Button: 1, Down: true}, input.Motion{X: 40, Y: 200}} {
		if err := in.Inject(e); err != nil {
			t.Fatal(err)
		}
	}
	if want := []image.Point{{X: 600, Y: 380}, {X: 40, Y: 200}}; !slices.Equal(told, want) {
		t.Errorf("it was told %v, want %v", told, want)
	}
}
