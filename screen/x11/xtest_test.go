package x11

import (
	"os"
	"slices"
	"testing"
)

// loadReply reads what Xvfb has answered.
func loadReply(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheXTESTDevicesAndWhatIsDownOnThemAreFound(t *testing.T) {
	if ids := xtestDevices(loadReply(t, "devices.xi")); !slices.Equal(ids, []byte{4, 5}) {
		t.Errorf("XTEST devices %v, want 4 and 5", ids)
	}
	keys, _ := downOn(loadReply(t, "keyboard.xi"))
	_, buttons := downOn(loadReply(t, "pointer.xi"))
	if !slices.Equal(keys, []byte{38}) || !slices.Equal(buttons, []byte{1}) {
		t.Errorf("down are keys %v, buttons %v, want 38 and 1", keys, buttons)
	}
}

// FuzzDevices: whatever a server says about its devices, reading it does not
// panic.
func FuzzDevices(f *testing.F) {
	for _, name := range []string{"devices.xi", "keyboard.xi", "pointer.xi"} {
		f.Add(loadReply(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		xtestDevices(b)
		downOn(b)
	})
}
