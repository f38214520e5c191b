package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"rac/auth"
)

// The login stream on a better path did not come up: the session tries again after 5 s,
// then ever more seldom, and no more when it is there or the host wants no more of it.
func TestAMoveToABetterPathThatFailedIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan struct{})
		close(told)
		b := betterPath{direct: told}
		late := errors.New("late")
		pause := func() time.Duration { // until the next move; 0: none within an hour
			began := time.Now()
			select {
			case <-b.direct:
			case <-b.surer:
			case <-b.again:
			case <-time.After(time.Hour):
				return 0
			}
			return time.Since(began)
		}
		if got := pause(); got != 0 {
			t.Errorf("the first move came after %v", got)
		}
		for i, step := range []struct {
			ended error
			want  time.Duration
		}{
			{late, 5 * time.Second}, {late, 10 * time.Second}, {late, 20 * time.Second},
			{late, 40 * time.Second}, {late, time.Minute}, {late, time.Minute},
			{nil, 0}, {late, 5 * time.Second},
			{&auth.Refused{Code: auth.CodeBusy}, 10 * time.Second},
			{&auth.Refused{Code: auth.CodeGone}, 0},
			{&auth.Ended{Reason: auth.Kicked}, 0},
		} {
			b.forget()
			b.tried(step.ended)
			if got := pause(); got != step.want {
				t.Errorf("step %d, %v: the next move came after %v, want %v", i, step.ended, got, step.want)
			}
		}
	})
}
