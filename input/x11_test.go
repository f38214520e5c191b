//go:build unix && !darwin

package input_test

import (
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/input"
	"rac/p2p/p2ptest"
	"rac/screen/screentest"
	"rac/screen/x11"
)

// openX11 opens an injector that is closed with the test.
func openX11(t testing.TB, s *screentest.Server) input.Injector {
	t.Helper()
	inj, err := input.OpenX11(t.Context(), s.Display, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inj.Close() })
	return inj
}

func dial(t testing.TB, s *screentest.Server) *x11.Conn {
	t.Helper()
	c, err := x11.Dial(t.Context(), s.Display)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// eventually waits for something that other programs do.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !f(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not after 30 s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func inject(t testing.TB, inj input.Injector, evs ...input.Event) {
	t.Helper()
	for _, ev := range evs {
		if err := inj.Inject(ev); err != nil {
			t.Fatalf("%+v: %v", ev, err)
		}
	}
}

// terminal is an xterm in which a script runs; its files are in dir.
type terminal struct{ dir string }

// openTerminal starts an xterm below the pointer, which without a window manager
// has the focus.
func openTerminal(t testing.TB, s *screentest.Server, inj input.Injector, script string) *terminal {
	t.Helper()
	term := &terminal{t.TempDir()}
	t.Setenv("LC_ALL", "C.UTF-8")
	s.Start(t, "xterm", "-u8", "-geometry", "100x30+0+0", "-e", "sh", "-c", "cd "+term.dir+" && "+script)
	eventually(t, "xterm starts", func() bool { return term.has("ready") })
	inject(t, inj, input.Motion{X: 100, Y: 100})
	c := dial(t, s)
	eventually(t, "xterm's window is there", func() bool {
		p, err := xproto.QueryPointer(c.Conn, c.Root).Reply()
		return err == nil && p.Child != 0
	})
	return term
}

func (term *terminal) has(name string) bool {
	_, err := os.Stat(filepath.Join(term.dir, name))
	return err == nil
}

func (term *terminal) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(term.dir, name))
	return string(b)
}

// wantText waits until the file has as many bytes as want, and compares.
func (term *terminal) wantText(t testing.TB, name, want string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for len(term.read(name)) < len(want) && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	got := term.read(name)
	if got == want {
		return
	}
	g, w := []rune(got), []rune(want)
	wrong := max(len(g)-len(w), len(w)-len(g))
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			wrong++
		}
	}
	t.Errorf("%d characters differ of %d:\ngot  %q\nwant %q", wrong, len(w), got, want)
}

// typeInLines types a text, in lines of so few characters that no keycode is bound
// twice, each when the one before has arrived: on a busy machine an xterm may read
// later than rac waits, and it cannot be asked (reader_x11_test.go has one that can).
func (term *terminal) typeInLines(t testing.TB, inj input.Injector, text string) {
	t.Helper()
	typed := ""
	for line := range linesOf(text, 16) {
		inject(t, inj, input.Text{Text: line})
		typed += line
		term.wantText(t, "out", typed)
	}
}

// linesOf cuts a text into lines of at most n different characters.
func linesOf(text string, n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		line, seen := "", map[rune]bool{}
		for _, r := range text {
			seen[r] = true
			if len(seen) > n || r == '\n' {
				if !yield(line + "\n") {
					return
				}
				line, seen = "", map[rune]bool{r: true}
			}
			if r != '\n' {
				line += string(r)
			}
		}
		yield(line + "\n")
	}
}

const hello = "Hello, World! ~`@#$%^&*()_+{}|:\"<>? ü € я 日 ß é\n"

func TestATextArrivesInATerminalAsItStands(t *testing.T) {
	s := screentest.Xvfb(t, 1024, 768)
	inj := openX11(t, s)
	term := openTerminal(t, s, inj, ": > ready; cat > out")
	inject(t, inj, input.Text{Text: hello})
	term.wantText(t, "out", hello)
}

func TestTheSameTextArrivesWhateverTheHostsLayout(t *testing.T) {
	for _, layout := range []string{"de", "fr", "ru", "us,ru", "dvorak", "pl", "gr", "jp", "ch"} {
		t.Run(layout, func(t *testing.T) {
			s := screentest.Xvfb(t, 1024, 768)
			s.Run(t, "setxkbmap", strings.Split("-layout "+layoutArgs(layout), " ")...)
			inj := openX11(t, s)
			term := openTerminal(t, s, inj, ": > ready; cat > out")
			term.typeInLines(t, inj, hello+"Zażółć gęślą jaźń, съешь ещё, ξεσκεπάζω, 'quoted' [1]")
		})
	}
}

