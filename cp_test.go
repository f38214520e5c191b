package main

import "testing"

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
