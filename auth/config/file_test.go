package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// newFile is a config in a fresh folder; text "" means that there is none yet.
func newFile(t *testing.T, text string) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	if text != "" {
		save(t, path, text)
	}
	return Open(path)
}

func save(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func setEnabled(on bool) func(*Edit) error {
	return func(e *Edit) error { return e.Set("unattended.enabled", on) }
}

func TestWithoutAFileNobodyGetsIn(t *testing.T) {
	c, err := newFile(t, "").Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Unattended.PasswordHash != "" || len(c.Tokens) > 0 || c.Attended.Mode != Ask {
		t.Errorf("got %#v %q, want no way in but asking", c.Unattended, c.Attended.Mode)
	}
}

func TestTheFirstEditWritesTheWholeExample(t *testing.T) {
	f := Open(filepath.Join(t.TempDir(), "rac", FileName))
	if err := f.Edit(setEnabled(false)); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(example(), "= true    # false: nobody", "= false   # false: nobody", 1)
	if got := read(t, f.path); got != want {
		t.Errorf("got\n%s\nwant the example with one value changed", got)
	}
	wantMode(t, f.path, 0o600)
	wantMode(t, filepath.Dir(f.path), 0o700)
	checkNoTemp(t, f)
}

func TestAnEditOfAMissingFileCreatesItAlsoWithTheDefaults(t *testing.T) {
	f := newFile(t, "")
	if err := f.Edit(setEnabled(true)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, f.path); got != example() {
		t.Errorf("got\n%s\nwant the example", got)
	}
}

func TestAnEditThatChangesNothingWritesNothing(t *testing.T) {
	f := newFile(t, "")
	save(t, f.path, "[unattended]\nenabled=false\n")
	before, _ := os.Stat(f.path)
	if err := f.Edit(setEnabled(false)); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.Stat(f.path); !os.SameFile(before, after) {
		t.Error("the file was replaced")
	}
}

func TestAnErrorOfTheEditLeavesTheFile(t *testing.T) {
	f := newFile(t, "[unattended]\n")
	sorry := errors.New("sorry")
	err := f.Edit(func(e *Edit) error {
		if err := e.Set("unattended.enabled", false); err != nil {
			return err
		}
		return sorry
	})
	if !errors.Is(err, sorry) || read(t, f.path) != "[unattended]\n" {
		t.Errorf("got %v and %q, want sorry and the old text", err, read(t, f.path))
	}
}

func TestABrokenFileIsNotEdited(t *testing.T) {
	f := newFile(t, "[unattended]\nenabeld = true\n")
	err := f.Edit(setEnabled(false))
	want := f.path + `:2:1: unknown key "enabeld" in [unattended]; did you mean "enabled"?`
	if fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestALinkedConfigStaysALink(t *testing.T) {
	dotfiles, home := t.TempDir(), t.TempDir()
	for _, there := range []bool{true, false} {
		name := fmt.Sprintf("rac-%t.toml", there)
		link, target := filepath.Join(home, name), filepath.Join(dotfiles, name)
		to, err := filepath.Rel(home, target)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		if there {
			save(t, target, "# mine\n")
		}
		if err := Open(link).Edit(setEnabled(false)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(link); err != nil || got != to {
			t.Errorf("the link is %q, %v, want %q", got, err, to)
		}
		if !strings.Contains(read(t, target), "= false") {
			t.Errorf("the file behind the link was not changed: %q", read(t, target))
		}
	}
	loop := filepath.Join(home, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(loop).Load(); err == nil {
		t.Error("a link to itself was read")
	}
}

// An editor saves at the worst moments: after we have read, and after we have
// made sure that nobody has saved.
func TestASaveInBetweenIsNeverOverwritten(t *testing.T) {
	for _, moment := range []string{"create", "write", "sync", "compare", "swap"} {
		for _, how := range []string{"in place", "by rename"} {
			t.Run(moment+" "+how, func(t *testing.T) {
				f := newFile(t, "# old\n")
				var once sync.Once
				f.step = func(step string) error {
					if step == moment {
						once.Do(func() { editorSaves(t, f.path, how, "# new\n[attended]\nmode = \"never\"\n") })
					}
					return nil
				}
				if err := f.Edit(setEnabled(false)); err != nil {
					t.Fatal(err)
				}
				want := "# new\n[attended]\nmode = \"never\"\n\n[unattended]\nenabled = false\n"
				if got := read(t, f.path); got != want {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
				checkNoTemp(t, f)
			})
		}
	}
}

func editorSaves(t *testing.T, path, how, text string) {
	if how == "in place" {
		save(t, path, text)
		return
	}
	save(t, path+"~", text)
	if err := os.Rename(path+"~", path); err != nil {
		t.Error(err)
	}
}

func TestAFileCreatedInBetweenIsNotOverwritten(t *testing.T) {
	f := newFile(t, "")
	var once sync.Once
	f.step = func(step string) error {
		if step == "swap" {
			once.Do(func() { save(t, f.path, "# mine\n") })
		}
		return nil
	}
	if err := f.Edit(setEnabled(false)); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, f.path), "# mine\n\n[unattended]\nenabled = false\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhoNeverStopsSavingIsToldSo(t *testing.T) {
	f := newFile(t, "# 0\n")
	n := 0
	f.step = func(step string) error {
		if step == "compare" {
			n++
			save(t, f.path, fmt.Sprintf("# %d\n", n))
		}
		return nil
	}
	if err := f.Edit(setEnabled(false)); !errors.Is(err, errRaced) {
		t.Errorf("got %v, want that it keeps changing", err)
	}
	if got := read(t, f.path); got != fmt.Sprintf("# %d\n", n) {
		t.Errorf("got %q, want the last save", got)
	}
}

func TestAnEditSeesWhatStandsInTheFileNow(t *testing.T) {
	f := newFile(t, "[[token]]\nclient = \""+laptop+"\"\nsealed = \"1\"\n")
	if _, err := f.Load(); err != nil {
		t.Fatal(err)
	}
	save(t, f.path, "# revoked by hand\n")
	err := f.Edit(func(e *Edit) error { return e.UpdateToken(laptop, func(t *Token) { t.Sealed = "2" }) })
	if !errors.Is(err, ErrNotFound) || read(t, f.path) != "# revoked by hand\n" {
		t.Errorf("got %v and %q: a revoked token came back", err, read(t, f.path))
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", path, got, want)
	}
}

func checkNoTemp(t *testing.T, f *File) {
	t.Helper()
	target, _ := resolve(f.path)
	entries, err := os.ReadDir(filepath.Dir(target))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != filepath.Base(target) && !strings.HasSuffix(name, ".lock") {
			t.Errorf("%s was left behind", name)
		}
	}
}

// wholeConfig fails unless data is one of the two texts.
func wholeConfig(t *testing.T, data []byte, old, new string) {
	t.Helper()
	if !bytes.Equal(data, []byte(old)) && !bytes.Equal(data, []byte(new)) {
		t.Errorf("got %q, want the old file or the new one", data)
	}
}

func BenchmarkLoad(b *testing.B) {
	path := filepath.Join(b.TempDir(), FileName)
	if err := os.WriteFile(path, []byte(example()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Open(path).Load(); err != nil {
			b.Fatal(err)
		}
	}
}
