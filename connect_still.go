package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rac/auth"
	"rac/auth/config"
	"rac/input"
)

// A screenshot is taken when the picture has been exact and still for quiet; a
// picture that never rests is taken after restless as it is then.
const (
	quiet    = 300 * time.Millisecond
	restless = 5 * time.Second
)

// script does what rac connect does without a window: it waits for the first
// exact picture, types, and writes the picture. It returns errClosed when all
// of that is done.
func (s *session) script(ctx context.Context) error {
	first, cancel := context.WithTimeout(ctx, *s.o.timeout)
	err := s.still.First(first)
	cancel()
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fail(exitDisplay, fmt.Errorf("no whole picture came within %v: %w", *s.o.timeout, err))
	}
	if *s.o.json {
		s.phase("picture") // the first that is whole and exact
	}
	if *s.o.text != "" {
		if err := s.typeText(ctx); err != nil {
			return err
		}
	}
	if *s.o.screenshot != "" {
		if err := s.takeScreenshot(ctx); err != nil {
			return err
		}
	}
	return errClosed
}

func (s *session) typeText(ctx context.Context) error {
	if !s.pass().Perms().Has(auth.Control) {
		return fail(exitForbidden, errors.New("this session may look only: the host does not permit control"))
	}
	stream, err := s.open(ctx, input.Protocol)
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := input.SendText(ctx, stream, *s.o.text); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("the text was not typed: %w", err)
	}
	return nil
}

func (s *session) takeScreenshot(ctx context.Context) error {
	rest, cancel := context.WithTimeout(ctx, restless)
	defer cancel()
	if err := s.still.Rest(rest, quiet); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	data, err := s.still.PNG()
	if err != nil {
		return err
	}
	if err := config.ReplaceFile(*s.o.screenshot, data, 0o644); err != nil {
		return fmt.Errorf("%s is not written: %w", *s.o.screenshot, err)
	}
	if *s.o.json {
		s.emit("screenshot", map[string]string{"path": *s.o.screenshot})
	} else {
		fmt.Fprintln(s.stdout, *s.o.screenshot)
	}
	return nil
}

// mayReplace tells before anything is dialled where no picture can be written. What
// is no plain file would be lost: for root that may be /dev/stdout.
func mayReplace(file string) error {
	if file == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return err
	}
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return fail(exitUsage, fmt.Errorf("%s is not a plain file, and would be replaced", file))
	}
	return nil
}
