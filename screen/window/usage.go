package window

// From the number that an X server gives a key to its HID usage.

import (
	"rac/input"
	"rac/screen/x11"
)

// usageTable is the usage of each keycode of an X server that numbers keys as
// the kernel does; 0 where there is none.
func usageTable() (t [256]input.Usage) {
	for code := x11.EvdevOffset; code < len(t); code++ {
		t[code] = input.UsageOfEvdev(uint8(code - x11.EvdevOffset))
	}
	return t
}

// typing tells whether a usage is a key that layouts put characters on. Any
// other key that bears a character is a spare one that a program has borrowed
// (xdotool, or rac's own injector), and its place says nothing.
func typing(u input.Usage) bool {
	switch {
	case u >= 0x04 && u <= 0x38, u >= 0x54 && u <= 0x64, u == 0x67: // letters … /, keypad
		return true
	case u >= 0x85 && u <= 0x8c, u == 0xb6, u == 0xb7, u == 0xd7: // international, KP ( ) ±
		return true
	}
	return false
}
