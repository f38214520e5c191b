package main

import (
	"context"
	"time"

	"rac/p2p"
)

// pathName is direct or relayed.
func pathName(p p2p.Path) string {
	if p.Direct {
		return "direct"
	}
	return "relayed"
}

// pathFields are what the events say of a path.
func pathFields(p p2p.Path) map[string]any {
	fields := map[string]any{"path": pathName(p), "addr": p.Addr, "transport": p.Transport}
	if p.RTT > 0 {
		fields["rtt_ms"] = float64(p.RTT.Microseconds()) / 1000
	}
	if p.Why != "" {
		fields["why"] = printable(p.Why + "; " + p.Help)
	}
	return fields
}

// news tells whether a person wants to know of a path: unless the line was lost
// before it came, only of what has become direct or relayed. One direct path may
// take over from another.
func (s *session) news(path p2p.Path, lost bool) bool {
	return s.way.Swap(pathName(path)) != pathName(path) || lost
}

// other tells whether a path is another than the one before, or more is known of it.
func (s *session) other(path p2p.Path) bool {
	at := path.Transport + " " + path.Addr + " " + path.Why
	return s.at.Swap(at) != at
}

// tellPath says how the session travels from now on.
func (s *session) tellPath(lost bool) {
	path := s.conn().Path()
	if path.RTT == 0 { // it is measured beside what comes first
		path.RTT = s.pass().RTT()
	}
	news := s.news(path, lost)
	other := s.other(path)
	switch {
	case *s.o.json:
		if other || lost {
			s.emit("path", pathFields(path))
		}
	case path.Why != "":
		s.voice.say("%s: %s; %s", path, path.Why, path.Help)
	case news:
		s.voice.say("now %s", path)
	}
}

// tellWhy says why the path is still relayed, when that is known, and again when
// more becomes known.
func (s *session) tellWhy(ctx context.Context) {
	const soon, later = 200 * time.Millisecond, time.Second // while it is relayed, and while it is not
	tick := time.NewTicker(soon)
	defer tick.Stop()
	var told string
	for {
		select {
		case <-tick.C:
			path := s.conn().Path()
			if path.Why != told && path.Why != "" {
				told = path.Why
				s.tellPath(false)
			}
			if path.Direct {
				tick.Reset(later)
			} else {
				tick.Reset(soon)
			}
		case <-ctx.Done():
			return
		}
	}
}
