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
		fields["why"] = printable(p.Why)
	}
	return fields
}

// tellPath says how the session travels from now on.
func (s *session) tellPath() {
	path := s.conn().Path()
	switch {
	case *s.o.json:
		s.emit("path", pathFields(path))
	case path.Why != "":
		s.voice.say("%s: %s", path, path.Why)
	default:
		s.voice.say("now %s", path)
	}
}

// tellWhy says once of each connection why it is still relayed, when that is
// known.
func (s *session) tellWhy(ctx context.Context) {
	const period = 200 * time.Millisecond
	tick := time.NewTicker(period)
	defer tick.Stop()
	var told *p2p.Conn
	for {
		select {
		case <-tick.C:
			if c := s.conn(); c != told && c.Path().Why != "" {
				told = c
				s.tellPath()
			}
		case <-ctx.Done():
			return
		}
	}
}
