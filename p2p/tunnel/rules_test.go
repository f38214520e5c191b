package tunnel

import "testing"

func TestRules(t *testing.T) {
	for _, c := range []struct {
		rule, to string
		want     bool
	}{
		{"localhost:22", "localhost:22", true},
		{"localhost:22", "LocalHost.:22", true},
		{"localhost:22", "127.0.0.1:22", true},
		{"localhost:22", "127.9.9.9:22", true},
		{"localhost:22", "[::1]:22", true},
		{"localhost:22", "[::ffff:127.0.0.1]:22", true},
		{"localhost:22", "localhost:23", false},
		{"localhost:*", "192.0.2.1:22", false},
		{"localhost:*", "localhost.example:22", false},
		{"localhost:*", "0.0.0.0:22", false},
		{"*:80", "db.example:80", true},
		{"*:80", "db.example:443", false},
		{"*:*", "[2001:db8::1]:1", true},
		{"db.example:5432", "DB.example:5432", true},
		{"db.example:5432", "db2.example:5432", false},
		{"192.168.7.0/24:*", "192.168.7.9:3389", true},
		{"192.168.7.0/24:*", "192.168.8.9:3389", false},
		{"192.168.7.0/24:*", "printer:3389", false},
		{"192.168.7.1:80", "[::ffff:192.168.7.1]:80", true},
		{"[fd00::/8]:22", "[fd12::1]:22", true},
		{"[fe80::1]:22", "[fe80::1%eth0]:22", true},
	} {
		rules, err := ParseRules([]string{c.rule})
		if err != nil {
			t.Fatal(err)
		}
		a, err := parseAddress(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := rules.Allow(a); got != c.want {
			t.Errorf("rule %s allows %s: %t, want %t", c.rule, c.to, got, c.want)
		}
	}
	for _, bad := range []string{"", "localhost", "localhost:", "localhost:http", "localhost:0", "localhost:65536", "*", "a b:22", ":22", "10.0.0.0/33:1", "*:-1"} {
		if rules, err := ParseRules([]string{bad}); err == nil {
			t.Errorf("rule %q is read as %+v", bad, rules)
		}
	}
}

func TestSpecs(t *testing.T) {
	for s, want := range map[string]Spec{
		"8080:localhost:80":                 {"127.0.0.1:8080", Address{"localhost", 80}},
		"0:db.example:5432":                 {"127.0.0.1:0", Address{"db.example", 5432}},
		"localhost:1:192.0.2.1:2":           {"127.0.0.1:1", Address{"192.0.2.1", 2}},
		"*:8080:a:80":                       {":8080", Address{"a", 80}},
		"192.0.2.9:8080:a:80":               {"192.0.2.9:8080", Address{"a", 80}},
		"[::1]:8080:[2001:db8::1]:80":       {"[::1]:8080", Address{"2001:db8::1", 80}},
		"8080:[fe80::1%eth0]:80":            {"127.0.0.1:8080", Address{"fe80::1%eth0", 80}},
		"[2001:db8::2]:0:[2001:db8::1]:443": {"[2001:db8::2]:0", Address{"2001:db8::1", 443}},
	} {
		if got, err := ParseSpec(s); err != nil || got != want {
			t.Errorf("%s is %+v, %v; want %+v", s, got, err, want)
		}
	}
	for _, bad := range []string{"", "80", "a:80", "8080:a", "8080:a:b", "8080:a:0", "65536:a:1", "x:1:a:1", "::1:8080:a:80", "[::1:8080:a:80", "[::1]8080:a:80", "1:2:3:4:5"} {
		if got, err := ParseSpec(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}
