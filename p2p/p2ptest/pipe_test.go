package p2ptest

import (
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestPipeCarriesBytesAndItsEnd(t *testing.T) {
	a, b := Pipe(4)
	go func() {
		a.Write([]byte("longer than the buffer"))
		a.CloseWrite()
	}()
	got, err := io.ReadAll(b)
	if err != nil || string(got) != "longer than the buffer" {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := b.Write([]byte("back")); err != nil {
		t.Errorf("after CloseWrite the other direction is closed too: %v", err)
	}
}

func TestPipeDeadlinePassesAndIsLifted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe(4)
		a.SetDeadline(time.Now().Add(time.Second))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read after the deadline: %v", err)
		}
		a.SetDeadline(time.Time{})
		go func() { time.Sleep(time.Hour); b.Write([]byte("x")) }()
		if _, err := a.Read(make([]byte, 1)); err != nil {
			t.Errorf("read without a deadline: %v", err)
		}
	})
}

func TestPipeCloseWakesAPendingRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe(4)
		go func() { time.Sleep(time.Second); a.Close() }()
		if _, err := a.Read(make([]byte, 1)); err == nil {
			t.Error("own Close: the read returned no error")
		}
		if _, err := b.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("peer's Close: %v, want io.EOF", err)
		}
	})
}
