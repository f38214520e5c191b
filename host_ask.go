package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"rac/auth"
	"rac/screen/window"
)

// Asking the person at this machine: on the terminal of rac host, in a window on
// the display that it shares, and by rac accept. The first answer counts.

// asker asks wherever somebody could be. nil: nowhere.
func (h *host) asker() auth.Asker {
	if h.quiet {
		return nil
	}
	askers := []auth.Asker{h.desk}
	if t, err := openTerminal(); err == nil {
		t.Close()
		askers = append(askers, terminalAsker{})
	}
	if h.screen.hasWindows() {
		askers = append(askers, windowAsker{h.screen, h.log})
	}
	return pausing{auth.AnyOf(askers...), h}
}

// pausing keeps all viewers' hands off while a request waits: who controls this
// machine must not answer for the person at it.
type pausing struct {
	auth.Asker
	h *host
}

func (p pausing) Ask(ctx context.Context, r auth.Request) (auth.Answer, error) {
	defer p.h.injector.Pause()()
	return p.Asker.Ask(ctx, r)
}

// scamWarning stands wherever somebody is asked.
const scamWarning = "Did somebody phone you and tell you to say yes? Then say no: honest companies do not do that."

// windowAsker asks in a window on the display that is shared.
type windowAsker struct {
	screen *hostScreen
	log    *slog.Logger
}

// CanAsk reports whether somebody who has logged in is in front of the screen. A
// display that has gone is an error of Ask.
func (a windowAsker) CanAsk() bool {
	at, err := a.screen.stand()
	return err == nil && at.attended
}

// Ask shows the window until it is answered, or settled elsewhere. It follows the
// screen; on a login screen it is not to be seen: who stands there has not shown
// who he is, and would let somebody in who then sees the next one's desktop.
func (a windowAsker) Ask(ctx context.Context, r auth.Request) (auth.Answer, error) {
	for {
		at, err := a.screen.stand()
		both, cancel := context.WithCancel(ctx)
		stop := context.AfterFunc(at.here, cancel)
		answer := auth.Refuse
		if err == nil && at.attended {
			answer, err = a.show(both, at, r)
		} else {
			<-both.Done()
			err = ctx.Err()
		}
		stop()
		cancel()
		if answer != auth.Refuse || ctx.Err() != nil || at.here.Err() == nil {
			return answer, err
		}
	}
}

func (a windowAsker) show(ctx context.Context, at stand, r auth.Request) (auth.Answer, error) {
	form := window.AcceptForm{
		Name: r.Name, ID: r.Words, Certificate: "unverified name", Wants: r.Wants.String(),
		Warning: scamWarning, Deadline: r.Deadline,
	}
	if r.Verified != "" {
		form.Certificate, form.Verified = r.Verified, true
	}
	answer, err := window.AskAccept(ctx, at.options("rac: may somebody come in?", a.log), form)
	if err == nil && at.holds != nil {
		if err := at.holds(ctx); err != nil {
			return auth.Refuse, err // who knows who has answered
		}
	}
	switch answer {
	case window.WithControl:
		return auth.AllowControl, err
	case window.ViewOnly:
		return auth.AllowView, err
	}
	return auth.Refuse, err
}

// lookFirst is how long what is typed is no answer yet: a "y" for a question that
// was settled elsewhere in that moment must not let in the next one who asks.
const lookFirst = 500 * time.Millisecond

// terminalAsker asks the person at rac host's own terminal.
type terminalAsker struct{}

// CanAsk reports true: there was a terminal at the start.
func (terminalAsker) CanAsk() bool { return true }

// Ask asks y or n; nothing but a clear y is a yes.
func (terminalAsker) Ask(ctx context.Context, r auth.Request) (auth.Answer, error) {
	t, err := openTerminal()
	if err != nil {
		return auth.Refuse, err
	}
	defer t.Close()
	who := "calls itself " + fmt.Sprintf("%q", r.Name) + " (an unverified name)"
	if r.Verified != "" {
		who = r.Verified
	}
	fmt.Fprintf(t.out, "\r\nSomebody asks to use this computer.\r\n  ID     %s\r\n  words  %s\r\n  name   %s\r\n  wants  %s\r\n",
		r.Peer, r.Words, printable(who), r.Wants)
	fmt.Fprintf(t.out, "%s\r\n", scamWarning)
	if err := t.forget(ctx, lookFirst); err != nil {
		return auth.Refuse, err
	}
	answer, err := t.ask(ctx, fmt.Sprintf("Let them in? y: with control, v: look only, n: no [n, %v] ", time.Until(r.Deadline).Round(time.Second)), false)
	if err != nil {
		return auth.Refuse, err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return auth.AllowControl, nil
	case "v", "view":
		return auth.AllowView, nil
	}
	return auth.Refuse, nil
}
