//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/base32"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rac/auth"
)

func TestMain(m *testing.M) {
	testscript.Main(hearing{m}, map[string]func(){"rac": main})
}

// hearing runs the tests so that what they start hears SIGHUP, also where they were
// started by nohup: that it is ignored would be inherited.
type hearing struct{ *testing.M }

func (h hearing) Run() int {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	return h.M.Run()
}

// TestStories runs testdata/script: what a user types and sees. Beside the
// commands of testscript (https://pkg.go.dev/github.com/rogpeppe/go-internal/testscript)
// a story has these:
//
//	at NAME                   the commands that follow are typed on that machine
//	exits CODE COMMAND        runs it to its end, without a terminal; its output is in
//	                          the files out and err
//	starts WHAT COMMAND       runs it beside the story, without a terminal; here, too,
//	                          "< FILE" at the end is its stdin
//	sits-at WHAT COMMAND      runs it beside the story, on a terminal of its own
//	types WHAT TEXT           types on that terminal; \n is the return key
//	says WHAT REGEXP          waits until it has printed that
//	ends WHAT CODE            waits until it has ended
//	signals WHAT NAME         sends it SIGTERM, SIGINT, SIGHUP or SIGKILL
//	host NAME [FLAGS]         starts rac host on that machine and waits until it is ready;
//	                          $NAME_id and $NAME_addr are its ID and address
//	address WHAT NAME         $NAME is the address that a host on a terminal has printed
//	reads NAME FILE           $NAME is the first line of that file
//	display NAME              starts an X display; $NAME is its name
//	service-machine           a computer whose rac is a service; as-root COMMAND and
//	                          as-nobody COMMAND run there, with those rights
//	computer                  boots a computer with a login screen; there COMMAND runs there,
//	                          as root
//	awaits REGEXP COMMAND     runs it again and again until it has printed that
//	notes NAME WHAT REGEXP    $NAME is what the regexp's (…) finds in what WHAT has printed
//	totp NAME WHAT [STEPS]    $NAME is the code that an app shows whose URI WHAT has printed;
//	                          with STEPS: so many half minutes later
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			s := &story{running: make(map[string]*actor), dir: env.WorkDir}
			env.Values["story"] = s
			env.Defer(s.close)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("DISPLAY", "")
			env.Setenv("SHELL", "/bin/sh")
			return s.at(env, "mine")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"at":      cmdAt,
			"exits":   cmdExits,
			"starts":  func(ts *testscript.TestScript, _ bool, args []string) { start(ts, args, false) },
			"sits-at": func(ts *testscript.TestScript, _ bool, args []string) { start(ts, args, true) },
			"types":   cmdTypes,
			"says":    cmdSays,
			"ends":    cmdEnds,
			"signals": cmdSignals,
			"host":    cmdHost,
			"address": cmdAddress,
			"reads":   cmdReads,
			"display": cmdDisplay,

			"service-machine": cmdServiceMachine,
			"computer":        cmdComputer,
			"awaits":          cmdAwaits,
			"notes":           cmdNotes,
			"totp":            cmdTOTP,
		},
	})
}

// patience is how long a story waits for something that should come at once.
const patience = 60 * time.Second

// story is what runs beside a script.
type story struct {
	dir     string
	running map[string]*actor
}

// close ends what the story has started, and nothing else.
func (s *story) close() {
	for _, a := range s.running {
		a.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-a.ended:
		case <-time.After(10 * time.Second):
			syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL) // its own group: see commandOf
			<-a.ended
		}
		if a.tty != nil {
			a.tty.Close()
		}
	}
}

type setter interface{ Setenv(key, value string) }

// at puts the story on a machine: a folder for its config and state.
func (s *story) at(env setter, name string) error {
	dir := filepath.Join(s.dir, name)
	env.Setenv("RAC_CONFIG", filepath.Join(dir, "config.toml"))
	env.Setenv("RAC_STATE", filepath.Join(dir, "state"))
	return os.MkdirAll(dir, 0o700)
}

func storyOf(ts *testscript.TestScript) *story { return ts.Value("story").(*story) }

func need(ts *testscript.TestScript, args []string, n int, usage string) {
	if len(args) < n {
		ts.Fatalf("usage: %s", usage)
	}
}

func cmdAt(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "at NAME")
	ts.Check(storyOf(ts).at(ts, args[0]))
}

