package seat

// The seat without logind: what is in front is on the kernel's active virtual
// terminal.

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// files is where the kernel tells which virtual terminal is active, and the
// folder of the terminals themselves.
type files struct{ active, dev string }

// activeTerminal describes what is on the active terminal as far as that can be
// known: its owner is who has logged in there, root where a display manager runs.
func activeTerminal(at files) (session, error) {
	text, err := os.ReadFile(at.active)
	if err != nil {
		return session{}, fmt.Errorf("it is not known what is on this computer's screen: there is neither logind nor a virtual terminal (%w)", err)
	}
	name := strings.TrimSpace(string(text))
	n, err := strconv.ParseUint(strings.TrimPrefix(name, "tty"), 10, 6)
	if err != nil {
		return session{}, fmt.Errorf("%s: %q is not the name of a virtual terminal", at.active, name)
	}
	s := session{vt: int(n)}
	if info, err := os.Stat(filepath.Join(at.dev, name)); err == nil {
		s.user = int(info.Sys().(*syscall.Stat_t).Uid)
	}
	return s, nil
}
