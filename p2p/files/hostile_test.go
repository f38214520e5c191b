package files

// The other side keeps to no rules: what it cannot reach, write or learn.

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
)

func TestNobodyGetsWhatIsRacsOwn(t *testing.T) {
	there, here := t.TempDir(), t.TempDir()
	write(t, filepath.Join(there, "state", "rac", "identity.key"), []byte("secret"))
	write(t, filepath.Join(there, "config.toml"), []byte("config"))
	write(t, filepath.Join(there, "notes"), []byte("notes"))
	os.Symlink("state/rac", filepath.Join(there, "door"))
	h := hostAt(there, filepath.Join(there, "state", "rac"), filepath.Join(there, "config.toml"))
	for _, path := range []string{"state/rac", "state/rac/identity.key", "config.toml", "door", "door/identity.key", "notes/../config.toml"} {
		var failed *Failed
		if err := Get(t.Context(), serve(t, h), path, here, Options{}); !errors.As(err, &failed) || failed.Code != NotAllowed {
			t.Errorf("%s: %v", path, err)
		}
	}
	Get(t.Context(), serve(t, h), "", filepath.Join(here, "all"), Options{})
	same(t, filepath.Join(here, "all", "notes"), []byte("notes"))
	for _, name := range []string{"config.toml", "state/rac"} {
		if _, err := os.Stat(filepath.Join(here, "all", name)); err == nil {
			t.Errorf("%s came along", name)
		}
	}
	write(t, filepath.Join(here, "config.toml"), []byte("mine"))
	write(t, filepath.Join(here, "state", "rac", "token"), []byte("mine"))
	for _, src := range []string{"config.toml", "state"} {
		Put(t.Context(), serve(t, h), filepath.Join(here, src), "", Options{Force: true})
	}
	Put(t.Context(), serve(t, h), filepath.Join(here, "config.toml"), "door/identity.key", Options{Force: true})
	same(t, filepath.Join(there, "config.toml"), []byte("config"))
	same(t, filepath.Join(there, "state", "rac", "identity.key"), []byte("secret"))
	if _, err := os.Stat(filepath.Join(there, "state", "rac", "token")); err == nil {
		t.Error("a file was put among rac's own")
	}
}

func TestNothingOutsideTheOpenFolderIsReached(t *testing.T) {
	base := t.TempDir()
	there, outside, here := filepath.Join(base, "home"), filepath.Join(base, "outside"), t.TempDir()
	write(t, filepath.Join(there, "ok"), []byte("ok"))
	write(t, filepath.Join(outside, "secret"), []byte("secret"))
	os.Symlink("../outside", filepath.Join(there, "link"))
	os.Symlink(outside, filepath.Join(there, "absolute"))
	write(t, filepath.Join(here, "x"), []byte("x"))
	h := hostAt(there)
	for _, path := range []string{"../outside/secret", outside + "/secret", "/etc/passwd", "ok/../../outside/secret", "link/secret", "absolute/secret", "link", "~/../outside/secret", "..", "/", "a\x00b"} {
		if err := Get(t.Context(), serve(t, h), path, here, Options{}); err == nil {
			t.Errorf("%q was copied", path)
		}
		Put(t.Context(), serve(t, h), filepath.Join(here, "x"), path, Options{Force: true})
	}
	same(t, filepath.Join(outside, "secret"), []byte("secret"))
	if list, _ := os.ReadDir(outside); len(list) != 1 {
		t.Errorf("outside there is now %v", list)
	}
	if err := Get(t.Context(), serve(t, h), there+"/ok", here, Options{}); err != nil {
		t.Errorf("an absolute path within the folder: %v", err)
	}
	if err := Get(t.Context(), serve(t, h), "~/ok", filepath.Join(here, "again"), Options{}); err != nil {
		t.Errorf("~/: %v", err)
	}
}

// hostileSender sends what send never would.
type hostileSender struct {
	t *testing.T
	w *wire.Writer
}

func (h *hostileSender) entry(e entry) { h.w.Append(msgEntry, e.append) }

func (h *hostileSender) file(path, data string) {
	h.entry(entry{mode: 0o644, mtime: time.Unix(1, 0), size: int64(len(data)), path: path})
	h.w.Append(msgContent, func(dst []byte) []byte { return appendNumbers(dst, 0) })
	h.w.Write(msgData, []byte(data))
	sum := sha256.Sum256([]byte(data))
	h.w.Write(msgSum, sum[:])
}

