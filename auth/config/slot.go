package config

// A slot ties a TOML key to the Go value behind it: reading, writing and
// comparing all go through slots, so that a key is named once.

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// slot is one key of a table. at points to a bool, string, int, time.Duration,
// time.Time or []string.
type slot struct {
	key    string
	at     any
	check  func(string) error // of a string, or of each string of a list
	need   bool               // must be there and not empty
	secret bool               // its value stands in no message
}

func (t *Token) slots() []slot {
	return []slot{
		{key: "client", at: &t.Client, check: checkPeerID, need: true},
		{key: "name", at: &t.Name},
		{key: "created", at: &t.Created},
		{key: "expires", at: &t.Expires},
		{key: "permissions", at: &t.Permissions, check: checkPermission},
		{key: "sealed", at: &t.Sealed, need: true, secret: true},
	}
}

func (a *Authority) slots() []slot {
	return []slot{
		{key: "name", at: &a.Name, check: CheckVerifiedName, need: true},
		{key: "key", at: &a.Key, check: checkAuthorityKey, need: true},
		{key: "login", at: &a.Login},
		{key: "permissions", at: &a.Permissions, check: checkPermission},
		{key: "revoked", at: &a.Revoked, check: checkSerial},
	}
}

func (p *Peer) slots() []slot {
	return []slot{
		{key: "name", at: &p.Name, check: checkPeerName},
		{key: "id", at: &p.ID, check: checkPeerID, need: true},
		{key: "addrs", at: &p.Addrs, check: checkMultiaddr},
		{key: "login", at: &p.Login, secret: true},
	}
}

// value is what at points to.
func (s slot) value() any { return reflect.ValueOf(s.at).Elem().Interface() }

// empty says whether the value is what an absent key means in a block. An empty
// list is not: `permissions = []` gives nothing, its absence everything.
func (s slot) empty() bool {
	if l, ok := s.at.(*[]string); ok {
		return *l == nil
	}
	return reflect.ValueOf(s.at).Elem().IsZero()
}

// blank says whether a needed value is missing.
func (s slot) blank() bool { return reflect.ValueOf(s.at).Elem().IsZero() }

// equal compares values of slots; a list's absence and emptiness differ.
func equal(a, b any) bool {
	switch a := a.(type) {
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	case []string:
		b, ok := b.([]string)
		return ok && (a == nil) == (b == nil) && slices.Equal(a, b)
	}
	return a == b
}

// want names the type of a slot in an error.
func (s slot) want() string {
	switch s.at.(type) {
	case *bool:
		return "true or false"
	case *int:
		return "a number"
	case *time.Duration:
		return `a duration such as "30s"`
	case *time.Time:
		return "a date such as 2026-11-22T07:00:00Z"
	case *[]string:
		return `a list of strings such as ["…"]`
	}
	return `a string such as "…"`
}

// put stores v, as the TOML library gives it, after checking it. The int is the
// index of the list's element that is wrong, or -1.
func (s slot) put(v any) (int, error) {
	switch at := s.at.(type) {
	case *bool:
		if b, ok := v.(bool); ok {
			*at = b
			return -1, nil
		}
	case *string:
		if text, ok := v.(string); ok {
			*at = text
			return -1, s.ok(text)
		}
	case *int:
		if n, ok := v.(int64); ok {
			*at = int(n)
			return -1, s.ok(fmt.Sprint(n))
		}
	case *time.Duration:
		if text, ok := v.(string); ok {
			d, err := parseDuration(text)
			*at = d
			return -1, err
		}
	case *time.Time:
		if t, ok := v.(time.Time); ok {
			var err error
			*at, err = zoned(t)
			return -1, err
		}
	case *[]string:
		return s.putList(at, v)
	}
	return -1, fmt.Errorf("wants %s, not %s", s.want(), kindOf(v))
}

func (s slot) putList(at *[]string, v any) (int, error) {
	list, ok := v.([]any)
	if !ok {
		return -1, fmt.Errorf("wants %s, not %s", s.want(), kindOf(v))
	}
	*at = make([]string, 0, len(list))
	for i, e := range list {
		text, ok := e.(string)
		if !ok {
			return i, fmt.Errorf("wants a string here, not %s", kindOf(e))
		}
		if err := s.ok(text); err != nil {
			return i, err
		}
		*at = append(*at, text)
	}
	return -1, nil
}

// valid checks the value that is there.
func (s slot) valid() error {
	var words []string
	switch at := s.at.(type) {
	case *string:
		if *at != "" {
			words = []string{*at}
		}
	case *[]string:
		words = *at
	}
	for _, w := range words {
		if err := s.ok(w); err != nil {
			return err
		}
	}
	return nil
}

func (s slot) ok(text string) error {
	if s.check == nil {
		return nil
	}
	return s.check(text)
}

// zoned returns the moment that t means. A date, or a time without a zone, is
// this machine's, as its owner would read it.
func zoned(t time.Time) (time.Time, error) {
	switch t.Location().String() {
	case "time-local":
		return t, fmt.Errorf("wants a date such as 2026-11-22T07:00:00Z, not a time of the day")
	case "datetime-local", "date-local":
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.Local), nil
	}
	return t, nil
}

// kindOf names the type of a TOML value.
func kindOf(v any) string {
	switch v.(type) {
	case bool:
		return "true or false"
	case string:
		return "a string"
	case int64, float64:
		return "a number"
	case time.Time:
		return "a date"
	case map[string]any:
		return "a table"
	case []any, []map[string]any:
		return "a list"
	}
	return fmt.Sprintf("%T", v)
}
