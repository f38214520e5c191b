package window

// From the number that an X server gives a key to its HID usage, by way of the
// Linux kernel's number for it (linux/input-event-codes.h; X adds 8).

import "rac/input"

// evdevOffset is what X servers add to the kernel's numbers.
const evdevOffset = 8

// usageRun says that the kernel's keys code, code+1, … have these usages.
type usageRun struct {
	code   int
	usages []input.Usage
}

// usageRuns is the HID page 0x07 in the kernel's order (drivers/hid/hid-input.c
// holds the same relation the other way round). Keys that the kernel has and
// the page has not, such as the media keys of the consumer page, are left out:
// they travel by their keysym.
func usageRuns() []usageRun {
	return []usageRun{
		{1, []input.Usage{0x29}}, // Esc
		{2, []input.Usage{0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27}},               // 1 … 0
		{12, []input.Usage{0x2d, 0x2e, 0x2a, 0x2b}},                                                  // - = Backspace Tab
		{16, []input.Usage{0x14, 0x1a, 0x08, 0x15, 0x17, 0x1c, 0x18, 0x0c, 0x12, 0x13}},              // Q … P
		{26, []input.Usage{0x2f, 0x30, 0x28, 0xe0}},                                                  // [ ] Enter, left Ctrl
		{30, []input.Usage{0x04, 0x16, 0x07, 0x09, 0x0a, 0x0b, 0x0d, 0x0e, 0x0f}},                    // A … L
		{39, []input.Usage{0x33, 0x34, 0x35, 0xe1, 0x31}},                                            // ; ' ` left Shift, backslash
		{44, []input.Usage{0x1d, 0x1b, 0x06, 0x19, 0x05, 0x11, 0x10, 0x36, 0x37, 0x38}},              // Z … /
		{54, []input.Usage{0xe5, 0x55, 0xe2, 0x2c, 0x39}},                                            // right Shift, KP *, left Alt, Space, Caps Lock
		{59, []input.Usage{0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x41, 0x42, 0x43}},              // F1 … F10
		{69, []input.Usage{0x53, 0x47}},                                                              // Num Lock, Scroll Lock
		{71, []input.Usage{0x5f, 0x60, 0x61, 0x56, 0x5c, 0x5d, 0x5e, 0x57, 0x59, 0x5a, 0x5b}},        // KP 7 8 9 - 4 5 6 + 1 2 3
		{82, []input.Usage{0x62, 0x63}},                                                              // KP 0 .
		{85, []input.Usage{0x94, 0x64, 0x44, 0x45, 0x87}},                                            // Zenkaku, <>|, F11, F12, Ro
		{90, []input.Usage{0x92, 0x93, 0x8a, 0x88, 0x8b, 0x8c}},                                      // Katakana, Hiragana, Henkan, Kana, Muhenkan, KP ,
		{96, []input.Usage{0x58, 0xe4, 0x54, 0x46, 0xe6}},                                            // KP Enter, right Ctrl, KP /, Print, right Alt
		{102, []input.Usage{0x4a, 0x52, 0x4b, 0x50, 0x4f, 0x4d, 0x51, 0x4e, 0x49, 0x4c}},             // Home Up PgUp Left Right End Down PgDn Ins Del
		{113, []input.Usage{0x7f, 0x81, 0x80, 0x66, 0x67, 0xd7, 0x48}},                               // Mute, softer, louder, Power, KP =, KP ±, Pause
		{121, []input.Usage{0x85, 0x90, 0x91, 0x89, 0xe3, 0xe7, 0x65}},                               // KP , (Brazil), Hangul, Hanja, Yen, left and right Super, Menu
		{128, []input.Usage{0x78, 0x79, 0x76, 0x7a, 0x77, 0x7c, 0x74, 0x7d, 0x7e, 0x7b, 0x75}},       // Stop Again Props Undo Front Copy Open Paste Find Cut Help
		{179, []input.Usage{0xb6, 0xb7}},                                                             // KP ( )
		{183, []input.Usage{0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73}}, // F13 … F24
	}
}

// usageTable is the usage of each keycode of an X server that numbers keys as
// the kernel does; 0 where there is none.
func usageTable() (t [256]input.Usage) {
	for _, run := range usageRuns() {
		for i, u := range run.usages {
			t[run.code+i+evdevOffset] = u
		}
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
