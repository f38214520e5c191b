//go:build unix

package main

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rac/auth"
	"rac/screen/seat"
)

func TestTheUnitSaysWhatWasAskedFor(t *testing.T) {
	for want, flags := range map[string][]string{
		`/usr/local/bin/rac host --display seat0`:               nil,
		`/usr/local/bin/rac host --virtual 1920x1080`:           {"--virtual", "1920x1080"},
		`/usr/local/bin/rac host --monitor "a \"b\" \\ 5%% $$"`: {"--monitor", `a "b" \ 5% $`},
	} {
		u := hostUnit(flags)
		if got := u.line(programPath); got != want {
			t.Errorf("%q: got %s, want %s", flags, got, want)
		}
		if err := u.check(); err != nil {
			t.Errorf("%q: %v", flags, err)
		}
		if text := u.text(programPath); !strings.Contains(text, "\nExecStart="+want+"\n") || strings.Contains(text, "%!") {
			t.Errorf("%q: the unit is %s", flags, text)
		}
	}
	for _, flags := range [][]string{{"--displai", "seat0"}, {"something"}, {"--virtual"}} {
		if err := hostUnit(flags).check(); exitCode(err) != exitUsage {
			t.Errorf("%q: got %v, want that it is refused", flags, err)
		}
	}
}

func TestOnlyWhatNobodyElseCanChangeIsStartedByRoot(t *testing.T) {
	if err := onlyRootWrites("/bin/sh"); err != nil {
		t.Errorf("/bin/sh: %v", err)
	}
	file := filepath.Join(t.TempDir(), "rac") // below a folder that all can write
	if err := os.WriteFile(file, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := onlyRootWrites(file); err == nil {
		t.Errorf("%s counts as root's", file)
	}
}

func TestTheScreenIsLockedOnceWhenTheLastViewerHasGone(t *testing.T) {
	now := time.Now()
	at := func(s time.Duration) time.Time { return now.Add(s * time.Second) }
	here, away := auth.SessionInfo{ID: "a"}, auth.SessionInfo{ID: "b", Lost: true}
	var l locker
	for _, c := range []struct {
		what     string
		sessions []auth.SessionInfo
		at       time.Duration
		want     bool
	}{
		{"nobody was there", nil, 0, false},
		{"one is there", []auth.SessionInfo{here}, 1, false},
		{"another one's line is lost", []auth.SessionInfo{here, away}, 2, false},
		{"the other one goes", []auth.SessionInfo{away}, 20, false},
		{"the line is still lost", []auth.SessionInfo{away}, 34, false},
		{"for long", []auth.SessionInfo{away}, 36, true},
		{"and longer", []auth.SessionInfo{away}, 60, false},
		{"it is back", []auth.SessionInfo{here}, 61, false},
		{"and closed", nil, 62, true},
		{"once", nil, 63, false},
	} {
		if got := l.due(c.sessions, at(c.at)); got != c.want {
			t.Errorf("%s: locks %v, want %v", c.what, got, c.want)
		}
	}
	l.observe(auth.Event{Kind: auth.EventSessionStart}) // and its end, before the next look
	if !l.due(nil, at(100)) {
		t.Error("a short session leaves the screen open")
	}
}

// TestNobodyIsAskedOnALoginScreen: who stands there has not shown who he is.
func TestNobodyIsAskedOnALoginScreen(t *testing.T) {
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	s := &hostScreen{log: log, seat: newFollower(t.TempDir(), log)}
	asker := windowAsker{s, log}
	for _, c := range []struct {
		what  string
		place seat.Place
		why   error
		want  bool
	}{
		{"nothing", seat.Place{}, errors.New("nobody"), false},
		{"a login screen", seat.Place{Display: ":0", Greeter: true}, nil, false},
		{"a locked desktop", seat.Place{Display: ":0", Locked: true}, nil, false},
		{"a desktop", seat.Place{Display: ":0"}, nil, true},
	} {
		_, before, _ := s.seat.now()
		s.seat.tell(c.place, c.why)
		if before.Err() == nil {
			t.Errorf("%s: who stands elsewhere is not told", c.what)
		}
		if got := asker.CanAsk(); got != c.want {
			t.Errorf("%s: asks %v, want %v", c.what, got, c.want)
		}
	}
}