func TestAHostileSenderWritesNothingElsewhere(t *testing.T) {
	for name, send := range map[string]func(h *hostileSender){
		"up":              func(h *hostileSender) { h.file("../evil", "x") },
		"up inside":       func(h *hostileSender) { h.file("asked/../../evil", "x") },
		"absolute":        func(h *hostileSender) { h.file("/tmp/evil", "x") },
		"empty":           func(h *hostileSender) { h.file("", "x") },
		"dot":             func(h *hostileSender) { h.file(".", "x") },
		"another name":    func(h *hostileSender) { h.file("evil", "x") },
		"a second name":   func(h *hostileSender) { h.file("asked", "x"); h.file("evil", "x") },
		"escape":          func(h *hostileSender) { h.file("asked/\x1b[2J", "x") },
		"newline":         func(h *hostileSender) { h.file("asked/a\nb", "x") },
		"a part":          func(h *hostileSender) { h.file("asked/a.rac.part", "x") },
		"through a link":  func(h *hostileSender) { h.file("asked/link/evil", "x") },
		"folder, link":    func(h *hostileSender) { h.entry(entry{dir: true, mode: 0o755, path: "asked/link/evil"}) },
		"too much":        func(h *hostileSender) { h.entry(entry{size: 1, path: "asked/f"}); h.content("xx") },
		"too little":      func(h *hostileSender) { h.entry(entry{size: 9, path: "asked/f"}); h.content("xx") },
		"data first":      func(h *hostileSender) { h.w.Write(msgData, []byte("x")) },
		"content of none": func(h *hostileSender) { h.content("x") },
		"end too early":   func(h *hostileSender) { h.entry(entry{size: 9, path: "asked/f"}); h.w.Write(msgEnd, nil) },
		"negative size":   func(h *hostileSender) { h.entry(entry{size: -1, path: "asked/f"}) },
		"offset":          func(h *hostileSender) { h.entry(entry{size: 9, path: "asked/f"}); h.offset(5) },
		"too many":        func(h *hostileSender) { h.many() },
	} {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			dst, outside := filepath.Join(base, "dst"), filepath.Join(base, "outside")
			os.MkdirAll(filepath.Join(dst, "asked"), 0o755)
			os.MkdirAll(outside, 0o755)
			os.Symlink("../../outside", filepath.Join(dst, "asked", "link"))
			a, b := p2ptest.Pipe(1 << 20)
			go func() {
				h := &hostileSender{t, wire.NewWriter(b, maxBody)}
				send(h)
				h.w.Write(msgEnd, nil)
				b.CloseWrite()
				io.Copy(io.Discard, b)
			}()
			if err := Get(t.Context(), a, "photos/asked", dst, Options{Force: true}); err == nil {
				t.Error("no error")
			}
			for _, name := range []string{filepath.Join(base, "evil"), filepath.Join(dst, "evil"), filepath.Join(outside, "evil"), "/tmp/evil", filepath.Join(dst, "asked", "f")} {
				if _, err := os.Lstat(name); err == nil {
					t.Errorf("%s was written", name)
				}
			}
		})
	}
}

// A sender that names what it leaves out without end does not fill the receiver's
// memory.
func TestAHostileSenderWithoutEndIsToldToStop(t *testing.T) {
	path := "asked/" + strings.Repeat("x", 4000)
	a, b := p2ptest.Pipe(1 << 20)
	var sent atomic.Int64
	go func() {
		go io.Copy(io.Discard, b)
		w := wire.NewWriter(b, maxBody)
		for sent.Add(int64(len(path))) < 4*maxKept {
			if w.Append(msgSkipped, func(dst []byte) []byte { return appendSkipped(dst, path, "") }) != nil {
				return
			}
		}
		b.Close()
	}()
	var failed *Failed
	if err := Get(t.Context(), a, "photos/asked", t.TempDir(), Options{}); !errors.As(err, &failed) || sent.Load() > 2*maxKept {
		t.Errorf("%v after %d MB", err, sent.Load()>>20)
	}
}

func (h *hostileSender) content(data string) {
	h.offset(0)
	h.w.Write(msgData, []byte(data))
	sum := sha256.Sum256([]byte(data))
	h.w.Write(msgSum, sum[:])
}

func (h *hostileSender) offset(n int64) {
	h.w.Append(msgContent, func(dst []byte) []byte { return appendNumbers(dst, n) })
}

func (h *hostileSender) many() {
	for i := range maxAhead + 1 {
		h.entry(entry{size: 1, path: fmt.Sprintf("asked/%d", i)})
	}
}

func TestAHostileReceiverGetsOnlyWhatIsSent(t *testing.T) {
	for name, answers := range map[string]func(w *wire.Writer){
		"done at once":    func(w *wire.Writer) { w.Write(msgDone, nil) },
		"an offset":       func(w *wire.Writer) { w.Append(msgWant, part{offset: 1 << 40}.append) },
		"negative offset": func(w *wire.Writer) { w.Append(msgWant, part{offset: -1}.append) },
		"got first":       func(w *wire.Writer) { w.Write(msgGot, nil) },
		"two wants":       func(w *wire.Writer) { w.Append(msgWant, part{}.append); w.Append(msgWant, part{}.append) },
		"nothing":         func(w *wire.Writer) {},
	} {
		here := t.TempDir()
		write(t, filepath.Join(here, "one"), []byte("one"))
		a, b := p2ptest.Pipe(1 << 20)
		go func() {
			answers(wire.NewWriter(b, maxBody))
			b.CloseWrite()
			io.Copy(io.Discard, b)
		}()
		if err := Put(t.Context(), a, filepath.Join(here, "one"), "", Options{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNamesThatMayNotTravel(t *testing.T) {
	for _, bad := range []string{"", "/", "a/", "/a", "a//b", "..", "a/..", ".", "a/./b", "a\x00", "a\x7f", "a\u0085", "\xff", "x.rac.part", strings.Repeat("x", maxPath+1)} {
		if checkPath(bad) == nil {
			t.Errorf("%q may travel", bad)
		}
	}
	for _, good := range []string{"a", "a/b", "...", "ä ö/日本", "a:b", `a\b`, "-rf", strings.Repeat("x", 255)} {
		if err := checkPath(good); err != nil {
			t.Error(err)
		}
	}
	if n := len(partName(strings.Repeat("ü", 127))); n > 255 {
		t.Errorf("a partial file's name has %d bytes", n)
	}
}
