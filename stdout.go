package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// results is stdout: what a command was asked for. A result that nobody has got is
// not a success, whatever else the command did, and where the reader has gone the
// command ends as by a signal, in good order: a host says goodbye to its viewers.
type results struct {
	to   *os.File
	gone func() // ends the command
	mu   sync.Mutex
	err  error // the first
}

// resultsTo returns stdout as a command's results. Once it has been called, a pipe
// without a reader is an error of Write, no longer the sudden end of the program.
func resultsTo(to *os.File, end func(error)) *results {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // Ignore would reach the programs that rac starts
	return &results{to: to, gone: func() { end(signalled{syscall.SIGPIPE}) }}
}

func (r *results) Write(data []byte) (int, error) {
	n, err := r.to.Write(data)
	if err == nil {
		return n, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	if errors.Is(err, syscall.EPIPE) {
		r.gone()
	}
	return n, err
}

// lost returns why a part of the results was not written.
func (r *results) lost() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		return nil
	}
	return fmt.Errorf("the results are not whole: %w", r.err)
}