func layoutArgs(layout string) string {
	if layout == "dvorak" {
		return "us -variant dvorak"
	}
	return layout
}

// mixed is n characters, in lines, of which every fourth is not on a US keyboard.
func mixed(n int) string {
	odd := []rune("üöäßéèñçøåæœ€£§°→日本語яжщΩπ")
	var b strings.Builder
	for i := range n {
		switch {
		case i%80 == 79:
			b.WriteByte('\n')
		case i%4 == 3:
			b.WriteRune(odd[i*7%13])
		default:
			b.WriteByte(byte('!' + i*31%94))
		}
	}
	return b.String() + "\n"
}

func TestTwoThousandCharactersArriveWithoutAWrongOne(t *testing.T) {
	s := screentest.Xvfb(t, 1024, 768)
	inj := openX11(t, s)
	term := openTerminal(t, s, inj, ": > ready; cat > out")
	text := mixed(2000)
	start := time.Now()
	viewer, host := p2ptest.Pipe(1 << 10)
	served := make(chan error, 1)
	go func() { served <- input.Serve(t.Context(), host, inj) }()
	if err := input.SendText(t.Context(), viewer, text); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	t.Logf("%d characters in %v", len([]rune(text)), time.Since(start))
	term.wantText(t, "out", text)
}

func TestMoreStrangeCharactersThanSpareKeycodesArrive(t *testing.T) {
	s := screentest.Xvfb(t, 1024, 768)
	inj := openX11(t, s)
	term := openTerminal(t, s, inj, ": > ready; cat > out")
	var text string
	for i := range 70 {
		text += string(rune(0x4e00 + i*37))
		if i%3 == 0 {
			text += "a é"
		}
	}
	term.typeInLines(t, inj, text)
}

func TestCapsLockAndHeldKeysDoNotSpoilAText(t *testing.T) {
	s := screentest.Xvfb(t, 1024, 768)
	inj := openX11(t, s)
	term := openTerminal(t, s, inj, ": > ready; cat > out")
	inject(t, inj, input.Locks{Caps: true}, key(0xe1, true), key(0xe0, true), // Shift, Control
		input.Text{Text: "Mixed Case ü Ü\n"}, key(0xe0, false), key(0xe1, false),
		input.Key{Usage: 4, Down: true, Sym: 'A'}, key(4, false), input.Locks{},
		input.Key{Usage: 4, Down: true, Sym: 'a'}, key(4, false),
		input.Key{Usage: 0x28, Down: true, Sym: 0xff0d}, key(0x28, false))
	term.wantText(t, "out", "Mixed Case ü Ü\nAa\n")
}

// tap is a key that goes down and up.
func tap(u input.Usage, sym uint32) []input.Event {
	return []input.Event{input.Key{Usage: u, Down: true, Sym: sym}, input.Key{Usage: u, Sym: sym}}
}

// with holds a key around others.
func with(u input.Usage, sym uint32, evs ...[]input.Event) []input.Event {
	all := []input.Event{input.Key{Usage: u, Down: true, Sym: sym}}
	for _, e := range evs {
		all = append(all, e...)
	}
	return append(all, input.Key{Usage: u, Sym: sym})
}

const (
	enter  = 0xff0d
	shift  = 0xffe1
	ctrl   = 0xffe3
	level3 = 0xfe03
)

