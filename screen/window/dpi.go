//go:build linux || freebsd || netbsd || openbsd || dragonfly

package window

// How large the display's user wants letters.

import (
	"strconv"
	"strings"

	"github.com/jezek/xgb/xproto"

	"rac/screen/x11"
)

// textScale is 1 for 96 dots an inch, the usual, and up to 4. Desktops say it as
// Xft.dpi in the resource database.
func textScale(c *x11.Conn) float64 {
	r, err := xproto.GetProperty(c.Conn, false, c.Root, xproto.AtomResourceManager, xproto.AtomString, 0, 1<<14).Reply()
	if err != nil {
		return 1
	}
	for line := range strings.SplitSeq(string(r.Value), "\n") {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) != "Xft.dpi" {
			continue
		}
		if dpi, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && dpi > 0 {
			return min(max(dpi/96, 1), 4)
		}
	}
	return 1
}
