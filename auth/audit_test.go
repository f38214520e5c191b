package auth

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rac/auth/config"
)

func recordOf(t *testing.T, n int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sessions.jsonl")
	r, err := OpenRecord(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := r.Write(Event{Kind: EventDenied, Time: time.Unix(int64(i), 0), Peer: thiefID, Name: "a\"b\n{", Code: CodePassword}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTheChainHoldsOverARestart(t *testing.T) {
	file := recordOf(t, 3)
	r, err := OpenRecord(file)
	if err != nil {
		t.Fatal(err)
	}
	r.Write(Event{Kind: EventSessionStart})
	r.Close()
	if n, err := VerifyRecord(file); n != 4 || err != nil {
		t.Errorf("%d lines, %v", n, err)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestALineThatWasChangedOrTakenOutIsFound(t *testing.T) {
	for name, tamper := range map[string]func([][]byte) [][]byte{
		"changed": func(l [][]byte) [][]byte {
			l[2] = bytes.Replace(l[2], []byte("password"), []byte("kindness"), 1)
			return l
		},
		"taken out":           func(l [][]byte) [][]byte { return append(l[:2], l[3:]...) },
		"the first taken out": func(l [][]byte) [][]byte { return l[1:] },
		"put in":              func(l [][]byte) [][]byte { return append(l[:3], l[2:]...) },
		"swapped":             func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l },
		"made unreadable":     func(l [][]byte) [][]byte { l[2] = []byte("\x00\x00\n"); return l },
	} {
		t.Run(name, func(t *testing.T) {
			file := recordOf(t, 6)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := tamper(bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")))
			if err := os.WriteFile(file, append(bytes.Join(lines, nil), '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
			if n, err := VerifyRecord(file); err == nil {
				t.Errorf("%d lines and nothing found", n)
			}
		})
	}
}

func TestAPowerCutInTheMiddleOfALineIsNoTampering(t *testing.T) {
	file := recordOf(t, 3)
	text, _ := os.ReadFile(file)
	if err := os.WriteFile(file, text[:len(text)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRecord(file)
	if err != nil {
		t.Fatal(err)
	}
	r.Write(Event{Kind: EventSessionEnd})
	r.Close()
	if n, err := VerifyRecord(file); n != 4 || err != nil {
		t.Errorf("%d lines, %v", n, err)
	}
}

func TestTheRecordRotatesAndTheChainGoesOn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.jsonl")
	r, err := OpenRecord(file)
	if err != nil {
		t.Fatal(err)
	}
	wrote := 0
	for round := range oldRecords + 3 {
		for range 3 {
			if err := r.Write(Event{Kind: EventDenied, Name: fmt.Sprint(round)}); err != nil {
				t.Fatal(err)
			}
			wrote++
		}
		r.size = maxRecord + 1
	}
	r.Close()
	if _, err := os.Stat(recordName(file, oldRecords+1)); err == nil {
		t.Error("too many files are kept")
	}
	n, err := VerifyRecord(file)
	if err != nil || n >= wrote || n < 3*oldRecords {
		t.Errorf("%d of %d lines, %v", n, wrote, err)
	}
	if err := os.Remove(recordName(file, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyRecord(file); err == nil {
		t.Error("a file that was taken out is not missed")
	}
}

func TestTheRecordTellsTheWholeStoryAndNoSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.jsonl")
	r, err := OpenRecord(file)
	if err != nil {
		t.Fatal(err)
	}
	story(t, func(h *house) {
		h.gate.o.Record = r
		h.viewer(thiefID, "wrong horse").out(CodePassword)
		v := h.savedLogin(annaID)
		v.typed = nil
		pass := v.in()
		h.edit(func(c *config.Config) { c.Tokens = nil })
		h.ended(pass, Revoked)
		h.gate.o.Record = nil
		r.Close()
		text, _ := os.ReadFile(file)
		for _, want := range []string{
			`"event":"denied","peer":"12D3KooWThief"`, `"code":"password"`, `"event":"token"`, `"token":"issued"`, `"event":"config"`,
			`"changed":["unattended.allow_save_login"]`, `"auth":"token","path":"relayed"`, `"reason":"revoked"`,
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("there is no %s in\n%s", want, text)
			}
		}
		for _, secret := range []string{v.saved.encode(), pass.ticket.encode(), "horse", h.store.c.Unattended.PasswordHash} {
			if strings.Contains(string(text), secret) {
				t.Errorf("a secret is in\n%s", text)
			}
		}
		if n, err := VerifyRecord(file); err != nil || n < 6 {
			t.Errorf("%d lines, %v", n, err)
		}
	})
}

func TestAStrangerCannotFloodTheRecord(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessions.jsonl")
	story(t, func(h *house) {
		r, err := OpenRecord(file)
		if err != nil {
			t.Fatal(err)
		}
		h.gate.o.Record = r
		h.viewer(annaID, right).in().Close(Closed)
		for range 10 * deniedLines {
			h.gate.observe(Event{Kind: EventDenied, Peer: thiefID, Code: CodeProtocol})
		}
		time.Sleep(deniedRefill)
		h.gate.observe(Event{Kind: EventDenied, Peer: thiefID, Code: CodeProtocol})
		h.told()
		r.Close()
		h.gate.o.Record = nil
	})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"denied"`); n != deniedLines+1 {
		t.Errorf("%d lines of denials, want %d", n, deniedLines+1)
	}
	if want := fmt.Sprintf(`"missed":%d,`, 9*deniedLines); !strings.Contains(string(text), want) {
		t.Errorf("the record does not say %s", want)
	}
	if _, err := VerifyRecord(file); err != nil {
		t.Error(err)
	}
}
