//go:build !race

package p2p

const racing = false
