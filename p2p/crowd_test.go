package p2p

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"rac/p2p/wire"
)

// room is a crowd that notes who is sent away.
type room struct {
	*crowd
	gone []string
}

func newRoom(most int) *room { return &room{crowd: newCrowd(most)} }

func (r *room) comes(name, source string, known bool) {
	if known {
		r.trust(peer.ID(name))
	}
	r.enter(name, &guest{id: peer.ID(name), source: source, end: func() { r.gone = append(r.gone, name) }})
}

func (r *room) lost(t *testing.T, want ...string) {
	t.Helper()
	if fmt.Sprint(r.gone) != fmt.Sprint(want) {
		t.Errorf("sent away: %v, want %v", r.gone, want)
	}
	r.gone = nil
}

func TestWhoHasManyConnectionsMakesRoomForWhoHasOne(t *testing.T) {
	r := newRoom(4)
	for i := range 3 {
		r.comes(fmt.Sprint("bot", i), "11.0.0.0/24", false)
	}
	r.comes("neighbour", "12.0.0.0/24", false)
	r.lost(t)
	r.comes("owner", "13.0.0.0/24", false)
	r.lost(t, "bot0")
	for i := range 100 {
		r.comes(fmt.Sprint("more", i), "11.0.0.0/24", false)
	}
	if len(r.guests) != 4 || r.guests["owner"] == nil || r.guests["neighbour"] == nil {
		t.Errorf("%d are there, want 4 with the owner and the neighbour", len(r.guests))
	}
}

func TestWhoDoesNothingGoesBeforeWhoLogsIn(t *testing.T) {
	r := newRoom(4)
	for i := range 4 {
		r.comes(fmt.Sprint(i), "11.0.0.0/24", false)
	}
	r.serving("0", 1)
	r.serving("1", 1)
	r.comes("4", "12.0.0.0/24", false)
	r.lost(t, "2")
	r.serving("0", -1)
	r.comes("5", "12.0.0.0/24", false)
	r.lost(t, "0")
}

func TestWhoAreBusyStayUntilThereAreHalfAsManyMore(t *testing.T) {
	r := newRoom(4)
	for i := range 6 {
		r.serving(peer.ID(fmt.Sprint(i)), 1)
		r.comes(fmt.Sprint(i), "11.0.0.0/24", false)
	}
	r.lost(t)
	r.comes("6", "12.0.0.0/24", false)
	r.lost(t, "6") // the only one who has not asked for anything yet
	r.serving("7", 1)
	r.comes("7", "12.0.0.0/24", false)
	r.lost(t, "0")
}

func TestAFriendIsNeverSentAway(t *testing.T) {
	r := newRoom(2)
	r.comes("friend", "11.0.0.0/24", true)
	for i := range 10 {
		r.comes(fmt.Sprint(i), "11.0.0.0/24", false)
	}
	if len(r.guests) != 2 || r.guests["friend"] == nil {
		t.Errorf("%v are there, want the friend and the last one", r.guests)
	}
}

// Two bots of one network have 6 together, the neighbour 4 alone: the bots go first,
// the heavier one before the other.
func TestWhoWeighsMostGoesFirst(t *testing.T) {
	r := newRoom(10)
	r.comes("bot", "11.0.0.0/24", false)
	r.comes("heavy bot", "11.0.0.0/24", false)
	r.comes("neighbour", "12.0.0.0/24", false)
	r.comes("owner", "13.0.0.0/24", false)
	r.comes("friend", "14.0.0.0/24", true)
	weigh := func(id peer.ID) int64 {
		return map[peer.ID]int64{"bot": 2, "heavy bot": 4, "neighbour": 4, "owner": 1, "friend": 100}[id]
	}
	r.lighten(11, weigh, false)
	r.lost(t)
	r.lighten(10, weigh, false)
	r.lost(t, "heavy bot")
	r.lighten(4, weigh, false)
	r.lost(t, "neighbour")
	r.lighten(0, weigh, false)
	r.lost(t, "bot", "owner")
	if len(r.guests) != 1 || r.guests["friend"] == nil {
		t.Errorf("%v are there, want the friend", r.guests)
	}
}

