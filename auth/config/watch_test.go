package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type report struct {
	c   *Config
	err error
	at  time.Time
}

func (r report) String() string {
	if r.err != nil {
		return "error: " + r.err.Error()
	}
	return fmt.Sprintf("enabled %t", r.c.Unattended.Enabled)
}

// watch runs Watch until the test ends.
func watch(t *testing.T, f *File) <-chan report {
	seen := make(chan report, 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Watch(ctx, func(c *Config, err error) { seen <- report{c, err, time.Now()} }, nil)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return seen
}

const (
	textOn  = "# mine\n[unattended]\nenabled = true\n"
	textOff = "# mine\n[unattended]\nenabled =false\n" // as long as textOn
)

func TestWhatIsSavedHoldsWithinHalfASecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	rename := func(text string) error {
		return errors.Join(os.WriteFile(path+"~", []byte(text), 0o600), os.Rename(path+"~", path))
	}
	for _, c := range []struct {
		how, want string
		do        func() error
	}{
		{"truncate and write", "enabled false", func() error { return os.WriteFile(path, []byte(textOff), 0o600) }},
		{"rename", "enabled true", func() error { return rename(textOn) }},
		{"the time stamp set back", "enabled false", func() error {
			return errors.Join(os.WriteFile(path, []byte(textOff), 0o600), os.Chtimes(path, old, old))
		}},
		{"the same size and time", "enabled true", func() error {
			return errors.Join(os.WriteFile(path, []byte(textOn), 0o600), os.Chtimes(path, old, old))
		}},
		{"deleted", "error: " + path + " is gone: file does not exist", func() error { return os.Remove(path) }},
		{"back", "enabled true", func() error { return rename(textOn) }},
		{"broken", "error: " + path + `:1:5: expected '.' or '=', but got '\n' instead`, func() error { return os.WriteFile(path, []byte("oops\n"), 0o600) }},
		{"broken otherwise", "error: " + path + `:1:1: unknown key "x"`, func() error { return rename("x = 1\n") }},
		{"mended", "enabled false", func() error { return Open(path).replaceForTest(textOff) }},
		{"a folder in its place", "error: " + path + ": is not a plain file", func() error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		}},
		{"a file again", "enabled true", func() error { return errors.Join(os.Remove(path), rename(textOn)) }},
		{"empty", "enabled true", func() error { return os.Truncate(path, 0) }},
		{"by rac", "enabled false", func() error { return Open(path).Edit(setEnabled(false)) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			if c.how == "truncate and write" {
				save(t, path, textOn)
			}
			seen := watch(t, Open(path))
			<-seen // the state before
			time.Sleep(time.Second + 123*time.Millisecond)
			if err := c.do(); err != nil {
				t.Fatal(err)
			}
			saved := time.Now()
			r := <-seen
			if r.String() != c.want {
				t.Errorf("%s: got %v, want %s", c.how, r, c.want)
			}
			if took := r.at.Sub(saved); took > 500*time.Millisecond {
				t.Errorf("%s: seen after %v", c.how, took)
			}
			time.Sleep(5 * time.Second)
			if len(seen) > 0 {
				t.Errorf("%s: told again without a change: %v", c.how, <-seen)
			}
		})
	}
}

func (f *File) replaceForTest(text string) error {
	return os.WriteFile(f.path, []byte(text), 0o600)
}

func TestTheWatchTellsAtOnceWhatHolds(t *testing.T) {
	if r := <-watch(t, newFile(t, textOff)); r.String() != "enabled false" {
		t.Errorf("got %v, want enabled false", r)
	}
	if r := <-watch(t, newFile(t, "")); r.err != nil || r.c.Unattended.PasswordHash != "" {
		t.Errorf("without a file: got %v, want the default", r)
	}
	if r := <-watch(t, newFile(t, "oops")); r.err == nil {
		t.Errorf("a broken file: got %v, want an error", r)
	}
}

// nano empties the file and writes it again, vim moves it away first: who reads
// in between must not end every session.
func TestASaveInTwoStepsIsSeenOnce(t *testing.T) {
	for _, first := range []func(path string) error{
		func(path string) error { return os.Truncate(path, 0) },
		func(path string) error { return os.Rename(path, path+"~") },
		func(path string) error { return os.WriteFile(path, []byte("[unatt"), 0o600) },
	} {
		path := filepath.Join(t.TempDir(), FileName)
		save(t, path, textOn)
		synctest.Test(t, func(t *testing.T) {
			seen := watch(t, Open(path))
			<-seen
			time.Sleep(watchEvery - time.Millisecond)
			if err := first(path); err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Millisecond) // the watch has looked now
			save(t, path, textOff)
			if r := <-seen; r.String() != "enabled false" {
				t.Errorf("got %v, want only what was saved in the end", r)
			}
		})
	}
}

func TestRealEditsAreSeen(t *testing.T) {
	f := newFile(t, textOn)
	seen := watch(t, f)
	<-seen
	for _, c := range []struct{ command, want string }{
		{"sed -i 's/^enabled.*/enabled = false/' F", "enabled false"},
		{"cp F F2 && sed -i s/false/true/ F2 && mv F2 F", "enabled true"},
		{"sed s/true/false/ F > F3; cat F3 > F", "enabled false"},
		{"chmod o+w F", "error: " + f.path + ": can be written by others: chmod go-w " + f.path},
		{"chmod o-w F", "enabled false"},
	} {
		command := strings.ReplaceAll(c.command, "F", f.path)
		if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
		select {
		case r := <-seen:
			if r.String() != c.want {
				t.Errorf("%s: got %v, want %s", command, r, c.want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: not seen after 5 s", command)
		}
	}
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	if r := <-seen; !errors.Is(r.err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", r)
	}
}