func TestTheViewersKeycapsWinOverTheHostsLayout(t *testing.T) {
	for name, story := range map[string]struct {
		layout string
		keys   [][]input.Event
		want   string
	}{
		"the same layout": {"us", [][]input.Event{tap(4, 'a'), with(0xe1, shift, tap(4, 'A'), tap(0x1e, '!')), tap(0x2c, ' ')}, "aA! "},
		"viewer de, host us": {"us", [][]input.Event{
			tap(0x34, 0xe4), tap(0x1c, 'z'), tap(0x1d, 'y'), tap(0x2d, 0xdf), // ä z y ß
			with(0xe6, level3, tap(0x14, '@'), tap(8, 0x20ac), tap(0x24, '{')), // AltGr
			with(0xe1, shift, tap(0x24, '/'), tap(0x34, 0xc4), tap(0x1f, '"'), tap(0x1c, 'Z')),
			tap(0x38, '-'), tap(0x35, 0xfe52), tap(4, 'a'), // dead circumflex: â
		}, "äzyß@€{/Ä\"Z-â"},
		"viewer us, host de": {"de", [][]input.Event{
			tap(0x1c, 'y'), tap(0x1d, 'z'), tap(0x2f, '['), tap(0x38, '/'), tap(0x33, ';'), tap(0x34, '\''),
			with(0xe1, shift, tap(0x1f, '@'), tap(0x2f, '{'), tap(0x31, '|'), tap(0x35, '~'), tap(0x38, '?'), tap(4, 'A')),
		}, "yz[/;'@{|~?A"},
		"viewer ru, host us": {"us", [][]input.Event{tap(9, 0x6c1), with(0xe1, shift, tap(9, 0x6e1)), tap(0x38, '.')}, "аА."},
		"viewer us, host ru": {"ru", [][]input.Event{tap(4, 'a'), with(0xe1, shift, tap(4, 'A')), tap(0x38, '/')}, "aA/"},
		"no keysyms":         {"de", [][]input.Event{tap(0x1c, 0), tap(0x2f, 0)}, "zü"},
		"no places":          {"us", [][]input.Event{tap(0, 'q'), tap(0, 0x10065e5), tap(0, 'Q')}, "q日Q"},
		"locks that differ":  {"us", [][]input.Event{tap(4, 'A'), {input.Locks{Caps: true}}, tap(4, 'a'), tap(4, 'A'), {input.Locks{}}, tap(4, 'a')}, "AaAa"},
		"the keypad":         {"us", [][]input.Event{tap(0x59, 0xffb1), {input.Locks{Num: true}}, tap(0x59, 0xffb1)}, "11"},
		"keys that overlap": {"us", [][]input.Event{{
			input.Key{Usage: 0x24, Down: true, Sym: '7'}, input.Key{Usage: 0xe1, Down: true, Sym: shift},
			input.Key{Usage: 0x2d, Down: true, Sym: '&'}, input.Key{Usage: 0x24, Sym: '7'}, // & is Shift and 7 at the host
			input.Key{Usage: 0x38, Down: true, Sym: '-'}, input.Key{Usage: 0x2d, Sym: '&'},
			input.Key{Usage: 4, Down: true, Sym: 'A'}, input.Key{Usage: 0x38, Sym: '-'},
			input.Key{Usage: 0xe1, Sym: shift}, input.Key{Usage: 4, Sym: 'A'}}, tap(4, 'a')}, "7&-Aa"},
	} {
		t.Run(name, func(t *testing.T) {
			s := screentest.Xvfb(t, 1024, 768)
			s.Run(t, "setxkbmap", "-layout", story.layout)
			inj := openX11(t, s)
			term := openTerminal(t, s, inj, ": > ready; cat > out")
			for _, evs := range append(story.keys, tap(0x28, enter)) {
				inject(t, inj, evs...)
			}
			term.wantText(t, "out", story.want+"\n")
			if got := keysDown(t, s); len(got) > 0 {
				t.Errorf("keycodes %v are still down", got)
			}
		})
	}
}

func TestControlCStopsAProgramWhateverTheLayouts(t *testing.T) {
	for name, story := range map[string]struct {
		layout string
		sym    uint32
	}{"us to us": {"us", 'c'}, "ru to us": {"us", 0x6d3}, "us to ru": {"ru", 'c'}, "us to ru beside us": {"ru,us", 'c'}, "ru beside us to ru": {"us,ru -option grp:alt_shift_toggle", 0x6d3}, "us to dvorak": {"us -variant dvorak", 'c'}} {
		t.Run(name, func(t *testing.T) {
			s := screentest.Xvfb(t, 1024, 768)
			s.Run(t, "setxkbmap", strings.Split("-layout "+story.layout, " ")...)
			inj := openX11(t, s)
			term := openTerminal(t, s, inj, "trap ': > stopped' INT; : > ready; cat > out; sleep 60")
			inject(t, inj, input.Text{Text: "x\n"})
			term.wantText(t, "out", "x\n") // cat runs: before, sh would keep the signal for itself
			inject(t, inj, with(0xe0, ctrl, tap(6, story.sym))...)
			eventually(t, "cat stops", func() bool { return term.has("stopped") })
		})
	}
}

// keysDown asks the server which keycodes are logically down.
func keysDown(t testing.TB, s *screentest.Server) (down []int) {
	t.Helper()
	r, err := xproto.QueryKeymap(dial(t, s).Conn).Reply()
	if err != nil {
		t.Fatal(err)
	}
	for code := range 256 {
		if r.Keys[code/8]&(1<<(code%8)) != 0 {
			down = append(down, code)
		}
	}
	return down
}
