package config

// Watching: what is saved holds within half a second.

import (
	"context"
	"fmt"
	"io/fs"
	"time"
)

// watchEvery leaves time for steady within the half second that is promised.
const watchEvery = 400 * time.Millisecond

// Watch calls seen with the config at once and after each change, and looked, unless it
// is nil, after each look, until ctx ends. It gets the error of Load if the file cannot be trusted or understood,
// also fs.ErrNotExist if a file that was there is gone: the caller then lets
// nobody in until the next call without one. Calls do not overlap.
//
// It reads the file each time instead of trusting its time stamps: an edit can
// keep those, and a few kilobytes from the cache cost some ten microseconds.
// Nothing of the system's notices is used, so it works over renames and NFS.
func (f *File) Watch(ctx context.Context, seen func(*Config, error), looked func()) {
	w := watcher{File: f, seen: seen}
	w.look(true)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.look(false)
			if looked != nil {
				looked()
			}
		}
	}
}

type watcher struct {
	*File
	seen  func(*Config, error)
	last  snapshot
	fault string
	was   bool // the file has existed
}

// look reads the file and reports what is new.
func (w *watcher) look(first bool) {
	now, err := w.read()
	if !first && w.known(now, err) {
		return
	}
	if now, err = w.steady(w.was); !first && w.known(now, err) {
		return
	}
	w.last, w.fault = now, errorText(err)
	if err == nil && w.was && now.missing() {
		err = fmt.Errorf("%s is gone: %w", w.path, fs.ErrNotExist)
	}
	w.was = w.was || !now.missing()
	if err != nil {
		w.seen(nil, err)
		return
	}
	w.seen(now.parsed, now.broken)
}

func (w *watcher) known(now snapshot, err error) bool {
	return errorText(err) == w.fault && (err != nil || now.same(w.last))
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
