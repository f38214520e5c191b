package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
	"rac/p2p/wire"
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

// inviteSomebody prints the code of an invite, as rac invite does.
func (h *host) inviteSomebody() error {
	code, until, err := h.gate.Invite(auth.AllPerms, inviteFor)
	if err != nil {
		return err
	}
	if *h.o.json {
		h.event("invite", map[string]any{"code": code, "until": until.UTC()})
		return nil
	}
	fmt.Fprintf(h.stdout, "INVITE %s\n", code)
	h.voice.say("%s", inviteAdvice(until))
	return nil
}

// observe takes what the gate tells, one event at a time.
func (h *host) observe(e auth.Event) {
	h.print(e)
	h.banners.tell(e)
	h.locker.observe(e)
	h.runHook(e)
}

// print prints an event.
func (h *host) print(e auth.Event) {
	who := whoIs(e.Peer, e.Name, e.Verified)
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

// tellOfRelay tells how one of the host's own relays stands, when that has changed.
func (h *host) tellOfRelay(relay p2p.Sighting) {
	switch {
	case h.quiet:
	case *h.o.json:
		state := relayReportOf(relay)
		h.event("relay", map[string]any{"relay": state.Relay, "held": state.Held, "error": state.Error})
	case relay.Err == nil:
		h.voice.say("the relay %s has a place for this host again", relay.Name)
	default:
		h.voice.say("no place on the relay %s: %v; who needs it cannot get here", relay.Name, relay.Err)
	}
}

// whoIs names a peer on one line, with the end of its ID.
func whoIs(peer wire.PeerID, name, verified string) string {
	if name == "" && verified == "" {
		return peer.Short()
	}
	return fmt.Sprintf("%s (%s)", called(name, verified), peer.Short())
}

// called is what an authority says of a peer, or what it calls itself.
func called(name, verified string) string {
	if verified != "" {
		return verified
	}
	return fmt.Sprintf("%q, an unverified name", name)
}

func (h *host) observeJSON(e auth.Event) { h.event(string(e.Kind), eventFields(e)) }

// eventFields returns what is told about an event, to programs.
func eventFields(e auth.Event) map[string]any {
	fields := map[string]any{"peer": e.Peer}
	switch e.Kind {
	case auth.EventRequest:
		fields["name"], fields["verified"], fields["wants"] = e.Name, e.Verified, e.Wants.Names()
	case auth.EventDenied:
		fields["reason"] = e.Code
	case auth.EventSessionStart:
		fields["session"], fields["name"], fields["auth"] = e.Session, e.Name, e.Auth
		fields["verified"], fields["path"], fields["perms"] = e.Verified, e.Path, e.Perms.Names()
	case auth.EventSessionEnd:
		fields["session"], fields["reason"] = e.Session, e.Reason
		fields["seconds"], fields["bytes"] = e.Lasted.Round(time.Millisecond).Seconds(), e.Bytes
	}
	return fields
}

// reloaded tells that the config was read again.
func (h *host) reloaded(before, now *config.Config, err error) {
	var bad *config.Error
	changed := []string{} // none, where a mended file says what it said before
	if err == nil {
		changed = append(changed, config.Changed(before, now)...)
	}
	switch {
	case errors.As(err, &bad) && *h.o.json:
		h.event("config_error", map[string]any{"file": bad.File, "line": bad.Line, "column": bad.Column, "message": bad.Message})
	case err != nil && *h.o.json:
		h.event("config_error", map[string]any{"file": h.file.Path(), "line": 0, "column": 0, "message": err.Error()})
	case err != nil:
		h.line("config error: %v", err)
		if bad != nil {
			for line := range strings.Lines(bad.Excerpt()) {
				h.line("%s", strings.TrimRight(line, "\n"))
			}
		}
		h.line("nobody gets in unattended until the file is mended")
	case *h.o.json:
		h.event("reloaded", map[string]any{"changed": changed})
	case len(changed) == 0:
		h.line("config read again: all is as it was")
	default:
		h.line("config read again: %s", strings.Join(changed, ", "))
	}
}
