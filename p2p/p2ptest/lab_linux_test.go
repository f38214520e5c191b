package p2ptest

import (
	"testing"
	"time"
)

func TestBothNetworksOfALabReachTheInternet(t *testing.T) {
	l := NewLab(t, Router{NAT: Symmetric}, Router{NAT: Open, Delay: 20 * time.Millisecond})
	began := time.Now()
	l.A.Run("", "ping", "-c1", "-W2", ServerAddr)
	l.B.Run("", "ping", "-c1", "-W2", ServerAddr)
	if took := time.Since(began); took < 40*time.Millisecond {
		t.Errorf("both answers took %v over a line of 20 ms each way", took)
	}
	l.A.Run("", "ping", "-c1", "-W2", "12.2.0.11")
}
