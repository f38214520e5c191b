package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Somebody else who may write in the folder at the host has put something where the
// partial file of a copy goes: a link to another file there, a pipe that nobody
// writes to. The other file stays as it is, and nobody waits for the pipe.
func TestWhatIsPlantedForAPartialFileIsNotWritten(t *testing.T) {
	theirs, ours := t.TempDir(), t.TempDir()
	write(t, filepath.Join(theirs, "secret"), []byte("0123456789"))
	write(t, filepath.Join(ours, "report"), noise(1000))
	part := filepath.Join(theirs, "report"+partSuffix)
	for what, plant := range map[string]func() error{
		"a link":                func() error { return os.Symlink("secret", part) },
		"a link to what is not": func() error { return os.Symlink("new", part) },
		"a pipe":                func() error { return syscall.Mkfifo(part, 0o600) },
	} {
		os.Remove(part)
		if err := plant(); err != nil {
			t.Fatal(err)
		}
		var es events
		ended := make(chan error, 1)
		s := serve(t, hostAt(theirs))
		go func() {
			ended <- Put(t.Context(), s, filepath.Join(ours, "report"), "", Options{Tell: es.tell})
		}()
		select {
		case err := <-ended:
			if !errors.Is(err, ErrSome) || len(es.of(Skipped)) != 1 || !strings.Contains(es[len(es)-1].Reason, "in the way") {
				t.Errorf("%s: %v, %v", what, err, es)
			}
		case <-time.After(20 * time.Second):
			if w, err := os.OpenFile(part, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil { // lets it go on
				w.Close()
			}
			t.Errorf("%s: the copy waits", what)
		}
		same(t, filepath.Join(theirs, "secret"), []byte("0123456789"))
		if _, err := os.Lstat(filepath.Join(theirs, "new")); err == nil {
			t.Errorf("%s: a file was made by way of it", what)
		}
	}
}
