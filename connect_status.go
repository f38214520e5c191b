package main

import "rac/screen"

// statusTeller is a Surface that says in words, on the way to another one, why
// the host shows no new picture, and that it does again.
type statusTeller struct {
	screen.Surface
	say  func(string)
	last string
}

// Show says a status once.
func (t *statusTeller) Show(f *screen.Frame) error {
	if f.Status != t.last {
		t.last = f.Status
		if f.Status == "" {
			t.say("the host shows its screen again")
		} else {
			t.say("the host's screen: " + printable(f.Status))
		}
	}
	return t.Surface.Show(f)
}
