package config

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A disk of one megabyte, if this user may mount one; the limit on the size of
// files, which is tested beside, needs no right.
func TestAFullDiskLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		t.Logf("no disk of our own (%v)", err)
		return
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	old, new := oldAndNew()
	f := Open(filepath.Join(dir, FileName))
	save(t, f.path, old)
	ballast := filepath.Join(dir, "ballast.lock")
	_ = exec.Command("dd", "if=/dev/zero", "of="+ballast, "bs=4096").Run() // ends with the disk
	if err := f.Edit(setEnabled(false)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want no space left on device", err)
	}
	if got := read(t, f.path); got != old {
		t.Errorf("got %q, want the old file", got)
	}
	checkNoTemp(t, f)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	checkNextEdit(t, f.path, new)
}
