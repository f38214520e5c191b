//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"rac/screen/x11"
)

// Somebody who types all the time, and what became of each letter.

// typist presses keys at the viewer and notes when they arrive in a file.
type typist struct {
	mu      sync.Mutex
	paused  bool
	typed   []letter
	arrived []letter
}

type letter struct {
	r  byte
	at time.Time
}

func startTypist(t *testing.T, display, file string) *typist {
	conn, err := x11.Dial(t.Context(), display)
	if err == nil {
		err = xtest.Init(conn.Conn)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	// A press and its release may be far apart on a busy machine: a second letter
	// is wrong only if nobody has made it here.
	xproto.ChangeKeyboardControl(conn.Conn, xproto.KbAutoRepeatMode, []uint32{xproto.AutoRepeatModeOff})
	keys := letterKeys(t, conn)
	ty := &typist{}
	random := rand.New(rand.NewPCG(3, 4))
	runBeside(t, 80*time.Millisecond, func() {
		r, typing := ty.next(random)
		if !typing {
			return
		}
		xtest.FakeInput(conn.Conn, xproto.KeyPress, byte(keys[r]), 0, conn.Root, 0, 0, 0)
		conn.Sync()
		time.Sleep(keyDown)
		xtest.FakeInput(conn.Conn, xproto.KeyRelease, byte(keys[r]), 0, conn.Root, 0, 0, 0)
		conn.Sync()
	})
	runBeside(t, 10*time.Millisecond, func() {
		text, _ := os.ReadFile(file)
		ty.mu.Lock()
		defer ty.mu.Unlock()
		for _, r := range text[min(len(ty.arrived), len(text)):] {
			ty.arrived = append(ty.arrived, letter{r, time.Now()})
		}
	})
	return ty
}

func letterKeys(t *testing.T, conn *x11.Conn) map[byte]xproto.Keycode {
	setup := xproto.Setup(conn.Conn)
	m, err := xproto.GetKeyboardMapping(conn.Conn, setup.MinKeycode, byte(setup.MaxKeycode-setup.MinKeycode+1)).Reply()
	if err != nil {
		t.Fatal(err)
	}
	keys := map[byte]xproto.Keycode{}
	for i := 0; i < len(m.Keysyms); i += int(m.KeysymsPerKeycode) {
		if sym := m.Keysyms[i]; sym >= 'a' && sym <= 'z' {
			keys[byte(sym)] = setup.MinKeycode + xproto.Keycode(i/int(m.KeysymsPerKeycode))
		}
	}
	return keys
}

// next is the next letter; false: the typist rests.
func (ty *typist) next(random *rand.Rand) (r byte, typing bool) {
	ty.mu.Lock()
	defer ty.mu.Unlock()
	if ty.paused {
		return 0, false
	}
	r = byte('a' + random.IntN(26))
	ty.typed = append(ty.typed, letter{r, time.Now()})
	return r, true
}

func (ty *typist) pause(paused bool) {
	ty.mu.Lock()
	defer ty.mu.Unlock()
	ty.paused = paused
}

// stop stops the typing, and returns when all letters have arrived but those that
// told counts, or when late has passed and none comes any more.
func (ty *typist) stop(told func() int) {
	ty.pause(true)
	for end := time.Now().Add(late + time.Second); time.Now().Before(end) && ty.compare().missing > told(); {
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(time.Second) // there might be one too many
}

func (ty *typist) arrivals() []letter {
	ty.mu.Lock()
	defer ty.mu.Unlock()
	return ty.arrived
}

// compared is what became of the typing.
type compared struct {
	typed, missing, extra int
	latest                time.Duration // from a key to its letter
	lost                  []letter      // those that are missing
}

// String leaves out the time of day.
func (c compared) String() string {
	var lost strings.Builder
	for _, l := range c.lost {
		fmt.Fprintf(&lost, " %c %s", l.r, l.at.Format("05.000"))
	}
	return fmt.Sprintf("%d typed, %d missing, %d extra, latest %v; missing:%s", c.typed, c.missing, c.extra, c.latest, lost.String())
}

// compare holds what has arrived against what was typed: the longest common
// subsequence is what got through. Where a letter can be one of several, it is
// the last.
func (ty *typist) compare() (c compared) {
	ty.mu.Lock()
	defer ty.mu.Unlock()
	a, b := ty.typed, ty.arrived
	length := make([][]int, len(a)+1) // of the first i and the first j letters
	for i := range length {
		length[i] = make([]int, len(b)+1)
		for j := 1; i > 0 && j <= len(b); j++ {
			if a[i-1].r == b[j-1].r {
				length[i][j] = length[i-1][j-1] + 1
			} else {
				length[i][j] = max(length[i-1][j], length[i][j-1])
			}
		}
	}
	i, j := len(a), len(b)
	c.typed, c.missing, c.extra = i, i-length[i][j], j-length[i][j]
	for i > 0 && j > 0 {
		switch {
		case a[i-1].r == b[j-1].r:
			c.latest = max(c.latest, b[j-1].at.Sub(a[i-1].at))
			i, j = i-1, j-1
		case length[i-1][j] >= length[i][j-1]:
			i--
			c.lost = append(c.lost, a[i])
		default:
			j--
		}
	}
	c.lost = append(c.lost, a[:i]...)
	return c
}
