package files

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

// recorded is what a sender says of a folder with two files.
func recorded(tb testing.TB) []byte {
	var line bytes.Buffer
	w := wire.NewWriter(&line, maxBody)
	w.Append(msgTotal, func(dst []byte) []byte { return appendNumbers(dst, 1, 3) })
	w.Append(msgEntry, (&entry{dir: true, mode: 0o755, mtime: time.Unix(1, 2), path: "d"}).append)
	w.Append(msgEntry, (&entry{mode: 0o644, mtime: time.Unix(1, 2), size: 3, path: "d/f"}).append)
	w.Append(msgContent, func(dst []byte) []byte { return appendNumbers(dst, 0) })
	w.Write(msgData, []byte("abc"))
	w.Write(msgSum, make([]byte, 32))
	w.Append(msgSkipped, func(dst []byte) []byte { return appendSkipped(dst, "d/l", "a symbolic link") })
	w.Write(msgEnd, nil)
	return line.Bytes()
}

// FuzzReceive: whatever a sender says, nothing is written outside the target.
func FuzzReceive(f *testing.F) {
	f.Add(recorded(f))
	f.Add([]byte("\x12\x00\x00\x00\x14\x01\x01\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01x"))
	f.Add([]byte("\x31\x00\x00\x00\x03\x01no"))
	f.Fuzz(func(t *testing.T, line []byte) {
		base := t.TempDir()
		root, err := os.OpenRoot(base)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if err := root.Mkdir("dst", 0o755); err != nil {
			t.Fatal(err)
		}
		a, b := p2ptest.Pipe(len(line) + 1<<20)
		b.Write(line)
		b.Close()
		receive(t.Context(), a, wire.NewWriter(a, maxBody), &target{root: root, dir: "dst"}, Options{})
		list, err := os.ReadDir(base)
		if err != nil || len(list) != 1 {
			t.Errorf("beside the target there is %v, %v", list, err)
		}
	})
}

// FuzzAnswers: whatever a receiver answers, the sender comes to an end.
func FuzzAnswers(f *testing.F) {
	var line bytes.Buffer
	w := wire.NewWriter(&line, maxBody)
	w.Append(msgWant, part{}.append)
	w.Write(msgGot, nil)
	w.Write(msgDone, nil)
	f.Add(line.Bytes())
	f.Add([]byte("\x22\x00\x00\x00\x00\x26\x00\x00\x00\x00"))
	f.Add([]byte("\x23\x00\x00\x00\x02no\x26\x00\x00\x00\x00"))
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("abc"), 0o644); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		a, b := p2ptest.Pipe(len(line) + 1<<20)
		b.Write(line)
		b.CloseWrite()
		send(t.Context(), a, wire.NewWriter(a, maxBody), &tree{root: root, path: "x", name: "x"}, Options{})
	})
}

// FuzzMessages: what is read and written again is the same.
func FuzzMessages(f *testing.F) {
	f.Add((&entry{mode: 0o644, mtime: time.Unix(1, 2), size: 3, path: "d/f"}).append(nil))
	f.Add(part{offset: 7}.append(nil))
	f.Add(putMsg{true, "inbox/"}.append(nil))
	f.Add(appendSkipped(nil, "d/l", "why"))
	f.Add((&Failed{Broken, "why"}).append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := parseEntry(b); err == nil {
			again, err := parseEntry(e.append(nil))
			if err != nil || !again.mtime.Equal(e.mtime) || again.path != e.path || again.size != e.size {
				t.Errorf("%+v is %+v, %v", e, again, err)
			}
		}
		if p, err := parsePart(b); err == nil && !bytes.Equal(p.append(nil), b) {
			t.Errorf("%+v is %x", p, b)
		}
		if m, err := parsePut(b); err == nil && !bytes.Equal(m.append(nil), b) {
			t.Errorf("%+v is %x", m, b)
		}
		if path, why, err := parseSkipped(b); err == nil {
			if p, w, err := parseSkipped(appendSkipped(nil, path, why)); err != nil || p != path || w != why {
				t.Errorf("%q, %q is %q, %q", path, why, p, w)
			}
		}
		if failed, ok := parseFailed(b).(*Failed); ok {
			if again := parseFailed(failed.append(nil)); failed.Reason != "" && !reflect.DeepEqual(failed, again) {
				t.Errorf("%+v is %+v", failed, again)
			}
		}
	})
}

func BenchmarkPut(b *testing.B) {
	here, there := b.TempDir(), b.TempDir()
	data := noise(64 << 20)
	if err := os.WriteFile(filepath.Join(here, "film"), data, 0o644); err != nil {
		b.Fatal(err)
	}
	h := hostAt(there)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		x, y := p2ptest.Pipe(256 << 10)
		done := make(chan error, 1)
		go func() { done <- h.Serve(b.Context(), y) }()
		if err := Put(b.Context(), x, filepath.Join(here, "film"), "", Options{}); err != nil {
			b.Fatal(err)
		}
		<-done
		os.Remove(filepath.Join(there, "film"))
	}
}
