package screen_test

import (
	"context"
	"image"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rac/p2p/p2ptest"
	"rac/p2p/wire"
	"rac/screen"
	"rac/screen/codec"
	"rac/screen/screentest"
)

// line is a simulated line that any number of streams share: a rate each way, a
// delay, and as much buffer before it as the streams' writers like to fill. It is
// for synctest's virtual time.
type line struct {
	rate    atomic.Int64 // bytes a second
	carried atomic.Int64 // bytes, both ways
	delay   time.Duration
	ctx     context.Context
	work    sync.WaitGroup
	up, out chan segment
}

type segment struct {
	data []byte
	at   time.Time // when it arrives
	to   wire.Stream
}

func newLine(ctx context.Context, rate int64, rtt time.Duration) *line {
	l := &line{delay: rtt / 2, ctx: ctx, up: make(chan segment), out: make(chan segment)}
	l.rate.Store(rate)
	for _, lane := range []chan segment{l.up, l.out} {
		flying := make(chan segment, 10_000)
		l.work.Go(func() { l.carry(lane, flying) })
		l.work.Go(func() { l.land(flying) })
	}
	return l
}

func (l *line) carry(lane, flying chan segment) {
	for {
		select {
		case s := <-lane:
			l.carried.Add(int64(len(s.data)))
			time.Sleep(time.Duration(float64(len(s.data)) / float64(l.rate.Load()) * float64(time.Second)))
			s.at = time.Now().Add(l.delay)
			flying <- s
		case <-l.ctx.Done():
			return
		}
	}
}

func (l *line) land(flying chan segment) {
	for {
		select {
		case s := <-flying:
			time.Sleep(time.Until(s.at))
			s.to.Write(s.data)
		case <-l.ctx.Done():
			return
		}
	}
}

// stream returns the two ends of a stream over the line.
func (l *line) stream() (host, viewer wire.Stream) {
	const deep = 4 << 20 // what Linux lets a TCP connection fill
	host, near := p2ptest.Pipe(deep)
	far, viewer := p2ptest.Pipe(deep)
	pass := func(from, to wire.Stream, lane chan segment) {
		for {
			b := make([]byte, 1400)
			n, err := from.Read(b)
			if err != nil {
				return
			}
			select {
			case lane <- segment{data: b[:n], to: to}:
			case <-l.ctx.Done():
				return
			}
		}
	}
	l.work.Go(func() { pass(near, far, l.out) })
	l.work.Go(func() { pass(far, near, l.up) })
	context.AfterFunc(l.ctx, func() {
		for _, s := range []io.Closer{host, near, far, viewer} {
			s.Close()
		}
	})
	return host, viewer
}

// theatre is a stage whose viewer sits at the end of a line. It notes how old the
// frames are that he sees.
type theatre struct {
	*stage
	line   *line
	source *screentest.Source
	seen   *screentest.Recorder

	mu    sync.Mutex
	ages  []time.Duration
	sum   int // of bytes
	whole int // frames after which nothing was left to be sent
}

// bytes returns how many the frames had.
func (th *theatre) bytes() int {
	th.mu.Lock()
	defer th.mu.Unlock()
	return th.sum
}

func newTheatre(t *testing.T, w, h int, rate int64, rtt time.Duration, want screen.Want) *theatre {
	source := screentest.NewSource(w, h)
	th := &theatre{stage: newStage(t, opens(source)), source: source, seen: &screentest.Recorder{}}
	th.line = newLine(th.ctx, rate, rtt)
	th.seen.Refuse = func(f *screen.Frame) error {
		time.Sleep(5 * time.Millisecond) // to decode and show
		th.mu.Lock()
		defer th.mu.Unlock()
		if f.Bytes > 0 {
			th.ages = append(th.ages, time.Since(f.Time))
			th.sum += f.Bytes
		}
		if f.Bytes > 0 && f.Exact {
			th.whole++
		}
		return nil
	}
	host, viewer := th.line.stream()
	th.work.Go(func() { th.share.Serve(th.ctx, host) })
	th.work.Go(func() { screen.View(th.ctx, viewer, want, th.seen) })
	t.Cleanup(th.line.work.Wait) // before the stage's: it has no way to end alone
	return th
}

// play lets the picture move 60 times a second.
func (th *theatre) play(forTime time.Duration, draw func(n int)) {
	for n := range int(forTime * 60 / time.Second) {
		draw(n)
		time.Sleep(time.Second / 60)
	}
}

// watched returns how many frames came since the last call and their ages at the
// given share of them.
func (th *theatre) watched(share float64) (frames int, age time.Duration) {
	th.mu.Lock()
	defer th.mu.Unlock()
	slices.Sort(th.ages)
	if frames = len(th.ages); frames > 0 {
		age = th.ages[int(share*float64(frames-1))]
	}
	th.ages = nil
	return frames, age
}

