//go:build unix

package config

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary runs itself as the processes that these tests need.
func TestMain(m *testing.M) {
	if role := os.Getenv("RAC_CONFIG_ROLE"); role != "" {
		if err := play(role, os.Getenv("RAC_CONFIG_FILE"), os.Getenv("RAC_CONFIG_ARG")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// actor is a process of this binary in a role.
func actor(t *testing.T, role, file, arg string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "RAC_CONFIG_ROLE="+role, "RAC_CONFIG_FILE="+file, "RAC_CONFIG_ARG="+arg)
	cmd.Stderr = os.Stderr
	return cmd
}

func play(role, file, arg string) error {
	switch role {
	case "die": // kill -9 at the step arg
		f := Open(file)
		f.step = func(step string) error {
			if step == arg {
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
			return nil
		}
		return f.Edit(setEnabled(false))
	case "small": // no file may grow beyond arg bytes
		n, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			return err
		}
		if err := limitFileSize(n); err != nil {
			return err
		}
		if err := Open(file).Edit(setEnabled(false)); err == nil {
			return errors.New("the edit did not notice the limit")
		}
		return nil
	case "host":
		l, err := Lock(file)
		if err != nil {
			return err
		}
		fmt.Println("locked")
		time.Sleep(time.Minute)
		return l.Close()
	case "writer":
		return writer(file, arg)
	case "editor":
		return editor(file, arg)
	}
	return fmt.Errorf("no role %q", role)
}

func allSteps() []string {
	return []string{"create", "write", "sync", "compare", "swap", "sync folder"}
}

func oldAndNew() (string, string) {
	old := "# mine\n[unattended]\nenabled = true # yes\n# the end\n"
	return old, strings.Replace(old, "true #", "false #", 1)
}

func TestAFailingStepLeavesAWholeFile(t *testing.T) {
	for _, failing := range allSteps() {
		t.Run(failing, func(t *testing.T) {
			old, new := oldAndNew()
			f := newFile(t, old)
			broken := errors.New("input/output error")
			f.step = func(step string) error {
				if step == failing {
					return broken
				}
				return nil
			}
			if err := f.Edit(setEnabled(false)); !errors.Is(err, broken) {
				t.Errorf("got %v, want the error of the step", err)
			}
			wholeConfig(t, []byte(read(t, f.path)), old, new)
			checkNoTemp(t, f)
			checkNextEdit(t, f.path, new)
		})
	}
}

func TestAKilledWriterLeavesAWholeFile(t *testing.T) {
	for _, step := range allSteps() {
		t.Run(step, func(t *testing.T) {
			old, new := oldAndNew()
			f := newFile(t, old)
			err := actor(t, "die", f.path, step).Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("got %v, want a killed process", err)
			}
			wholeConfig(t, []byte(read(t, f.path)), old, new)
			checkNextEdit(t, f.path, new)
		})
	}
}

func TestAKilledFirstWriterLeavesNoHalfExample(t *testing.T) {
	for _, step := range allSteps() {
		f := newFile(t, "")
		if err := actor(t, "die", f.path, step).Run(); err == nil {
			t.Fatal("the writer was not killed")
		}
		if data, err := os.ReadFile(f.path); err == nil && !strings.Contains(string(data), "enabled          = false ") {
			t.Errorf("%s: got %q, want no file or a whole one", step, data)
		}
		if err := f.Edit(setEnabled(false)); err != nil {
			t.Error(err)
		}
		checkNoTemp(t, f)
	}
}

// checkNextEdit says that what a fault left does not hinder the next edit.
func checkNextEdit(t *testing.T, path, want string) {
	t.Helper()
	f := Open(path)
	if err := f.Edit(setEnabled(false)); err != nil {
		t.Fatal(err)
	}
	// A file that was new already was not written again, nor its folder tidied.
	if err := f.Edit(func(e *Edit) error { return e.Set("unattended.token_days", 5) }); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != strings.Replace(want, "yes\n", "yes\ntoken_days = 5\n", 1) {
		t.Errorf("after the next edits: got %q", got)
	}
	checkNoTemp(t, f)
}

func TestAFileLimitLeavesTheOldFile(t *testing.T) {
	old, new := oldAndNew()
	f := newFile(t, old)
	for _, limit := range []int{0, 1, len(old) / 2, len(old)} {
		if err := actor(t, "small", f.path, strconv.Itoa(limit)).Run(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, f.path); got != old {
			t.Fatalf("limit %d: got %q, want the old file", limit, got)
		}
		checkNoTemp(t, f)
	}
	checkNextEdit(t, f.path, new)
}

func TestASecondHostNamesTheFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "host.lock")
	first := actor(t, "host", path, "")
	out, err := first.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	_, err = Lock(path)
	var held *HeldError
	if !errors.As(err, &held) || held.PID != first.Process.Pid {
		t.Errorf("got %v, want the pid %d", err, first.Process.Pid)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	l, err := Lock(path)
	if err != nil {
		t.Fatalf("after kill -9 of the first: %v", err)
	}
	if got := read(t, path); got != fmt.Sprintf("%d\n", os.Getpid()) {
		t.Errorf("the lock names %q", got)
	}
	if _, err := Lock(path); !errors.As(err, &held) || held.PID != os.Getpid() {
		t.Errorf("a second lock in one process: got %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatOthersCanWriteIsRefused(t *testing.T) {
	f := newFile(t, "[unattended]\n")
	dir := filepath.Dir(f.path)
	for _, c := range []struct {
		file, folder os.FileMode
		want         string
	}{
		{0o600, 0o700, ""},
		{0o644, 0o755, ""},
		{0o620, 0o700, f.path + ": can be written by others: chmod go-w " + f.path},
		{0o602, 0o700, f.path + ": can be written by others: chmod go-w " + f.path},
		{0o600, 0o770, dir + ": others can replace the files in this folder: chmod go-w " + dir},
		{0o600, 0o707, dir + ": others can replace the files in this folder: chmod go-w " + dir},
		{0o600, 0o777 | os.ModeSticky, ""},
	} {
		if err := errors.Join(os.Chmod(f.path, c.file), os.Chmod(dir, c.folder)); err != nil {
			t.Fatal(err)
		}
		want := c.want
		if want == "" {
			want = "<nil>"
		}
		if _, err := f.Load(); fmt.Sprint(err) != want {
			t.Errorf("%o in %o: got %v, want %s", c.file, c.folder, err, want)
		}
		if err := f.Edit(setEnabled(true)); fmt.Sprint(err) != want {
			t.Errorf("editing %o in %o: got %v, want %s", c.file, c.folder, err, want)
		}
	}
}

// strangers is a file of a user that is neither root nor this one.
type strangers struct{ os.FileInfo }

func (strangers) Sys() any { return &syscall.Stat_t{Uid: uint32(os.Geteuid() + 4711)} }

func TestAStrangersFileIsRefused(t *testing.T) {
	f := newFile(t, "# x\n")
	info, err := os.Stat(f.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := trust(f.path, strangers{info}); err == nil {
		t.Error("a stranger's config was trusted")
	}
	if err := trust(f.path, info); err != nil {
		t.Error(err)
	}
}

func TestTheModeOfTheFileIsKept(t *testing.T) {
	f := newFile(t, "# x\n")
	if err := os.Chmod(f.path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := f.Edit(setEnabled(false)); err != nil {
		t.Fatal(err)
	}
	wantMode(t, f.path, 0o640)
}

func TestAPipeForAConfigDoesNotBlock(t *testing.T) {
	f := newFile(t, "")
	if err := syscall.Mkfifo(f.path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(); err == nil {
		t.Error("a pipe was read as a config")
	}
}
