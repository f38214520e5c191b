//go:build race

package socket

import "sync/atomic"

// underway stands for the bytes on their way. Who reads some that this process has written
// knows what came before the writing; of raw system calls the race detector cannot tell,
// as it can of Go's own (https://pkg.go.dev/syscall keeps a variable like this one).
var underway atomic.Int64

// sending comes before a system call that may send bytes, received after one that may
// have got some.
func sending()  { underway.Add(1) }
func received() { underway.Load() }
