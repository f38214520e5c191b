package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAFullDiskIsNamedAndTheCopyGoesOnWhenThereIsRoom: the host's disk, of 2 MiB.
func TestAFullDiskIsNamedAndTheCopyGoesOnWhenThereIsRoom(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	if err := syscall.Mount("rac-test", there, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatalf("this test needs a small disk of its own, and so root: %v", err)
	}
	defer syscall.Unmount(there, syscall.MNT_DETACH)
	write(t, filepath.Join(there, "old"), noise(1<<20))
	write(t, filepath.Join(here, "film"), noise(1500<<10))
	h := hostAt(there)
	var failed *Failed
	err := Put(t.Context(), serve(t, h), filepath.Join(here, "film"), "", Options{})
	if !errors.As(err, &failed) || !strings.Contains(failed.Reason, "film: no space left on device") {
		t.Fatalf("told: %v", err)
	}
	os.Remove(filepath.Join(there, "old"))
	var seen events
	if err := Put(t.Context(), serve(t, h), filepath.Join(here, "film"), "", Options{Tell: seen.tell}); err != nil {
		t.Fatal(err)
	}
	same(t, filepath.Join(there, "film"), noise(1500<<10))
	if seen.moved() > 800<<10 {
		t.Errorf("%d bytes went over the second line", seen.moved())
	}
}
