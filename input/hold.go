package input

import "unicode/utf8"

// What it means that something is held.

// id is a key's identity while it is held: its place, or where the viewer does
// not know that, what it makes.
func (k Key) id() Event {
	if k.Usage != 0 {
		return Key{Usage: k.Usage}
	}
	return Key{Sym: k.Sym}
}

func (b Button) id() Event { return Button{Button: b.Button} }

// up is the release of what id names: an id is the zero state, which is up.
func up(id Event) Event { return id }

// pressed splits an event that can be held into its id and direction.
func pressed(ev Event) (id Event, down, ok bool) {
	switch ev := ev.(type) {
	case Key:
		return ev.id(), ev.Down, true
	case Button:
		return ev.id(), ev.Down, true
	}
	return nil, false, false
}

// weight is how much is lost with an event: a press is one key, a text its
// characters. What a repeat or a release does is not missed.
func weight(ev Event) int {
	if text, ok := ev.(Text); ok {
		return utf8.RuneCountInString(text.Text)
	}
	if k, ok := ev.(Key); ok && k.Again {
		return 0
	}
	if _, down, ok := pressed(ev); ok && down {
		return 1
	}
	return 0
}
