package config

// The table of settings: TOML key, flag, default and help of each stand here
// and nowhere else. The flags, rac set, --help and config.example.toml are made
// from it.

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind says what a setting's flag takes.
type Kind int

const (
	Bool     Kind = iota
	Choice        // one of a few words
	Number        // an int
	Duration      // 30s
	List          // strings, one flag adds and one removes
	Values        // strings, the flag repeated sets them all
	Text          // no flag: set by a command
)

// Setting is one row of the table.
type Setting struct {
	Key     string // "unattended.enabled"
	Flag    string // without dashes; "" if a command sets it
	Remove  string // List: the flag that takes away
	Kind    Kind
	Choices []string
	What    string // List, Values, Text: what the flag takes, as help shows it
	Default string // as it stands in TOML
	Help    string // one line, for --help and as the comment in the example
	Secret  bool   // never shown
	Quiet   bool   // in no help: it rules nothing of what there is, but files and scripts may have it

	sample string // in the example instead of Default; such a line is commented out
	mute   bool   // no comment in the example
	at     func(*Config) any
	check  func(string) error
}

// Settings returns the table in the order of the file.
func Settings() []Setting { return settings() }

func settings() []Setting {
	return []Setting{
		{Key: "on_session", Kind: Values, Default: "[]", sample: `["/usr/local/bin/notify", "rac"]`,
			Help: "a command that is run when a session starts and ends, with the event as JSON on stdin",
			at:   func(c *Config) any { return &c.OnSession }, check: checkWord},

		{Key: "unattended.enabled", Flag: "unattended", Kind: Bool, Default: "true",
			Help: "false: nobody gets in unless somebody at this machine accepts; saved logins are suspended, not erased",
			at:   func(c *Config) any { return &c.Unattended.Enabled }},
		{Key: "unattended.password_hash", Kind: Text, Default: `""`, Secret: true,
			Help: "empty: no unattended access at all. Set it with: rac passwd",
			at:   func(c *Config) any { return &c.Unattended.PasswordHash }, check: checkPasswordHash},
		{Key: "unattended.allow_save_login", Flag: "allow-save-login", Kind: Bool, Default: "false",
			Help: "true: whoever typed the password may save the login on his machine (rac connect --remember)",
			at:   func(c *Config) any { return &c.Unattended.AllowSaveLogin }},
		{Key: "unattended.token_days", Flag: "token-days", Kind: Number, Default: "90", sample: "90",
			Help: "a saved login that was not used for this many days is dead",
			at:   func(c *Config) any { return &c.Unattended.TokenDays }, check: checkTokenDays},
		{Key: "unattended.totp_sealed", Kind: Text, Default: `""`, Secret: true, sample: `"…"`,
			Help: "two-factor: rac passwd --two-factor on",
			at:   func(c *Config) any { return &c.Unattended.TOTPSealed }},
		{Key: "unattended.totp_for_saved_login", Flag: "totp-for-saved-login", Kind: Bool, Default: "true", sample: "true",
			Help: "false: a saved login needs no second factor", mute: true,
			at: func(c *Config) any { return &c.Unattended.TOTPForSavedLogin }},
		{Key: "unattended.recovery_codes", Kind: Text, Default: "[]", Secret: true, sample: `["…"]`,
			Help: "hashes; a code that was used is removed",
			at:   func(c *Config) any { return &c.Unattended.RecoveryCodes }},

		{Key: "attended.mode", Flag: "attended", Kind: Choice, Choices: []string{Ask, Never}, Default: `"ask"`,
			Help: `"ask" at this machine, or "never"`,
			at:   func(c *Config) any { return &c.Attended.Mode }, check: checkMode},
		{Key: "attended.timeout", Flag: "attended-timeout", Kind: Duration, Default: `"30s"`,
			Help: "how long a request waits for an answer at this machine", mute: true,
			at: func(c *Config) any { return &c.Attended.Timeout }},
		{Key: "attended.banner", Kind: Bool, Default: "true",
			Help: "show who is connected, on this machine's screen",
			at:   func(c *Config) any { return &c.Attended.Banner }},

		{Key: "permissions.control", Flag: "control", Kind: Bool, Default: "true",
			Help: "false: look only",
			at:   func(c *Config) any { return &c.Permissions.Control }},
		{Key: "permissions.clipboard", Flag: "clipboard", Kind: Bool, Default: "true",
			Help: "share the clipboard", Quiet: true, mute: true,
			at: func(c *Config) any { return &c.Permissions.Clipboard }},
		{Key: "permissions.files", Flag: "files", Kind: Bool, Default: "true",
			Help: "copy files (rac cp)", mute: true,
			at: func(c *Config) any { return &c.Permissions.Files }},
		{Key: "permissions.files_root", Flag: "files-root", Kind: Text, What: "FOLDER", Default: `""`,
			Help: "files are copied to and from this folder and what is in it; empty: the home folder",
			at:   func(c *Config) any { return &c.Permissions.FilesRoot }, check: checkFolder},
		{Key: "permissions.forwarding", Flag: "forwarding", Kind: Bool, Default: "false",
			Help: "forward TCP ports (rac connect --forward)", mute: true,
			at: func(c *Config) any { return &c.Permissions.Forwarding }},
		{Key: "permissions.forward_to", Flag: "forward-to", Kind: Values, What: "HOST:PORT", Default: `["localhost:*"]`,
			Help: `where forwarded ports may lead, * for any: "db.lan:5432", "192.168.7.0/24:*", "*:80"; localhost is this machine`,
			at:   func(c *Config) any { return &c.Permissions.ForwardTo }, check: checkForwardTo},
		{Key: "permissions.lock_on_end", Flag: "lock-on-end", Kind: Bool, Default: "false",
			Help: "lock the screen when a session ends, also when the link is lost",
			at:   func(c *Config) any { return &c.Permissions.LockOnEnd }},

		{Key: "network.allow", Flag: "allow", Remove: "disallow", Kind: List, What: "ID", Default: "[]",
			Help: "peer IDs that may ask at all; empty: anyone may ask",
			at:   func(c *Config) any { return &c.Network.Allow }, check: checkPeerID},
		{Key: "network.relays", Flag: "add-relay", Remove: "remove-relay", Kind: List, What: "MULTIADDR", Default: "[]",
			Help: "your own relays (rac relay)",
			at:   func(c *Config) any { return &c.Network.Relays }, check: checkFullMultiaddr},
		{Key: "network.bootstrap", Flag: "bootstrap", Kind: Values, What: "MULTIADDR", Default: "[]", sample: "[]",
			Help: "where to enter the network; empty: the public libp2p network's",
			at:   func(c *Config) any { return &c.Network.Bootstrap }, check: checkFullMultiaddr},
		{Key: "network.lan", Flag: "lan", Kind: Bool, Default: "true",
			Help: "announce this ID and its addresses on the local network (no names), and look for others there",
			at:   func(c *Config) any { return &c.Network.LAN }},
		{Key: "network.public", Flag: "public", Kind: Bool, Default: "true",
			Help: "find and be found through the public libp2p network",
			at:   func(c *Config) any { return &c.Network.Public }},
	}
}

