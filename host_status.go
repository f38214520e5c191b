package main

import (
	"encoding/json"
	"fmt"

	"rac/auth"
	"rac/auth/config"
	"rac/p2p"
)

// What a running host says of itself: the answer to rac status.

// report is what a host adds to the answer of rac status; it holds no secret.
type report struct {
	ID          string   `json:"id"`
	Addrs       []string `json:"addrs"`
	Screen      string   `json:"screen"`
	Unattended  string   `json:"unattended"` // on, off, "no password", broken
	Attended    string   `json:"attended"`
	SavedLogins int      `json:"saved_logins"`

	Relays []relayReport `json:"relays"`
}

// relayReport is how one of the host's own relays stands.
type relayReport struct {
	Relay string `json:"relay"` // the end of its ID
	Held  bool   `json:"held"`  // the host has a place there
	Error string `json:"error,omitempty"`
}

// report describes the host as it is now.
func (h *host) report() json.RawMessage {
	r := report{ID: string(h.id.ID()), Addrs: h.node().Addrs(), Screen: h.screen.shown(), Unattended: "broken", Relays: []relayReport{}}
	if cfg, err := h.file.Load(); err == nil {
		r.Unattended, r.Attended, r.SavedLogins = unattendedState(cfg), cfg.Attended.Mode, len(cfg.Tokens)
	}
	for _, relay := range h.node().Relays() {
		r.Relays = append(r.Relays, relayReportOf(relay))
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil
	}
	return text
}

func relayReportOf(relay p2p.Sighting) relayReport {
	r := relayReport{Relay: relay.Name, Held: relay.Err == nil}
	if relay.Err != nil {
		r.Error = relay.Err.Error()
	}
	return r
}

// readReport reads what report has written.
func readReport(reply auth.Reply) (r report, err error) {
	if err := json.Unmarshal(reply.More, &r); err != nil {
		return r, fmt.Errorf("the host's answer: %w", err)
	}
	return r, nil
}

func unattendedState(cfg *config.Config) string {
	switch {
	case cfg.Unattended.PasswordHash == "":
		return "no password"
	case !cfg.Unattended.Enabled:
		return "off"
	}
	return "on"
}
