//go:build unix

package config

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	writers        = 8
	editsPerWriter = 100
)

// clientOf is the peer ID of a writer's own token.
func clientOf(n int) string {
	return phone[:len(phone)-1] + string(base58Alphabet[n+20])
}

// Eight processes issue, count and revoke at the same time, and a person's
// editor saves in between: nothing is lost, nothing comes back.
func TestWritersAndAnEditorLoseNothing(t *testing.T) {
	f := newFile(t, "# mine\n[unattended]\nenabled = true # yes\n\n# counted\n[[token]]\nclient = \""+laptop+"\"\nname = \"0\" # n\nsealed = \"x\"\n# the end\n")
	person := actor(t, "editor", f.path, "")
	stop, err := person.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	person.Stdout = &said
	if err := person.Start(); err != nil {
		t.Fatal(err)
	}
	var all []interface{ Wait() error }
	for n := range writers {
		w := actor(t, "writer", f.path, strconv.Itoa(n))
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	for _, w := range all {
		if err := w.Wait(); err != nil {
			t.Errorf("a writer: %v", err)
		}
	}
	stop.Close()
	if err := person.Wait(); err != nil {
		t.Errorf("the editor: %v", err)
	}
	checkNothingLost(t, f, strings.TrimSpace(said.String()))
}

func checkNothingLost(t *testing.T, f *File, saves string) {
	c, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Token(laptop).Name, fmt.Sprint(writers*editsPerWriter); got != want {
		t.Errorf("counted %s edits, want %s", got, want)
	}
	if len(c.Tokens) != 1 {
		t.Errorf("%d tokens, want only the counter: a revoked one is back", len(c.Tokens))
	}
	text := read(t, f.path)
	n, err := strconv.Atoi(saves)
	if err != nil || n == 0 {
		t.Fatalf("the editor saved %q times", saves)
	}
	t.Logf("the editor saved %d times", n)
	for i := range n {
		if !strings.Contains(text, fmt.Sprintf("# note %d\n", i)) {
			t.Errorf("note %d of the editor is lost", i)
		}
	}
	for _, kept := range []string{"# mine\n", "enabled = true # yes\n", "# counted\n", " # n\n", "# the end\n"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%q is lost", kept)
		}
	}
	checkNoTemp(t, f)
}

// Of two that exchange the file at the same time one puts the other's back: for that
// moment a token stands there again that has been revoked.
func TestAnEditThatFailsOnAVersionThatIsGoneIsTriedAgain(t *testing.T) {
	f := newFile(t, "[unattended]\nenabled = true\n")
	turns := 0
	err := f.Edit(func(*Edit) error {
		if turns++; turns > 1 {
			return nil
		}
		if err := os.WriteFile(f.path, []byte("[unattended]\nenabled = false\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return errors.New("there is a token that should not be")
	})
	if err != nil || turns != 2 {
		t.Errorf("%d turns, %v", turns, err)
	}
}

// writer counts each of its edits, and issues its own token every fourth time
// and revokes it two edits later.
func writer(file, arg string) error {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return err
	}
	own, f := clientOf(n), Open(file)
	for i := range editsPerWriter {
		err := f.Edit(func(e *Edit) error {
			if there, want := e.Config().Token(own) != nil, i%4 == 1 || i%4 == 2; there != want {
				return fmt.Errorf("edit %d: own token there: %t, want %t", i, there, want)
			}
			count := func(t *Token) {
				k, _ := strconv.Atoi(t.Name)
				t.Name = strconv.Itoa(k + 1)
			}
			return errors.Join(e.UpdateToken(laptop, count), ownToken(e, own, i))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func ownToken(e *Edit, client string, i int) error {
	switch i % 4 {
	case 0:
		return e.PutToken(Token{Client: client, Name: "own", Sealed: "x"})
	case 2:
		return e.RemoveToken(client)
	}
	return nil
}

// editor is a person with an editor that takes no locks: it reads, adds a note at
// the top, and saves if nobody else has saved since, until stdin ends. It waits for
// a writer between two saves of its own: on a busy machine no edit would ever come
// to its end between them.
func editor(file, _ string) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		os.Stdin.Read(make([]byte, 1))
	}()
	saves, f := 0, Open(file)
	var own snapshot
	for tick := time.NewTicker(25 * time.Millisecond); ; {
		select {
		case <-ended:
			fmt.Println(saves)
			return nil
		case <-tick.C:
		}
		if now, err := f.read(); err == nil && now.same(own) {
			continue
		}
		err := editorNotes(file, saves)
		if err == nil {
			saves++
			if own, err = f.read(); err != nil {
				return err
			}
		} else if !errors.Is(err, errRaced) {
			return err
		}
	}
}

func editorNotes(file string, n int) error {
	f := Open(file)
	base, err := f.read()
	if err != nil {
		return err
	}
	tmp := file + "~"
	defer os.Remove(tmp)
	text := fmt.Appendf(nil, "# note %d\n%s", n, base.data)
	if err := os.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	if now, err := f.read(); err != nil || !now.same(base) {
		return errRaced
	}
	return swap(tmp, file, base, text)
}
