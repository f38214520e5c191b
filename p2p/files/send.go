package files

// The sender's side of a copy. It is one loop: entries go ahead of the contents,
// so that the receiver can say of each what it has, and many small files are not
// a round trip each.

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"rac/p2p/wire"
)

// sender is one send.
type sender struct {
	t       *tree
	o       Options
	out     *bufio.Writer
	w       *wire.Writer
	answers chan answer

	ahead  []*found // sent, not answered
	wanted []want   // answered, content not sent
	sent   []*found // content sent, not confirmed
	left   bool     // something was left out
	buf    []byte
}

type want struct {
	*found
	part part
}

type answer struct {
	t    wire.Type
	body []byte
	err  error
}

// send sends a tree until ctx ends, which closes s, as its own end does.
func send(ctx context.Context, s wire.Stream, w *wire.Writer, t *tree, o Options) error {
	if _, err := t.root.Stat(filepath.FromSlash(t.path)); err != nil {
		f := &Failed{NotFound, reason(err)}
		w.Append(msgFailed, f.append)
		return f
	}
	out := bufio.NewWriterSize(s, 2*maxBody)
	x := &sender{t: t, o: o, out: out, w: wire.NewWriter(out, maxBody), answers: make(chan answer, 3*maxAhead), buf: make([]byte, maxBody)}
	done := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() { x.read(s, done) })
	defer reading.Wait()
	defer s.Close()
	defer close(done)
	err := x.run(ctx)
	if err == nil && x.left {
		err = ErrSome
	}
	return err
}

// read takes the answers in while the loop writes.
func (x *sender) read(s wire.Stream, done <-chan struct{}) {
	r := wire.NewReader(s, maxBody)
	for {
		t, body, err := r.Next()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		select {
		case x.answers <- answer{t, bytes.Clone(body[:min(len(body), 1+maxReason)]), err}:
		case <-done:
			return
		}
		if err != nil {
			return
		}
	}
}

func (x *sender) run(ctx context.Context) error {
	if err := x.total(); err != nil {
		return x.why(err)
	}
	next, stop := iter.Pull(x.t.walk())
	defer stop()
	for more := true; more || len(x.ahead)+len(x.wanted) > 0; {
		for more && len(x.ahead)+len(x.wanted) < maxAhead {
			var f *found
			if f, more = next(); !more {
				break
			}
			if err := x.announce(f); err != nil {
				return x.why(err)
			}
		}
		if err := x.step(ctx); err != nil {
			return err
		}
	}
	if err := x.w.Write(msgEnd, nil); err != nil {
		return x.why(err)
	}
	return x.awaitDone()
}

// total tells how much there is, for who shows how far it is.
func (x *sender) total() error {
	var files, size int64
	for f := range x.t.walk() {
		if f.skip == "" && !f.dir {
			files++
			size += f.size
		}
	}
	x.o.tell(Event{Kind: Total, Files: files, Bytes: size})
	return x.w.Append(msgTotal, func(dst []byte) []byte { return appendNumbers(dst, files, size) })
}

func (x *sender) announce(f *found) error {
	if f.skip != "" {
		x.skipped(f.path, f.skip)
		return x.w.Append(msgSkipped, func(dst []byte) []byte { return appendSkipped(dst, f.path, f.skip) })
	}
	x.ahead = append(x.ahead, f)
	return x.w.Append(msgEntry, f.entry.append)
}

func (x *sender) skipped(path, why string) {
	x.left = true
	x.o.tell(Event{Kind: Skipped, Path: path, Reason: why})
}

// step sends the content of one file, or waits for an answer.
func (x *sender) step(ctx context.Context) error {
	for len(x.answers) > 0 {
		if err := x.hear(<-x.answers); err != nil {
			return err
		}
	}
	if len(x.wanted) == 0 {
		if len(x.ahead) == 0 {
			return nil
		}
		return x.await()
	}
	w := x.wanted[0]
	x.wanted = x.wanted[1:]
	if err := x.content(ctx, w); err != nil {
		return x.why(err)
	}
	return nil
}

func (x *sender) await() error {
	if err := x.out.Flush(); err != nil {
		return x.why(err)
	}
	return x.hear(<-x.answers)
}

var errDone = errors.New("all is in its place")

