package auth

// Where a request of a stranger lies until somebody at this computer answers it:
// at a terminal, in a window, or by rac accept.

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rac/p2p/wire"
)

// Desk is the Asker behind rac accept and rac deny.
//
// An answer by command is no proof that a person at this computer gave it: a
// session with control can type the command too. So it is refused if there was
// such a session at any moment since the request came.
type Desk struct {
	// LastControl tells when a session last had control; now, if one has it
	// (Gate.LastControl). It must be set before the first Ask.
	LastControl func() time.Time

	mu      sync.Mutex
	waiting *Request
	since   time.Time
	answer  chan Answer
}

// CanAsk reports true: whoever can log in to this computer can answer.
func (d *Desk) CanAsk() bool { return true }

// Ask waits for Answer.
func (d *Desk) Ask(ctx context.Context, r Request) (Answer, error) {
	answer := make(chan Answer, 1)
	d.put(&r, answer)
	defer d.put(nil, nil)
	select {
	case a := <-answer:
		return a, nil
	case <-ctx.Done():
		return Refuse, ctx.Err()
	}
}

func (d *Desk) put(r *Request, answer chan Answer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting, d.answer, d.since = r, answer, time.Now()
}

// Waiting returns the request that waits, or nil.
func (d *Desk) Waiting() *Request {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.waiting
}

// Answer answers the request of this peer, or with "" whichever waits.
func (d *Desk) Answer(peer wire.PeerID, a Answer) error {
	if d == nil {
		return errors.New("this host does not take answers here")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.waiting == nil:
		return errors.New("nobody asks to be let in")
	case peer != "" && peer != d.waiting.Peer:
		return fmt.Errorf("%s does not ask to be let in", bounded(string(peer), 128))
	case a != Refuse && !d.LastControl().Before(d.since):
		return errors.New("somebody controls this computer from afar, and could have typed this: answer at its screen or terminal")
	}
	select {
	case d.answer <- a:
		return nil
	default:
		return errors.New("it has been answered already")
	}
}

// AnyOf asks at several places at once; the first answer counts, and the others
// are told by their contexts. A place that fails is left out.
func AnyOf(askers ...Asker) Asker { return anyOf(askers) }

type anyOf []Asker

func (as anyOf) CanAsk() bool {
	for _, a := range as {
		if a.CanAsk() {
			return true
		}
	}
	return false
}

func (as anyOf) Ask(ctx context.Context, r Request) (Answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	answers := make(chan asked, len(as))
	var places sync.WaitGroup
	n := 0
	for _, a := range as {
		if !a.CanAsk() {
			continue
		}
		n++
		places.Go(func() {
			answer, err := a.Ask(ctx, r)
			answers <- asked{answer, err}
		})
	}
	defer places.Wait()
	defer cancel()
	var errs []error
	for range n {
		a := <-answers
		if a.err == nil {
			return a.answer, nil
		}
		errs = append(errs, a.err)
	}
	return Refuse, errors.Join(append(errs, ctx.Err())...)
}
