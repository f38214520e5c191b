package x11

import "testing"

// twoKeys is a map with one type (Shift makes the second level), a key with two
// groups, and one with none.
func twoKeys() []byte {
	reply := make([]byte, 40)
	reply[15], reply[17], reply[20] = 1, 38, 2 // types; first key; keys
	reply = append(reply, 1, 1, 0, 0, 2, 1, 0, 0)
	reply = append(reply, 1, 1, 1, 1, 0, 0, 0, 0)
	reply = append(reply, 0, 0, 0, 0, 2, 2, 4, 0)
	for _, sym := range []byte{'a', 'A', 'q', 'Q'} {
		reply = append(reply, sym, 0, 0, 0)
	}
	return append(reply, 0, 0, 0, 0, 0, 0, 0, 0)
}

func TestShiftAndGroupChooseTheSymbol(t *testing.T) {
	m, err := ParseKeymap(twoKeys())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code  byte
		state uint16
		want  uint32
	}{
		{38, 0, 'a'}, {38, 1, 'A'}, {38, 4, 'a'}, {38, 1 << 13, 'q'}, {38, 1<<13 | 5, 'Q'},
		{38, 2 << 13, 'a'}, // beyond the last group: from the start again
		{39, 0, 0}, {200, 1, 0},
	} {
		if got, _ := m.Sym(c.code, byte(c.state), int(c.state>>13)); got != c.want {
			t.Errorf("key %d in state %#x: %#x, want %#x", c.code, c.state, got, c.want)
		}
	}
}

func TestAMapIsNotReadAgainForEventsFromBeforeIt(t *testing.T) {
	reply := twoKeys()
	reply[2], reply[3] = 0x10, 0xff // the map was request 65,296
	m, err := ParseKeymap(reply)
	if err != nil {
		t.Fatal(err)
	}
	m.heard = 3
	for _, c := range []struct {
		seq  uint16
		nth  uint64
		want bool
	}{
		{0xff0f, 3, true}, {0xff00, 1, true},
		{0xff10, 3, false},                     // came right after the reply
		{0x0010, 4, false}, {0xff00, 9, false}, // much later: numbers have begun again
	} {
		if got := m.Knows(KeymapEvent{seq: c.seq, nth: c.nth}); got != c.want {
			t.Errorf("event %d after request %#x: known %v, want %v", c.nth, c.seq, got, c.want)
		}
	}
}

// FuzzKeymap: whatever a server says, asking the map does not panic.
func FuzzKeymap(f *testing.F) {
	f.Add(twoKeys())
	f.Add(twoKeys()[:57])
	for _, layout := range []string{"us", "de", "us_ru"} {
		f.Add(loadReply(f, layout+".xkbmap"))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		m, err := ParseKeymap(reply)
		if err != nil {
			return
		}
		for code := range 256 {
			for group := range 5 {
				m.Sym(byte(code), byte(group*37), group)
			}
		}
	})
}

func BenchmarkParseKeymap(b *testing.B) {
	raw := loadReply(b, "us_ru.xkbmap")
	for b.Loop() {
		ParseKeymap(raw)
	}
}
