package main

import (
	"encoding/json"
	"fmt"

	"rac/auth"
	"rac/auth/config"
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
}

// report describes the host as it is now.
func (h *host) report() json.RawMessage {
	r := report{ID: string(h.id.ID()), Addrs: h.node.Addrs(), Screen: h.screen.shown(), Unattended: "broken"}
	if cfg, err := h.file.Load(); err == nil {
		r.Unattended, r.Attended, r.SavedLogins = unattendedState(cfg), cfg.Attended.Mode, len(cfg.Tokens)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil
	}
	return text
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