// commandOf makes a command as the script's machine would run it, without a
// terminal.
func commandOf(ctx context.Context, ts *testscript.TestScript, args []string) *exec.Cmd {
	var stdin io.Reader
	if n := len(args); n > 2 && args[n-2] == "<" {
		stdin = strings.NewReader(ts.ReadFile(args[n-1]))
		args = args[:n-2]
	}
	program := args[0]
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path := filepath.Join(dir, program); exists(path) {
			program = path
			break
		}
	}
	cmd := exec.CommandContext(ctx, program, args[1:]...)
	cmd.Dir, cmd.Stdin = ts.MkAbs("."), stdin
	cmd.WaitDelay = patience // for what a shell has left behind
	cmd.Env = environment(ts)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// environment is the script's, which testscript does not hand out whole.
func environment(ts *testscript.TestScript) []string {
	var env []string
	for name := range storyOf(ts).running {
		for _, what := range []string{"_id", "_addr"} {
			env = append(env, name+what+"="+ts.Getenv(name+what))
		}
	}
	for _, key := range []string{"PATH", "HOME", "TMPDIR", "DISPLAY", "SHELL", "RAC_CONFIG", "RAC_STATE", "RAC_PASSWORD_FILE", "RAC_TOTP_FILE", "XAUTHORITY", "TERM", "GOCOVERDIR", "RAC_LOG"} {
		if v := ts.Getenv(key); v != "" {
			env = append(env, key+"="+v)
		}
	}
	return env
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "exits CODE COMMAND [ARG...] [< FILE]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := commandOf(ctx, ts, args)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	ts.Check(os.WriteFile(ts.MkAbs("out"), out.Bytes(), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("err"), errs.Bytes(), 0o644))
	ts.Logf("[stdout]\n%s[stderr]\n%s", out.String(), errs.String())
	if cmd.ProcessState == nil {
		ts.Fatalf("%v did not start: %v", args, err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		ts.Fatalf("%v: exit %d, want %d", args, got, want)
	}
}

func cmdHost(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "host NAME [FLAGS]")
	name := args[0]
	cmdAt(ts, false, args[:1])
	line := append([]string{"rac", "host", "--listen", "/ip4/127.0.0.1/tcp/0", "--lan=false", "--public=false"}, args[1:]...)
	a := launch(ts, name, commandOf(context.Background(), ts, line), false)
	id := awaitSaying(ts, name, a, `^ID (\S+)`)[1]
	ts.Setenv(name+"_id", id)
	ts.Setenv(name+"_addr", awaitSaying(ts, name, a, `^READY (\S+)`)[1])
}

func cmdAddress(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "address WHAT NAME")
	ts.Setenv(args[1], awaitSaying(ts, args[0], storyOf(ts).actor(ts, args[0]), `^READY (\S+)`)[1])
}

func cmdReads(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "reads NAME FILE")
	line, _, _ := strings.Cut(ts.ReadFile(args[1]), "\n")
	ts.Setenv(args[0], line)
}

func cmdNotes(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 3, "notes NAME WHAT REGEXP")
	found := awaitSaying(ts, args[1], storyOf(ts).actor(ts, args[1]), strings.Join(args[2:], " "))
	ts.Setenv(args[0], strings.TrimSpace(found[1]))
}

func cmdTOTP(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 2, "totp NAME WHAT [STEPS]")
	found := awaitSaying(ts, args[1], storyOf(ts).actor(ts, args[1]), `otpauth://\S+`)
	uri, err := url.Parse(found[0])
	ts.Check(err)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(uri.Query().Get("secret"))
	ts.Check(err)
	at := time.Now()
	if len(args) > 2 {
		steps, err := strconv.Atoi(args[2])
		ts.Check(err)
		at = at.Add(time.Duration(steps) * 30 * time.Second)
	}
	ts.Setenv(args[0], auth.TOTP(secret).Code(at))
}

func cmdDisplay(ts *testscript.TestScript, _ bool, args []string) {
	need(ts, args, 1, "display NAME")
	read, write, err := os.Pipe()
	ts.Check(err)
	defer read.Close()
	cmd := commandOf(context.Background(), ts, []string{"Xvfb", "-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp", "-noreset"})
	cmd.ExtraFiles = []*os.File{write}
	launch(ts, "Xvfb "+args[0], cmd, false)
	write.Close()
	read.SetReadDeadline(time.Now().Add(patience))
	var number int
	if _, err := fmt.Fscan(read, &number); err != nil {
		ts.Fatalf("Xvfb does not start: %v", err)
	}
	ts.Setenv(args[0], fmt.Sprintf(":%d", number))
}
