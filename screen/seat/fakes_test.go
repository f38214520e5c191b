//go:build linux

package seat

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"rac/screen/x11"
)

// bus is a system bus of the test's own.
type bus struct{ cmd *exec.Cmd }

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy></busconfig>`

func startBus(t *testing.T) *bus {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, busConfig, dir), 0o644); err != nil {
		t.Fatal(err)
	}
	b := &bus{exec.Command("dbus-daemon", "--config-file="+file, "--print-address", "--nofork", "--nopidfile")}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.stop)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", strings.TrimSpace(address))
	return b
}

func (b *bus) stop() {
	b.cmd.Process.Kill()
	b.cmd.Wait() // again: an error that says nothing
}

// front is a logind whose seat0 has one session at most.
type front struct {
	seat, session *prop.Properties
}

const sessionPath = loginPath + "/session/_31"

type active struct {
	ID   string
	Path dbus.ObjectPath
}

func (b *bus) login(t *testing.T) *front {
	t.Helper()
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	value := func(v any) *prop.Prop { return &prop.Prop{Value: v, Emit: prop.EmitTrue} }
	var f front
	f.seat, err = prop.Export(conn, loginPath+"/seat/"+Name, prop.Map{loginSeat: {"ActiveSession": value(active{Path: "/"})}})
	if err != nil {
		t.Fatal(err)
	}
	f.session, err = prop.Export(conn, sessionPath, prop.Map{loginSession: {
		"Id": value("1"), "Type": value("x11"), "Class": value("user"), "Display": value(""), "VTNr": value(uint32(0)),
		"User": value(struct {
			ID   uint32
			Path dbus.ObjectPath
		}{uint32(os.Getuid()), "/"}), "State": value("active"), "LockedHint": value(false),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName(loginName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return &f
}

// set puts a session in front, as logind does: nobody is there in between.
func (f *front) set(t *testing.T, class, kind, display string) {
	t.Helper()
	f.session.SetMust(loginSession, "State", "closing")
	f.session.SetMust(loginSession, "Class", class)
	f.session.SetMust(loginSession, "Type", kind)
	f.session.SetMust(loginSession, "Display", display)
	f.session.SetMust(loginSession, "State", "active")
	f.seat.SetMust(loginSeat, "ActiveSession", active{"1", sessionPath})
}

func (f *front) lock(t *testing.T, locked bool) {
	t.Helper()
	f.session.SetMust(loginSession, "LockedHint", locked)
}

func (f *front) none(t *testing.T) {
	t.Helper()
	f.seat.SetMust(loginSeat, "ActiveSession", active{Path: "/"})
}

// xserver is an Xvfb with a cookie that only its own file has.
type xserver struct {
	display, authority string
	cmd                *exec.Cmd
	once               *sync.Once
}

func startServer(t *testing.T) *xserver {
	t.Helper()
	s := &xserver{authority: filepath.Join(t.TempDir(), "auth")}
	if err := x11.WriteAuthority(s.authority); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	t.Cleanup(func() { s.stop() })
	return s
}

// start starts it, on the display that it had.
func (s *xserver) start(t *testing.T) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	args := []string{"-displayfd", "3", "-auth", s.authority, "-noreset", "-nolisten", "tcp", "-screen", "0", "320x200x24"}
	if s.display != "" {
		args = append([]string{s.display}, args...)
	}
	s.cmd, s.once = exec.Command("Xvfb", args...), new(sync.Once)
	s.cmd.ExtraFiles = []*os.File{write}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb: %v", err)
	}
	s.display = ":" + strings.TrimSpace(number)
}

func (s *xserver) stop() {
	s.once.Do(func() {
		s.cmd.Process.Signal(os.Interrupt)
		s.cmd.Wait()
	})
}

// accepts checks that the cookie is that of the server, which takes no other.
func (s *xserver) accepts(t *testing.T, cookie string) {
	t.Helper()
	c, err := x11.DialAuth(t.Context(), s.display, cookie)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}
