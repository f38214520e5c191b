//go:build !windows

package main

// asAdmin says how to run a command with the rights that it needs.
func asAdmin(command string) string { return "needs root: " + sudo(command) }

func sudo(command string) string { return "sudo " + command }
