package screen

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"sync"
	"time"

	"rac/screen/codec"
)

// Still is a Surface for those who look without a window: it keeps the newest
// picture and knows when it has come to rest.
type Still struct {
	mu      sync.Mutex
	picture *codec.Picture
	whole   bool // an exact picture has come
	exact   bool
	changed time.Time
	status  string
	turn    chan struct{} // closed and replaced at each change
}

// NewStill returns an empty Still.
func NewStill() *Still { return &Still{turn: make(chan struct{})} }

// Show keeps a copy of what the frame changes.
func (s *Still) Show(f *Frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status = f.Status; f.Bytes > 0 {
		if s.picture == nil || s.picture.W != f.Picture.W || s.picture.H != f.Picture.H {
			s.picture, s.whole = codec.NewPicture(f.Picture.W, f.Picture.H), false
			f.Dirty = []image.Rectangle{f.Picture.Bounds()}
		}
		for _, r := range f.Dirty {
			for y := r.Min.Y; y < r.Max.Y; y++ {
				copy(s.picture.Row(y)[r.Min.X:r.Max.X], f.Picture.Row(y)[r.Min.X:r.Max.X])
			}
		}
		s.exact, s.changed = f.Exact, time.Now()
		s.whole = s.whole || f.Exact
	}
	close(s.turn)
	s.turn = make(chan struct{})
	return nil
}

// First waits for the first exact picture of a screen that is there.
func (s *Still) First(ctx context.Context) error {
	return s.wait(ctx, func() time.Duration {
		if s.whole && s.status == "" {
			return 0
		}
		return -1
	})
}

// Rest waits until the picture is exact and has not changed for quiet, or until
// ctx ends, whose error it returns.
func (s *Still) Rest(ctx context.Context, quiet time.Duration) error {
	began := time.Now()
	return s.wait(ctx, func() time.Duration {
		if !s.exact || s.status != "" {
			return -1
		}
		last := s.changed
		if last.Before(began) {
			last = began
		}
		return max(quiet-time.Since(last), 0)
	})
}

// wait returns when left says 0; more is a time after which to ask again, less
// means that only a change can help.
func (s *Still) wait(ctx context.Context, left func() time.Duration) error {
	for {
		s.mu.Lock()
		d, turn := left(), s.turn
		s.mu.Unlock()
		if d == 0 {
			return nil
		}
		var after <-chan time.Time
		if d > 0 {
			after = time.After(d)
		}
		select {
		case <-after:
		case <-turn:
		case <-ctx.Done():
			return s.why(ctx)
		}
	}
}

// why adds to ctx's error what the host has said about its screen.
func (s *Still) why(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status != "" {
		return fmt.Errorf("the host has no picture: %s: %w", s.status, context.Cause(ctx))
	}
	return context.Cause(ctx)
}

// Size returns the picture's width and height in pixels.
func (s *Still) Size() (w, h int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.picture == nil {
		return 0, 0
	}
	return s.picture.W, s.picture.H
}

// PNG returns the picture as an opaque 8-bit RGB file.
func (s *Still) PNG() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.picture == nil {
		return nil, fmt.Errorf("there is no picture yet")
	}
	img := image.NewNRGBA(s.picture.Bounds())
	for y := range s.picture.H {
		row := img.Pix[y*img.Stride:]
		for x, p := range s.picture.Row(y) {
			row[4*x], row[4*x+1], row[4*x+2], row[4*x+3] = byte(p>>16), byte(p>>8), byte(p), 0xff
		}
	}
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	return b.Bytes(), err
}
