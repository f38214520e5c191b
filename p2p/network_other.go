//go:build !linux

package p2p

import "context"

// networkEvents looks now and then: see network_linux.go.
func networkEvents(ctx context.Context, events chan struct{}) { pollNetwork(ctx, events) }
