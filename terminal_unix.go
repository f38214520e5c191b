//go:build unix

package main

import "os"

// openTTY opens the terminal that the program was started from.
func openTTY() (in, out *os.File, err error) {
	in, err = os.OpenFile("/dev/tty", os.O_RDWR, 0)
	return in, in, err
}
