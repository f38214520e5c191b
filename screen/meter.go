package screen

import (
	"sync"
	"time"
)

// Meter is a Surface that counts what passes through it on the way to another.
type Meter struct {
	to Surface

	mu      sync.Mutex
	frames  int
	bytes   int
	delay   time.Duration // sum over frames, see Show
	least   time.Duration // the smallest difference of the two clocks that was seen
	started bool
	exact   bool
}

// NewMeter returns a Meter in front of a Surface.
func NewMeter(to Surface) *Meter { return &Meter{to: to} }

// Show hands the frame on and counts it if it brought pixels. The clocks of the two computers are
// not the same: the frame that was seen soonest after its capture is taken to
// have needed no more than the line does, and the others are held against it.
func (m *Meter) Show(f *Frame) error {
	err := m.to.Show(f)
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.Status != "" {
		m.exact = false // of a screen that is gone
	}
	if f.Bytes == 0 {
		return err
	}
	age := time.Since(f.Time)
	if !m.started || age < m.least {
		m.started, m.least = true, age
	}
	m.frames++
	m.bytes += f.Bytes
	m.delay += age - m.least
	m.exact = f.Exact
	return err
}

// Stats are the figures of the time since they were last taken.
type Stats struct {
	FPS     float64 `json:"fps"`
	RTT     float64 `json:"rtt_ms"`     // of the caller's: the line there and back
	Latency float64 `json:"latency_ms"` // from the host's capture to the viewer's screen, about
	Mbit    float64 `json:"mbit_s"`
	Exact   bool    `json:"exact"` // the picture equals the host's, every pixel
}

// Take returns the figures and starts the next period of the given length. rtt is
// the line's, measured elsewhere.
func (m *Meter) Take(period, rtt time.Duration) Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Stats{RTT: milliseconds(rtt), Exact: m.exact}
	s.FPS = float64(m.frames) / period.Seconds()
	s.Mbit = float64(m.bytes) * 8 / 1e6 / period.Seconds()
	if m.frames > 0 {
		s.Latency = milliseconds(rtt/2 + m.delay/time.Duration(m.frames))
	}
	m.frames, m.bytes, m.delay = 0, 0, 0
	return s
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond)) / float64(time.Millisecond)
}
