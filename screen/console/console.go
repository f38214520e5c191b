// Package console is the screen of a machine that has none: a shell in a
// terminal of our own, shown as pixels.
//
// The path of a letter: an Injector (inject.go) makes the bytes of the keys as
// xterm does (keyboard.go, keysym.go, mouse.go) and writes them to the
// pseudo-terminal of the shell (shell_unix.go). What the programs answer is cut
// into characters and sequences (parser.go) and changes the screen of cells
// (vt.go and the files that it names). Each Source (source.go) compares the
// cells with what it has drawn and draws those that differ (render.go,
// glyphs.go, boxes.go, missing.go).
//
// Nothing runs while nothing happens: no cursor blinks, no timer ticks. A flood
// of output is read as it comes and shown as it is when a Source asks, so that
// it holds up nobody; what was never asked for is never drawn.
//
// The shell runs as the user that runs this program, with an environment from
// which this program's own variables are taken (env.go). Who may see and use it
// is not this package's business.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// Options say which shell runs in which terminal.
type Options struct {
	Cols, Rows int      // of the terminal, in characters; 0: 120x40
	Shell      []string // command and arguments; nil: $SHELL, else /bin/sh, as a login shell
	Env        []string // nil: this process's, without what concerns rac or its terminal
	Dir        string   // where the shell starts; "": the home folder
	Log        *slog.Logger

	login bool // the shell is told that it is a login shell
}

// The smallest and largest terminal; the largest makes a picture of 4500x3600.
const (
	minCols, minRows = 20, 4
	maxCols, maxRows = 500, 200
)

var errClosed = errors.New("console: closed")

// Console is a terminal with a shell in it. A shell that ends is started anew at
// the next key.
type Console struct {
	o    Options
	log  *slog.Logger
	stop context.CancelFunc
	done <-chan struct{} // closed when the console is
	wg   sync.WaitGroup  // one for each shell

	mu      sync.Mutex
	vt      *vt
	shell   *shell        // nil: it has ended
	changed chan struct{} // closed at the next change of vt
	closed  bool
}

// Start starts a shell in a terminal. It ends with ctx or by Close. Where the
// system has no pseudo-terminals the error is errors.ErrUnsupported.
func Start(ctx context.Context, o Options) (*Console, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	c := &Console{
		o:       o,
		log:     o.Log,
		stop:    stop,
		done:    ctx.Done(),
		vt:      newVT(o.Cols, o.Rows),
		changed: make(chan struct{}),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.startLocked(); err != nil {
		stop()
		return nil, err
	}
	return c, nil
}

func (o *Options) complete() error {
	if o.Cols == 0 && o.Rows == 0 {
		o.Cols, o.Rows = 120, 40
	}
	if o.Cols < minCols || o.Cols > maxCols || o.Rows < minRows || o.Rows > maxRows {
		return fmt.Errorf("console: a terminal of %dx%d; it must be between %dx%d and %dx%d",
			o.Cols, o.Rows, minCols, minRows, maxCols, maxRows)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.completeShell()
	return nil
}

// Close ends the shell and everything that was started in it, and waits for it.
// What is to outlive the console must have left its session (setsid, as tmux
// does).
func (c *Console) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.stop()
	c.wg.Wait()
	return nil
}

// startLocked starts a shell and the goroutine that serves it.
func (c *Console) startLocked() error {
	select {
	case <-c.done:
		return errClosed
	default:
	}
	s, err := startShell(&c.o)
	if err != nil {
		return err
	}
	c.shell = s
	c.wg.Go(func() { c.serve(s) })
	return nil
}

// serve lives as long as shell s.
func (c *Console) serve(s *shell) {
	s.run(c.done, c.output)
	c.log.Debug("console: the shell has ended")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shell = nil
	c.sayLocked("the shell has ended: press a key")
}

// output shows what the shell has written and returns what the terminal answers.
func (c *Console) output(data []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.vt.Write(data)
	c.changedLocked()
	return c.vt.takeAnswers()
}

// sayLocked puts a line of our own on the screen, whatever state a program has
// left it in.
func (c *Console) sayLocked(text string) {
	c.vt.leave()
	fmt.Fprintf(c.vt, "\r\n[%s]\r\n", text)
	c.changedLocked()
}

func (c *Console) changedLocked() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// send types keys into the shell. It returns when the terminal has taken them,
// or is not going to soon.
func (c *Console) send(keys []byte) error {
	c.mu.Lock()
	s, closed := c.shell, c.closed
	c.scrollLocked(-c.vt.back) // who types wants to see what he types
	c.mu.Unlock()
	switch {
	case closed:
		return errClosed
	case s != nil && !s.put(keys):
		c.log.Warn("console: the program does not read its keyboard; keys are lost", "bytes", len(keys))
	}
	return nil
}

// wake starts a shell when the last one has ended, and reports whether it did.
func (c *Console) wake() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shell != nil {
		return false
	}
	if err := c.startLocked(); err != nil {
		c.log.Warn("console: no shell", "err", err)
		c.sayLocked("no shell: " + err.Error() + ": press a key")
	}
	return true
}

// scrollLocked moves the view by n lines into the history.
func (c *Console) scrollLocked(n int) {
	back := c.vt.back
	if !c.vt.alt {
		c.vt.back = min(max(back+n, 0), c.vt.history.len())
	}
	if c.vt.back != back {
		c.changedLocked()
	}
}

func (c *Console) scroll(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scrollLocked(n)
}

// idle reports whether the shell has taken all that was sent to it.
func (c *Console) idle() bool {
	c.mu.Lock()
	s := c.shell
	c.mu.Unlock()
	return s == nil || s.idle()
}

// modes returns what the program wants of keys and pointer, and whether it has
// the whole screen.
func (c *Console) modes() (m modes, full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.vt.mode, c.vt.alt
}
