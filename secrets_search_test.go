//go:build unix

package main

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// How secrets are searched for: in every form that bytes take in a log or a file.

// sight is something that somebody could look at.
type sight struct {
	where string
	bytes []byte
}

// secret is what must be found nowhere but where it is known to be, and must be
// found there: a search that finds nothing proves nothing.
type secret struct {
	what  string
	forms [][]byte
	only  string // a regular expression for sight.where; "": nowhere
}

func (d *day) see(where string, data []byte) { d.seen = append(d.seen, sight{where, data}) }

// does runs a command and keeps what it printed.
func (d *day) does(m machine, code int, stdin string, args ...string) string {
	d.Helper()
	out, errs := m.exits(code, stdin, args...)
	line := "rac " + strings.Join(args, " ")
	d.see("stdout of "+line, []byte(out))
	d.see("stderr of "+line, []byte(errs))
	return out
}

// hide adds a text to the secrets.
func (d *day) hide(what, text, only string) {
	d.secrets = append(d.secrets, secret{what, formsOf([]byte(text)), only})
}

// formsOf is how bytes get into a log or a file: as they are, in hex, in base64 and
// base32 (wherever in a longer text they begin), and as Go prints them.
func formsOf(b []byte) [][]byte {
	decimal := strings.Trim(fmt.Sprint(b), "[]")
	forms := []string{
		string(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		decimal, strings.ReplaceAll(decimal, " ", ", "), strings.ReplaceAll(decimal, " ", ","),
	}
	for skip := range 3 {
		whole := b[skip : len(b)-(len(b)-skip)%3]
		forms = append(forms, base64.StdEncoding.EncodeToString(whole), base64.URLEncoding.EncodeToString(whole))
	}
	for skip := range 5 {
		whole := b[skip : len(b)-(len(b)-skip)%5]
		forms = append(forms, base32.StdEncoding.EncodeToString(whole), strings.ToLower(base32.StdEncoding.EncodeToString(whole)))
	}
	list := make([][]byte, len(forms))
	for i, form := range forms {
		list[i] = []byte(form)
	}
	return list
}

// endOfDay ends the host and keeps what is left.
func (d *day) endOfDay() {
	d.host.stop(d.hosting)
	d.see("output of rac host", []byte(d.hosting.String()))
	for _, m := range []machine{d.host, d.viewer, d.stranger} {
		err := filepath.WalkDir(m.dir, func(file string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(file)
			name, _ := filepath.Rel(filepath.Dir(m.dir), file)
			d.see("file "+name, data)
			return err
		})
		if err != nil {
			d.Fatal(err)
		}
	}
}

// search is the verdict.
func (d *day) search() {
	for _, s := range d.secrets {
		expected := s.only == ""
		for _, place := range d.seen {
			for _, form := range s.forms {
				if !bytes.Contains(place.bytes, form) {
					continue
				}
				if s.only == "" || !regexp.MustCompile(s.only).MatchString(place.where) {
					d.Errorf("%s stands in: %s", s.what, place.where)
				}
				expected = true
			}
		}
		if !expected {
			d.Errorf("%s was not found even where it must be: the search is broken", s.what)
		}
	}
	var n int
	for _, place := range d.seen {
		n += len(place.bytes)
	}
	d.Logf("%d secrets in none of %d places, %d bytes", len(d.secrets), len(d.seen), n)
}
