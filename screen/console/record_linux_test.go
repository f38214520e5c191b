package console

import (
	"os"
	"strings"
	"testing"
	"time"
)

// recordProgram runs a command and keeps what it writes until its screen has
// been still after the last step.
func recordProgram(t *testing.T, dir, name, command string, steps []string) {
	t.Helper()
	o := Options{Cols: 80, Rows: 24, Shell: []string{"/bin/sh", "-c", "exec " + command}, Dir: dir, Env: append(os.Environ(), "MANWIDTH=78", "LC_ALL=C.UTF-8")}
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	s, err := startShell(&o)
	if err != nil {
		t.Fatal(err)
	}
	screen, raw := newVT(80, 24), []byte(nil)
	texts, done, ended := make(chan string, 1<<16), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s.run(done, func(data []byte) []byte {
			select {
			case <-done:
				return nil
			default:
			}
			raw = append(raw, data...)
			screen.Write(data)
			texts <- screen.text()
			return screen.takeAnswers()
		})
	}()
	text := ""
	for i, step := range steps {
		if i%2 == 1 {
			s.out.put([]byte(step))
		}
		text = still(texts, text)
		if i%2 == 0 && !strings.Contains(text, step) {
			t.Errorf("%s: %q is not on the screen:\n%s", name, step, text)
		}
	}
	close(done)
	<-ended
	if err := os.WriteFile("testdata/"+name+".rec", raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// still returns the newest text when nothing was written for a second.
func still(texts <-chan string, text string) string {
	for {
		select {
		case text = <-texts:
		case <-time.After(time.Second):
			return text
		}
	}
}
