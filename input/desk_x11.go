//go:build unix && !darwin

package input

// One connection that puts events into an X server.

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"rac/screen/x11"
)

// patience is how long an X server may take to answer; one that takes longer (it
// was stopped, its machine sleeps) is taken for gone, so that a session can end.
const patience = 5 * time.Second

// desk is an X server and what we have pressed there. After an error its
// connection may be dead; then all that it held is up.
type desk struct {
	*x11.Conn
	keyboard *x11.Keyboard
	held     map[Event]byte // by id: the keycode that is down for it; 0: none is
	bent     bend
	spares   map[byte]time.Time // keycodes that we have bound, and when they were last typed
	wheel    Wheel              // what is short of a notch
	mark     xproto.Window      // lives as long as we do (leftover_x11.go)
	pings    uint32             // the number of the last (reader_x11.go)
	readTo   time.Time          // what was typed until then has been read
	mute     mute
}

// bend is what has been done to the modifiers so that a key makes what it
// should. It lasts as long as that key is down, for a held key repeats; then, or
// with the next press of anything, it is straightened.
type bend struct {
	why     Event // id of the key
	pressed []byte
	lifted  []byte
}

// openDesk connects and cleans up after an injector that was killed.
func openDesk(ctx context.Context, display, authority string) (*desk, error) {
	c, err := x11.DialAuth(ctx, display, authority)
	if err != nil {
		return nil, err
	}
	d, err := newDesk(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	return d, nil
}

func newDesk(c *x11.Conn) (*desk, error) {
	if !c.Has("XTEST") {
		return nil, errors.New("the X server has no XTEST extension")
	}
	// A window manager that moves a window with the server grabbed would
	// otherwise never see the button's release.
	xtest.GrabControl(c.Conn, true)
	d := &desk{Conn: c, held: map[Event]byte{}, spares: map[byte]time.Time{}}
	d.pings = uint32(time.Now().UnixMilli()) // other than those of another rac, whose answers we hear too
	if err := d.openKeyboard(); err != nil {
		return nil, err
	}
	if err := d.cleanUp(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *desk) openKeyboard() (err error) {
	defer d.bound()()
	d.keyboard, err = x11.OpenKeyboard(d.Conn)
	return err
}

// bound closes the connection if the returned function is not called in time.
func (d *desk) bound() (done func() bool) {
	return time.AfterFunc(patience, func() { d.Conn.Close() }).Stop
}

// sync waits until the server has done all that was sent to it.
func (d *desk) sync() error {
	defer d.bound()()
	_, err := xproto.GetInputFocus(d.Conn.Conn).Reply()
	return err
}

// inject puts one event in.
func (d *desk) inject(ev Event) error {
	d.forgetEvents()
	switch ev := ev.(type) {
	case Motion:
		d.fake(xproto.MotionNotify, 0, ev)
		return nil
	case Key:
		return d.key(ev)
	case Button:
		d.straighten()
		d.button(ev.Button, ev.Down)
	case Wheel:
		d.straighten()
		d.turn(ev)
	case Text:
		return d.text(ev.Text)
	case Locks:
		return d.locks(ev)
	}
	return d.sync()
}

// forgetEvents drops what the server sends to every client.
func (d *desk) forgetEvents() {
	for {
		if _, ok := d.PollEvent(); !ok {
			return
		}
	}
}

// fake sends one event of the XTEST devices; where matters for a motion.
func (d *desk) fake(kind byte, detail byte, where Motion) {
	x, y := min(max(where.X, 0), math.MaxInt16), min(max(where.Y, 0), math.MaxInt16)
	xtest.FakeInput(d.Conn.Conn, kind, detail, 0, d.Root, int16(x), int16(y), 0)
}

func (d *desk) button(b uint8, down bool) {
	if down {
		d.fake(xproto.ButtonPress, b, Motion{})
	} else {
		d.fake(xproto.ButtonRelease, b, Motion{})
	}
}

// turn clicks a wheel's buttons for each whole notch: 4 up, 5 down, 6 left, 7
// right. What remains waits for more, unless the direction changes.
func (d *desk) turn(w Wheel) {
	d.wheel.DX = d.notches(d.wheel.DX, w.DX, 6, 7)
	d.wheel.DY = d.notches(d.wheel.DY, w.DY, 4, 5)
}

func (d *desk) notches(rest, turn int, back, forth uint8) int {
	if rest < 0 && turn > 0 || rest > 0 && turn < 0 {
		rest = 0
	}
	rest += turn
	for ; rest >= 120; rest -= 120 {
		d.button(forth, true)
		d.button(forth, false)
	}
	for ; rest <= -120; rest += 120 {
		d.button(back, true)
		d.button(back, false)
	}
	return rest
}

// key presses or releases a key, which one is choose's business.
func (d *desk) key(k Key) error {
	id := k.id()
	switch {
	case !k.Down:
		d.release(id)
		return d.sync()
	case k.Again:
		return d.again(id)
	}
	d.straighten()
	repeats := d.askRepeats() // answered by the time that we have chosen
	p, err := d.choose(k)
	if err != nil {
		return err
	}
	if p.code != 0 && d.holders(p.code) > 0 {
		d.stroke(p.code, false) // another key has chosen it too: it must go down anew
	}
	d.held[id] = p.code
	if p.code != 0 {
		if err := d.press(p.code, repeats); err != nil {
			return err
		}
	}
	return d.sync()
}

// release lets a key go, and what was bent for it.
func (d *desk) release(id Event) {
	code := d.held[id]
	delete(d.held, id)
	if i := slices.Index(d.bent.lifted, code); i >= 0 {
		d.bent.lifted = slices.Delete(d.bent.lifted, i, i+1)
	} else if code != 0 && d.holders(code) == 0 {
		d.stroke(code, false)
	}
	if d.bent.why == id {
		d.straighten()
	}
}

// holders counts who holds a keycode.
func (d *desk) holders(code byte) (n int) {
	for _, c := range d.held {
		if c == code {
			n++
		}
	}
	return n
}

func (d *desk) stroke(code byte, down bool) {
	if down {
		d.fake(xproto.KeyPress, code, Motion{})
	} else {
		d.fake(xproto.KeyRelease, code, Motion{})
	}
}

// comeForward makes the XTEST keyboard the one that the server's map is about. It
// has a map of its own, which may differ from that of the keyboard that a person
// has just used; the next event would switch, after we have looked at the map.
// The release of a key that is up switches too and is nothing else.
func (d *desk) comeForward() { d.stroke(d.idle(), false) }

// idle is a keycode that is never down: no key has it and we do not bind it.
func (d *desk) idle() byte { return byte(d.Setup.MinKeycode) }

// look returns what is in effect for our next key, and the map of the keys from
// first to last.
func (d *desk) look(first, last byte) (x11.KeyState, *keymap, error) {
	d.comeForward()
	defer d.bound()()
	st, m, err := d.keyboard.Look(first, last)
	if err != nil {
		return st, nil, err
	}
	return st, newKeymap(m), nil
}

// now is look at the whole map.
func (d *desk) now() (x11.KeyState, *keymap, error) {
	return d.look(byte(d.Setup.MinKeycode), byte(d.Setup.MaxKeycode))
}

// bend changes the modifiers of change for the key id.
func (d *desk) bend(m *keymap, st x11.KeyState, change byte, id Event) {
	d.bent.why = id
	for mod, code := range m.shifters() {
		switch {
		case mod&change == 0:
		case mod&st.Mods == 0:
			d.stroke(code, true)
			d.bent.pressed = append(d.bent.pressed, code)
		default:
			d.lift(m, mod)
		}
	}
}

// lift releases the keys that we hold for some modifiers.
func (d *desk) lift(m *keymap, mods byte) {
	for _, code := range d.held {
		if code != 0 && m.modsOf(code)&mods != 0 && !slices.Contains(d.bent.lifted, code) {
			d.stroke(code, false)
			d.bent.lifted = append(d.bent.lifted, code)
		}
	}
}

// straighten undoes bend and lift.
func (d *desk) straighten() {
	for _, code := range d.bent.pressed {
		d.stroke(code, false)
	}
	for _, code := range d.bent.lifted {
		d.stroke(code, true)
	}
	d.bent = bend{}
}

// locks brings the lock keys to a state. A lock that the layout has not got
// stays off.
func (d *desk) locks(l Locks) error {
	d.straighten()
	st, m, err := d.now()
	if err != nil {
		return err
	}
	which := byte(modLock)
	on := bit(l.Caps, modLock)
	for sym, want := range map[uint32]bool{x11.SymNumLock: l.Num, x11.SymScrollLock: l.Scroll} {
		mod := m.Mods[m.keyOf(sym)]
		which |= mod
		on |= bit(want, mod)
	}
	if st.Locked&which == on {
		return nil
	}
	d.keyboard.Lock(which, on)
	return d.sync()
}

// close lets everything go and gives the spare keycodes back.
func (d *desk) close() error {
	d.straighten()
	for id := range d.held {
		d.release(id)
	}
	d.unbind()
	d.withdraw()
	err := d.sync()
	d.Conn.Close()
	return err
}
