package main

import (
	"fmt"
	"slices"
	"strings"

	"rac/screen/seat"
)

// unit is a service of systemd (systemd.service(5), systemd.exec(5)).
type unit struct {
	name  string // rac.service
	relay bool
	about string
	runs  *command
	flags []string // of the command
	env   []string
	files []string // what it leaves behind, for people
	own   string   // the lines that the other unit has not got
}

// hostUnit is rac host as a service. It runs as root: the login screen's X server,
// its cookie and the process that has it are other users'.
func hostUnit(flags []string) unit {
	u := unit{
		name: "rac.service", about: "rac host: remote access to this computer",
		runs: hostCommand, flags: flags,
		env:   []string{"RAC_CONFIG=/etc/rac/config.toml", "RAC_STATE=/var/lib/rac"},
		files: []string{"/etc/rac (settings)", "/var/lib/rac (identity, record of sessions)"},
		own:   hostOwn,
	}
	if len(flags) == 0 {
		u.flags = []string{"--display", seat.Name}
	}
	return u
}

// relayUnit is rac relay as a service, of a user that systemd makes for it.
func relayUnit(flags []string) unit {
	return unit{
		name: "rac-relay.service", relay: true, about: "rac relay: a meeting place for one's own machines",
		runs: relayCommand, flags: flags,
		env:   []string{"RAC_CONFIG=/var/lib/rac-relay/config.toml", "RAC_STATE=/var/lib/rac-relay"},
		files: []string{"/var/lib/rac-relay (identity)"},
		own:   relayOwn,
	}
}

// check refuses flags that the command itself would refuse at every start.
func (u unit) check() error {
	f := newFlags(u.runs.name)
	u.runs.setUp(f)
	operands, err := f.parse(slices.Clone(u.flags))
	if err != nil {
		return usagef("rac %s: %v", u.runs.name, err)
	}
	return noOperands(operands)
}

// text is the unit's file.
func (u unit) text(program string) string {
	var b strings.Builder
	fmt.Fprintf(&b, unitHead, u.about, u.line(program))
	for _, e := range u.env {
		fmt.Fprintf(&b, "Environment=%s\n", e)
	}
	b.WriteString(u.own + unitTail)
	return b.String()
}

// line is the command line, quoted as systemd reads it: without variables and
// specifiers.
func (u unit) line(program string) string {
	words := []string{program, u.runs.name}
	for _, a := range u.flags {
		a = strings.NewReplacer("%", "%%", "$", "$$").Replace(a)
		if a == "" || strings.ContainsFunc(a, func(r rune) bool { return special(r) && r != '$' }) {
			a = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(a) + `"`
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

const unitHead = `# Made by rac service install, which writes it anew. Your own changes: systemctl edit
[Unit]
Description=%s
Documentation=man:systemd.service(5)
After=network.target dbus.service systemd-logind.service
# It comes back however often it fails: a computer far away has nobody to start it.
StartLimitIntervalSec=0

[Service]
ExecStart=%s
Restart=always
RestartSec=2
# By SIGTERM it tells its viewers that it comes back.
SuccessExitStatus=143
TimeoutStopSec=15
UMask=0077
LimitCORE=0
`

// hostOwn: what rac host needs is left open. /tmp is shared, for the sockets of X
// are there; /proc shows all processes, for one of them names the X server's
// cookie; devices and homes are not closed, for rac cp and for input by uinput.
const hostOwn = `StateDirectory=rac
StateDirectoryMode=0711
ProtectSystem=full
ConfigurationDirectory=rac
ConfigurationDirectoryMode=0700
ReadWritePaths=/etc/rac
PrivateTmp=no
# Other users' X servers: their cookies, and which process they are.
CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_SYS_PTRACE CAP_CHOWN CAP_FOWNER CAP_NET_BIND_SERVICE
`

const relayOwn = `DynamicUser=yes
StateDirectory=rac-relay
StateDirectoryMode=0700
ProtectHome=yes
PrivateDevices=yes
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
AmbientCapabilities=CAP_NET_BIND_SERVICE
ProcSubset=pid
ProtectProc=invisible
`

const unitTail = `NoNewPrivileges=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`
