package main

import (
	"bytes"
	"strings"
	"testing"

	"rac/p2p/files"
)

// TestWhatIsSaidMeanwhileIsAboveTheBar: a path that has changed, a file that is
// left out.
func TestWhatIsSaidMeanwhileIsAboveTheBar(t *testing.T) {
	var screen bytes.Buffer
	p := &program{voice: &voice{w: &screen, live: true}}
	show := newCpShow(p, false)
	for range 2 { // on two lines, one after the other
		show.tell(files.Event{Kind: files.Total, Files: 1, Bytes: 100})
		show.tell(files.Event{Kind: files.Began, Path: "film"})
		show.tell(files.Event{Kind: files.Moved, Path: "film", Bytes: 50})
		p.voice.say("now direct")
		p.voice.phase("the line is lost")
	}
	show.end(false)
	for _, line := range []string{"rac: now direct\n", "rac: the line is lost\n"} {
		if n := strings.Count(screen.String(), "\r\x1b[K"+line); n != 2 {
			t.Errorf("%q stands %d times on a line of its own:\n%q", line, n, &screen)
		}
	}
	if !strings.Contains(screen.String(), "\rrac: copied 0 files, 100 bytes") {
		t.Errorf("the end:\n%q", &screen)
	}
}

// TestPathsOfWindowsAreNoMachines: what is before the colon decides, in the same
// way on every system.
func TestPathsOfWindowsAreNoMachines(t *testing.T) {
	for arg, want := range map[string][2]string{
		"office:report.pdf": {"office", "report.pdf"},
		"office:":           {"office", ""},
		`office:C:\reports`: {"office", `C:\reports`},
		"office:~/a:b":      {"office", "~/a:b"},
		"12D3KooW:/srv/x":   {"12D3KooW", "/srv/x"},
		`C:\Users\x`:        {},
		"c:report.pdf":      {},
		"./a:b":             {},
		"/srv/a:b":          {},
		`dir\a:b`:           {},
		"report.pdf":        {},
		":x":                {},
		"":                  {},
	} {
		machine, path, ok := cutMachine(arg)
		if machine != want[0] || path != want[1] || ok != (want[0] != "") {
			t.Errorf("%q is %q, %q, %t; want %q", arg, machine, path, ok, want)
		}
	}
}

func TestBytesAreWrittenForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1: "one byte", 999: "999 bytes", 1000: "1.0 kB", 5368709124: "5.4 GB"} {
		if got := byteCount(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
