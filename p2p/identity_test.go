package p2p

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rac/p2p/wire"
)

func TestTheSecondStartKeepsTheID(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "rac", "identity.key")
	first, err := LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadIdentity(path)
	if err != nil || second.ID() != first.ID() {
		t.Errorf("the second start: %v, %v, want the ID %s", second, err, first.ID())
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".identity-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestManyFirstStartsAtOnceAgreeOnOneID(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity.key")
	ids := make([]wire.PeerID, 20)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			id, err := LoadIdentity(path)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = id.ID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("IDs %s and %s", id, ids[0])
		}
	}
}

func TestAKeyThatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity.key")
	if _, err := LoadIdentity(path); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o620, 0o602} {
		os.Chmod(path, mode)
		if _, err := LoadIdentity(path); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %04o: %v, want a refusal that says what to do", mode, err)
		}
	}
	os.Chmod(path, 0o400)
	if _, err := LoadIdentity(path); err != nil {
		t.Errorf("mode 0400: %v", err)
	}
}

func TestADamagedKeyIsNeverReplaced(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if _, err := LoadIdentity(good); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(good)
	for name, text := range map[string][]byte{"empty": nil, "half": whole[:len(whole)/2], "foreign": []byte("hello\n"), "flipped": bytes.Replace(whole, []byte("MC4"), []byte("MD4"), 1)} {
		path := filepath.Join(dir, name)
		os.WriteFile(path, text, 0o600)
		if _, err := LoadIdentity(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
		if now, _ := os.ReadFile(path); !bytes.Equal(now, text) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := LoadIdentity(dir); err == nil {
		t.Error("a folder is taken for a key")
	}
}

func TestSecretsDifferByLabelAndByKey(t *testing.T) {
	a, b := newIdentity(t), newIdentity(t)
	if !bytes.Equal(a.Secret("one"), a.Secret("one")) || len(a.Secret("one")) != 32 {
		t.Error("the same label gives different secrets")
	}
	if bytes.Equal(a.Secret("one"), a.Secret("two")) || bytes.Equal(a.Secret("one"), b.Secret("one")) {
		t.Error("different labels or keys give the same secret")
	}
}

func TestAnIdentityPrintsOnlyItsID(t *testing.T) {
	id := newIdentity(t)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("identity", "id", id)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(format, id); got != string(id.ID()) {
			t.Errorf("%s prints %q", format, got)
		}
	}
	if !strings.Contains(log.String(), "id="+string(id.ID())) {
		t.Errorf("the log says %q", log.String())
	}
}

func FuzzParseIdentity(f *testing.F) {
	text, err := newKeyFile()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if id, err := parseIdentity(text); err == nil && len(id.ID()) != 52 {
			t.Errorf("%q gives the ID %q", text, id.ID())
		}
	})
}