func (x *sender) awaitDone() error {
	for {
		if err := x.await(); err == errDone {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// hear takes an answer.
func (x *sender) hear(a answer) error {
	if a.err != nil {
		return a.err
	}
	switch a.t {
	case msgFailed:
		return parseFailed(a.body)
	case msgDone:
		if len(x.ahead)+len(x.wanted)+len(x.sent) > 0 {
			return malformed(a.t, a.body)
		}
		return errDone
	case msgWant, msgHave, msgRefuse:
		if len(x.ahead) == 0 {
			return malformed(a.t, a.body)
		}
		f := x.ahead[0]
		x.ahead = x.ahead[1:]
		return x.answered(f, a)
	case msgGot, msgLost:
		if len(x.sent) == 0 {
			return malformed(a.t, a.body)
		}
		f := x.sent[0]
		x.sent = x.sent[1:]
		if a.t == msgLost {
			x.skipped(f.path, bounded(string(a.body)))
		} else {
			x.o.tell(Event{Kind: Copied, Path: f.path})
		}
	}
	return nil
}

func (x *sender) answered(f *found, a answer) error {
	switch a.t {
	case msgWant:
		p, err := parsePart(a.body)
		if err != nil || f.dir || p.offset > f.size {
			return malformed(a.t, a.body)
		}
		x.wanted = append(x.wanted, want{f, p})
	case msgHave:
		if !f.dir {
			x.o.tell(Event{Kind: Kept, Path: f.path, Bytes: f.size})
		}
	case msgRefuse:
		x.skipped(f.path, bounded(string(a.body)))
	}
	return nil
}

// patience is how long a reason is waited for after a line has failed.
const patience = 2 * time.Second

// why looks for the receiver's reason behind the failure to write to it.
func (x *sender) why(err error) error {
	late := time.After(patience)
	for {
		select {
		case a := <-x.answers:
			if a.t == msgFailed && a.err == nil {
				return parseFailed(a.body)
			}
			if a.err != nil {
				return err
			}
		case <-late:
			return err
		}
	}
}

// content sends what the receiver lacks of a file. The error is the line's; what
// is wrong with the file is told to the receiver.
func (x *sender) content(ctx context.Context, f want) error {
	broke := func(err error) error {
		x.skipped(f.path, reason(err))
		return x.w.Write(msgBroke, []byte(reason(err)))
	}
	file, err := x.t.root.OpenFile(filepath.FromSlash(f.local), os.O_RDONLY|syscall.O_NONBLOCK, 0) // it may have become a pipe
	if err != nil {
		return broke(err)
	}
	defer file.Close()
	if err := unchanged(file, f.found); err != nil {
		return broke(err)
	}
	h, offset, err := x.resumeAt(ctx, file, f.part)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return broke(err)
	}
	if err := x.w.Append(msgContent, func(dst []byte) []byte { return appendNumbers(dst, offset) }); err != nil {
		return err
	}
	x.o.tell(Event{Kind: Began, Path: f.path, Bytes: offset})
	for left := f.size - offset; left > 0; {
		n, err := file.Read(x.buf[:min(int64(len(x.buf)), left)])
		if n == 0 && err != nil {
			if err == io.EOF {
				err = errChanged
			}
			return broke(err)
		}
		h.Write(x.buf[:n])
		if err := x.w.Write(msgData, x.buf[:n]); err != nil {
			return err
		}
		left -= int64(n)
		x.o.tell(Event{Kind: Moved, Path: f.path, Bytes: int64(n)})
	}
	if err := unchanged(file, f.found); err != nil {
		return broke(err)
	}
	x.sent = append(x.sent, f.found)
	return x.w.Append(msgSum, func(dst []byte) []byte { return h.Sum(dst) })
}

// resumeAt goes to where the receiver's part ends, if the file begins with it,
// else to the file's beginning. h is the hash of what comes before.
func (x *sender) resumeAt(ctx context.Context, file *os.File, p part) (h hash.Hash, offset int64, err error) {
	h = sha256.New()
	if p.offset == 0 {
		return h, 0, nil
	}
	if _, err := io.CopyN(h, heeding{ctx, file}, p.offset); err != nil {
		return nil, 0, err
	}
	if bytes.Equal(h.Sum(nil), p.sum[:]) {
		return h, p.offset, nil
	}
	h.Reset()
	_, err = file.Seek(0, io.SeekStart)
	return h, 0, err
}

var errChanged = errors.New("it changed while it was copied")

func unchanged(file *os.File, f *found) error {
	info, err := file.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("it is no file any more")
	case info.Size() != f.size || !info.ModTime().Equal(f.mtime):
		return errChanged
	}
	return nil
}
