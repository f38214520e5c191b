package console

import (
	"strings"
	"sync"
	"testing"

	"rac/input"
)

// fakeTerminal remembers what was typed.
type fakeTerminal struct {
	mu       sync.Mutex
	typed    []string
	scrolled int
	mode     modes
	full     bool
	gone     bool // the shell has ended
	busy     bool
}

func (f *fakeTerminal) send(keys []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.typed = append(f.typed, string(keys))
	return nil
}

func (f *fakeTerminal) scroll(n int)         { f.scrolled += n }
func (f *fakeTerminal) idle() bool           { return !f.busy }
func (f *fakeTerminal) modes() (modes, bool) { return f.mode, f.full }
func (f *fakeTerminal) wake() bool {
	was := f.gone
	f.gone = false
	return was
}

func (f *fakeTerminal) take() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := strings.Join(f.typed, "")
	f.typed = nil
	return s
}

func TestTheLastKeyRepeats(t *testing.T) {
	f := &fakeTerminal{}
	i := newInjector(f, 120, 40)
	a, b, left := input.Key{Usage: 0x04, Down: true}, input.Key{Usage: 0x05, Down: true}, input.Key{Usage: 0xe1, Down: true}
	again := func(k input.Key) input.Key { k.Again = true; return k }
	inject(t, i, a, again(a), again(a), b, again(a), again(b), left, again(left), again(b))
	if got := f.take(); got != "aaabbB" {
		t.Errorf("typed %q, want aaabbB", got)
	}
}

func TestAProgramThatDoesNotReadIsNotFloodedByAHeldKey(t *testing.T) {
	f := &fakeTerminal{busy: true}
	i := newInjector(f, 120, 40)
	inject(t, i, input.Key{Usage: 0x04, Down: true}, input.Key{Usage: 0x04, Down: true, Again: true})
	if got := f.take(); got != "a" {
		t.Errorf("typed %q", got)
	}
}

func TestTheKeyThatStartsAShellIsNotForTheShell(t *testing.T) {
	f := &fakeTerminal{gone: true}
	i := newInjector(f, 120, 40)
	defer i.Close()
	inject(t, i, input.Key{Usage: 0xe1, Down: true}, input.Key{Usage: 0xe1})
	if !f.gone {
		t.Error("Shift alone has started a shell")
	}
	inject(t, i, input.Key{Usage: 0x04, Down: true}, input.Key{Usage: 0x04, Down: true, Again: true}, input.Key{Usage: 0x04})
	inject(t, i, tap(input.Key{Usage: 0x05})...)
	if got := f.take(); got != "b" {
		t.Errorf("typed %q, want b", got)
	}
}

func TestTextIsTypedAsItStands(t *testing.T) {
	f := &fakeTerminal{}
	i := newInjector(f, 120, 40)
	defer i.Close()
	inject(t, i, input.Key{Usage: 0xe0, Down: true}, text("a\r\nb\nç\xff日"))
	if got, want := f.take(), "a\rb\rç\ufffd日"; got != want {
		t.Errorf("typed %q, want %q", got, want)
	}
}

func TestThePointer(t *testing.T) {
	at := func(x, y int) input.Event { return input.Motion{X: x * cellW, Y: y*cellH + 5} }
	down, up := input.Button{Button: 1, Down: true}, input.Button{Button: 1}
	for _, c := range []struct {
		name   string
		mode   modes
		events []input.Event
		want   string
	}{
		{"nobody asked", modes{}, []input.Event{at(2, 3), down, at(4, 5), up}, ""},
		{"click", modes{mouse: mouseClick}, []input.Event{at(2, 3), down, at(4, 5), up}, "\x1b[M #$\x1b[M#%&"},
		{"click, SGR", modes{mouse: mouseClick, mouseSGR: true}, []input.Event{at(2, 3), down, at(4, 5), up}, "\x1b[<0;3;4M\x1b[<0;5;6m"},
		{"X10", modes{mouse: mousePress}, []input.Event{at(2, 3), down, up}, "\x1b[M #$"},
		{"drag", modes{mouse: mouseDrag, mouseSGR: true}, []input.Event{at(2, 3), down, at(4, 5), at(4, 5), up, at(6, 7)}, "\x1b[<0;3;4M\x1b[<32;5;6M\x1b[<0;5;6m"},
		{"all motion", modes{mouse: mouseAll, mouseSGR: true}, []input.Event{at(2, 3), at(4, 5)}, "\x1b[<35;3;4M\x1b[<35;5;6M"},
		{"right with Ctrl", modes{mouse: mouseClick, mouseSGR: true}, []input.Event{input.Key{Usage: 0xe0, Down: true}, input.Button{Button: 3, Down: true}}, "\x1b[<18;1;1M"},
		{"back", modes{mouse: mouseClick, mouseSGR: true}, []input.Event{input.Button{Button: 8, Down: true}}, "\x1b[<128;1;1M"},
		{"outside", modes{mouse: mouseClick, mouseSGR: true}, []input.Event{at(-5, 999), down}, "\x1b[<0;1;40M"},
		{"wheel", modes{mouse: mouseClick, mouseSGR: true}, []input.Event{input.Wheel{DY: -60}, input.Wheel{DY: -60}, input.Wheel{DY: 240, DX: 120}}, "\x1b[<64;1;1M\x1b[<65;1;1M\x1b[<65;1;1M\x1b[<67;1;1M"},
	} {
		f := &fakeTerminal{mode: c.mode}
		i := newInjector(f, 120, 40)
		inject(t, i, c.events...)
		i.Close()
		if got := f.take(); got != c.want || f.scrolled != 0 {
			t.Errorf("%s: reports %q, want %q; scrolled %d", c.name, got, c.want, f.scrolled)
		}
	}
}

func TestTheWheelScrollsWhereNobodyAskedForIt(t *testing.T) {
	f := &fakeTerminal{}
	i := newInjector(f, 120, 40)
	defer i.Close()
	inject(t, i, input.Wheel{DY: -120}, input.Wheel{DY: -40}, input.Wheel{DY: 80})
	if f.scrolled != 2 || f.take() != "" {
		t.Errorf("scrolled %d lines back, want 2", f.scrolled)
	}
	f.full = true
	inject(t, i, input.Wheel{DY: 120}, input.Wheel{DY: -40})
	if got := f.take(); got != "\x1b[B\x1b[B\x1b[B\x1b[A" {
		t.Errorf("with the whole screen: %q", got)
	}
	f.mode.mouse = mouseClick
	inject(t, i, input.Key{Usage: 0xe1, Down: true}, input.Wheel{DY: 1 << 30})
	if got := f.take(); len(got) != 3*maxNotches*notchLines {
		t.Errorf("a huge turn with Shift types %d bytes", len(got))
	}
}

func TestShiftAndPageUpShowTheHistory(t *testing.T) {
	c := start(t, plainShell(t))
	i := hands(t, c)
	inject(t, i, text("seq 100\n"))
	shows(t, c, "100")
	inject(t, i, input.Key{Usage: 0xe1, Down: true})
	inject(t, i, tap(input.Key{Usage: 0x4b})...)
	inject(t, i, input.Key{Usage: 0xe1})
	shows(t, c, "30")
	inject(t, i, tap(input.Key{Usage: 0x2c})...) // any key goes back
	shows(t, c, "100")
}
