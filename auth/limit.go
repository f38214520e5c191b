package auth

// How often somebody may guess. There are two lanes, so that strangers cannot
// spend the tries of those who have been here before: lane A for known peers,
// each with tries of his own; lane B for strangers, counted for the peer's ID,
// for the network it comes from, and for all strangers together. A lane that is
// full makes the next try wait, or cost a puzzle: nothing is ever locked.

import (
	"math/bits"
	"sync"
	"time"

	"rac/p2p/wire"
)

const (
	knownTries  = 10 // lane A: at once, then
	knownRefill = 30 * time.Second

	strangerTries  = 5 // lane B, for each ID and network: at once, then 2^n s
	longestPenalty = 15 * time.Minute
	forgetAfter    = time.Hour // a lane without a try for that long starts anew

	allTries  = 20 // lane B in total: at once, then a puzzle or
	allRefill = 6 * time.Second

	askTries = 6 // requests of strangers to a person: at once, then
	// askRefill is several times what a request usually waits: while it does, nobody
	// who is connected can type (main's pausing), and strangers must not keep it so.
	askRefill = 3 * time.Minute

	maxLanes = 8192 // lanes remembered; 64 bytes each
)

// bucket is a token bucket that is filled lazily.
type bucket struct {
	used float64 // tries taken and not refilled
	at   time.Time
}

func (b *bucket) settle(now time.Time, refill time.Duration) {
	if passed := now.Sub(b.at); passed > 0 {
		b.used = max(0, b.used-float64(passed)/float64(refill))
		b.at = now
	}
}

// wait returns how long until there is a try again.
func (b *bucket) wait(now time.Time, tries int, refill time.Duration) time.Duration {
	b.settle(now, refill)
	if over := b.used + 1 - float64(tries); over > 0 {
		return time.Duration(over * float64(refill))
	}
	return 0
}

// lane counts the tries of one ID or network in lane B.
type lane struct {
	tries int
	last  time.Time
}

// wait doubles with each try above the free ones.
func (l *lane) wait(now time.Time) time.Duration {
	over := l.tries - strangerTries
	if over < 0 || now.Sub(l.last) >= forgetAfter {
		return 0
	}
	penalty := longestPenalty
	if over < 10 {
		penalty = min(penalty, time.Second<<(over+1))
	}
	return max(0, penalty-now.Sub(l.last))
}

// guesser is who tries.
type guesser struct {
	peer   wire.PeerID
	source string // "": not known
	known  bool   // lane A
}

type limits struct {
	mu    sync.Mutex
	known map[wire.PeerID]*bucket
	lanes map[string]*lane
	all   bucket // lane B: tries of strangers
	paid  bucket // those among them that were paid for with a puzzle
	asks  bucket // strangers' requests to a person
}

func newLimits() *limits {
	return &limits{known: map[wire.PeerID]*bucket{}, lanes: map[string]*lane{}}
}

// toll is what has to be given for a try: time, or the solution of a puzzle of
// so many bits, or nothing.
type toll struct {
	wait time.Duration
	bits int
}

// charge takes one try, if the toll that it returns is nothing. paid says that a
// puzzle was solved for it.
func (l *limits) charge(g guesser, paid bool) toll {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	t := l.tollLocked(g, now)
	if t.wait > 0 || t.bits > 0 && !paid {
		return t
	}
	l.takeLocked(g, now, t.bits > 0)
	return toll{}
}

// next is the toll of a try after this one, should this one fail.
func (l *limits) next(g guesser) toll {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tollLocked(g, time.Now())
}

func (l *limits) tollLocked(g guesser, now time.Time) (t toll) {
	if g.known {
		return toll{wait: l.bucketLocked(g.peer).wait(now, knownTries, knownRefill)}
	}
	for _, key := range g.keys("try") {
		if x := l.lanes[key]; x != nil {
			t.wait = max(t.wait, x.wait(now))
		}
	}
	if l.all.wait(now, allTries, allRefill) > 0 {
		l.paid.settle(now, allRefill)
		t.bits = min(maxPuzzle, minPuzzle+bits.Len(uint(l.paid.used)/8)) // dearer, the more is being paid
	}
	return t
}

