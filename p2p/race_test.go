//go:build race

package p2p

// racing: the race detector slows all down tenfold, with as much memory.
const racing = true
