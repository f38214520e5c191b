package auth

// A session that goes on over another line, seen from the viewer's side (the host's:
// resume.go).

import (
	"context"
	"io"
	"time"

	"rac/p2p/wire"
)

// Resume continues the session on another stream of Protocol: after the line
// was lost, or to move to a better path. p is over then. There is no login and
// nobody is asked. After an error p is what it was, and can be resumed on yet
// another stream. The error is *Refused with CodeGone if the host has forgotten
// the session, *Ended if it ended meanwhile, anything else if this line failed
// too. Resume owns s from the call on.
func (p *Pass) Resume(ctx context.Context, s wire.Stream) (*Pass, error) {
	p.awaitStored(ctx)
	l := newLink(s)
	asked := time.Now()
	m, err := p.resume(ctx, l)
	took := time.Since(asked)
	if err != nil {
		l.close()
		return nil, err
	}
	m.Ticket, m.MaySave = p.ticket[:], p.SaveLogin
	p.cut()
	next, err := newPass(ctx, l, p.p, m, nil)
	if err != nil {
		return nil, err
	}
	next.mu.Lock()
	defer next.mu.Unlock()
	if next.rtt == 0 {
		next.rtt = took // there and back, and little work: the first ping knows better
	}
	return next, nil
}

// storeTime is how long a session stays on its line for the sake of a new token.
const storeTime = 2 * time.Second

// awaitStored waits until the host has a new token: a resumption that takes a
// shorter way would overtake the word that it is safe here, and end its line.
func (p *Pass) awaitStored(ctx context.Context) {
	if p.stored == nil {
		return
	}
	late := time.NewTimer(storeTime)
	defer late.Stop()
	select {
	case <-p.stored:
	case <-p.done:
	case <-late.C:
	case <-ctx.Done():
	}
}

// cut ends the old line without a word: the host has let go of it already.
func (p *Pass) cut() {
	p.l.s.Close()
	<-p.done
}

func (p *Pass) resume(ctx context.Context, l *link) (*welcomeMsg, error) {
	if err := l.send(msgResume, &resumeMsg{p.ticket[:], p.secret[:]}); err != nil {
		return nil, err
	}
	for {
		select {
		case m := <-l.in:
			if w, err := resumed(m); w != nil || err != nil {
				return w, err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func resumed(m message) (w *welcomeMsg, err error) {
	if m.err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	if m.err != nil {
		return nil, m.err
	}
	switch m.t {
	case msgWelcome:
		err = heard(m.body, func(m *welcomeMsg) error { w = m; return nil })
		return w, err
	case msgRefused:
		return nil, heard(m.body, func(m *refusedMsg) error { return &Refused{Code: m.Code, RetryAfter: m.wait()} })
	case msgBye:
		return nil, heard(m.body, func(m *byeMsg) error { return &Ended{hostReason(m.Reason)} })
	}
	return nil, nil
}
