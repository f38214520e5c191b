package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rac/auth"
	"rac/p2p"
)

// resumeFor is how long a lost session is tried again: as long as the host
// keeps it. Without a window nobody waits for that long: --timeout holds.
const resumeFor = 10 * time.Minute

// The first attempt to resume comes at once, further ones at growing distances.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 3 * time.Second
)

// resume continues the session on a new connection. why is what ended the
// present one.
func (s *session) resume(ctx context.Context, why error) error {
	limit := resumeFor
	if s.scripted() {
		limit = *s.o.timeout
	}
	life := ctx // of the session, which goes on when the attempts are over
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errLost)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := s.resumeOnce(ctx, life, why)
		var refused *auth.Refused
		if err == nil || errors.As(err, &refused) {
			return err
		}
		s.log.Info("not resumed", "error", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errLost) {
				return fail(exitLost, fmt.Errorf("the line to %s was lost and did not come back within %v", s.target.ID.Short(), limit))
			}
			return context.Cause(ctx)
		}
	}
}

// move continues the session on the better path of the same connection.
func (s *session) move(ctx context.Context) error {
	conn := s.conn()
	pass, err := s.resumePass(ctx, conn)
	if err != nil {
		return err
	}
	s.line.Store(&line{conn, pass, nil})
	s.tellPath()
	return nil
}

// tellPath says how the session travels from now on.
func (s *session) tellPath() {
	path := s.conn().Path()
	if *s.o.json {
		s.emit("path", map[string]string{"path": pathName(path), "addr": path.Addr})
	} else {
		s.voice.say("now %s", path)
	}
}

// resumeOnce dials the host again. A host that has forgotten the session, since
// it was started anew, is asked for a new one, if a saved login lets us in. What
// it finds lasts as long as life.
func (s *session) resumeOnce(ctx, life context.Context, why error) error {
	s.conn().Close() // what is left of it is of no use, and Dial must begin afresh
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	if !errors.Is(why, &auth.Ended{Reason: auth.Restarting}) {
		pass, err := s.resumePass(life, conn)
		if err == nil {
			s.line.Store(&line{conn, pass, conn.Better()})
			s.tellPath()
			return nil
		}
		if !errors.Is(err, &auth.Refused{Code: auth.CodeGone}) {
			return err
		}
	}
	if err := s.logIn(life, conn, false); err != nil {
		var refused *auth.Refused
		if errors.As(err, &refused) {
			return fail(exitLost, fmt.Errorf("the host was started anew and wants a new login: %w", err))
		}
		return err
	}
	s.tellPath()
	return nil
}

func (s *session) resumePass(ctx context.Context, conn *p2p.Conn) (*auth.Pass, error) {
	stream, err := conn.Open(ctx, auth.Protocol)
	if err != nil {
		return nil, err
	}
	return s.pass().Resume(ctx, stream)
}

// end says why the session ended, and gives it its exit code.
func (s *session) end(err error) error {
	reason, result := s.verdict(err)
	if *s.o.json {
		code := signalCode(s.ctx)
		if code == 0 {
			code = exitCode(result)
		}
		s.emit("ended", map[string]any{"reason": reason, "exit": code})
	}
	return result
}

func (s *session) verdict(err error) (auth.Reason, error) {
	var over *auth.Ended
	switch {
	case err == nil, errors.Is(err, errClosed), signalCode(s.ctx) != 0:
		return auth.Closed, nil
	case errors.As(err, &over):
		return over.Reason, fail(exitEnded, fmt.Errorf("%s ended the session: %s", s.target.ID.Short(), endings[over.Reason]))
	case exitCode(err) == exitLost, errors.Is(err, errLost):
		return auth.Lost, err
	}
	return auth.Closed, err
}

// endings puts the reasons of a host into words.
var endings = map[auth.Reason]string{
	auth.Closed:          "it was closed there",
	auth.Revoked:         "the saved login, the certificate or the place on the allow list was withdrawn",
	auth.Disabled:        "unattended access was switched off",
	auth.PasswordChanged: "the password was changed",
	auth.Kicked:          "somebody there ended it",
	auth.Permission:      "the permission was withdrawn",
	auth.Stopped:         "rac host was stopped",
	auth.Restarting:      "rac host is restarting",
}
