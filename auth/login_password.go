package auth

// What is typed in the course of a login (the password, an invite's words, the
// second factor's code), the runs of SPAKE2+ with it, and the puzzles and waits
// that the host sets before it listens to them. It runs as login.go says.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// longestWait is for how long a login sits out a throttle by itself; a longer one
// is the person's to decide on.
const longestWait = time.Minute

// prompt asks for the password, while everything else goes on.
func (c *client) prompt() {
	c.attempt++
	q := Question{MaySave: c.maySave, Asking: c.asking, Attempt: c.attempt, Last: c.last, Wait: c.wait}
	ready := time.Now().Add(c.wait)
	c.beside(func() func() error {
		typed, err := c.p.Password(c.ctx, q)
		if err == nil {
			err = sleepUntil(c.ctx, ready)
		}
		if c.ctx.Err() != nil {
			typed.Password.Clear() // nobody will take it
		}
		return func() error { return c.answer(typed, err) }
	})
}

func sleepUntil(ctx context.Context, t time.Time) error {
	wait := time.NewTimer(time.Until(t))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer takes what was typed, and starts a run of SPAKE2+ with it.
func (c *client) answer(typed Typed, err error) error {
	if err != nil {
		return c.noPassword(err)
	}
	c.typed.Password.Clear()
	c.typed = typed
	if len(typed.Password) == 0 { // nobody has an empty one: spare the owner a try
		return c.wrong(0)
	}
	by, k, p, stretch := ByPassword, c.kdf, Password(slices.Clone(typed.Password)), c.p.stretch
	if c.offers(ByInvite) && (looksLikeInvite(p) || !c.offers(ByPassword)) {
		by, k, p = ByInvite, c.words, Password(tidyInvite(string(p)))
	}
	if stretch == nil {
		stretch = kdf.stretch
	}
	c.beside(func() func() error {
		w0, w1 := stretch(k, p)
		p.Clear()
		return func() error {
			c.run, c.runBy = newSpakeProver(c.bind.of(by), w0, w1, randomScalar()), by
			return c.sendShare()
		}
	})
	return nil
}

// sendShare opens a run, unless the puzzle comes first: without it the host would
// only set another one.
func (c *client) sendShare() error {
	if c.held = c.solving; c.held {
		return nil
	}
	c.awaits = awaitShare
	return c.l.send(msgProof, &proofMsg{Method: c.runBy, Share: c.run.share})
}

// pay solves the challenge's puzzle beside whatever else there is to do.
func (c *client) pay(p *puzzle) {
	if c.solving = p != nil; !c.solving {
		return
	}
	c.beside(func() func() error {
		solution, err := p.solve(c.ctx, c.p.Self)
		return func() error {
			if err != nil {
				return err
			}
			c.solving = false
			err := c.l.send(msgProof, &proofMsg{Method: methodPuzzle, Puzzle: solution})
			if err == nil && c.held {
				err = c.sendShare()
			}
			return err
		}
	})
}

// noPassword: the prompt gave none. A person at the host may still say yes.
func (c *client) noPassword(err error) error {
	switch {
	case !errors.Is(err, ErrNoPassword):
		return err
	case c.asking:
		c.open = slices.DeleteFunc(c.open, func(m Method) bool { return m == ByPassword || m == ByInvite })
		return nil
	case c.last != "":
		return &Refused{Code: c.last, RetryAfter: c.wait}
	}
	return &Refused{Code: CodeNeedsPassword}
}

// wrong is a wrong password.
func (c *client) wrong(wait time.Duration) error {
	c.last, c.wait, c.awaits = CodePassword, wait, awaitNothing
	if !c.p.Person || wait > longestWait {
		return &Refused{Code: CodePassword, RetryAfter: wait}
	}
	c.notice(Notice{Code: CodePassword})
	c.prompt()
	return nil
}

// proved is the host's half of a password run.
func (c *client) proved(m *proofMsg) error {
	if c.awaits != awaitShare || m.Method != c.runBy {
		return fmt.Errorf("%w: a proof that was not asked for", errRules)
	}
	c.awaits = awaitConfirm
	confirm, err := c.run.finish(m.Share, m.Confirm)
	if err != nil {
		// A wrong password, or a host that does not have the verifier: the two
		// look the same. Nothing more is sent that could be guessed against.
		return c.wrong(time.Duration(m.RetryAfter) * time.Second)
	}
	save := c.runBy == ByPassword && c.typed.Remember && c.maySave && c.p.SaveLogin != nil
	return c.l.send(msgProof, &proofMsg{Method: c.runBy, Confirm: confirm, Save: save})
}

// throttled: the try was not counted. A short wait is sat out here; a puzzle is
// solved; a long wait is told.
func (c *client) throttled(m *refusedMsg) error {
	c.awaits = awaitNothing
	if m.wait() > longestWait {
		return &Refused{Code: CodeThrottled, RetryAfter: m.wait()}
	}
	c.notice(Notice{Code: CodeThrottled, Timeout: m.wait()})
	ready, share, puzzle := time.Now().Add(m.wait()), c.run.share, m.Puzzle
	c.beside(func() func() error {
		err := sleepUntil(c.ctx, ready)
		var solution []byte
		if err == nil && puzzle != nil {
			solution, err = puzzle.solve(c.ctx, c.p.Self)
		}
		return func() error {
			if err != nil {
				return err
			}
			c.awaits = awaitShare
			return c.l.send(msgProof, &proofMsg{Method: c.runBy, Share: share, Puzzle: solution})
		}
	})
	return nil
}

// askCode asks for the second factor.
func (c *client) askCode(m *refusedMsg) error {
	if c.p.Code == nil || m.Code == CodeCode && (!c.p.Person || m.wait() > longestWait) {
		return &Refused{Code: m.Code, RetryAfter: m.wait()}
	}
	c.attempt, c.awaits = c.attempt+1, awaitNothing
	q := Question{Attempt: c.attempt, Last: m.Code, Wait: m.wait(), Asking: c.asking}
	ready := time.Now().Add(m.wait())
	c.beside(func() func() error {
		code, err := c.p.Code(c.ctx, q)
		if errors.Is(err, ErrNoPassword) {
			err = &Refused{Code: m.Code}
		}
		if err == nil {
			err = sleepUntil(c.ctx, ready)
		}
		return func() error {
			if err != nil {
				return err
			}
			c.awaits = awaitCode
			return c.l.send(msgProof, &proofMsg{Method: methodCode, Code: bounded(code, maxCode)})
		}
	})
	return nil
}
