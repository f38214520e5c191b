package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rac/auth"
	"rac/auth/config"
)

// event prints one JSON line of rac host --json.
func (h *host) event(name string, fields map[string]any) {
	h.out.Lock()
	defer h.out.Unlock()
	h.emit(name, fields)
}

// line prints one line of rac host for people.
func (h *host) line(format string, args ...any) {
	h.out.Lock()
	defer h.out.Unlock()
	fmt.Fprintf(h.stdout, "%s %s\n", time.Now().Format("15:04:05"), printable(fmt.Sprintf(format, args...)))
}

// observe prints what the gate tells.
func (h *host) observe(e auth.Event) {
	who := e.Peer.Short()
	if e.Name != "" {
		who = fmt.Sprintf("%q (%s)", e.Name, e.Peer.Short())
	}
	if h.quiet {
		return
	}
	if *h.o.json {
		h.observeJSON(e)
		return
	}
	switch e.Kind {
	case auth.EventRequest:
		h.line("request from %s", who)
	case auth.EventDenied:
		h.line("denied: %s: %s", who, (&auth.Refused{Code: e.Code}).Error())
	case auth.EventSessionStart:
		h.line("session %s began: %s by %s, may %s", e.Session, who, e.Auth, e.Perms)
	case auth.EventSessionEnd:
		h.line("session %s ended: %s: %s after %v", e.Session, who, e.Reason, e.Lasted.Round(time.Second))
	}
}

func (h *host) observeJSON(e auth.Event) {
	fields := map[string]any{"peer": e.Peer}
	switch e.Kind {
	case auth.EventRequest:
		fields["name"], fields["verified"], fields["wants"] = e.Name, e.Verified, e.Wants.Names()
	case auth.EventDenied:
		fields["reason"] = e.Code
	case auth.EventSessionStart:
		fields["session"], fields["name"], fields["auth"] = e.Session, e.Name, e.Auth
		fields["perms"] = e.Perms.Names()
	case auth.EventSessionEnd:
		fields["session"], fields["reason"] = e.Session, e.Reason
		fields["seconds"], fields["bytes"] = e.Lasted.Round(time.Millisecond).Seconds(), e.Bytes
	}
	h.event(string(e.Kind), fields)
}

// reloaded tells that the config was read again.
func (h *host) reloaded(before, now *config.Config, err error) {
	var bad *config.Error
	switch {
	case errors.As(err, &bad) && *h.o.json:
		h.event("config_error", map[string]any{"file": bad.File, "line": bad.Line, "column": bad.Column, "message": bad.Message})
	case err != nil && *h.o.json:
		h.event("config_error", map[string]any{"file": h.file.Path(), "line": 0, "column": 0, "message": err.Error()})
	case err != nil:
		h.line("config error: %v", err)
		h.line("nobody gets in unattended until the file is mended")
	case *h.o.json:
		h.event("reloaded", map[string]any{"changed": config.Changed(before, now)})
	default:
		h.line("config read again: %s", strings.Join(config.Changed(before, now), ", "))
	}
}

// terminalAsker asks the person at rac host's own terminal.
type terminalAsker struct{}

// asker returns nil where there is no terminal.
func (h *host) asker() auth.Asker {
	t, err := openTerminal()
	if err != nil || h.quiet {
		return nil
	}
	t.Close()
	return terminalAsker{}
}

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
	fmt.Fprint(t.out, "Did somebody phone you and tell you to say yes? Then say no: honest companies do not do that.\r\n")
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
