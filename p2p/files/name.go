package files

// Which names may travel, and what is said where one may not.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// checkPath refuses what could lead elsewhere, or deceive a person, on either
// system: the sender leaves it out, the receiver does not take it.
func checkPath(path string) error {
	if path == "" || len(path) > maxPath {
		return fmt.Errorf("a path of %d bytes", len(path))
	}
	for name := range strings.SplitSeq(path, "/") {
		if err := checkName(name); err != nil {
			return err
		}
	}
	if !filepath.IsLocal(filepath.FromSlash(path)) { // what this system alone forbids, such as NUL and a: on Windows
		return fmt.Errorf("%q is no name for a file here", path)
	}
	return nil
}

func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%q is no name for a file", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("%q is not UTF-8", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }):
		return fmt.Errorf("%q has a control character", name)
	case filepath.Separator != '/' && strings.ContainsAny(name, `\/:*?"<>|`):
		return fmt.Errorf("%q has a character that no file here has in its name", name)
	case strings.HasSuffix(name, partSuffix):
		return fmt.Errorf("%q is a partial file of rac", name)
	}
	return nil
}

// slashed is a path of this system as it stands in messages.
func slashed(path string) string { return filepath.ToSlash(path) }

// reason says in a few words what went wrong, without the path, which the other
// side may see differently.
func reason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file or folder"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	var path *fs.PathError
	var link *os.LinkError
	var call *os.SyscallError
	for {
		switch {
		case errors.As(err, &path):
			err = path.Err
		case errors.As(err, &link):
			err = link.Err
		case errors.As(err, &call):
			err = call.Err
		default:
			if text := err.Error(); text == "path escapes from parent" {
				return "a link leads out of the folder that is open"
			}
			return bounded(err.Error())
		}
	}
}
