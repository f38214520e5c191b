// Package socket reads and writes sockets by system calls of which Go's scheduler is not
// told.
//
// The scheduler has a watcher that takes a processor away from who stays in a system call.
// It sleeps while the program does, the first system call after a rest wakes it, and then
// it looks every 20 µs for a millisecond and more. A program that does a little sixty times
// a second, such as a host while a window is dragged, so pays for the watching more than for
// encryption and network together: 5 of its 42 % of a core, measured. A socket of Go's never
// blocks a call, so there is nothing to watch.
package socket
