//go:build !(linux || freebsd || netbsd || openbsd || dragonfly)

package window

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"rac/input"
	"rac/screen"
)

// Window is not there yet on this system.
type Window struct{}

// Open says that it cannot.
func Open(context.Context, Options) (*Window, error) {
	return nil, unsupported()
}

func unsupported() error {
	return fmt.Errorf("rac has no window on %s yet; --screenshot, --type and --forward work without one: %w", runtime.GOOS, errors.ErrUnsupported)
}

func (*Window) Show(*screen.Frame) error   { return unsupported() }
func (*Window) Events() <-chan input.Event { return nil }
func (*Window) SetTitle(string)            {}
func (*Window) SetStatus(string)           {}
func (*Window) Done() <-chan struct{}      { return nil }
func (*Window) Err() error                 { return unsupported() }
func (*Window) Close() error               { return nil }

// AskPassword says that it cannot.
func AskPassword(context.Context, Options, PasswordForm) (secret string, save bool, code string, err error) {
	return "", false, "", unsupported()
}

// AskAccept says that it cannot.
func AskAccept(context.Context, Options, AcceptForm) (Answer, error) { return Refused, unsupported() }

// ShowBanner says that it cannot.
func ShowBanner(context.Context, Options, string, func()) error { return unsupported() }
