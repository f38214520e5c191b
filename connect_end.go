package main

// How a session ends: the reason in words, and the exit code.

import (
	"errors"
	"fmt"

	"rac/auth"
)

// end says why the session ended, and gives it its exit code.
func (s *session) end(err error) error {
	reason, result := s.verdict(err)
	if s.over != nil {
		s.over(result)
	}
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
	case exitCode(err) == exitForbidden:
		return auth.Permission, err
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
