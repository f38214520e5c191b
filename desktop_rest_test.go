//go:build linux

package main

import (
	"image"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cpuTime is what a process has used so far: the fields utime and stime of
// /proc/PID/stat (proc(5)), in ticks of 10 ms.
func (a *actor) cpuTime(t *testing.T) time.Duration {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(a.cmd.Process.Pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	// The program's name, in brackets, may have spaces.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("%s: %v", stat, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// TestASessionAtRestCostsNearlyNothing: the aim is 1 % of a core for each side
// and no picture bytes at all; ten times as much CPU time fails.
func TestASessionAtRestCostsNearlyNothing(t *testing.T) {
	h, v := startSession(t)
	h.hang(image.Rect(600, 60, 1100, 460))
	h.typewriter("one", image.Pt(20, 40))
	h.find("is connected") // the banner, the last thing to change
	v.equals(h)
	const seconds, most = 6, 6 * time.Second / 10
	atRest := strings.Repeat(`.*"event":"stats","fps":0,.*"mbit_s":0,"exact":true}\n`, 3)
	awaitSaying(t, "the viewer", v.viewer, atRest)
	said, host, viewer := len(v.viewer.String()), h.host.cpuTime(t), v.viewer.cpuTime(t)
	began := time.Now()
	stats := regexp.MustCompile(`(?m)^.*"event":"stats".*\n`)
	eventually(t, "some seconds pass", func() bool {
		return len(stats.FindAllString(v.viewer.String()[said:], -1)) >= seconds
	})
	host, viewer = h.host.cpuTime(t)-host, v.viewer.cpuTime(t)-viewer
	t.Logf("in %v at rest the host used %v of CPU time, the viewer %v", time.Since(began), host, viewer)
	if host > most || viewer > most {
		t.Errorf("in %d s at rest the host used %v and the viewer %v, more than %v", seconds, host, viewer, most)
	}
	for _, line := range stats.FindAllString(v.viewer.String()[said:], -1) {
		if !strings.Contains(line, `"fps":0,`) || !strings.Contains(line, `"mbit_s":0,`) {
			t.Errorf("at rest there was a picture: %s", line)
		}
	}
}
