package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"rac/auth/config"
)

// The service's config and state belong to root (rac --service). Here is what a
// person without root's rights meets: the command that has them, on a desktop an
// offer to ask for them. What he may see without them is in host_publish.go.

// rightsError means that this user may not use that file or socket.
type rightsError struct {
	path string
	err  error
}

func (e *rightsError) Error() string { return e.path + ": permission denied" }

func (e *rightsError) Unwrap() error { return e.err }

// mayWrite turns a refusal to write into what the user can do about it.
func (p *program) mayWrite(file *config.File, err error) error {
	return p.mayUse(file, file.Path(), err)
}

// mayUse is mayWrite for another file or socket that goes with the config.
func (p *program) mayUse(file *config.File, path string, err error) error {
	var known *rightsError
	if !errors.Is(err, fs.ErrPermission) || errors.As(err, &known) {
		return err
	}
	return fail(exitError, &rightsError{path, err}, asAdmin(strings.Join(append(quoted(p.cleared(file)), commandLine(p.explicit(file))), " ")))
}

// mayChange tells whether this user may change the config, before he is asked
// for anything.
func (p *program) mayChange(file *config.File) error {
	unchanged := errors.New("nothing to change")
	err := file.Edit(func(*config.Edit) error { return unchanged })
	if errors.Is(err, unchanged) {
		return nil
	}
	return p.mayWrite(file, err)
}

// refused is the last look at a command's error. What the system denies in the
// service's files, it denies for want of root's rights.
func (p *program) refused(c *command, err error) error {
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	file, state, missing := p.files()
	if missing != nil {
		return err
	}
	var denied *fs.PathError
	if errors.As(err, &denied) && (p.service || ofService(file.Path(), state)) {
		err = p.mayUse(file, denied.Path, err)
	}
	if c.group != groupWho { // the others run for long, or only show
		return err
	}
	return p.offerRights(file, err)
}

// ofService tells whether a config or a state folder is the service's, however
// it was chosen: a unit file sets RAC_CONFIG and RAC_STATE.
func ofService(path, state string) bool {
	c, s, err := config.Path("", true)
	return err == nil && (filepath.Clean(path) == c || filepath.Clean(state) == s)
}

// explicit returns the command line with the config named in it: sudo and pkexec
// clear the environment and change the home, which would name it otherwise.
func (p *program) explicit(file *config.File) []string {
	switch {
	case p.service || p.configFlag != "" || len(p.args) == 0:
		return p.args
	case ofService(file.Path(), ""):
		return slices.Insert(slices.Clone(p.args), 1, "--service")
	}
	return slices.Insert(slices.Clone(p.args), 1, "--config", file.Path())
}

// cleared gives back to the command what of the environment chooses the state
// folder, for which there is no flag.
func (p *program) cleared(file *config.File) []string {
	state := p.getenv("RAC_STATE")
	if state == "" || p.service || ofService(file.Path(), state) || runtime.GOOS == "windows" {
		return nil
	}
	return []string{"env", "RAC_STATE=" + state}
}

// toSetPassword names the command that gives this host a password.
func (h *host) toSetPassword() string {
	if ofService(h.file.Path(), "") {
		return sudo("rac passwd --service")
	}
	return "rac passwd"
}

// commandLine is what a person types into a shell.
func commandLine(args []string) string {
	return strings.Join(append([]string{"rac"}, quoted(args)...), " ")
}

func quoted(words []string) (all []string) {
	for _, w := range words {
		if w == "" || strings.ContainsFunc(w, special) {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		all = append(all, w)
	}
	return all
}

// special tells whether a shell may read more into a character than it is.
func special(r rune) bool {
	plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
	return !plain
}

// offerRights asks, on a desktop, whether the system's own dialog shall ask for
// the rights, and runs the command again with them. Without a terminal nothing
// is asked and nothing is run: a dialog that nobody has asked for teaches people
// to type their password into whatever comes up.
func (p *program) offerRights(file *config.File, err error) error {
	var lacking *rightsError
	pkexec, none := exec.LookPath("pkexec")
	if !errors.As(err, &lacking) || none != nil || !p.onDesktop() || p.configFlag != "" && !filepath.IsAbs(p.configFlag) {
		return err
	}
	t, none := openTerminal()
	if none != nil {
		return err
	}
	p.voice.say("%v", lacking)
	answer, asked := t.ask(p.ctx, "That takes root's rights: ask for them by pkexec? [y/N] ", false)
	t.Close()
	switch {
	case asked != nil:
		return asked
	case !strings.HasPrefix(strings.ToLower(strings.TrimSpace(answer)), "y"):
		return said(err)
	}
	return p.runBy(pkexec, p.cleared(file), p.explicit(file), said(err))
}

// said keeps the hints of an error that has been told.
func said(err error) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	return fail(f.code, errors.New(""), f.hints...)
}

// onDesktop: PKEXEC_UID says that pkexec has run this already, and in vain.
func (p *program) onDesktop() bool {
	return (p.getenv("DISPLAY") != "" || p.getenv("WAYLAND_DISPLAY") != "") && p.getenv("PKEXEC_UID") == ""
}

// runBy runs the command again by pkexec and returns as it does; lacking is what
// to say if pkexec does not get the rights (its exit codes 126 and 127).
func (p *program) runBy(pkexec string, before, args []string, lacking error) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	again := exec.CommandContext(p.ctx, pkexec, slices.Concat(before, []string{self}, args)...)
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = again.Run()
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit):
		return err
	case exit.ExitCode() == 126 || exit.ExitCode() == 127:
		p.voice.say("pkexec did not get the rights")
		return lacking
	case exit.ExitCode() < 0:
		return fmt.Errorf("the command run by pkexec: %w", err)
	}
	return fail(exit.ExitCode(), errors.New("")) // it has said why itself
}

// mayGivePassword is what rac passwd looks at before it asks for anything.
func (p *program) mayGivePassword(file *config.File) error {
	if err := p.wantsService(file); err != nil {
		return err
	}
	return p.mayChange(file)
}

// wantsService stops who is about to give a password to a config of his own that
// nothing reads: this computer's rac is a service, and he has no config so far.
func (p *program) wantsService(file *config.File) error {
	if p.service || p.configFlag != "" || p.getenv("RAC_CONFIG") != "" || present(file.Path()) {
		return nil
	}
	service, _, err := config.Path("", true)
	if err != nil || !present(service) {
		return nil
	}
	return fail(exitError, fmt.Errorf("rac is a service on this computer (%s), and you have no config of your own", service),
		"for the service: "+sudo(commandLine(slices.Insert(slices.Clone(p.args), 1, "--service"))),
		"for a host of your own: "+commandLine(slices.Insert(slices.Clone(p.args), 1, "--config", file.Path())))
}

// present takes a file in a folder that this user cannot look into for one that
// is there: nobody else has a reason to close such a folder.
func present(path string) bool {
	_, err := os.Stat(path)
	return err == nil || errors.Is(err, fs.ErrPermission)
}
