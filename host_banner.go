package main

import (
	"context"
	"fmt"
	"time"

	"rac/auth"
	"rac/screen/window"
)

// Who is connected is shown on the screen that is shared: a banner while the
// session lasts, a notice when it has ended. A session that is over before it
// could be read (a single screenshot) is not announced by a flicker; but who does
// that again and again is.
const (
	bannerAfter = 2 * time.Second // a session this old is shown
	bannerAgain = time.Second     // tries, while the display is away: the session goes on when it is back
	noticeFor   = 5 * time.Second
	glances     = 3 // short sessions within a minute are announced
)

// banners shows who is connected. Its goroutine alone knows who that is.
type banners struct {
	h      *host
	events chan auth.Event // session_start and session_end
}

type guest struct {
	name  string
	since time.Time
}

func (h *host) newBanners() *banners { return &banners{h, make(chan auth.Event, 100)} }

// tell hands on an event; it never waits.
func (b *banners) tell(e auth.Event) {
	if e.Kind == auth.EventSessionStart || e.Kind == auth.EventSessionEnd {
		select {
		case b.events <- e:
		default: // as many changes at once are not to be read anyway
		}
	}
}

// run shows the banners until ctx ends.
func (b *banners) run(ctx context.Context) {
	guests := make(map[string]guest)
	var short []time.Time // when short sessions ended
	var shown pane
	defer shown.hide()
	for {
		var due <-chan time.Time
		text, wait := b.text(guests)
		if wait > 0 {
			due = time.After(wait)
		}
		if text != "" || shown.text != "" && !shown.notice {
			shown = b.replace(shown, text)
		}
		select {
		case <-ctx.Done():
			return
		case e := <-b.events:
			if e.Kind == auth.EventSessionStart {
				guests[e.Session] = guest{nameOf(e), e.Time}
				continue
			}
			delete(guests, e.Session)
			if text := farewell(e, &short); text != "" && len(guests) == 0 {
				shown = b.notice(shown, text)
			}
		case <-due:
		}
	}
}

// text returns what the banner says, and when to ask again.
func (b *banners) text(guests map[string]guest) (text string, wait time.Duration) {
	n := 0
	for _, g := range guests {
		if left := bannerAfter - time.Since(g.since); left > 0 {
			wait = max(wait, left)
			continue
		}
		n++
		text = g.name + " is connected"
	}
	if n > 1 {
		text = fmt.Sprintf("%d viewers are connected", n)
	}
	return text, wait
}

// farewell returns the notice for a session that has ended.
func farewell(e auth.Event, short *[]time.Time) string {
	if e.Lasted >= bannerAfter {
		return fmt.Sprintf("%s has gone after %v", nameOf(e), e.Lasted.Round(time.Second))
	}
	now := time.Now()
	recent := []time.Time{now}
	for _, t := range *short {
		if now.Sub(t) < time.Minute {
			recent = append(recent, t)
		}
	}
	*short = recent
	if len(recent) >= glances {
		return fmt.Sprintf("%s has looked at this screen %d times", nameOf(e), len(recent))
	}
	return ""
}

func nameOf(e auth.Event) string {
	switch {
	case e.Verified != "":
		return e.Verified
	case e.Name != "":
		return fmt.Sprintf("%q (%s)", e.Name, e.Peer.Short())
	}
	return e.Peer.Short()
}

// pane is one banner on the screen; the zero value is none.
type pane struct {
	text   string
	notice bool
	cancel context.CancelFunc
	done   chan struct{}
}

func (p pane) hide() {
	if p.cancel != nil {
		p.cancel()
		<-p.done
	}
}

// replace shows text in the place of old, with a button that ends all sessions.
func (b *banners) replace(old pane, text string) pane {
	if old.text == text && !old.notice {
		return old
	}
	old.hide()
	if text == "" || !b.wanted() {
		return pane{text: text}
	}
	ctx, cancel := context.WithCancel(context.Background())
	return b.open(ctx, cancel, text, func() { b.h.gate.Kick("all") })
}

// notice shows text for a while, without a button.
func (b *banners) notice(old pane, text string) pane {
	old.hide()
	if !b.wanted() {
		return pane{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), noticeFor)
	p := b.open(ctx, cancel, text, nil)
	p.notice = true
	return p
}

func (b *banners) open(ctx context.Context, cancel context.CancelFunc, text string, onEnd func()) pane {
	p := pane{text: text, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for b.show(ctx, text, onEnd) {
		}
	}()
	return p
}

// show shows a banner on the screen as it is now, and returns whether it is to be
// shown again: the screen is another one, or it was away.
func (b *banners) show(ctx context.Context, text string, onEnd func()) bool {
	at, err := b.h.screen.stand()
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(at.here, cancel)()
	if err == nil {
		err = window.ShowBanner(both, at.options("rac: "+text, b.h.log), text, onEnd)
	}
	switch {
	case ctx.Err() != nil:
		return false
	case at.here.Err() != nil:
		return true
	case err == nil:
		return false // its button was clicked
	}
	b.h.log.Warn("no banner on the screen", "error", err, "again after", bannerAgain)
	select {
	case <-time.After(bannerAgain):
	case <-both.Done():
	}
	return ctx.Err() == nil
}

// wanted tells whether there is a display to show it on, and nobody has switched
// it off in the config.
func (b *banners) wanted() bool {
	if !b.h.screen.hasWindows() || b.h.quiet {
		return false
	}
	cfg, err := b.h.file.Load()
	return err != nil || cfg.Attended.Banner
}
