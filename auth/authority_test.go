package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rac/auth/config"
)

func TestAnAuthoritysKeyIsMadeOnceAndRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "authority.key")
	made, err := CreateAuthority(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := CreateAuthority(file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one: %v", err)
	}
	read, err := LoadAuthority(file)
	if err != nil || read.Key() != made.Key() {
		t.Fatalf("read %v, %v; made %v", read, err, made)
	}
	text, err := read.Sign(NewCertificate(realID, "Anna", time.Hour, AllPerms))
	if err != nil {
		t.Fatal(err)
	}
	if _, by, err := ReadCertificate(text, made.Key()); err != nil || by != made.Key() {
		t.Errorf("signed by %q, %v", by, err)
	}
}

func TestAnAuthoritysBlockIsWhatAConfigTakes(t *testing.T) {
	a, err := CreateAuthority(filepath.Join(t.TempDir(), "authority.key"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse("c.toml", []byte(a.Block("ACME \"Süd\"\x1b\n\u202e\\")))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Authorities[0]
	if len(c.Authorities) != 1 || got.Name != `ACME "Süd" \` || got.Key != a.Key() || got.Login || len(got.Permissions) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestAnAuthoritysKeyIsForItsOwnerAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "authority.key")
	a, err := CreateAuthority(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, a); got != a.Key() {
			t.Errorf("%s shows %s", verb, got)
		}
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadAuthority(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by others: %v", err)
	}
	if err := errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, []byte("-----BEGIN"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadAuthority(file); err == nil || !strings.Contains(err.Error(), "put a saved copy back") {
		t.Errorf("damaged: %v", err)
	}
}