// page scrolls text over the whole screen, by a line of 16 pixels a step.
func (th *theatre) page(n int) {
	th.source.Draw(func(p *codec.Picture) []image.Rectangle {
		copy(p.Pix, p.Pix[16*p.Stride:])
		random := rand.New(rand.NewPCG(uint64(n), 1))
		for x := 0; x+8 <= p.W; x += 8 {
			glyph := random.Uint64N(60) * 0x9e3779b97f4a7c15
			for i := range 64 {
				c := uint32(0xffffff)
				if glyph>>i&1 == 1 {
					c = uint32(glyph>>8) & 0x0f0f0f
				}
				p.Row(p.H - 12 + i/8)[x+i%8] = c
			}
		}
		return []image.Rectangle{p.Bounds()}
	})
}

func TestAScrolledPageIsFreshOnAnyLine(t *testing.T) {
	for _, c := range []struct {
		rate   int64
		rtt    time.Duration
		frames int // of 300
		age    time.Duration
	}{
		{2_500_000, 30 * time.Millisecond, 295, 35 * time.Millisecond},
		{250_000, 80 * time.Millisecond, 225, 80 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			th := newTheatre(t, 640, 400, c.rate, c.rtt, screen.Want{})
			th.play(5*time.Second, th.page)
			th.watched(0)
			th.play(5*time.Second, th.page)
			frames, age := th.watched(0.5)
			if frames < c.frames || age > c.age {
				t.Errorf("%d bytes/s, %v: %d of 300 frames, half of them older than %v; want %d and %v", c.rate, c.rtt, frames, age, c.frames, c.age)
			}
			th.wait(th.seen, "the host's picture", equals(th.source.Picture()))
		})
	}
}

func TestOfAStillScreenNothingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, 640, 400, 2_500_000, 30*time.Millisecond, screen.Want{})
		th.play(time.Second, th.page)
		time.Sleep(5 * time.Second)
		before := th.line.carried.Load()
		time.Sleep(time.Minute)
		if n := th.line.carried.Load() - before; n > 0 || before == 0 {
			t.Errorf("%d bytes in a minute, %d before", n, before)
		}
	})
}

// TestWhatIsPointedAtComesFirst: of a page that a thin line takes a second for.
func TestWhatIsPointedAtComesFirst(t *testing.T) {
	for _, at := range []image.Point{{600, 380}, {40, 200}} {
		synctest.Test(t, func(t *testing.T) {
			th := newTheatre(t, 640, 400, 60_000, 80*time.Millisecond, screen.Want{})
			th.play(5*time.Second, th.page) // the line is known
			time.Sleep(5 * time.Second)
			th.watched(0)
			th.share.Point(at)
			th.source.Draw(func(p *codec.Picture) []image.Rectangle {
				random := rand.New(rand.NewPCG(7, 7))
				colours := [160 * 50]uint32{} // of cells of 4 x 8 pixels: neither PACK nor a picture
				for i := range colours {
					colours[i] = []uint32{0, 0xffffff, 0xff0000, 0xff00, 0xff, 0xffff00}[random.IntN(6)]
				}
				for i := range p.Pix {
					p.Pix[i] = colours[i/p.W/8*160+i%p.W/4]
				}
				return []image.Rectangle{p.Bounds()}
			})
			for n := 0; n == 0; n, _ = th.watched(0) {
				time.Sleep(time.Millisecond)
			}
			f, _ := th.seen.Last()
			near := image.Rect(-4, -4, 4, 4).Add(at)
			if !screentest.Differ(f.Picture.Sub(near), th.source.Picture().Sub(near)).Empty() {
				t.Errorf("what is at %v is not among the first", at)
			}
		})
	}
}

func TestALineThatBecomesTenTimesSlowerIsFreshAgainAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newTheatre(t, 640, 400, 2_500_000, 40*time.Millisecond, screen.Want{})
		th.play(5*time.Second, th.page)
		th.line.rate.Store(250_000)
		th.play(time.Second, th.page)
		th.watched(0)
		th.play(2*time.Second, th.page)
		if _, age := th.watched(0.9); age > 150*time.Millisecond {
			t.Errorf("a tenth of the frames is older than %v", age)
		}
	})
}

func TestAViewerAt256KilobitTakesNoMemoryAndStillControls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rtt = 80 * time.Millisecond
		th := newTheatre(t, 320, 200, 32_000, rtt, screen.Want{})
		keyAt, key := th.line.stream()
		var slowest time.Duration
		th.work.Go(func() { // the host's end of the input
			var b [8]byte
			for {
				if _, err := io.ReadFull(keyAt, b[:]); err != nil {
					return
				}
				keyAt.Write(b[:])
			}
		})
		press := func() {
			var b [8]byte
			began := time.Now()
			key.Write(b[:])
			io.ReadFull(key, b[:])
			slowest = max(slowest, time.Since(began))
		}
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		var before uint64
		const seconds = 45
		for s := range seconds {
			th.play(time.Second, th.page)
			press()
			if s == seconds/3 {
				before = heap()
			}
		}
		// The viewer's cache still fills; the pictures of these seconds have 900 MB.
		if after := heap(); after > before+16<<20 {
			t.Errorf("the heap grew from %d to %d bytes", before, after)
		}
		if frames, age := th.watched(0.99); frames < seconds*10 || age > 500*time.Millisecond {
			t.Errorf("%d frames, a hundredth of them older than %v", frames, age)
		}
		if slowest > rtt+100*time.Millisecond {
			t.Errorf("a key took %v there and back", slowest)
		}
	})
}
