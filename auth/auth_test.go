package auth

// What a refusal says.

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestARefusalIsASentence(t *testing.T) {
	for _, c := range []struct {
		r    Refused
		want string
	}{
		{Refused{Code: CodePassword}, "wrong password"},
		{Refused{Code: CodeThrottled, RetryAfter: 90 * time.Second}, "too many tries; try again in 1m30s"},
		{Refused{Code: "\x1b[2J"}, `the host refused: "\x1b[2J"`},
	} {
		if got := c.r.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if !errors.Is(fmt.Errorf("x: %w", &Refused{Code: CodeBusy, RetryAfter: 3}), &Refused{Code: CodeBusy}) {
		t.Error("errors.Is does not look at the code alone")
	}
}
