package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"
)

func TestMessagesArriveAsTheyWereWritten(t *testing.T) {
	big := bytes.Repeat([]byte("pixels "), 100_000)
	var line bytes.Buffer
	w := NewWriter(&line, 1<<20)
	for i, body := range [][]byte{nil, []byte("a"), big, []byte("after the big one")} {
		if err := w.Write(Type(i), body); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(iotest.HalfReader(&line), 1<<20)
	for i, want := range [][]byte{nil, []byte("a"), big, []byte("after the big one")} {
		typ, got, err := r.Next()
		if err != nil || typ != Type(i) || !bytes.Equal(got, want) {
			t.Fatalf("message %d: type %d, %d bytes, error %v; want %d bytes", i, typ, len(got), err, len(want))
		}
	}
	if _, _, err := r.Next(); err != io.EOF {
		t.Errorf("after the last message: %v, want io.EOF", err)
	}
}

func TestTheReaderLeavesTheBytesAfterAMessage(t *testing.T) {
	line := bytes.NewBufferString("\x01\x00\x00\x00\x02hirest")
	if _, body, err := NewReader(line, 10).Next(); err != nil || string(body) != "hi" {
		t.Fatalf("body %q, error %v", body, err)
	}
	if line.String() != "rest" {
		t.Errorf("left on the line: %q, want %q", line.String(), "rest")
	}
}

func TestALongMessageIsRefusedBeforeMemoryIsTaken(t *testing.T) {
	header := binary.BigEndian.AppendUint32([]byte{7}, 1<<32-1)
	_, _, err := NewReader(bytes.NewReader(header), 8<<20).Next()
	if !errors.Is(err, ErrTooLong) {
		t.Errorf("reading: %v, want ErrTooLong", err)
	}
	var line bytes.Buffer
	if err := NewWriter(&line, 3).Write(1, []byte("four")); !errors.Is(err, ErrTooLong) || line.Len() > 0 {
		t.Errorf("writing: %v with %d bytes sent, want ErrTooLong and none", err, line.Len())
	}
}

func TestAHeaderAloneTakesLittleMemory(t *testing.T) {
	header := binary.BigEndian.AppendUint32([]byte{7}, 64<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := NewReader(bytes.NewReader(header), 64<<20).Next()
	runtime.ReadMemStats(&after)
	if err != io.ErrUnexpectedEOF {
		t.Errorf("error %v, want io.ErrUnexpectedEOF", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 4*growStep {
		t.Errorf("a header that promises 64 MiB took %d bytes", took)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x00\x02hi\x02\x00\x00\x00\x00"))
	f.Add([]byte("\x01\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, line []byte) {
		r := NewReader(bytes.NewReader(line), 1024)
		var again bytes.Buffer
		w := NewWriter(&again, 1024)
		for {
			typ, body, err := r.Next()
			if err != nil {
				break
			}
			if err := w.Write(typ, body); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(line, again.Bytes()) {
			t.Errorf("read and written again: %x, want a prefix of %x", again.Bytes(), line)
		}
	})
}
