package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"
)

// What is said to people follows these rules. Results go to stdout; everything
// else goes to stderr and begins with "rac:", in lower case and without a period.
// On a terminal the phases of a connection are one line that is written over;
// elsewhere a line each. Questions are asked on the terminal itself, never on stdin, so
// that a pipe cannot answer them.

var errNoTerminal = errors.New("there is no terminal to ask on")

// terminal is the person's own terminal, wherever stdin and stdout go.
type terminal struct {
	in, out *os.File
	voice   *voice // if not nil: may speak while a question waits
}

// openTerminal returns errNoTerminal where the program has none.
func openTerminal() (*terminal, error) {
	in, out, err := openTTY()
	if err != nil || !term.IsTerminal(int(fd(in))) {
		return nil, errNoTerminal
	}
	return &terminal{in: in, out: out}, nil
}

// fd returns f's descriptor without switching f to blocking mode, as f.Fd does:
// a prompt that nobody has answered must be possible to withdraw.
func fd(f *os.File) (n uintptr) {
	if c, err := f.SyscallConn(); err == nil {
		c.Control(func(d uintptr) { n = d })
	}
	return n
}

func (t *terminal) Close() {
	t.in.Close()
	if t.out != t.in {
		t.out.Close()
	}
}

// forget waits for d and throws away what has been typed until then: it was meant
// for something else.
func (t *terminal) forget(ctx context.Context, d time.Duration) error {
	pause := time.NewTimer(d)
	defer pause.Stop()
	select {
	case <-pause.C:
		return dropTyped(t.in)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ask prints the question and returns the line that is typed; hidden does not
// show it. It ends with ctx's cause when ctx ends first.
func (t *terminal) ask(ctx context.Context, question string, hidden bool) (string, error) {
	old, err := term.MakeRaw(int(fd(t.in)))
	if err != nil {
		return "", fmt.Errorf("cannot use the terminal: %w", err)
	}
	defer term.Restore(int(fd(t.in)), old)
	t.in.SetReadDeadline(time.Time{})
	stop := context.AfterFunc(ctx, func() { t.in.SetReadDeadline(time.Now()) })
	defer stop()
	line := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{t.in, t.out}, question)
	if width, height, err := term.GetSize(int(fd(t.in))); err == nil && width > 0 {
		line.SetSize(width, height)
	}
	if t.voice != nil {
		defer t.voice.above(line)()
	}
	read := line.ReadLine
	if hidden {
		read = func() (string, error) { return line.ReadPassword(question) }
	}
	answer, err := read()
	switch {
	case ctx.Err() != nil:
		fmt.Fprint(t.out, "\r\n")
		return "", context.Cause(ctx)
	case errors.Is(err, io.EOF): // Ctrl-C or Ctrl-D
		fmt.Fprint(t.out, "\r\n")
		return "", fail(exitInt, errors.New("cancelled"))
	}
	return answer, err
}

// voice says things on stderr.
type voice struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool // phases are written over
	color bool
	line  []string  // the phases so far
	over  io.Writer // while a question waits: writes above it
}

func newVoice(f *os.File, getenv func(string) string) *voice {
	return &voice{w: f, live: obeys(f, getenv), color: colours(f, getenv)}
}

// obeys tells whether f is a terminal that moves its cursor when it is told to.
func obeys(f *os.File, getenv func(string) string) bool {
	return term.IsTerminal(int(fd(f))) && getenv("TERM") != "dumb"
}

// colours tells whether f is a terminal that shows colours, to one who wants them.
func colours(f *os.File, getenv func(string) string) bool {
	return obeys(f, getenv) && getenv("NO_COLOR") == ""
}

// say prints a message of its own line.
func (v *voice) say(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.endLineLocked()
	fmt.Fprintf(v.to(), "rac: %s\n", printable(fmt.Sprintf(format, args...)))
}

// above makes the voice speak above a question that waits on the same terminal,
// instead of writing over it. What is returned ends that.
func (v *voice) above(question io.Writer) func() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.endLineLocked()
	if v.live {
		v.over = question
	}
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.over = nil
	}
}

// to is where a line goes.
func (v *voice) to() io.Writer {
	if v.over != nil {
		return v.over
	}
	return v.w
}

// show prints text as it stands, such as the line of a file with a mark below.
func (v *voice) show(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.endLineLocked()
	for _, line := range strings.Split(text, "\n") {
		fmt.Fprintln(v.to(), printable(line))
	}
}

func (v *voice) hint(text string) { v.say("hint: %s", text) }

// phase shows that a connection has come a step further.
func (v *voice) phase(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	name = printable(name)
	if !v.live || v.over != nil {
		fmt.Fprintf(v.to(), "rac: %s\n", name)
		return
	}
	v.line = append(v.line, name)
	text := "rac: " + strings.Join(v.line, " → ")
	if v.color {
		text = "rac: " + strings.Join(v.line[:len(v.line)-1], " → ")
		if len(v.line) > 1 {
			text += " → "
		}
		text += "\x1b[1m" + name + "\x1b[0m"
	}
	fmt.Fprintf(v.w, "\r\x1b[K%s", text)
}

// endPhases closes the live line.
func (v *voice) endPhases() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.endLineLocked()
}

func (v *voice) endLineLocked() {
	if len(v.line) > 0 {
		fmt.Fprintln(v.w)
		v.line = nil
	}
}

// printable keeps foreign text (names, reasons, addresses from other computers)
// from steering the terminal, from turning its direction around, and from
// beginning a line that looks like one of ours.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return r
		case r < ' ', r >= 0x7f && r < 0xa0, r == 0x200e, r == 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '?'
		}
		return r
	}, s)
}

// readLine returns the next line of r without its end. It reads no further: a
// pipe that stays open does not hold the program up.
func readLine(r *bufio.Reader) (string, error) {
	const longest = 4096
	var line []byte
	for len(line) < longest {
		c, err := r.ReadByte()
		if err == io.EOF && len(line) > 0 || err == nil && c == '\n' {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if err != nil {
			return "", err
		}
		line = append(line, c)
	}
	return "", fmt.Errorf("a line of more than %d bytes", longest)
}

// signalCode returns the exit code for the signal that ended ctx, as a shell
// counts; 0 for none.
func signalCode(ctx context.Context) int {
	var s signalled
	if errors.As(context.Cause(ctx), &s) {
		return 128 + int(s.Signal)
	}
	return 0
}

// signalled is the cause with which a signal ends the program's context.
type signalled struct{ syscall.Signal }

func (s signalled) Error() string { return "ended by " + s.Signal.String() }
