package codec

import (
	"image"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"golang.org/x/image/font/basicfont"
)

// party is viewers that share one encoder.
type party struct {
	enc  *Encoder
	decs []*Decoder
}

// company is parties that watch one screen. Its clock is theirs.
type company struct {
	t       *testing.T
	now     time.Time
	w, h    int
	parties []*party
}

// come adds a viewer of its own.
func (c *company) come() {
	e, d := NewEncoder(), NewDecoder()
	e.start, e.clock = time.Time{}, func() time.Time { return c.now }
	e.Reset(c.w, c.h)
	if err := d.Reset(c.w, c.h); err != nil {
		c.t.Fatal(err)
	}
	c.parties = append(c.parties, &party{e, []*Decoder{d}})
}

// frame brings one frame to all of a party.
func (c *company) frame(p *party, limit int) {
	c.t.Helper()
	b, _ := p.enc.Append(nil, limit)
	for _, d := range p.decs {
		if _, err := d.Decode(b); err != nil {
			c.t.Fatal(err)
		}
		for i, t := range p.enc.tiles {
			if r := differing(p.enc.have, d.Picture(), p.enc.grid.run(i, 1)); !r.In(t.rough) {
				c.t.Fatalf("tile %d differs inside %v", i, r)
			}
		}
	}
}

// meet lets two parties become one if they may.
func (c *company) meet(i, j int) bool {
	if i == j || !c.parties[i].enc.Meets(c.parties[j].enc) {
		return false
	}
	c.parties[i].enc.Forget()
	c.parties[i].decs = append(c.parties[i].decs, c.parties[j].decs...)
	c.parties = slices.Delete(c.parties, j, j+1)
	return true
}

// part lets the first viewer of a party go its own way.
func (c *company) part(p *party) {
	if len(p.decs) > 1 {
		c.parties = append(c.parties, &party{p.enc.Twin(), p.decs[:1:1]})
		p.decs = p.decs[1:]
	}
}

// TestViewersThatShareAnEncoderSeeTheSame: whoever comes, joins, goes its own way or
// leaves, at whatever moment, every viewer has what its encoder says that it has.
func TestViewersThatShareAnEncoderSeeTheSame(t *testing.T) {
	drawn := []page{
		{"flat", flatPage(300, 200)},
		{"text", textPage(300, 200, basicfont.Face7x13, 13, 1)},
		{"gradient", gradientPage(300, 200)},
		{"photo", photoPage(300, 200, 4)},
	}
	met := 0
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 8))
		c := &company{t: t, w: 1 + rnd.IntN(500), h: 1 + rnd.IntN(400)}
		screen := NewPicture(c.w, c.h)
		for range 150 {
			c.now = c.now.Add(time.Duration(rnd.IntN(400)) * time.Millisecond)
			if dirty := scribble(rnd, screen, drawn); rnd.IntN(3) > 0 {
				c.each(func(p *party) { p.enc.Update(screen, dirty) })
			} else {
				c.each(func(p *party) { p.enc.Update(screen, []image.Rectangle{screen.Bounds()}) })
			}
			c.each(func(p *party) {
				if rnd.IntN(3) > 0 {
					p.enc.SetLine(Line{Rate: []float64{1e5, 1e12}[rnd.IntN(2)], Budget: rnd.IntN(2) * 20_000})
					c.frame(p, rnd.IntN(80_000))
				}
			})
			if len(c.parties) > 1 && c.meet(rnd.IntN(len(c.parties)), rnd.IntN(len(c.parties))) {
				met++
			}
			switch p := c.one(rnd); rnd.IntN(8) {
			case 0:
				c.come()
				p := c.parties[len(c.parties)-1]
				p.enc.Update(screen, []image.Rectangle{screen.Bounds()})
			case 1:
				c.part(p)
			case 2:
				if len(p.decs) > 1 {
					p.decs = p.decs[1:]
				}
			}
		}
		c.settle(screen)
	}
	if met < 20 {
		t.Errorf("two parties became one %d times only", met)
	}
}

func (c *company) each(f func(p *party)) {
	for _, p := range c.parties {
		f(p)
	}
}

// one returns any party; the first viewer comes if there is none.
func (c *company) one(rnd *rand.Rand) *party {
	if len(c.parties) == 0 {
		c.come()
	}
	return c.parties[rnd.IntN(len(c.parties))]
}

// settle brings all to the screen.
func (c *company) settle(screen *Picture) {
	c.each(func(p *party) {
		p.enc.SetLine(Line{Rate: 1e12})
		p.enc.Update(screen, []image.Rectangle{screen.Bounds()})
		for _, coarse := p.enc.Coarse(); p.enc.Pending() || coarse; _, coarse = p.enc.Coarse() {
			c.now = c.now.Add(ripeTime)
			c.frame(p, 1<<20)
		}
		for _, d := range p.decs {
			if !samePixels(screen, d.Picture()) {
				c.t.Fatalf("a viewer differs inside %v", differing(screen, d.Picture(), screen.Bounds()))
			}
		}
	})
	for i := len(c.parties) - 1; i > 0; i-- {
		if !c.meet(0, i) {
			c.t.Fatal("two parties at rest do not meet")
		}
	}
}

func TestATwinBeginsWithWhatTheViewerShows(t *testing.T) {
	l := newLink(t, 640, 480)
	p := photoPage(640, 480, 1)
	l.show(p, 1<<20)
	l.enc = l.enc.Twin()
	if l.enc.Pending() {
		t.Fatal("a viewer that had everything lacks something")
	}
	p.fill(image.Rect(10, 10, 20, 20), 0x123456)
	if n := l.show(p, 1<<20); n > 100 {
		t.Errorf("a small change takes %d bytes", n)
	}
}
