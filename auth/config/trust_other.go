//go:build !unix

package config

// Windows guards the user's and the service's folders by their inherited ACLs;
// modes and folder syncs mean nothing there.

import (
	"io/fs"
	"os"
)

func trust(string, fs.FileInfo) error { return nil }

func trustFolder(string) error { return nil }

func keepOwner(*os.File, fs.FileInfo) error { return nil }

func syncFolder(string) error { return nil }
