package screen_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"log/slog"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
	"rac/screen"
	"rac/screen/codec"
)

// BenchmarkViewers is a page of text that scrolls, seen by one to three viewers at
// once: the processor time of host and viewers together, and the time until all have
// shown a frame.
func BenchmarkViewers(b *testing.B) { benchAll(b, watch) }

// BenchmarkHost is the same with viewers that only answer: what the host takes.
func BenchmarkHost(b *testing.B) { benchAll(b, answer) }

func benchAll(b *testing.B, look func(ctx context.Context, viewer wire.Stream, shown chan time.Time)) {
	for _, size := range []image.Point{{1920, 1080}, {3840, 2160}} {
		for _, viewers := range []int{1, 2, 3} {
			b.Run(fmt.Sprintf("%dx%d/%d", size.X, size.Y, viewers), func(b *testing.B) { benchViewers(b, size, viewers, look) })
		}
	}
}

func benchViewers(b *testing.B, size image.Point, viewers int, look func(ctx context.Context, viewer wire.Stream, shown chan time.Time)) {
	source := newScroller(size)
	s := &stage{ctx: b.Context(), share: screen.NewShare(opens(source), slog.New(slog.DiscardHandler))}
	ctx, cancel := context.WithCancel(b.Context())
	defer s.work.Wait()
	defer cancel()
	shown := make(chan time.Time, 64)
	for range viewers {
		host, viewer := p2ptest.Pipe(8 << 20)
		s.work.Go(func() { s.share.Serve(ctx, host) })
		s.work.Go(func() { look(ctx, viewer, shown) })
	}
	turn := func() {
		at := source.scroll()
		for n := 0; n < viewers; {
			if !(<-shown).Before(at) {
				n++
			}
		}
	}
	for range 10 {
		turn()
	}
	began := spent()
	for b.Loop() {
		turn()
	}
	b.ReportMetric((spent()-began).Seconds()*1e3/float64(b.N), "cpu-ms/op")
}

func watch(ctx context.Context, viewer wire.Stream, shown chan time.Time) {
	screen.View(ctx, viewer, screen.Want{Quality: screen.Lossless}, exactly(shown))
}

// answer acknowledges what comes as soon as it has, as if decoding took a millisecond.
func answer(ctx context.Context, viewer wire.Stream, shown chan time.Time) {
	defer context.AfterFunc(ctx, func() { viewer.Close() })()
	in, out := wire.NewReader(viewer, 8<<20), wire.NewWriter(viewer, 64)
	out.Write(0x12, []byte{0, 0, byte(screen.Lossless)})
	for {
		t, body, err := in.Next()
		if err != nil {
			return
		}
		if t != 0x01 && t != 0x02 {
			continue
		}
		out.Write(0x11, append(slices.Clone(body[:4]), 0, 0, 4, 0))
		if at := time.UnixMicro(int64(binary.BigEndian.Uint64(body[9:]))); t == 0x02 && body[8]&1 != 0 && len(body) > 18 {
			shown <- at
		}
	}
}

// exactly is a surface that tells of the frames that are exact.
type exactly chan time.Time

func (e exactly) Show(f *screen.Frame) error {
	if f.Exact && f.Bytes > 0 {
		e <- f.Time
	}
	return nil
}

// scroller is a source of a page of text, a few lines further in each frame.
type scroller struct {
	page *codec.Picture
	size image.Point
	at   int
	next chan time.Time
}

const lineHeight = 18

func newScroller(size image.Point) *scroller {
	s := &scroller{page: codec.NewPicture(size.X, 4*size.Y), size: size, next: make(chan time.Time, 1)}
	random := rand.New(rand.NewPCG(1, 2))
	var glyphs [1024][lineHeight]uint8
	for g := range glyphs {
		for y := 3; y < lineHeight-3; y++ {
			ink := random.Uint32()
			glyphs[g][y] = uint8(ink) & uint8(ink>>8) // a quarter of the pixels
		}
	}
	for y := range s.page.H {
		words := rand.New(rand.NewPCG(uint64(y/lineHeight), 3))
		for x := 0; x+8 <= s.page.W; x += 8 {
			g := glyphs[words.IntN(1024)][y%lineHeight]
			for i := range 8 {
				s.page.Row(y)[x+i] = 0xffffff - 0xffffff*uint32(g>>i&1)
			}
		}
	}
	s.next <- time.Now()
	return s
}

// scroll makes the next frame and returns its time, in the precision of the wire.
func (s *scroller) scroll() time.Time {
	at := time.Now().Truncate(time.Microsecond)
	s.next <- at
	return at
}

// Next implements screen.Source.
func (s *scroller) Next(ctx context.Context) (*screen.Frame, error) {
	select {
	case at := <-s.next:
		s.at = (s.at + lineHeight*(1+s.at/lineHeight%3)) % (s.page.H - s.size.Y)
		pic := s.page.Sub(image.Rect(0, s.at, s.size.X, s.at+s.size.Y))
		d := screen.Display{Generation: 1, W: s.size.X, H: s.size.Y, Scale: 1}
		return &screen.Frame{Display: d, Picture: pic, Dirty: []image.Rectangle{pic.Bounds()}, Time: at}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *scroller) Close() error { return nil }

// spent is the processor time that this process has taken on all cores.
func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