// At a relay those who are served nothing go first, however little they weigh.
func TestWhomARelayServesIsSparedAsLongAsThereAreOthers(t *testing.T) {
	r := newRoom(10)
	r.comes("host", "11.0.0.0/24", false)
	r.comes("bot", "12.0.0.0/24", false)
	r.serve("host")
	weigh := func(id peer.ID) int64 { return map[peer.ID]int64{"host": 8, "bot": 2}[id] }
	r.lighten(2, weigh, true)
	r.lost(t)
	r.lighten(1, weigh, true)
	r.lost(t, "bot")
	r.lighten(7, weigh, false)
	r.lost(t, "host")
}

func TestAHandshakeThatIsOverCostsNobodyHisPlace(t *testing.T) {
	r := newRoom(2)
	r.enter("over", &guest{source: "12.0.0.0/24", late: time.Now().Add(-time.Second), end: func() { t.Error("ended twice") }})
	r.comes("1", "11.0.0.0/24", false)
	r.comes("2", "11.0.0.0/24", false)
	r.lost(t)
	if len(r.guests) != 2 || len(r.from) != 1 {
		t.Errorf("%d guests from %v", len(r.guests), r.from)
	}
}

// The first viewer has a stream, the second is a friend, the third only came: it
// leaves when a fourth comes.
func TestAStrangersIdleConnectionIsClosedWhenThereAreTooMany(t *testing.T) {
	friend := newIdentity(t)
	host := start(t, Options{Known: func(id wire.PeerID) bool { return id == friend.ID() }})
	host.Handle(echo, serveEcho)
	host.callers.most = 3
	var conns []*Conn
	for i := range 4 {
		o := Options{Role: Connector}
		if i == 1 {
			o.Identity = friend
		}
		c := dial(t, start(t, o), at(host, "tcp"))
		conns = append(conns, c)
		if i == 0 {
			say(t, open(t, c, echo), "hello")
		}
	}
	select {
	case <-conns[2].Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the idle stranger's connection is not closed")
	}
	for _, i := range []int{0, 1, 3} {
		say(t, open(t, conns[i], echo), "still here")
	}
}

// A doorman hangs up on the first three, as a host does whose limits are reached.
func TestAHostThatHangsUpIsCalledAgain(t *testing.T) {
	host := start(t, Options{})
	host.Handle(echo, serveEcho)
	where, err := ma.NewMultiaddr(at(host, "tcp").Addrs[0])
	if err != nil {
		t.Fatal(err)
	}
	_, inside, err := manet.DialArgs(where)
	if err != nil {
		t.Fatal(err)
	}
	doorman, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	var work sync.WaitGroup
	defer work.Wait()
	defer doorman.Close()
	work.Go(func() {
		for {
			caller, err := doorman.Accept()
			if err != nil {
				return
			}
			if calls.Add(1) <= 3 {
				caller.Close()
				continue
			}
			work.Go(func() { lead(caller, inside) })
		}
	})
	addr, err := manet.FromNetAddr(doorman.Addr())
	if err != nil {
		t.Fatal(err)
	}
	viewer := start(t, Options{Role: Connector})
	c := dial(t, viewer, Target{ID: host.ID(), Addrs: []string{addr.String()}})
	say(t, open(t, c, echo), "hello")
	viewer.Close()
	if n := calls.Load(); n != 4 {
		t.Errorf("%d calls, want 4", n)
	}
}

// lead leads a caller inside until he leaves.
func lead(caller net.Conn, inside string) {
	defer caller.Close()
	c, err := net.Dial("tcp", inside)
	if err != nil {
		return
	}
	defer c.Close()
	go func() { // ends when this function closes c
		io.Copy(caller, c)
		caller.Close()
	}()
	io.Copy(c, caller)
}
