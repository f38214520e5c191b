package main

// asAdmin says how to run a command with the rights that it needs.
func asAdmin(command string) string { return "needs an administrator: " + sudo(command) }

// sudo is not there on most of these systems.
func sudo(command string) string {
	return command + " (in a terminal that was started as administrator)"
}
