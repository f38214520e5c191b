package input

// Keys by their place, and the rule that makes of a viewer's key one of the
// host's.
//
// A key comes with its place on the viewer's keyboard (Usage) and with what the
// viewer's layout, locks and modifiers made of it (Sym). Viewer and host may have
// different layouts, of which neither knows the other's. What the person saw on
// his keycap wins, as long as the host has a way to make it:
//
//   - The key in the same place makes Sym at the host as well, with the modifiers
//     that are down there: that key. With equal layouts this is always so, and a
//     program that looks at the place of keys (a game) sees the right one.
//   - Sym is a key without a character (Enter, F5, Control): the key in the same
//     place if it bears Sym in any position, else the key that bears it alone or,
//     for a modifier, its twin on the other side, else the key in the same place.
//   - Sym is a character, a dead key or one of the keypad: the host's key
//     that makes it with the modifiers that are down; else one that makes it
//     with Shift or AltGr pressed or lifted for as long as it is down.
//   - The layout has no such key: a spare keycode is bound to Sym, which costs
//     5 ms once. But with Control, Alt or Super down, where programs look for
//     Latin letters, it is the key in the same place if Sym is not ASCII (Control
//     and С of a Russian keyboard are Control-C) or if that key bears Sym in a
//     group that is not in effect (programs look there too).
//
// A modifier that is down at the host since the viewer holds it can be lifted;
// one that a person at the host holds cannot, so that a spare keycode, which
// makes the same with all modifiers, takes its place.
//
// Text is typed by the same rule without a place, with all that viewers
// hold lifted and Caps Lock off meanwhile.

// keyRun says that the usages first, first+1, … are these keys of the Linux
// kernel (linux/input-event-codes.h).
type keyRun struct {
	first Usage
	codes []uint8
}

// keyRuns is page 0x07 of the USB HID Usage Tables in its own order, with the
// kernel's numbers (drivers/hid/hid-input.c).
func keyRuns() []keyRun {
	return []keyRun{
		{0x04, []uint8{30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50}},         // A … M
		{0x11, []uint8{49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44}},         // N … Z
		{0x1e, []uint8{2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},                             // 1 … 0
		{0x28, []uint8{28, 1, 14, 15, 57}},                                          // Enter Esc Backspace Tab Space
		{0x2d, []uint8{12, 13, 26, 27, 43, 43, 39, 40, 41, 51, 52, 53}},             // - = [ ] \ # ; ' ` , . /
		{0x39, []uint8{58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 87, 88}},         // Caps Lock, F1 … F12
		{0x46, []uint8{99, 70, 119, 110, 102, 104, 111, 107, 109}},                  // Print, Scroll Lock, Pause, Ins Home PgUp Del End PgDn
		{0x4f, []uint8{106, 105, 108, 103}},                                         // Right Left Down Up
		{0x53, []uint8{69, 98, 55, 74, 78, 96}},                                     // Num Lock, KP / * - + Enter
		{0x59, []uint8{79, 80, 81, 75, 76, 77, 71, 72, 73, 82, 83}},                 // KP 1 … 9 0 .
		{0x64, []uint8{86, 127, 116, 117}},                                          // <>|, Menu, Power, KP =
		{0x68, []uint8{183, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193, 194}}, // F13 … F24
		{0x74, []uint8{134, 138, 130, 132, 128, 129, 131, 137, 133, 135, 136, 113}}, // Open Help Props Front Stop Again Undo Cut Copy Paste Find Mute
		{0x80, []uint8{115, 114}},                                                   // louder, softer
		{0x85, []uint8{121}}, {0x87, []uint8{89, 93, 124, 92, 94, 95}},              // KP , – Ro Kana Yen Henkan Muhenkan KP ,
		{0x90, []uint8{122, 123, 90, 91, 85}},           // Hangul Hanja Katakana Hiragana Zenkaku
		{0xb6, []uint8{179, 180}}, {0xd7, []uint8{118}}, // KP ( ) ±
		{0xe0, []uint8{29, 42, 56, 125, 97, 54, 100, 126}}, // left Ctrl Shift Alt Super, right ones
	}
}

// Evdev returns the Linux kernel's number of the key in that place; 0: it has
// none. X servers add 8 to it.
func (u Usage) Evdev() uint8 {
	for _, run := range keyRuns() {
		if i := int(u) - int(run.first); i >= 0 && i < len(run.codes) {
			return run.codes[i]
		}
	}
	return 0
}

// UsageOfEvdev is the inverse of Evdev; 0: the key has no usage on page 0x07.
func UsageOfEvdev(code uint8) Usage {
	for _, run := range keyRuns() {
		for i, c := range run.codes {
			if c == code && code != 0 {
				return run.first + Usage(i)
			}
		}
	}
	return 0
}