func checkMode(s string) error { return checkChoice(s, []string{Ask, Never}) }

func checkWord(s string) error {
	if strings.ContainsRune(s, 0) {
		return errors.New("holds a NUL, which no argument can")
	}
	return nil
}

// setting returns the row of a key.
func setting(key string) (Setting, bool) {
	for _, s := range settings() {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

// Show returns the setting's value as it stands in TOML; of a secret only
// whether it is set.
func (s Setting) Show(c *Config) string {
	v := s.slot(c).value()
	if text := literal(v); !s.Secret || text == s.Default {
		return text
	}
	return "(set)"
}

// Parse turns the text of a flag into the value for Edit.Set; of a List and of
// Values it is one of the strings.
func (s Setting) Parse(text string) (any, error) {
	switch s.Kind {
	case Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not true or false", text)
		}
		return b, nil
	case Number:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", text)
		}
		return n, s.check(text)
	case Duration:
		return parseDuration(text)
	}
	if s.check != nil {
		return text, s.check(text)
	}
	return text, nil
}

// slot ties the setting to its place in c.
func (s Setting) slot(c *Config) slot {
	_, key := cutTable(s.Key)
	return slot{key: key, at: s.at(c), check: s.check, secret: s.Secret}
}

// tables returns the slots of the settings by table; "" is above all tables.
func (c *Config) tables() map[string][]slot {
	m := map[string][]slot{}
	for _, s := range settings() {
		table, _ := cutTable(s.Key)
		m[table] = append(m[table], s.slot(c))
	}
	return m
}

// tableNames are the names that a header may have, in the order of the example.
func tableNames() []string {
	return []string{"unattended", "attended", "permissions", "network", "token", "authority", "peer"}
}

// home returns the table where a key of this name belongs, or "".
func (c *Config) home(key string) string {
	for _, s := range settings() {
		if table, name := cutTable(s.Key); name == key {
			return table
		}
	}
	return ""
}
