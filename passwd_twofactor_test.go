package main

import (
	"strings"
	"testing"
	"time"

	"rac/auth"
)

// TestACodeTellsWhetherTheClocksAgree: the app's clock is off by so much, and this
// is how long ago the code changed on this computer.
func TestACodeTellsWhetherTheClocksAgree(t *testing.T) {
	secret := auth.NewTOTP()
	step0 := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		name       string
		into       time.Duration
		off        time.Duration
		ok, remark bool
	}{
		{"the same moment", 10 * time.Second, 0, true, false},
		{"typed slowly", 5 * time.Second, -30 * time.Second, true, false},
		{"half a minute slow", 25 * time.Second, -30 * time.Second, true, true},
		{"half a minute fast", 5 * time.Second, 30 * time.Second, true, true},
		{"five minutes slow", 5 * time.Second, -5 * time.Minute, false, false},
		{"ten minutes fast", 5 * time.Second, 10 * time.Minute, false, false},
	} {
		now := step0.Add(c.into)
		remark, err := judgeCode(secret, secret.Code(now.Add(c.off)), now)
		if (err == nil) != c.ok || (remark != "") != c.remark {
			t.Errorf("%s: %q, %v", c.name, remark, err)
		}
		if err != nil && !strings.Contains(err.Error(), now.Add(c.off).Truncate(step).Format("15:04:05")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := judgeCode(secret, "", step0); err == nil {
		t.Error("no code is a code")
	}
}
