package auth

// The control socket: rac status, accept, deny, kick and invite talk to the
// running host through it. It is a Unix socket that only the host's own user can
// open (0600); a line of JSON goes in, a line of JSON comes back. A second one
// that everybody can open (0666) answers status and nothing else.

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"rac/p2p/wire"
)

const (
	controlTime = 10 * time.Second // for a request and its answer
	publicTime  = time.Second      // the same, where a stranger could keep others waiting
	maxControl  = 64 << 10         // bytes of a line
	maxCallers  = 16
	acceptPause = 100 * time.Millisecond
)

// Command is a request to the running host.
type Command struct {
	Do       string        `json:"do"`             // status, accept, deny, kick, invite
	ID       string        `json:"id,omitempty"`   // accept, deny: of the peer ("": whoever asks); kick: session, peer or all
	ViewOnly bool          `json:"view,omitempty"` // accept, invite
	For      time.Duration `json:"for,omitempty"`  // invite
}

// Reply is the host's answer. It holds no secret but the code of an invite.
type Reply struct {
	Error    string          `json:"error,omitempty"`
	Sessions []SessionInfo   `json:"sessions,omitempty"`
	Waiting  *Request        `json:"waiting,omitempty"` // who waits for an accept
	Kicked   int             `json:"kicked,omitempty"`
	Code     string          `json:"code,omitempty"` // of the invite
	Until    time.Time       `json:"until,omitzero"`
	More     json.RawMessage `json:"more,omitempty"` // what main adds to status
}

// Controller serves the socket.
type Controller struct {
	Gate *Gate
	Desk *Desk                  // answers requests; nil: accept and deny are errors
	More func() json.RawMessage // for status; may be nil

	// Public says that callers are strangers, who may look and nothing else.
	Public bool
}

// Listen makes the socket for this user. One that is left over from a host that
// died is replaced; one that answers is an error.
func Listen(path string) (net.Listener, error) { return listen(path, 0o600) }

// ListenPublic makes a socket for every user of this computer: for a Controller
// that is Public.
func ListenPublic(path string) (net.Listener, error) { return listen(path, 0o666) }

// ErrLongPath means that the path has more bytes than a socket's name can have:
// some hundred, and on its way into place it is a few longer (listenMode).
var ErrLongPath = errors.New("the path is too long for a socket")

func listen(path string, mode fs.FileMode) (net.Listener, error) {
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return nil, fmt.Errorf("auth: %s: another host answers there", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := listenMode(path, mode)
	if errors.Is(err, syscall.EINVAL) { // all that the system says
		return nil, fmt.Errorf("auth: %s: %w", path, ErrLongPath)
	}
	if err != nil {
		return nil, fmt.Errorf("auth: the control socket: %w", err)
	}
	return l, nil
}

// Serve answers until ctx ends; then it closes l and returns when every caller
// is served.
func (c *Controller) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	defer l.Close()
	var callers sync.WaitGroup
	defer callers.Wait()
	places := make(chan struct{}, maxCallers) // enough for scripts; who finds none waits
	for {
		conn, err := l.Accept()
		switch {
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return context.Cause(ctx)
		case err != nil: // such as for want of file descriptors: rac kick must work when there are some again
			rest(ctx, acceptPause)
			continue
		}
		places <- struct{}{}
		callers.Go(func() {
			defer func() { <-places }()
			defer conn.Close()
			c.answer(conn)
		})
	}
}

// rest waits for d or the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (c *Controller) answer(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(c.patience()))
	var command Command
	line, err := bufio.NewReader(io.LimitReader(conn, maxControl)).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &command)
	}
	var reply Reply
	if err == nil {
		err = c.do(command, &reply)
	}
	if err != nil {
		reply = Reply{Error: err.Error()}
	}
	json.NewEncoder(conn).Encode(reply)
}

func (c *Controller) patience() time.Duration {
	if c.Public {
		return publicTime
	}
	return controlTime
}

func (c *Controller) do(command Command, reply *Reply) (err error) {
	if c.Public && command.Do != "status" {
		return errors.New("here is told how it stands, and nothing is changed")
	}
	switch command.Do {
	case "status":
		reply.Sessions, reply.Waiting = c.sessions(), c.Desk.Waiting()
		if c.More != nil {
			reply.More = c.More()
		}
	case "accept", "deny":
		return c.Desk.Answer(wire.PeerID(command.ID), answerOf(command))
	case "kick":
		if reply.Kicked = c.Gate.Kick(command.ID); reply.Kicked == 0 {
			return fmt.Errorf("no session %q", command.ID)
		}
	case "invite":
		perms := AllPerms
		if command.ViewOnly {
			perms = NewPerms(View)
		}
		reply.Code, reply.Until, err = c.Gate.Invite(perms, command.For)
		return err
	default:
		return fmt.Errorf("no command %q", bounded(command.Do, 40))
	}
	return nil
}

// sessions lists them. Strangers get the bytes in whole megabytes: who reads the
// exact number again and again sees each key that is pressed.
func (c *Controller) sessions() []SessionInfo {
	list := c.Gate.Sessions()
	for i := range list {
		if c.Public {
			list[i].Bytes &^= 1<<20 - 1
		}
	}
	return list
}

func answerOf(command Command) Answer {
	switch {
	case command.Do != "accept":
		return Refuse
	case command.ViewOnly:
		return AllowView
	}
	return AllowControl
}

// ErrNoHost means that no host is running there.
var ErrNoHost = errors.New("auth: no rac host is running")

// Ask sends a command to the host whose control socket this is.
func (command Command) Ask(path string) (reply Reply, err error) {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return reply, fmt.Errorf("%w: %w", ErrNoHost, err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(controlTime))
	if err := json.NewEncoder(conn).Encode(command); err != nil {
		return reply, err
	}
	if err := json.NewDecoder(io.LimitReader(conn, 16*maxControl)).Decode(&reply); err != nil {
		return reply, fmt.Errorf("auth: the host's answer: %w", err)
	}
	if reply.Error != "" {
		return reply, errors.New(reply.Error)
	}
	return reply, nil
}