func (l *limits) takeLocked(g guesser, now time.Time, paid bool) {
	if g.known {
		l.bucketLocked(g.peer).used++
		return
	}
	for _, key := range g.keys("try") {
		l.laneLocked(key, now).tries++
	}
	if paid {
		l.paid.used++
	} else {
		l.all.used++
	}
}

// forgive gives back the try that turned out right.
func (l *limits) forgive(g guesser) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.known {
		delete(l.known, g.peer)
		return
	}
	delete(l.lanes, "try "+string(g.peer))
	if x := l.lanes["try "+g.source]; g.source != "" && x != nil {
		x.tries = max(0, x.tries-1) // only this one: a right login must not clear a whole network's count
	}
	l.all.used = max(0, l.all.used-1)
}

// ask takes one request to a person; it returns how long to wait instead.
func (l *limits) ask(g guesser) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	var wait time.Duration
	for _, key := range g.keys("ask") {
		if x := l.lanes[key]; x != nil {
			wait = max(wait, x.wait(now))
		}
	}
	if !g.known {
		wait = max(wait, l.asks.wait(now, askTries, askRefill))
	}
	if wait > 0 {
		return wait
	}
	for _, key := range g.keys("ask") {
		l.laneLocked(key, now).tries++
	}
	if !g.known {
		l.asks.used++
	}
	return 0
}

// welcomeAsk gives a request back that was accepted.
func (l *limits) welcomeAsk(g guesser) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range g.keys("ask") {
		delete(l.lanes, key)
	}
}

// takeCode takes one try of the second factor, or returns how long to wait. Who
// gets here has the password. Strangers share their tries: a thief of the
// password with ten thousand IDs has no more guesses than with one.
func (l *limits) takeCode(g guesser) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if wait := l.codeWaitLocked(g, now); wait > 0 {
		return wait
	}
	for _, key := range g.codeKeys() {
		l.laneLocked(key, now).tries++
	}
	return 0
}

func (l *limits) nextCode(g guesser) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.codeWaitLocked(g, time.Now())
}

func (l *limits) codeWaitLocked(g guesser, now time.Time) (wait time.Duration) {
	for _, key := range g.codeKeys() {
		if x := l.lanes[key]; x != nil {
			wait = max(wait, x.wait(now))
		}
	}
	return wait
}

func (l *limits) forgiveCode(g guesser) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range g.codeKeys() {
		if x := l.lanes[key]; x != nil {
			x.tries = max(0, x.tries-1)
		}
	}
}

func (g guesser) codeKeys() []string {
	if g.known {
		return []string{"code " + string(g.peer)}
	}
	return []string{"code of a stranger"}
}

func (g guesser) keys(what string) []string {
	keys := []string{what + " " + string(g.peer)}
	if g.source != "" {
		keys = append(keys, what+" "+g.source)
	}
	return keys
}

func (l *limits) bucketLocked(peer wire.PeerID) *bucket {
	b := l.known[peer]
	if b == nil {
		b = &bucket{at: time.Now()}
		l.known[peer] = b
	}
	return b
}

// laneLocked returns a lane to count in, with its time set to now.
func (l *limits) laneLocked(key string, now time.Time) *lane {
	x := l.lanes[key]
	if x == nil || now.Sub(x.last) >= forgetAfter {
		x = &lane{}
		l.roomLocked(now)
		l.lanes[key] = x
	}
	x.last = now
	return x
}

// roomLocked keeps the table bounded. A lane that is pushed out was one of
// thousands: those are stopped by the toll on all of them, not by their own.
func (l *limits) roomLocked(now time.Time) {
	if len(l.lanes) < maxLanes {
		return
	}
	for key, x := range l.lanes {
		if now.Sub(x.last) >= forgetAfter {
			delete(l.lanes, key)
		}
	}
	for key := range l.lanes { // in Go's random order, so that nobody can choose whose lane goes
		if len(l.lanes) < maxLanes*3/4 { // a quarter at once: a flood must not cost a search for each try
			return
		}
		delete(l.lanes, key)
	}
}
