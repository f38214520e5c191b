package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// serve starts a host and returns a stream to it.
func serve(t *testing.T, h *Host) wire.Stream {
	t.Helper()
	a, b := p2ptest.Pipe(256 << 10)
	done := make(chan struct{})
	go func() { defer close(done); h.Serve(t.Context(), b) }()
	t.Cleanup(func() { a.Close(); <-done })
	return a
}

func hostAt(dir string, own ...string) *Host {
	return NewHost(func() (string, error) { return dir, nil }, own...)
}

// events collects what Tell is told.
type events []Event

func (es *events) tell(e Event) { *es = append(*es, e) }

func (es events) of(k Kind) (paths []string) {
	for _, e := range es {
		if e.Kind == k {
			paths = append(paths, e.Path)
		}
	}
	return paths
}

func (es events) moved() (n int64) {
	for _, e := range es {
		if e.Kind == Moved {
			n += e.Bytes
		}
	}
	return n
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, name string, want []byte) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func TestAFolderGoesThereAndBack(t *testing.T) {
	here, there, back := t.TempDir(), t.TempDir(), t.TempDir()
	big := noise(3 << 20)
	write(t, filepath.Join(here, "trip", "big"), big)
	write(t, filepath.Join(here, "trip", "empty"), nil)
	for i := range 3 * maxAhead { // more than may be under way
		write(t, filepath.Join(here, "trip", "many", fmt.Sprint(i)), fmt.Appendf(nil, "file %d", i))
	}
	old := time.Date(2001, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	os.Chmod(filepath.Join(here, "trip", "big"), 0o751)
	os.Chtimes(filepath.Join(here, "trip", "big"), old, old)
	os.Chtimes(filepath.Join(here, "trip", "many"), old, old)
	h := hostAt(there)
	var seen events
	if err := Put(t.Context(), serve(t, h), filepath.Join(here, "trip"), "", Options{Tell: seen.tell}); err != nil {
		t.Fatal(err)
	}
	if n := len(seen.of(Copied)); n != 3*maxAhead+2 {
		t.Errorf("%d files are told of, want %d", n, 3*maxAhead+2)
	}
	if err := Get(t.Context(), serve(t, h), "trip", filepath.Join(back, "home"), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{filepath.Join(there, "trip"), filepath.Join(back, "home")} {
		same(t, filepath.Join(dir, "big"), big)
		same(t, filepath.Join(dir, "empty"), nil)
		same(t, filepath.Join(dir, "many", "300"), []byte("file 300"))
		for _, name := range []string{"big", "many"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.ModTime().Equal(old) || name == "big" && info.Mode() != 0o751 {
				t.Errorf("%s: %v, %v", name, info, err)
			}
		}
	}

	// Once more: everything is there.
	seen = nil
	if err := Put(t.Context(), serve(t, h), filepath.Join(here, "trip"), "", Options{Tell: seen.tell}); err != nil || seen.moved() > 0 {
		t.Errorf("the second time: %v, %d bytes", err, seen.moved())
	}
}

func TestACopyGoesOnWhereItWasBrokenOff(t *testing.T) {
	for name, c := range map[string]struct {
		part  func(whole []byte) []byte
		moved int64
	}{
		"half of it":          {func(w []byte) []byte { return w[:1<<20] }, 2 << 20},
		"all of it":           {func(w []byte) []byte { return w }, 0},
		"something else":      {func(w []byte) []byte { return append([]byte("x"), w[:1<<20]...) }, 3 << 20},
		"more than all of it": {func(w []byte) []byte { return append(slices.Clone(w), 'x') }, 3 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			here, there := t.TempDir(), t.TempDir()
			whole := noise(3 << 20)
			write(t, filepath.Join(here, "film"), whole)
			write(t, filepath.Join(there, "film.rac.part"), c.part(whole))
			var seen events
			if err := Put(t.Context(), serve(t, hostAt(there)), filepath.Join(here, "film"), ".", Options{Tell: seen.tell}); err != nil {
				t.Fatal(err)
			}
			same(t, filepath.Join(there, "film"), whole)
			if seen.moved() != c.moved {
				t.Errorf("%d bytes went over the line, want %d", seen.moved(), c.moved)
			}
			if _, err := os.Stat(filepath.Join(there, "film.rac.part")); err == nil {
				t.Error("the partial file is left")
			}
		})
	}
}

func TestALineThatBreaksLeavesAPartToGoOnWith(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	whole := noise(8 << 20)
	write(t, filepath.Join(here, "film"), whole)
	h := hostAt(there)
	ctx, cut := context.WithCancel(t.Context())
	var moved int64
	err := Put(ctx, serve(t, h), filepath.Join(here, "film"), "", Options{Tell: func(e Event) {
		if e.Kind == Moved {
			moved += e.Bytes
		}
		if moved > 4<<20 {
			cut()
		}
	}})
	if err == nil || errors.As(err, new(*Failed)) {
		t.Fatalf("the broken line is told as %v", err)
	}
	var seen events
	if err := Put(t.Context(), serve(t, h), filepath.Join(here, "film"), "", Options{Tell: seen.tell}); err != nil {
		t.Fatal(err)
	}
	same(t, filepath.Join(there, "film"), whole)
	if seen.moved() > 6<<20 {
		t.Errorf("%d bytes went over the second line", seen.moved())
	}
}

// A folder that a broken copy has left behind is there when the copy goes on.
func TestAFolderHasItsRightsAndItsTimeAlsoWhenItsCopyWasBrokenOff(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	write(t, filepath.Join(here, "trip", "big"), noise(3<<20))
	os.Chmod(filepath.Join(here, "trip"), 0o755)
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	os.Chtimes(filepath.Join(here, "trip"), old, old)
	ctx, cut := context.WithCancel(t.Context())
	Put(ctx, serve(t, hostAt(there)), filepath.Join(here, "trip"), "", Options{Tell: func(e Event) {
		if e.Kind == Moved {
			cut()
		}
	}})
	if err := Put(t.Context(), serve(t, hostAt(there)), filepath.Join(here, "trip"), "", Options{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(there, "trip")); err != nil || info.Mode().Perm() != 0o755 || !info.ModTime().Equal(old) {
		t.Errorf("the folder: %v, %v", info, err)
	}
}

func TestWhatIsThereIsNotWrittenOver(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	write(t, filepath.Join(here, "a"), []byte("new"))
	write(t, filepath.Join(here, "d", "a"), []byte("new"))
	write(t, filepath.Join(there, "a"), []byte("old, and longer"))
	write(t, filepath.Join(there, "d"), []byte("a file"))
	h := hostAt(there)
	var seen events
	if err := Put(t.Context(), serve(t, h), filepath.Join(here, "a"), "", Options{Tell: seen.tell}); err != ErrSome || len(seen.of(Skipped)) != 1 {
		t.Errorf("%v, %v", err, seen)
	}
	same(t, filepath.Join(there, "a"), []byte("old, and longer"))
	if err := Put(t.Context(), serve(t, h), filepath.Join(here, "d"), "", Options{Force: true}); err == nil {
		t.Error("a folder is written over a file")
	}
	if err := Put(t.Context(), serve(t, h), filepath.Join(here, "a"), "", Options{Force: true}); err != nil {
		t.Error(err)
	}
	same(t, filepath.Join(there, "a"), []byte("new"))
}

func TestTheReasonBehindABrokenLineIsTold(t *testing.T) {
	here := t.TempDir()
	write(t, filepath.Join(here, "film"), noise(8<<20))
	a, b := p2ptest.Pipe(64 << 10)
	go func() {
		r := wire.NewReader(b, maxBody)
		w := wire.NewWriter(b, maxBody)
		for {
			switch typ, _, err := r.Next(); {
			case err != nil:
				return
			case typ == msgEntry:
				w.Append(msgWant, part{}.append)
			case typ == msgData:
				w.Append(msgFailed, (&Failed{Broken, "film: no space left on device"}).append)
				b.Close()
				return
			}
		}
	}()
	err := Put(t.Context(), a, filepath.Join(here, "film"), "", Options{})
	if err == nil || err.Error() != "film: no space left on device" {
		t.Errorf("told: %v", err)
	}
}

func TestTwoCopiesToOneTargetDoNotMix(t *testing.T) {
	p := newPlaces()
	release, err := p.take("x")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		again, err := p.take("x")
		if err == nil {
			again()
		}
		done <- err
	}()
	release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestWhoGivesUpALargeCopyMayBeginItAgainAtOnce: to hash what has come already of
// 64 GiB takes minutes, and the part was taken for as long.
func TestWhoGivesUpALargeCopyMayBeginItAgainAtOnce(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	for _, name := range []string{filepath.Join(here, "film"), filepath.Join(there, "film.rac.part")} {
		write(t, name, nil)
		if err := os.Truncate(name, 64<<30); err != nil { // no block of it is on the disk
			t.Fatal(err)
		}
	}
	h := hostAt(there)
	part := filepath.Join(there, "film.rac.part")
	for range 2 {
		ctx, giveUp := context.WithCancel(t.Context())
		a, b := p2ptest.Pipe(256 << 10)
		served, put := make(chan error, 1), make(chan error, 1)
		go func() { served <- h.Serve(ctx, b) }()
		go func() { put <- Put(ctx, a, filepath.Join(here, "film"), "", Options{}) }()
		for h.busy.try(part) {
			h.busy.release(part)
			time.Sleep(time.Millisecond)
		}
		giveUp()
		select {
		case err := <-served:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the host's end: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("the part is still being hashed")
		}
		<-put
	}
	if !h.busy.try(part) {
		t.Error("nobody else may write the part")
	}
}
