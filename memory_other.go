//go:build !linux

package main

// keepMemoryPrivate: this system has no such switch for a running program.
func keepMemoryPrivate() {}
