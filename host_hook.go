package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"time"

	"rac/auth"
)

// hookTime is how long on_session may run. The events that follow wait for it.
const hookTime = 10 * time.Second

// runHook runs the on_session command of the config at the start and the end of a
// session, with the event as JSON on its stdin.
func (h *host) runHook(e auth.Event) {
	if e.Kind != auth.EventSessionStart && e.Kind != auth.EventSessionEnd {
		return
	}
	cfg, err := h.file.Load()
	if err != nil || len(cfg.OnSession) == 0 {
		return
	}
	fields := eventFields(e)
	fields["v"], fields["event"] = 1, e.Kind
	text, err := json.Marshal(fields)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), hookTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, cfg.OnSession[0], cfg.OnSession[1:]...)
	cmd.Stdin = bytes.NewReader(append(text, '\n'))
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		h.log.Error("on_session failed", "command", cfg.OnSession[0], "error", err, "output", printable(string(out[:min(len(out), 500)])))
	}
}
