//go:build !linux

package codec

import "time"

var began = time.Now()

// cpuTime is wall time where the other is not at hand.
func cpuTime() time.Duration { return time.Since(began) }
