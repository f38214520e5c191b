package console

import (
	"context"
	"errors"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"rac/input"
)

// patience is how long a real program may take on a busy machine.
const patience = 30 * time.Second

// plainShell is a bash that looks the same everywhere.
func plainShell(t *testing.T) Options {
	t.Helper()
	rc := filepath.Join(t.TempDir(), "rc")
	if err := os.WriteFile(rc, []byte("PS1='$ '\nunset PROMPT_COMMAND\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return Options{Shell: []string{"/bin/bash", "--noprofile", "--rcfile", rc, "-i"}, Dir: t.TempDir()}
}

func start(t *testing.T, o Options) *Console {
	t.Helper()
	c, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// await waits until the text on the screen is as ok wants it.
func await(t *testing.T, c *Console, what string, ok func(text string) bool) string {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		c.mu.Lock()
		text, changed := c.vt.text(), c.changed
		c.mu.Unlock()
		if ok(text) {
			return text
		}
		select {
		case <-changed:
		case <-limit.C:
			t.Fatalf("%s is not on the screen:\n%s", what, text)
		}
	}
}

// shows waits for a line of the screen.
func shows(t *testing.T, c *Console, line string) {
	t.Helper()
	await(t, c, strconv.Quote(line), func(text string) bool {
		for got := range strings.Lines(text) {
			if strings.TrimSpace(got) == line {
				return true
			}
		}
		return false
	})
}

func hands(t *testing.T, c *Console) input.Injector {
	t.Helper()
	i := c.Injector()
	t.Cleanup(func() { i.Close() })
	return i
}

func inject(t *testing.T, i input.Injector, events ...input.Event) {
	t.Helper()
	for _, e := range events {
		if err := i.Inject(e); err != nil {
			t.Fatal(err)
		}
	}
}

func text(s string) input.Event { return input.Text{Text: s} }

func tap(k input.Key) []input.Event {
	up := k
	k.Down, up.Down = true, false
	return []input.Event{k, up}
}

func TestTextIsTyped(t *testing.T) {
	c := start(t, plainShell(t))
	inject(t, hands(t, c), text("echo hällo $((6*7))\n"))
	shows(t, c, "hällo 42")
}

func TestKeysAreTyped(t *testing.T) {
	c := start(t, plainShell(t))
	i := hands(t, c)
	for _, r := range "echo h" {
		inject(t, i, tap(input.Key{Usage: usageOf(r)})...)
	}
	inject(t, i, tap(input.Key{Usage: 0x34, Sym: 'ä'})...) // beside L on a German keyboard
	inject(t, i, tap(input.Key{Usage: 0x0f, Sym: 'l'})...)
	inject(t, i, tap(input.Key{Sym: 'l'})...) // a viewer without places
	inject(t, i, tap(input.Key{Usage: 0x12})...)
	inject(t, i, tap(input.Key{Usage: 0x2c})...)
	inject(t, i, input.Key{Usage: 0xe1, Down: true})
	inject(t, i, tap(input.Key{Usage: 0x21})...) // $
	inject(t, i, tap(input.Key{Usage: 0x26})...) // (
	inject(t, i, tap(input.Key{Usage: 0x26})...)
	inject(t, i, input.Key{Usage: 0xe1})
	inject(t, i, tap(input.Key{Usage: 0x23})...) // 6
	inject(t, i, tap(input.Key{Usage: 0x55})...) // keypad *
	inject(t, i, tap(input.Key{Usage: 0x5f})...) // keypad 7
	inject(t, i, tap(input.Key{Usage: 0x27, Sym: ')'})...)
	inject(t, i, tap(input.Key{Usage: 0x27, Sym: ')'})...)
	inject(t, i, tap(input.Key{Usage: 0x28, Sym: symReturn})...)
	shows(t, c, "hällo 42")
}

func usageOf(r rune) input.Usage {
	for u := input.Usage(4); u < 0x39; u++ {
		if usRune(u, false, false) == r {
			return u
		}
	}
	return 0
}

func TestTheScreenIsDrawnAndOnlyChangesAreDrawnAgain(t *testing.T) {
	c := start(t, plainShell(t))
	shows(t, c, "$")
	s := c.Source()
	defer s.Close()
	f, err := s.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if f.Display.Name != "console" || f.Display.W != 120*cellW || f.Display.H != 40*cellH || f.Display.Generation == 0 {
		t.Errorf("display %+v", f.Display)
	}
	if want := f.Picture.Bounds(); len(f.Dirty) != 1 || f.Dirty[0] != want {
		t.Errorf("first frame changes %v, want %v", f.Dirty, want)
	}
	if f.Cursor == nil || f.Cursor.W == 0 {
		t.Error("the first frame has no pointer")
	}
	inject(t, hands(t, c), text("x"))
	f, err = s.Next(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := image.Rect(2*cellW, 0, 4*cellW, cellH); len(f.Dirty) != 1 || f.Dirty[0] != want {
		t.Errorf("a letter changes %v, want %v", f.Dirty, want)
	}
	if f.Display.Generation != 1 || f.Cursor != nil {
		t.Errorf("generation %d, cursor %v; want as before", f.Display.Generation, f.Cursor)
	}
}

func TestNextWaitsWhileNothingHappens(t *testing.T) {
	c := start(t, plainShell(t))
	shows(t, c, "$")
	s := c.Source()
	defer s.Close()
	if _, err := s.Next(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if f, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v from an idle screen", f, err)
	}
}

func TestAFloodDoesNotHoldUpCtrlC(t *testing.T) {
	c := start(t, plainShell(t))
	i := hands(t, c)
	s := c.Source()
	defer s.Close()
	inject(t, i, text("yes a flood of output\n"))
	await(t, c, "the flood", func(text string) bool { return strings.Count(text, "\na flood") > 20 })
	for range 5 { // somebody is looking
		if _, err := s.Next(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	inject(t, i, input.Key{Usage: 0xe0, Down: true})
	inject(t, i, tap(input.Key{Usage: 0x06})...)
	inject(t, i, input.Key{Usage: 0xe0})
	inject(t, i, text("echo $((6*7))\n"))
	shows(t, c, "42")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Ctrl+C took %v", took)
	}
}

func TestAShellThatEndsIsStartedAgainByAKey(t *testing.T) {
	c := start(t, plainShell(t))
	i := hands(t, c)
	inject(t, i, text("printf '\\e[?1049h\\e[?1002h\\e(0'; exit\n"))
	shows(t, c, "[the shell has ended: press a key]")
	inject(t, i, tap(input.Key{Usage: 0x2c})...)
	await(t, c, "a new prompt", func(text string) bool { return strings.HasSuffix(text, "\n$") })
	inject(t, i, text("echo again $((6*7))\n"))
	shows(t, c, "again 42")
	inject(t, i, text("exit\n"))
	await(t, c, "the end", func(text string) bool { return strings.Count(text, "[the shell has ended") == 2 })
	inject(t, i, text("echo third\n")) // text is not lost
	shows(t, c, "third")
}

func TestAShellThatCannotStartIsTold(t *testing.T) {
	o := plainShell(t)
	o.Shell = []string{filepath.Join(t.TempDir(), "no-shell")}
	if _, err := Start(context.Background(), o); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "no-shell") {
		t.Errorf("got %v", err)
	}
}

func TestAShellThatIsGoneIsTold(t *testing.T) {
	o := plainShell(t)
	o.Shell[0] = filepath.Join(t.TempDir(), "shell")
	if err := os.Symlink("/bin/bash", o.Shell[0]); err != nil {
		t.Fatal(err)
	}
	c := start(t, o)
	i := hands(t, c)
	inject(t, i, text("rm "+o.Shell[0]+"; exit\n"))
	shows(t, c, "[the shell has ended: press a key]")
	inject(t, i, tap(input.Key{Usage: 0x2c})...)
	await(t, c, "why there is no shell", func(text string) bool {
		return strings.Contains(text, "[no shell: console: "+o.Shell[0])
	})
}

func TestTheConsoleLeavesNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		c := start(t, plainShell(t))
		i := hands(t, c)
		s := c.Source()
		inject(t, i, text("echo $((6*7))\n"))
		shows(t, c, "42")
		inject(t, i, input.Key{Usage: 0x04, Down: true}) // and held when all ends
		waiting := make(chan error)
		go func() {
			for {
				if _, err := s.Next(context.Background()); err != nil {
					waiting <- err
					return
				}
			}
		}()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-waiting; !errors.Is(err, errClosed) {
			t.Errorf("Next returned %v", err)
		}
		if err := i.Inject(text("x")); !errors.Is(err, errClosed) {
			t.Errorf("Inject returned %v", err)
		}
		i.Close()
		s.Close()
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
		time.Sleep(10 * time.Millisecond) // goroutines that have returned may still be counted
	}
	buf := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

func TestTheConsoleEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c, err := Start(ctx, plainShell(t))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	c.wg.Wait()
	if c.wake(); c.shell != nil {
		t.Error("a shell was started after the end")
	}
}

// TestPrograms runs real ones and looks whether their screens come out.
func TestPrograms(t *testing.T) {
	o := plainShell(t)
	note := strings.Repeat("A line that is ours: äöü ─ 漢字.\n", 100) + "The end.\n"
	if err := os.WriteFile(filepath.Join(o.Dir, "note.txt"), []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, o)
	i := hands(t, c)
	for _, p := range []struct{ run, want, quit string }{
		{"less note.txt", "note.txt", "q"},
		{"vim -u NONE note.txt", `"note.txt" 101`, ":q!\r"},
		{"tmux -f /dev/null -L " + strconv.Itoa(os.Getpid()) + " new less note.txt", "[0] 0:less", "q"},
	} {
		if _, err := exec.LookPath(strings.Fields(p.run)[0]); err != nil {
			t.Fatalf("%v: make test installs it", err)
		}
		inject(t, i, text("clear; "+p.run+"\n"))
		await(t, c, p.run, func(text string) bool {
			return strings.Contains(text, p.want) && strings.Count(text, "A line that is ours: äöü ─ 漢字.\n") > 30
		})
		inject(t, i, text(p.quit))
		await(t, c, "the prompt after "+p.run, func(text string) bool { return strings.HasSuffix(text, "\n$") || strings.Count(text, "\n") < 3 })
	}
}
