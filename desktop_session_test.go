//go:build linux

package main

import (
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"

	"rac/screen/codec"
	"rac/screen/screentest"
)

// A session between two of those computers: rac host on the one, the window of
// rac connect on the other.

// password is the host's in these stories.
const password = "correct horse battery"

// lockedConfig returns a config with that password. Making one takes argon2's
// time, once.
var lockedConfig = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "rac-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "config.toml")
	for _, line := range [][]string{{"passwd", "--stdin"}, {"set", "--allow-save-login=true", "--public=false"}} {
		cmd := exec.Command("rac", line...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "RAC_CONFIG=" + file, "RAC_STATE=" + dir}
		cmd.Stdin = strings.NewReader(password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("rac %v: %w\n%s", line, err, out)
		}
	}
	return os.ReadFile(file)
})

// hosted is a computer that runs rac host.
type hosted struct {
	*computer
	host     *actor
	id, addr string
}

// lock gives the computer a config with the password.
func (c *computer) lock() {
	c.t.Helper()
	config, err := lockedConfig()
	if err == nil {
		err = os.WriteFile(c.config(), config, 0o600)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// host starts rac host and waits until it can be reached.
func (c *computer) host(flags ...string) *hosted {
	c.t.Helper()
	if !exists(c.config()) {
		c.lock()
	}
	h := &hosted{computer: c}
	h.host = c.start("rac", append([]string{"host"}, flags...)...)
	h.id = awaitSaying(c.t, "the host", h.host, `^ID (\S+)`)[1]
	h.addr = awaitSaying(c.t, "the host", h.host, `^READY (\S+)`)[1]
	return h
}

// onLoopback are the flags of a host that only this machine can reach.
func onLoopback() []string { return []string{"--listen", "/ip4/127.0.0.1/tcp/0", "--lan=false"} }

// watching is a computer on which rac connect shows another one.
type watching struct {
	*computer
	viewer *actor
	win    xproto.Window
}

// watch starts rac connect with the password and waits for its window.
func (c *computer) watch(target string, h *hosted, flags ...string) *watching {
	c.t.Helper()
	cmd := c.command("rac", append([]string{"connect", target, "--json", "--password-stdin"}, flags...)...)
	cmd.Stdin = strings.NewReader(password + "\n")
	v := &watching{computer: c, viewer: c.launch(cmd)}
	awaitSaying(c.t, "the viewer", v.viewer, `"event":"connected"`)
	v.win = c.find(h.id[len(h.id)-8:])
	return v
}

// session is the usual stage: a desktop of 1280 × 800 pixels shown in a window
// on one of 1400 × 900, both with a window manager.
func startSession(t *testing.T, viewerFlags ...string) (*hosted, *watching) {
	t.Helper()
	h := newComputer(t, screentest.Xvfb(t, 1280, 800), true).host(onLoopback()...)
	v := newComputer(t, screentest.Xvfb(t, 1400, 900), true).watch(h.addr, h, viewerFlags...)
	v.equals(h)
	return h, v
}

// picture reads what the window shows.
func (v *watching) picture() *codec.Picture {
	at := v.area(v.win)
	if at.Empty() || !at.In(image.Rect(0, 0, int(v.Conn.Screen.WidthInPixels), int(v.Conn.Screen.HeightInPixels))) {
		return codec.NewPicture(1, 1)
	}
	img, err := xproto.GetImage(v.Conn.Conn, xproto.ImageFormatZPixmap, xproto.Drawable(v.win), 0, 0,
		uint16(at.Dx()), uint16(at.Dy()), 0xffffffff).Reply()
	if err != nil {
		return codec.NewPicture(1, 1) // resized since, or gone
	}
	pic := codec.NewPicture(at.Dx(), at.Dy())
	for i := range pic.Pix {
		b := img.Data[4*i:]
		pic.Pix[i] = uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	}
	return pic
}

// equals waits until the window shows the host's screen, every pixel.
func (v *watching) equals(h *hosted) {
	v.t.Helper()
	var last image.Rectangle
	var size [2]image.Rectangle
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		want, got := h.Grab(), v.picture()
		if last = screentest.Differ(want, got); last.Empty() {
			return
		}
		size = [2]image.Rectangle{want.Bounds(), got.Bounds()}
	}
	v.t.Fatalf("the window differs from the host's screen in %v; screen %v, window %v", last, size[0], size[1])
}

// at is where a point of the host's screen is on the viewer's, for xdotool.
func (v *watching) at(p image.Point) string {
	p = p.Add(v.area(v.win).Min)
	return fmt.Sprintf("%d %d", p.X, p.Y)
}
