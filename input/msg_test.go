package input

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"rac/p2p/wire"
)

// messages is one of each, and the limits.
func messages() []Event {
	return []Event{
		Key{Usage: 0x04, Down: true, Sym: 'a'}, Key{Usage: 0x04, Down: true, Sym: 'a', Again: true}, Key{Usage: 0xe6},
		Key{Down: true, Sym: 0x10065e5}, Key{Usage: 0xffff, Down: true, Sym: maxKeysym},
		Motion{0, 0}, Motion{-1, 1 << 20}, Button{1, true}, Button{9, false},
		Wheel{-120, 15}, Wheel{maxWheel, -maxWheel},
		Text{""}, Text{"Grüße, 日本\n\t€"}, Text{strings.Repeat("x", maxText)},
		Locks{}, Locks{true, true, true}, Locks{Num: true}, alive{},
		begin{chainID{1, 15: 2}}, heard{90 * time.Minute}, heard{},
	}
}

func TestEveryEventArrivesAsItWasSent(t *testing.T) {
	for _, ev := range messages() {
		got, err := parseEvent(typeOf(ev), appendEvent(nil, ev))
		if err != nil || got != ev {
			t.Errorf("got %+v, %v, want %+v", got, err, ev)
		}
	}
}

func TestAMessageOutsideItsLimitsIsRefused(t *testing.T) {
	for name, m := range map[string]struct {
		t    wire.Type
		body string
	}{
		"short key":         {msgKey, "\x00\x04\x01\x00\x00\x00"},
		"long key":          {msgKey, "\x00\x04\x01\x00\x00\x00\x00\x00"},
		"half-pressed key":  {msgKey, "\x00\x04\x03\x00\x00\x00\x00"},
		"keysym":            {msgKey, "\x00\x04\x01\x20\x00\x00\x00"},
		"button 0":          {msgButton, "\x00\x01"},
		"wheel as a button": {msgButton, "\x04\x01"},
		"button 10":         {msgButton, "\x0a\x01"},
		"wheel":             {msgWheel, "\x7f\xff\xff\xff\x00\x00\x00\x00"},
		"long text":         {msgText, strings.Repeat("x", maxText+1)},
		"broken text":       {msgText, "\xff\xfe"},
		"NUL":               {msgText, "a\x00b"},
		"control character": {msgText, "a\x01b"},
		"locks":             {msgLocks, "\x08"},
		"long heartbeat":    {msgAlive, "x"},
		"short chain":       {msgBegin, "123456789012345"},
		"long clock":        {msgHeard, "12345"},
	} {
		if ev, err := parseEvent(m.t, []byte(m.body)); err == nil {
			t.Errorf("%s: taken as %+v", name, ev)
		}
	}
}

func TestTheHostsReportArrivesAsItWasSent(t *testing.T) {
	want := taken{events: 1<<63 + 5, clock: 90 * time.Minute}
	if got, err := parseTaken(appendTaken(nil, want)); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if n, err := parseMissed(appendMissed(nil, 1<<63+6)); err != nil || n != 1<<63+6 {
		t.Errorf("missed: got %d, %v", n, err)
	}
	if n, err := parseMissed(nil); err == nil {
		t.Errorf("an empty body says that %d were missed", n)
	}
}

func TestANewerMessageIsSkipped(t *testing.T) {
	if ev, err := parseEvent(0x7f, []byte("whatever")); ev != nil || err != nil {
		t.Errorf("got %v, %v, want nothing", ev, err)
	}
}

func TestTheHostsReasonCannotMoveTheCursor(t *testing.T) {
	body := appendReason(nil, "no display\x1b[2J\xff\n"+strings.Repeat("x", 2*maxReason))
	reason, ok, err := parseReply(msgFailed, body)
	if err != nil || !ok || !strings.HasPrefix(reason, "no display?[2J?xxx") || len(reason) > maxReason {
		t.Errorf("got %q, %v, %v", reason, ok, err)
	}
}

// FuzzMessages: what is read is written back as the same bytes, or refused.
func FuzzMessages(f *testing.F) {
	for _, ev := range messages() {
		f.Add(uint8(typeOf(ev)), appendEvent(nil, ev))
	}
	f.Add(uint8(msgDone), []byte{})
	f.Add(uint8(msgFailed), []byte("no display"))
	f.Add(uint8(msgTaken), appendTaken(nil, taken{events: 7, clock: time.Second}))
	f.Add(uint8(msgMissed), appendMissed(nil, 7))
	f.Fuzz(func(t *testing.T, typ uint8, body []byte) {
		ev, err := parseEvent(wire.Type(typ), body)
		if err == nil && ev != nil {
			if typeOf(ev) != wire.Type(typ) || !reflect.DeepEqual(appendEvent([]byte{}, ev), append([]byte{}, body...)) {
				t.Errorf("message 0x%02x %x became %+v", typ, body, ev)
			}
		}
		if report, err := parseTaken(body); err == nil && string(appendTaken(nil, report)) != string(body) {
			t.Errorf("report %x became %+v", body, report)
		}
		if n, err := parseMissed(body); err == nil && string(appendMissed(nil, n)) != string(body) {
			t.Errorf("report %x became %d", body, n)
		}
		if reason, ok, err := parseReply(wire.Type(typ), body); ok && err == nil && len(reason) > 4*maxReason {
			t.Errorf("reason of %d bytes", len(reason))
		}
	})
}
