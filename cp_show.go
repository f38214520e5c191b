package main

// What rac cp shows: a bar on a terminal, events as JSON, and the files that it
// has left out in any case.

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"rac/p2p/files"
)

// cpShow adds the steps of a copy up, over all the lines that it needs.
type cpShow struct {
	*program
	json  bool
	began time.Time
	bar   *progressbar.ProgressBar // nil: no terminal
	below func()                   // ends that messages are written above the bar
	spoke time.Time                // the last event progress

	copied       map[string]struct{}
	noted        map[string]struct{} // what was begun here, or told of
	kept, failed int
	moved        int64 // bytes over the line
	done, total  int64 // bytes that are there, and that there are
}

func newCpShow(p *program, json bool) *cpShow {
	return &cpShow{program: p, json: json, began: time.Now(), copied: make(map[string]struct{}), noted: make(map[string]struct{})}
}

// progressEvery is the time between two events of JSON, barEvery between two
// drawings of the bar.
const (
	progressEvery = time.Second
	barEvery      = 100 * time.Millisecond
)

func (v *cpShow) tell(e files.Event) {
	switch e.Kind {
	case files.Total: // of the first line, or of a further one: then what is there is told again
		v.done, v.total, v.kept, v.failed = 0, e.Bytes, 0, 0
		v.openBar()
	case files.Began:
		v.done += e.Bytes
		v.describe(e.Path)
		if v.first("begun", e.Path) && e.Bytes > 0 {
			v.note("resumed", e.Path, fmt.Sprintf("goes on at %s", byteCount(e.Bytes)))
		}
	case files.Moved:
		v.done += e.Bytes
		v.moved += e.Bytes
	case files.Copied:
		v.copied[e.Path] = struct{}{}
		if v.json {
			v.emit("file", map[string]any{"path": e.Path, "state": "copied"})
		}
	case files.Kept:
		v.done += e.Bytes
		v.keep(e.Path)
	case files.Skipped:
		v.failed++
		if v.first("skipped", e.Path) {
			v.note("skipped", e.Path, "not copied: "+e.Reason)
		}
	}
	v.progress()
}

// keep counts a file that was there already, unless this copy has brought it.
func (v *cpShow) keep(path string) {
	if _, ours := v.copied[path]; ours {
		return
	}
	v.kept++
	if v.json {
		v.emit("file", map[string]any{"path": path, "state": "kept"})
	}
}

// first tells whether this has not happened to the file before: with each further
// line the copy is begun again.
func (v *cpShow) first(what, path string) bool {
	key := what + " " + path
	_, known := v.noted[key]
	v.noted[key] = struct{}{}
	return !known
}

func (v *cpShow) note(state, path, text string) {
	if v.json {
		v.emit("file", map[string]any{"path": path, "state": state, "reason": text})
	} else {
		v.voice.say("%s: %s", path, text)
	}
}

func (v *cpShow) progress() {
	if v.bar != nil {
		v.bar.Set64(min(v.done, v.total))
	}
	if v.json && time.Since(v.spoke) >= progressEvery {
		v.spoke = time.Now()
		v.emit("progress", map[string]any{"bytes": v.done, "total": v.total})
	}
}

func (v *cpShow) openBar() {
	if v.json || !v.voice.live {
		return
	}
	if v.bar == nil {
		v.below = v.voice.above(overBar{v.voice.w})
	} else {
		v.bar.Clear() // of the line before
	}
	v.bar = progressbar.NewOptions64(max(v.total, 1),
		progressbar.OptionSetWriter(v.voice.w), progressbar.OptionShowBytes(true), progressbar.OptionShowCount(),
		progressbar.OptionFullWidth(), progressbar.OptionThrottle(barEvery), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetPredictTime(true))
}

func (v *cpShow) describe(path string) {
	if v.bar != nil {
		const longest = 40
		name := []rune(printable(path))
		if len(name) > longest {
			name = append([]rune("…"), name[len(name)-longest:]...)
		}
		v.bar.Describe(string(name))
	}
}

// overBar writes lines where the bar is, which draws itself again below them.
type overBar struct{ io.Writer }

func (o overBar) Write(line []byte) (int, error) {
	if _, err := io.WriteString(o.Writer, "\r\x1b[K"); err != nil {
		return 0, err
	}
	return o.Writer.Write(line)
}

// sumOfTime is how long a copy takes at least before its rate says something of
// the line.
const sumOfTime = time.Second / 2

// end shows the sum; where the copy was refused as a whole there is none.
func (v *cpShow) end(done bool) {
	if v.bar != nil {
		v.bar.Exit()
		v.bar.Clear()
		io.WriteString(v.voice.w, "\r")
		v.below()
	}
	took := time.Since(v.began)
	rate := float64(v.moved) / 1e6 / max(took.Seconds(), 1e-3)
	if v.json {
		v.emit("copied", map[string]any{"files": len(v.copied), "bytes": v.moved, "kept": v.kept, "skipped": v.failed, "seconds": took.Seconds(), "mb_s": rate})
		return
	}
	if !done && len(v.copied)+v.kept+v.failed == 0 && v.moved == 0 {
		return
	}
	text := fmt.Sprintf("copied %s, %s", plural(len(v.copied), "file"), byteCount(v.moved))
	if took >= sumOfTime {
		text += fmt.Sprintf(" in %.1f s (%s/s)", took.Seconds(), byteCount(int64(float64(v.moved)/took.Seconds())))
	}
	if v.kept > 0 {
		text += fmt.Sprintf("; %d there already", v.kept)
	}
	if v.failed > 0 {
		text += fmt.Sprintf("; %d left out", v.failed)
	}
	v.voice.say("%s", text)
}

func plural(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// byteCount writes a number of bytes for people.
func byteCount(n int64) string {
	const unit = 1000
	if n < unit {
		return plural(int(n), "byte")
	}
	f, i := float64(n)/unit, 0
	for ; f >= unit; i++ {
		f /= unit
	}
	return fmt.Sprintf("%.1f %cB", f, "kMGTPE"[i])
}
