package screen_test

import (
	"context"
	"errors"
	"image"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rac/screen"
	"rac/screen/x11"
)

func TestAVirtualScreenCanBeCapturedByItsOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	v, err := screen.StartVirtual(t.Context(), image.Pt(400, 300), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XAUTHORITY", filepath.Join(dir, "none"))
	if _, err := screen.OpenX11(t.Context(), v.Display, slog.New(slog.DiscardHandler)); !errors.Is(err, x11.ErrRefused) {
		t.Errorf("without the cookie: %v", err)
	}
	if info, err := os.Stat(v.Authority); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("cookie file: %v, %v", info, err)
	}
	for _, e := range v.Env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	src, err := screen.OpenX11(t.Context(), "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if f := next(t, src); f.Display.W != 400 || f.Display.H != 300 {
		t.Errorf("display is %+v", f.Display)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	<-v.Done()
	if _, err := src.Next(within(t, 10*time.Second)); !errors.Is(err, x11.ErrClosed) {
		t.Errorf("Next after the end: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAVirtualScreenSaysWhyItCannotBe(t *testing.T) {
	dir := t.TempDir()
	if _, err := screen.StartVirtual(t.Context(), image.Pt(0, 300), dir); err == nil || !strings.Contains(err.Error(), "0×300") {
		t.Errorf("no width: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := screen.StartVirtual(ctx, image.Pt(64, 64), dir); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	t.Setenv("PATH", dir)
	if _, err := screen.StartVirtual(t.Context(), image.Pt(64, 64), dir); err == nil || !strings.Contains(err.Error(), "apt install xvfb") {
		t.Errorf("without Xvfb: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
