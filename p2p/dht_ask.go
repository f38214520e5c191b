package p2p

import (
	"context"
	"io"
	"time"

	pb "github.com/libp2p/go-libp2p-kad-dht/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-msgio/pbio"
)

// Three in ten servers of a public network do not answer, and whoever looks for the
// nearest has to find out which. kad-dht's own way waits 5 s for one that is gone and
// 20 s for one that says nothing.
const (
	callTime   = 3 * time.Second // connecting to a server: six round trips by satellite
	answerTime = 3 * time.Second
	maxAnswer  = 256 << 10 // 40 servers with 100 addresses each
)

// asker carries a client's questions, a stream for each.
type asker struct {
	host  host.Host
	proto []protocol.ID
}

var _ pb.MessageSenderWithDisconnect = asker{}

// SendRequest returns the answer to q.
func (a asker) SendRequest(ctx context.Context, to peer.ID, q *pb.Message) (*pb.Message, error) {
	answer := new(pb.Message)
	return answer, a.on(ctx, to, q, func(s io.Reader) error {
		return pbio.NewDelimitedReader(s, maxAnswer).ReadMsg(answer)
	})
}

// SendMessage says what is not answered. The end of the stream shows that it has
// arrived.
func (a asker) SendMessage(ctx context.Context, to peer.ID, m *pb.Message) error {
	return a.on(ctx, to, m, func(s io.Reader) error {
		_, err := io.Copy(io.Discard, io.LimitReader(s, maxAnswer))
		return err
	})
}

// OnDisconnect has nothing to forget.
func (a asker) OnDisconnect(context.Context, peer.ID) {}

func (a asker) on(ctx context.Context, to peer.ID, m *pb.Message, then func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTime+answerTime)
	defer cancel()
	s, err := a.host.NewStream(ctx, to, a.proto...)
	if err != nil {
		return err
	}
	defer s.Reset()
	defer context.AfterFunc(ctx, func() { s.Reset() })()
	s.SetDeadline(time.Now().Add(answerTime))
	if err := pbio.NewDelimitedWriter(s).WriteMsg(m); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	return then(s)
}
