package x11

import "testing"

func TestOldAndNewKeysymsOfACharacterAreTheSame(t *testing.T) {
	for sym, r := range map[uint32]rune{
		'a': 'a', 0xe4: 'ä', 0x20ac: '€', 0x10020ac: '€', 0x6c1: 'а', 0x6ff: 'Ъ', 0x1a1: 'Ą', 0x1ff: '˙', 0x7e1: 'α',
		0x5d9: 'ع', 0xcfa: 'ת', 0xda1: 'ก', 0xdf9: '๙', 0x4df: '゜', 0x13be: 'Ÿ', 0x10065e5: '日', 0xad0: '‘', 0x100004a: 'J',
	} {
		if got := RuneOf(Canonical(sym)); got != r {
			t.Errorf("keysym 0x%x is %q, want %q", sym, got, r)
		}
	}
	for _, sym := range []uint32{0, 0xff0d, 0xfe03, 0x1008ff13, 0x1a4, 0x2000} {
		if got := Canonical(sym); got != sym {
			t.Errorf("keysym 0x%x became 0x%x", sym, got)
		}
	}
}
