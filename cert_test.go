package main

import (
	"testing"
	"time"

	"rac/auth"
	"rac/auth/config"
)

func TestACertificateSaysHowLongItIsGood(t *testing.T) {
	const id = "12D3KooWLjYCuGUPA4jt2XvHyzKCnNiwqKAzu3GzD6RE4rD2JmZk"
	c := auth.NewCertificate(id, "Anna", 90*24*time.Hour, auth.AllPerms)
	for after, want := range map[time.Duration]string{
		-time.Hour:                          "is not valid yet",
		-time.Minute:                        "valid for another 90 days", // a clock that is a little slow
		0:                                   "valid for another 90 days",
		89*24*time.Hour + 23*time.Hour:      "valid for another 1h0m0s",
		90*24*time.Hour + time.Minute:       "valid for another 0s",
		90*24*time.Hour + 6*time.Minute:     "has expired",
		10 * 365 * 24 * time.Hour:           "has expired",
		88*24*time.Hour - 1:                 "valid for another 2 days",
		88*24*time.Hour + 30*60*time.Second: "valid for another 47h30m0s",
	} {
		if got := validityOf(c, c.From.Add(after)); got != want {
			t.Errorf("after %v: %q, want %q", after, got, want)
		}
	}
}

// TestAnAuthorityIsAWayIn: a host that nobody can be let in to does not start.
func TestAnAuthorityIsAWayIn(t *testing.T) {
	cfg := config.Default()
	cfg.Attended.Mode = config.Never
	cfg.Authorities = []config.Authority{{Name: "ACME"}}
	if noWayIn(&cfg) == nil {
		t.Error("an authority that only names people lets somebody in")
	}
	cfg.Authorities[0].Login = true
	if err := noWayIn(&cfg); err != nil {
		t.Errorf("an authority that lets in: %v", err)
	}
	cfg.Unattended.Enabled = false
	if noWayIn(&cfg) == nil {
		t.Error("it lets in while unattended access is off")
	}
}
