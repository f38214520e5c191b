package p2ptest

import "fmt"

// Line is a network's line to the internet, with the router before it: what can
// happen to it while somebody uses it.
type Line struct {
	router Computer
	n      int
	subnet string
	moved  int // how often it has got another address
}

// Router is the router itself, for what runs on it.
func (l *Line) Router() Computer { return l.router }

// Becomes gives the router other rules. What it knows of connections stays.
func (l *Line) Becomes(r Router) {
	l.router.t.Helper()
	l.router.Run("flush ruleset\n"+rules(r, l.subnet), "nft", "-f", "-")
}

// Cut loses every packet from now on, beyond the router: nobody is told.
func (l *Line) Cut() {
	l.router.t.Helper()
	l.router.Run(`
table inet cut {
	chain in { type filter hook prerouting priority -500; iifname "wan" drop
	}
	chain out { type filter hook postrouting priority 500; oifname "wan" drop
	}
}
`, "nft", "-f", "-")
}

// Mend lets them through again.
func (l *Line) Mend() {
	l.router.t.Helper()
	l.router.Run("", "nft", "delete", "table", "inet", "cut")
}

// Shut loses what goes to the other line's network and comes from there: what is
// between the two leads through a relay, or nowhere. Reopen ends that.
func (l *Line) Shut(other *Line) {
	l.router.t.Helper()
	l.router.Run(fmt.Sprintf(`
table inet wall {
	chain in { type filter hook prerouting priority -400; iifname "wan" ip saddr { 11.10%[1]d.0.0/24, 12.%[1]d.0.0/24 } drop
	}
	chain out { type filter hook postrouting priority 400; oifname "wan" ip daddr { 11.10%[1]d.0.0/24, 12.%[1]d.0.0/24 } drop
	}
}
`, other.n), "nft", "-f", "-")
}

func (l *Line) Reopen() {
	l.router.t.Helper()
	l.router.Run("", "nft", "delete", "table", "inet", "wall")
}

// Rebind switches the router off and on: it has forgotten its mappings.
func (l *Line) Rebind() { l.readdress(1 + l.moved) }

// Move gives the line another address.
func (l *Line) Move() {
	l.moved++
	l.readdress(1 + l.moved)
}

// readdress: the kernel drops the mappings of an interface whose address goes.
func (l *Line) readdress(last int) {
	l.router.t.Helper()
	l.router.IP(fmt.Sprintf("addr flush dev wan\naddr add 11.10%[1]d.0.%[2]d/24 dev wan\nroute replace default via 11.10%[1]d.0.254", l.n, last))
}
