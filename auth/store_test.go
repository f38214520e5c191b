package auth

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rac/auth/config"
	"rac/p2p/wire"
)

// A real ID: the config refuses others.
const realID = wire.PeerID("12D3KooWLjYCuGUPA4jt2XvHyzKCnNiwqKAzu3GzD6RE4rD2JmZk")

func realFile(t *testing.T, text string) (Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return FileStore(config.Open(path)), path
}

func TestTokensLiveInTheFileAndCommentsStay(t *testing.T) {
	hash := hashed(t, right)
	s, path := realFile(t, "# mine\n[unattended]\npassword_hash = \""+hash+"\" # secret\nallow_save_login = true\n")
	block := config.Token{Client: string(realID), Name: "laptop", Created: time.Now().UTC().Truncate(time.Second), Sealed: "one"}
	if err := s.SaveToken(block, "another hash"); !errors.Is(err, errOvertaken) {
		t.Errorf("a token of an old password: %v", err)
	}
	if err := s.SaveToken(block, hash); err != nil {
		t.Fatal(err)
	}
	if err := s.ResealToken(realID, "zero", "two"); !errors.Is(err, errOvertaken) {
		t.Errorf("a token that has changed: %v", err)
	}
	if err := s.ResealToken(realID, "one", "two"); err != nil {
		t.Fatal(err)
	}
	c, err := s.Load()
	if err != nil || c.Token(string(realID)).Sealed != "two" {
		t.Fatalf("loaded: %v", err)
	}
	if text, _ := os.ReadFile(path); !strings.HasPrefix(string(text), "# mine\n") || !strings.Contains(string(text), "# secret") {
		t.Errorf("the file is now %s", text)
	}
	for range 2 { // the second time there is nothing to delete
		if err := s.DropToken(realID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ResealToken(realID, "two", "three"); !errors.Is(err, errOvertaken) {
		t.Errorf("a revoked token came back: %v", err)
	}
}

func TestSavingForbiddenInTheFileWinsOverEverything(t *testing.T) {
	hash := hashed(t, right)
	s, _ := realFile(t, "[unattended]\npassword_hash = \""+hash+"\"\n")
	if err := s.SaveToken(config.Token{Client: string(realID), Sealed: "x"}, hash); !errors.Is(err, errOvertaken) {
		t.Errorf("saved: %v", err)
	}
}

func TestAFileThatIsGoneIsNotANewOne(t *testing.T) {
	s, path := realFile(t, "[unattended]\nenabled = true\n")
	if _, err := s.Load(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("loaded: %v", err)
	}
	fresh := FileStore(config.Open(path))
	if c, err := fresh.Load(); err != nil || c.Unattended.PasswordHash != "" {
		t.Errorf("a file that never was: %v", err)
	}
}

func TestTheStateIsKeptAndADamagedOneSetAside(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	s, err := OpenState(file)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := errors.Join(s.usedToken(annaID, now), s.loggedIn(annaID, now)); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	again, err := OpenState(file)
	if err != nil || again.LastUsed(annaID).Unix() != now.Unix() || !again.knows(annaID, now) || again.knows(annaID, now.Add(knownFor)) || again.knows(thiefID, now) {
		t.Errorf("read again: %v, %+v", err, again.data)
	}
	if err := os.WriteFile(file, []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if seen, err := ReadState(file); err == nil || !seen.LastUsed(annaID).IsZero() {
		t.Errorf("who only looks at a damaged one is told %v", err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("to look has changed something: %v", err)
	}
	fresh, err := OpenState(file)
	if err != nil || fresh.knows(annaID, now) {
		t.Errorf("a damaged one: %v", err)
	}
	if _, err := os.Stat(file + ".damaged"); err != nil {
		t.Error(err)
	}
}

func TestTheStateIsBounded(t *testing.T) {
	s := &State{}
	start := time.Now()
	for i := range 2 * maxPeers {
		s.loggedIn(wire.PeerID(strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String()), start.Add(time.Duration(i)*time.Second))
	}
	if n := len(s.data.Password); n != maxPeers {
		t.Errorf("%d peers are remembered", n)
	}
}

func FuzzSealed(f *testing.F) {
	x := seals{make([]byte, 32)}
	f.Add(x.seal(annaID, "hash", tokenState{rotated: time.Unix(1, 0)}))
	f.Add("")
	f.Add(strings.Repeat("A", 200))
	f.Fuzz(func(t *testing.T, sealed string) {
		if st, err := x.open(annaID, "hash", sealed); err == nil && st.rotated.Unix() != 1 {
			t.Errorf("%q opens", sealed)
		}
	})
}

func TestASealIsBoundToClientPasswordAndHost(t *testing.T) {
	x := seals{secretOf(hostID)(hostSealLabel)}
	st := tokenState{current: [32]byte{1}, previous: [32]byte{2}, rotated: time.Unix(1e9, 0), settled: true}
	sealed := x.seal(annaID, "hash", st)
	if got, err := x.open(annaID, "hash", sealed); err != nil || got != st {
		t.Errorf("opened: %+v, %v", got, err)
	}
	for name, f := range map[string]func() (tokenState, error){
		"another client":   func() (tokenState, error) { return x.open(thiefID, "hash", sealed) },
		"another password": func() (tokenState, error) { return x.open(annaID, "hash2", sealed) },
		"another host": func() (tokenState, error) {
			return seals{secretOf("other")(hostSealLabel)}.open(annaID, "hash", sealed)
		},
		"a moved border":   func() (tokenState, error) { return x.open(annaID+"h", "ash", sealed) },
		"a changed letter": func() (tokenState, error) { return x.open(annaID, "hash", "A"+sealed[1:]) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s opens the seal", name)
		}
	}
}

func TestWordsAreDistinctAndStay(t *testing.T) {
	list := wordList()
	if len(list) != 1024 {
		t.Fatalf("%d words, want 1024: ten bits each", len(list))
	}
	seen := map[string]bool{}
	for _, w := range list {
		if seen[w] || len(w) < 3 || len(w) > 8 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("the word %q", w)
		}
		seen[w] = true
	}
	if got, want := Words(realID), fixedWords; got != want {
		t.Errorf("the words of an ID have changed: %q, want %q", got, want)
	}
	if Words(annaID) == Words(thiefID) {
		t.Error("two IDs have the same words")
	}
}

const fixedWords = "empire poem pearl pottery voyage goal dragon dish"
