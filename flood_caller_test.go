//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"net"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	libp2p "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multistream"

	"rac/auth"
	"rac/p2p/wire"
)

// caller is one of an attacker's identities with one connection: a handshake and a
// multiplexer, and nothing else of libp2p, so that ten thousand cost him little.
type caller struct {
	id   peer.ID
	conn transport.CapableConn
}

// callTime bounds whatever a caller waits for.
const callTime = 20 * time.Second

// dialer connects from one of the attacker's addresses.
func (r *attacker) dialer(n int) *net.Dialer {
	from := &net.TCPAddr{IP: net.ParseIP(r.Sources[n%len(r.Sources)])}
	return &net.Dialer{LocalAddr: from, Timeout: callTime}
}

// call makes an identity and connects to the host, over TLS or Noise.
func (r *attacker) call(ctx context.Context, n int) (*caller, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, err
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil, err
	}
	muxers := []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}}
	var secure sec.SecureTransport
	if n%2 == 0 {
		secure, err = libp2ptls.New(libp2ptls.ID, key, muxers)
	} else {
		secure, err = noise.New(noise.ID, key, muxers)
	}
	if err != nil {
		return nil, err
	}
	rm := &libp2p.NullResourceManager{}
	up, err := upgrader.New([]sec.SecureTransport{secure}, muxers, nil, rm, nil)
	if err != nil {
		return nil, err
	}
	line, err := tcp.NewTCPTransport(up, rm, nil, tcp.WithDialerForAddr(func(ma.Multiaddr) (tcp.ContextDialer, error) { return r.dialer(n), nil }))
	if err != nil {
		return nil, err
	}
	conn, err := line.Dial(ctx, r.addr, r.id)
	if err != nil {
		return nil, err
	}
	return &caller{id, conn}, nil
}

func (c *caller) hangUp() {
	if c != nil {
		c.conn.Close()
	}
}

// hold keeps the connection for as long as the host does.
func (c *caller) hold(ctx context.Context) {
	defer c.hangUp()
	defer context.AfterFunc(ctx, c.hangUp)()
	for {
		s, err := c.conn.AcceptStream() // the host asks who this is: it may wait
		if err != nil {
			return
		}
		defer s.Reset()
	}
}

// callerLogin is a login stream.
type callerLogin struct {
	s   libp2p.MuxedStream
	in  *wire.Reader
	out *wire.Writer
}

// login opens the stream of a login.
func (c *caller) login(ctx context.Context) (*callerLogin, error) {
	s, err := c.conn.OpenStream(ctx)
	if err != nil {
		return nil, err
	}
	s.SetDeadline(time.Now().Add(callTime))
	if err := multistream.SelectProtoOrFail(auth.Protocol, s); err != nil {
		s.Reset()
		return nil, err
	}
	return &callerLogin{s, wire.NewReader(s, 8<<10), wire.NewWriter(s, 8<<10)}, nil
}

// What is said on the login stream: see docs/protocol.md.
const (
	callerHello     wire.Type = 0x01
	callerChallenge wire.Type = 0x02
	callerProof     wire.Type = 0x03
)

type base64url []byte

func (b base64url) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

func (b *base64url) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.AppendDecode(nil, text)
	return err
}

func (c *caller) hello() any {
	nonce := make(base64url, 32)
	rand.Read(nonce)
	return map[string]any{"version": 1, "name": "x", "wants": []string{}, "methods": []string{"password"}, "person": true, "nonce": nonce}
}

func (l *callerLogin) say(t wire.Type, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return l.out.Write(t, text)
}

// callerMsg is what the host says, as far as a caller listens.
type callerMsg struct {
	Code   string        `json:"code"`
	Puzzle *callerPuzzle `json:"puzzle"`
}

// hear waits for a message of this type, or a refusal.
func (l *callerLogin) hear(want wire.Type) (m callerMsg, err error) {
	t, body, err := l.in.Next()
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	if err == nil && t != want && m.Code == "" {
		err = fmt.Errorf("message 0x%02x, want 0x%02x", uint8(t), uint8(want))
	}
	return m, err
}

type callerPuzzle struct {
	Bits int       `json:"bits"`
	Seed base64url `json:"seed"`
}

func (p *callerPuzzle) solve(ctx context.Context, id peer.ID) (base64url, error) {
	text := append(append([]byte("rac puzzle v1"), p.Seed...), id.String()...)
	text = append(text, make([]byte, 8)...)
	tail := text[len(text)-8:]
	for n := uint64(0); ctx.Err() == nil; n++ {
		binary.BigEndian.PutUint64(tail, n)
		sum := sha256.Sum256(text)
		if bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:])) >= p.Bits {
			return base64url(tail), nil
		}
	}
	return nil, ctx.Err()
}

// dribble sends a message a byte at a time until the host has had enough.
func (l *callerLogin) dribble(ctx context.Context, t wire.Type, body any) {
	defer l.s.Reset()
	l.s.SetDeadline(time.Now().Add(time.Minute))
	text, err := json.Marshal(body)
	if err == nil {
		head := binary.BigEndian.AppendUint32([]byte{byte(t)}, uint32(len(text)))
		dribble(ctx, l.s, append(head, text...))
	}
}

// dribble sends a byte a second until the other side ends it.
func dribble(ctx context.Context, s io.ReadWriter, text []byte) {
	cut := make(chan struct{})
	go func() { // ends with s, which the caller closes
		defer close(cut)
		io.Copy(io.Discard, s)
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for _, b := range text {
		if _, err := s.Write([]byte{b}); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-cut:
			return
		case <-ctx.Done():
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}
