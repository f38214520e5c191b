// Package config is the TOML file that says who gets in: reading it strictly,
// editing it so that every comment stays, and seeing a change at once.
//
// What is absent is safe: a missing file, or one without a password hash, lets
// nobody in unattended. An unknown key is an error, since a misspelt
// "allow_save_logn" must not pass for a choice. A broken file is an error too;
// what a caller then does (keep running, let nobody in) is his part.
//
// The file belongs to the person who wrote it. A flag, or the host that issues
// a token, edits the same lines that a hand would edit: File.Edit locks, reads
// again, changes single lines, parses the result and swaps the file only if
// nobody saved in between. The settings (key, flag, default, help) stand in one
// table, see Settings; the example file and the flags are made from it.
//
// The package imports nothing else of rac, and nobody else imports the TOML
// library. The secrets in the file (hashes, sealed tokens) are opaque to it.
package config

import (
	"fmt"
	"log/slog"
	"time"
)

// Answers to a stranger's request; the values of attended.mode.
const (
	Ask   = "ask"   // ask the person at this machine
	Never = "never" // refuse
)

// Config is one whole reading of the file. It is a value that nobody changes:
// a new reading is a new Config.
type Config struct {
	Unattended  Unattended
	Attended    Attended
	Permissions Permissions
	Network     Network
	OnSession   []string // a command that is run at the start and the end of a session; empty: none
	Tokens      []Token
	Authorities []Authority
	Peers       []Peer

	file  string         // where it was read, for Origin
	lines map[string]int // key → line, for the settings that the file holds
}

// Unattended says how somebody gets in without anybody at this machine.
type Unattended struct {
	Enabled           bool
	PasswordHash      string `json:"-"` // "" or "$rac-spake2p$…"; empty: no unattended access at all
	AllowSaveLogin    bool
	TOTPSealed        string `json:"-"`
	TOTPForSavedLogin bool
	RecoveryCodes     []string `json:"-"` // hashes; a used one is removed
	TokenDays         int      // a saved login unused for so many days is dead
}

// Attended says what happens to a request that a person here must answer.
type Attended struct {
	Mode    string // Ask or Never
	Timeout time.Duration
	Banner  bool
}

// Permissions is the most that any session may do.
type Permissions struct {
	Control, Clipboard, Files, Forwarding bool

	FilesRoot string   // the folder that files are copied to and from; empty: the home folder
	ForwardTo []string // HOST:PORT, where forwarded ports may lead
	LockOnEnd bool
}

// Network says who may ask and how this machine is found.
type Network struct {
	Allow     []string // peer IDs; empty: anyone may ask
	Relays    []string // multiaddrs ending in /p2p/ID
	Bootstrap []string // the same; empty: the public libp2p network's
	LAN       bool
	Public    bool
}

// Token is a saved login that this host has issued; one block a client.
type Token struct {
	Client      string // peer ID
	Name        string
	Created     time.Time
	Expires     time.Time // zero: only by not being used
	Permissions []string  // nil: all of [permissions]
	Sealed      string    `json:"-"`
}

// Authority is a signer whose names are shown as verified.
type Authority struct {
	Name        string
	Key         string
	Login       bool     // its certificate's holder gets in without a password
	Permissions []string // at most these; nil: all of [permissions]
	Revoked     []string // serial numbers
}

// Peer is a machine that this one connects to.
type Peer struct {
	Name  string // may be empty
	ID    string // peer ID
	Addrs []string
	Login string `json:"-"` // the saved login, sealed
}

// Default is what holds where the file says nothing.
func Default() Config {
	return Config{
		Unattended:  Unattended{Enabled: true, TOTPForSavedLogin: true, TokenDays: 90},
		Attended:    Attended{Mode: Ask, Timeout: 30 * time.Second, Banner: true},
		Permissions: Permissions{Control: true, Clipboard: true, Files: true, ForwardTo: []string{"localhost:*"}},
		Network:     Network{LAN: true, Public: true},
	}
}

// Token returns the block of a client, or nil.
func (c *Config) Token(client string) *Token {
	for i := range c.Tokens {
		if c.Tokens[i].Client == client {
			return &c.Tokens[i]
		}
	}
	return nil
}

// Peer returns the block with this ID or, failing that, this name, or nil.
func (c *Config) Peer(idOrName string) *Peer {
	if idOrName == "" {
		return nil
	}
	for i := range c.Peers {
		if c.Peers[i].ID == idOrName {
			return &c.Peers[i]
		}
	}
	for i := range c.Peers {
		if c.Peers[i].Name == idOrName {
			return &c.Peers[i]
		}
	}
	return nil
}

// Origin says where the value of a setting comes from: "FILE:LINE" or "default".
func (c *Config) Origin(key string) string {
	if line := c.lines[key]; line > 0 {
		return fmt.Sprintf("%s:%d", c.file, line)
	}
	return "default"
}

// The types that hold secrets print nothing of them, whatever the verb.

func (Config) String() string       { return "config" }
func (u Unattended) String() string { return fmt.Sprintf("unattended enabled=%t", u.Enabled) }
func (t Token) String() string      { return fmt.Sprintf("token of %q", t.Client) }
func (p Peer) String() string       { return fmt.Sprintf("peer %q", p.ID) }

func (c Config) GoString() string     { return c.String() }
func (u Unattended) GoString() string { return u.String() }
func (t Token) GoString() string      { return t.String() }
func (p Peer) GoString() string       { return p.String() }

func (c Config) LogValue() slog.Value     { return slog.StringValue(c.String()) }
func (u Unattended) LogValue() slog.Value { return slog.StringValue(u.String()) }
func (t Token) LogValue() slog.Value      { return slog.StringValue(t.String()) }
func (p Peer) LogValue() slog.Value       { return slog.StringValue(p.String()) }
