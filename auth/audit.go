package auth

// The record: sessions.jsonl has a line for every attempt, login, token, session
// and change of the config. Each line carries the hash of the one before, so
// that a line that was taken out or changed afterwards is found out. It proves
// nothing against somebody who can write the file and makes the whole chain anew.

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

const (
	maxRecord  = 4 << 20 // bytes of a file before the next one is begun
	oldRecords = 4       // FILE.1 (the last one) to FILE.4
	maxLine    = 16 << 10
)

// Record writes sessions.jsonl.
type Record struct {
	file string

	mu   sync.Mutex
	f    *os.File
	size int64
	prev string // hash of the last line; "": there was none
}

// recordLine is a line. Text of strangers has been cleaned, and JSON quotes it.
type recordLine struct {
	Time     time.Time `json:"time"`
	Event    Kind      `json:"event"`
	Session  string    `json:"session,omitempty"`
	Peer     string    `json:"peer,omitempty"`
	Name     string    `json:"name,omitempty"`
	Verified string    `json:"verified,omitempty"`
	Auth     Method    `json:"auth,omitempty"`
	Path     string    `json:"path,omitempty"`
	Wants    []string  `json:"wants,omitempty"`
	Perms    []string  `json:"perms,omitempty"`
	Code     Code      `json:"code,omitempty"`
	Reason   Reason    `json:"reason,omitempty"`
	Seconds  float64   `json:"seconds,omitempty"`
	Bytes    int64     `json:"bytes,omitempty"`
	Token    string    `json:"token,omitempty"`   // issued, renewed, reused
	Changed  []string  `json:"changed,omitempty"` // keys of the config, never values
	Missed   int       `json:"missed,omitempty"`  // denials before this one that have no line
	Prev     string    `json:"prev"`              // SHA-256 of the line before, in hex; "": the first
}

// OpenRecord opens a record, or begins one (mode 0600).
func OpenRecord(file string) (*Record, error) {
	r := &Record{file: file}
	return r, r.open()
}

func (r *Record) open() (err error) {
	if r.prev == "" {
		if r.prev, err = lastHash(r.file); err != nil {
			return err
		}
	}
	if r.f, err = os.OpenFile(r.file, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	info, err := r.f.Stat()
	if err != nil {
		return errors.Join(err, r.f.Close())
	}
	r.size = info.Size()
	return r.finishLine()
}

// finishLine ends a line that a power cut has left half written; it stays.
func (r *Record) finishLine() error {
	if r.size == 0 {
		return nil
	}
	var last [1]byte
	if _, err := r.f.ReadAt(last[:], r.size-1); err != nil || last[0] == '\n' {
		return err
	}
	n, err := r.f.Write([]byte("\n"))
	r.size += int64(n)
	return err
}

// Close closes the file.
func (r *Record) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.f.Close()
}

// Write appends an event.
func (r *Record) Write(e Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size > maxRecord {
		if err := r.rotate(); err != nil {
			return err
		}
	}
	line, err := json.Marshal(recordLine{
		Time: e.Time.UTC().Truncate(time.Millisecond), Event: e.Kind, Session: e.Session, Peer: bounded(string(e.Peer), 128),
		Name: e.Name, Verified: e.Verified, Auth: e.Auth, Path: e.Path, Wants: names(e.Wants), Perms: names(e.Perms),
		Code: e.Code, Reason: e.Reason, Seconds: e.Lasted.Round(time.Millisecond).Seconds(), Bytes: e.Bytes,
		Token: e.Token, Changed: e.Changed, Missed: e.Missed, Prev: r.prev,
	})
	if err != nil {
		return err
	}
	n, err := r.f.Write(append(line, '\n'))
	r.size += int64(n)
	if err == nil {
		r.prev = lineHash(line)
	}
	return err
}

func names(ps Perms) []string {
	if ps == 0 {
		return nil
	}
	return ps.Names()
}

func lineHash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// rotate begins a new file; its first line carries on the chain of the old one.
func (r *Record) rotate() error {
	if err := r.f.Close(); err != nil {
		return err
	}
	for i := oldRecords - 1; i >= 0; i-- {
		err := os.Rename(recordName(r.file, i), recordName(r.file, i+1))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return r.open()
}

func recordName(file string, i int) string {
	if i == 0 {
		return file
	}
	return fmt.Sprintf("%s.%d", file, i)
}

// lastHash returns the hash of the last line that there is.
func lastHash(file string) (hash string, err error) {
	for i := 0; i <= oldRecords && hash == ""; i++ {
		err := eachLine(recordName(file, i), func(line []byte) error {
			hash = lineHash(line)
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return hash, nil
}

func eachLine(file string, f func(line []byte) error) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, maxLine), maxLine)
	for lines.Scan() {
		if err := f(lines.Bytes()); err != nil {
			return err
		}
	}
	return lines.Err()
}

// VerifyRecord checks the chain of a record and its older files, and returns how
// many lines there are. The error names the first line that does not fit. Lines
// that were cut off at the end are not missed.
func VerifyRecord(file string) (lines int, err error) {
	prev := ""
	for i := oldRecords; i >= 0; i-- {
		name, n := recordName(file, i), 0
		err := eachLine(name, func(line []byte) error {
			n++
			var l recordLine
			// A line that a power cut has left half written is no link itself, but
			// the next one holds its hash.
			whole := json.Unmarshal(line, &l) == nil
			if whole && l.Prev != prev && (lines > 0 || !rotatedAway(file)) {
				return fmt.Errorf("%s:%d: the line before it was changed or taken out", name, n)
			}
			prev = lineHash(line)
			lines++
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return lines, err
		}
	}
	return lines, nil
}

// rotatedAway: there may have been older files than are kept.
func rotatedAway(file string) bool {
	_, err := os.Stat(recordName(file, oldRecords))
	return err == nil
}

// Denials have lines at once for so many, then one in so long; the others are
// counted. Without that a stranger who is refused again and again fills all the
// files within minutes, and the lines that tell of an intruder are gone.
const (
	deniedLines  = 200
	deniedRefill = 10 * time.Second
)

// recordLocked writes an event to the record, if there is one.
func (g *Gate) recordLocked(e Event) {
	if g.o.Record == nil {
		return
	}
	if e.Kind == EventDenied {
		if g.denials.wait(time.Now(), deniedLines, deniedRefill) > 0 {
			g.missed++
			return
		}
		g.denials.used++
		e.Missed, g.missed = g.missed, 0
	}
	if err := g.o.Record.Write(e); err != nil && !g.recordFailed {
		g.recordFailed = true // said once: a full disk must not fill the log, too
		g.o.Log.Error("sessions.jsonl cannot be written", "error", err)
	} else if err == nil {
		g.recordFailed = false
	}
}

func (g *Gate) record(e Event) {
	e.Time = time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.recordLocked(e)
}
