package input

import "testing"

func TestEveryKeyHasOnePlace(t *testing.T) {
	seen := map[uint8]Usage{}
	for u := range Usage(0x100) {
		code := u.Evdev()
		if code == 0 {
			continue
		}
		if other, twice := seen[code]; twice && u != 0x32 { // the # of ISO keyboards is the backslash of others
			t.Errorf("usages 0x%02x and 0x%02x are both key %d", u, other, code)
		}
		seen[code] = u
		if back := UsageOfEvdev(code); back != u && u != 0x32 {
			t.Errorf("usage 0x%02x is key %d, which is usage 0x%02x", u, code, back)
		}
	}
	for u, code := range map[Usage]uint8{0x04: 30, 0x28: 28, 0x64: 86, 0xe6: 100, 0x81: 114, 0x73: 194, 0xffff: 0, 0: 0} {
		if got := u.Evdev(); got != code {
			t.Errorf("usage 0x%02x is key %d, want %d", u, got, code)
		}
	}
}
