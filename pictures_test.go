//go:build unix

package main

import (
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPicturesOfTheDocs makes the pictures of docs/ anew, in a folder of its own:
// the script that makes them stays true, and each of the windows that they show
// still comes up. sh .ci/pictures ./rac docs makes the real ones.
func TestPicturesOfTheDocs(t *testing.T) {
	rac := filepath.Join(t.TempDir(), "rac")
	if out, err := exec.Command("go", "build", "-o", rac, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := t.TempDir()
	if out, err := exec.Command("sh", ".ci/pictures", rac, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// A colour that only the window in question has on that screen.
	for name, colour := range map[string]uint32{
		"accept.png":     0xfff3d6, // the warning's ground
		"password.png":   0x1f6fb2, // the button
		"no-saving.png":  0xa3afba, // the greyed tick's text
		"banner.png":     0x20303f, // the banner's ground
		"screenshot.png": 0x20303f, // the same, in the viewer's window
	} {
		if !hasColour(t, filepath.Join(dir, name), colour) {
			t.Errorf("%s does not show what it should: no pixel is %06x", name, colour)
		}
		if _, err := os.Stat(filepath.Join("docs", name)); err != nil {
			t.Errorf("docs has no %s: make it by sh .ci/pictures ./rac docs", name)
		}
	}
}

// readImage reads a picture as PNG.
func readImage(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func hasColour(t *testing.T, file string, want uint32) bool {
	t.Helper()
	img := readImage(t, file)
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			if r>>8<<16|g>>8<<8|b>>8 == want {
				return true
			}
		}
	}
	return false
}
