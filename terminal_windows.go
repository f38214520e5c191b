package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// openTTY opens the console that the program was started from.
func openTTY() (in, out *os.File, err error) {
	if in, err = os.OpenFile("CONIN$", os.O_RDWR, 0); err != nil {
		return nil, nil, err
	}
	if out, err = os.OpenFile("CONOUT$", os.O_RDWR, 0); err != nil {
		in.Close()
		return nil, nil, err
	}
	return in, out, nil
}

// dropTyped throws away what was typed and not yet read.
func dropTyped(f *os.File) error { return windows.FlushConsoleInputBuffer(windows.Handle(fd(f))) }
