package auth

// What a session may do.

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Perm is one thing that a session may do; each has its own stream.
type Perm uint8

const (
	View       Perm = 1 << iota // see the screen; every session may
	Control                     // send keys and pointer
	Clipboard                   // exchange the clipboard
	Files                       // copy files
	Forwarding                  // forward TCP ports
)

var permNames = []struct {
	perm Perm
	name string
}{{View, "view"}, {Control, "control"}, {Clipboard, "clipboard"}, {Files, "files"}, {Forwarding, "forwarding"}}

func (p Perm) String() string { return Perms(p).String() }

// Perms is a set of Perm.
type Perms uint8

// AllPerms is every permission there is.
const AllPerms = Perms(View | Control | Clipboard | Files | Forwarding)

// NewPerms returns the set of the given permissions.
func NewPerms(list ...Perm) (ps Perms) {
	for _, p := range list {
		ps |= Perms(p)
	}
	return ps
}

// ParsePerms reads permissions by name; an unknown name is an error.
func ParsePerms(names []string) (ps Perms, err error) {
	for _, name := range names {
		p, ok := permNamed(name)
		if !ok {
			return 0, fmt.Errorf("auth: %q is no permission: they are %s", bounded(name, 40), AllPerms)
		}
		ps |= Perms(p)
	}
	return ps, nil
}

func permNamed(name string) (Perm, bool) {
	for _, known := range permNames {
		if known.name == name {
			return known.perm, true
		}
	}
	return 0, false
}

// Has reports whether p is in the set.
func (ps Perms) Has(p Perm) bool { return ps&Perms(p) != 0 }

// Names returns the permissions by name, in a fixed order; never nil, so that
// JSON shows a list.
func (ps Perms) Names() []string {
	names := []string{}
	for _, known := range permNames {
		if ps.Has(known.perm) {
			names = append(names, known.name)
		}
	}
	return names
}

// MarshalJSON writes the permissions by name.
func (ps Perms) MarshalJSON() ([]byte, error) { return json.Marshal(ps.Names()) }

// UnmarshalJSON reads permissions by name.
func (ps *Perms) UnmarshalJSON(text []byte) (err error) {
	var names []string
	if err = json.Unmarshal(text, &names); err == nil {
		*ps, err = ParsePerms(names)
	}
	return err
}

func (ps Perms) String() string { return strings.Join(ps.Names(), ", ") }
