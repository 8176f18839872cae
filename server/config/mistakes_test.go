// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakes holds every kind of mistake against a golden list. Each case has more than one where they could hide
// each other.
func TestMistakes(t *testing.T) {
	server := func(l ...string) string {
		return lines("homeservers:", "  main:", "    url: http://127.0.0.1:8008", "    admin_token: token") + indent(l)
	}
	for _, tt := range []struct {
		name  string
		yaml  string
		env   []string
		setup func(t *testing.T)
	}{
		{name: "no-file", setup: func(t *testing.T) { remove(t, "gatehouse.yaml") }},
		{name: "no-key-file", yaml: minimal, setup: func(t *testing.T) { remove(t, defaultKeyFile) }},
		{name: "no-store-folder", yaml: minimal, setup: func(t *testing.T) { remove(t, "data") }},
		{name: "empty"},
		{name: "comments-only", yaml: "# nothing\n"},
		{name: "not-a-mapping", yaml: "listen\n"},
		{name: "two-documents", yaml: minimal + "---\nlisten: :1\n"},
		{name: "unknown-keys", yaml: lines("listn: x", "public-url: https://a.example", "colour: red", "session.idle: 5m",
			"client_url: https://a.example", "admin_token: t", "log: {levle: info, listen: a}", "store:", "  paht: a") + server("ulr: x", "timeout:5s: 1")},
		{name: "misspelt-required", yaml: lines("homeserver:", "  main:", "    url: x")},
		{name: "misspelt-required-field", yaml: lines("homeservers:", "  main:", "    ulr: http://a", "    admin_tokn: b")},
		{name: "given-twice", yaml: lines("listen: :1", "log: {level: info, level: warn}", "listen: :2") + server("timeout: 5s", "timeout: 6s") + lines("  main:", "    url: http://b")},
		{name: "wrong-shapes", yaml: lines("listen: [a]", "public_url: {a: b}", "trusted_proxies: 10.0.0.0/8", "log: info", "session:", "  - idle", "store:", "  path:", "tls: 7") +
			server("hide_accounts: [[a], {b: c}, ~, '']", "kind: ''", "timeout: ~")},
		{name: "homeservers-scalar", yaml: "homeservers: main\n"},
		{name: "homeserver-scalar", yaml: "homeservers: {main: x}\n"},
		{name: "homeserver-empty", yaml: "homeservers: {main: }\n"},
		{name: "yaml-features", yaml: lines("listen: &a 127.0.0.1:80", "public_url: !!str x", "log: &l {level: info}", "<<: {a: b}", "? [x]", ": y") + server("kind: *a", "hide_accounts: [*a, !x y]")},
		{name: "unknown-alias", yaml: server("kind: *nowhere")},
		{name: "syntax-colon", yaml: server("kind: a: b")},
		{name: "syntax-tab", yaml: "log:\n\tlevel: info\n"},
		{name: "syntax-quote", yaml: "listen: \"127\n"},
		{name: "syntax-flow", yaml: "trusted_proxies: [a\nlisten: x\n"},
		{name: "syntax-indentation", yaml: "log:\n  level: info\n format: text\n"},
		{name: "syntax-control", yaml: "listen: \x01\n"},
		{name: "syntax-and-environment", yaml: "listen: 'a\n", env: []string{"GATEHOUSE_LISTN=x"}},
		{name: "ranges", yaml: lines("listen: 127.0.0.1:65536", "session: {idle: 0s, absolute: 999h}", "log: {level: loud, format: xml}") +
			server("timeout: 1ms", "kind: conduit", "x_forwarded_for: yes", "database_writes: 1", "server_name: '@a:b'", "hide_accounts: ['@a', 'b:c', 'd e', '**']", "user_types: [bot, ' a', \"b\\nc\"]", "client_url: app.element.io")},
		{name: "user-types-dendrite", yaml: server("kind: dendrite", "user_types: [teacher]")},
		{name: "durations", yaml: lines("session: {idle: 15, absolute: 8 hours}") + server("timeout: -1s")},
		{name: "idle-longer", yaml: lines("session: {idle: 9h}") + minimal},
		{name: "absolute-shorter", yaml: lines("session: {absolute: 1m}") + minimal},
		{name: "idle-longer-env", yaml: minimal, env: []string{"GATEHOUSE_SESSION_IDLE=9h"}},
		{name: "proxies", yaml: lines("trusted_proxies: [10.0.0.1/8, 0.0.0.0/0, '::/0', proxy, 10.0.0.0/33, '::ffff:10.0.0.0/104', fe80::1%eth0]") + minimal},
		{name: "public-url-missing", yaml: "listen: 0.0.0.0:80\n" + minimal},
		{name: "public-url-http", yaml: "public_url: http://gatehouse.example.org\n" + minimal},
		{name: "public-url-not-tls", yaml: lines("public_url: http://localhost:8765", "tls: {certificate_file: cert.pem, key_file: key.pem}") + minimal},
		{name: "tls-half", yaml: "tls: {certificate_file: cert.pem}\n" + minimal},
		{name: "tls-other-half", yaml: "tls: {key_file: key.pem}\n" + minimal},
		{name: "tls-not-pem", yaml: "tls: {certificate_file: cert.pem, key_file: key.pem}\n" + minimal, setup: func(t *testing.T) {
			write(t, "cert.pem", "x", 0o644)
			write(t, "key.pem", "y", 0o600)
		}},
		{name: "tls-open-key", yaml: "tls: {certificate_file: cert.pem, key_file: key.pem}\n" + minimal, setup: func(t *testing.T) {
			write(t, "key.pem", "y", 0o644)
		}},
		{name: "store-is-folder", yaml: "store: {path: data}\n" + minimal},
		{name: "store-twice", yaml: "store: {path: data/a.db, database: 'postgres://a@b/c'}\n" + minimal},
		{name: "store-database", yaml: "store: {database: 'data/gatehouse.db'}\n" + minimal},
		{name: "store-database-address", yaml: "store: {database: 'postgres://u:%zz@h/d'}\n" + minimal},
		{name: "store-database-without-name", yaml: "store: {database: 'postgres://u:p@h/'}\n" + minimal},
		{name: "store-folder-missing", yaml: "store: {path: 'not there/gatehouse.db'}\n" + minimal},
		{name: "no-homeserver", yaml: "listen: 127.0.0.1:80\n"},
		{name: "homeserver-names", yaml: lines("homeservers:", "  api: {url: x}", "  sw.js: {url: x}", "  Main: {url: x}", "  -a: {url: x}", "  '': {url: x}", "  7: {url: http://a, admin_token: b}")},
		{name: "homeserver-name-missing", yaml: lines("homeservers:", "  url: http://a", "  admin_token: b")},
		{name: "homeserver-lacks", yaml: lines("homeservers:", "  one:", "    timeout: 5s", "  two:", "    url: http://a", "    database_writes: true", "  three:", "    url: http://a", "    admin_token: x", "    kind: synapse", "    database: file:/a")},
		{name: "mas", yaml: lines("homeservers:", "  one: {url: http://a, kind: dendrite, mas: {client_id: 01J44RKQYM4G3TNVANTMTDYTX6}}", "  two:", "    url: http://a", "    registration_shared_secret: x",
			"    mas: {admin_url: a, client_id: gatehouse, client_secret: y, client_secret_file: z, issuer: x}", "  three: {url: http://a, mas: ~}", "  four: {url: http://a, mas: {url: http://b}}"),
			env: []string{"GATEHOUSE_HOMESERVERS_TWO_MAS_URI=http://a", "GATEHOUSE_HOMESERVERS_FIVE_MAS_CLIENT_SECRET=x", "GATEHOUSE_HOMESERVERS_FIVE_URL=http://a"}},
		{name: "urls", yaml: lines("homeservers:", "  a: {url: example.org, admin_token: t}", "  b: {url: 'ftp://a', admin_token: t}", "  c: {url: 'http://u:p@a', admin_token: t}",
			"  d: {url: 'http://a?b', admin_token: t}", "  e: {url: 'http://a#b', admin_token: t}", "  f: {url: 'http://', admin_token: t}", "  g: {url: 'http://a:0', admin_token: t}",
			"  h: {url: 'http://bücher.example', admin_token: t}", "  i: {url: 'http:a', admin_token: t}", "  j: {url: 'http://a b', admin_token: t}", "  k: {url: 'http://a:', admin_token: t}")},
		{name: "terms", yaml: lines("homeservers:", "  a:", "    url: http://a", "    admin_token: t", "    terms:", "      - https://a.example/terms", "      - Terms http://a.example/terms",
			"      - Terms https://u:p@a.example/", "      - Terms of use", "      - Terms https://", "      - '"+strings.Repeat("n", 101)+" https://a.example'", `      - "Te\u0007rms https://a.example"`)},
		{name: "secrets", yaml: lines("secret_key: short", "homeservers:", "  a: {url: http://a, registration_shared_secret: ' x ', admin_token: 'a b'}",
			`  b: {url: http://a, registration_shared_secret: "a\tb", database: 'mysql://x', admin_token: ''}`,
			"  c: {url: http://a, registration_shared_secret_file: nothing, database: 'postgres://u:%zz@h/d'}",
			"  d: {url: http://a, admin_token: x, admin_token_file: y, database: 'file:'}")},
		{name: "secret-files", yaml: lines("secret_key_file: bad.key", "homeservers:", "  a: {url: http://a, admin_token_file: open.txt}", "  b: {url: http://a, admin_token_file: empty.txt}",
			"  c: {url: http://a, admin_token_file: data}", "  d: {url: http://a, admin_token_file: two.txt}", "  e: {url: http://a, admin_token_file: large.txt}"), setup: func(t *testing.T) {
			write(t, "bad.key", "0123456789abcdef0123456789abcdef", 0o600)
			write(t, "open.txt", "token", 0o604)
			write(t, "empty.txt", " \n", 0o600)
			write(t, "two.txt", "a\nb\n", 0o600)
			write(t, "large.txt", strings.Repeat("x", maxSecret+1), 0o600)
		}},
		{name: "numbers", yaml: server("registrations_per_second: 0", "registrations_at_once: 1001") + lines("  b: {url: http://a, admin_token: t, registrations_per_second: 1.5, registrations_at_once: '+5'}", "  c: {url: http://a, admin_token: t, registrations_at_once: many}")},
		{name: "previous-key", yaml: "previous_secret_key_file: before.key\n" + minimal, setup: func(t *testing.T) { write(t, "before.key", testKey, 0o600) }},
		{name: "previous-key-short", yaml: "previous_secret_key: short\n" + minimal},
		{name: "previous-key-open", yaml: "previous_secret_key_file: before.key\n" + minimal, setup: func(t *testing.T) { write(t, "before.key", testKey, 0o604) }},
		{name: "open-key-file", yaml: minimal, setup: func(t *testing.T) { write(t, defaultKeyFile, testKey, 0o644) }},
		{name: "open-file", yaml: minimal, setup: func(t *testing.T) { write(t, "gatehouse.yaml", minimal, 0o644) }},
		{name: "environment", yaml: server("kind: synapse"), env: []string{"GATEHOUSE_LISTN=:1", "GATEHOUSE_FOO=", "GATEHOUSE_SESSION_IDLE=x", "GATEHOUSE_HOMESERVERS_MAIN_TIMEOT=5s",
			"GATEHOUSE_HOMESERVERS_MAIN_FOO=5s", "GATEHOUSE_HOMESERVERS_TWO_URLS=http://a", "GATEHOUSE_HOMESERVERS_three_URL=http://a", "GATEHOUSE_HOMESERVERS_API_URL=http://a",
			"GATEHOUSE_HOMESERVERS__URL=x", "GATEHOUSE_HOMESERVERS_FOUR_KIND=synapse", "GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/8,x", "GATEHOUSE_HOMESERVERS_MAIN_ADMIN_TOKEN_FILE=nothing",
			"GATEHOUSE_HOMESERVERS_FIVE_URL=http://a", "GATEHOUSE_HOMESERVERS_FIVE_ADMIN_TOKEN=t", "GATEHOUSE_HOMESERVERS_FIVE_ADMIN_TOKEN_FILE=t", "GATEHOUSE_HOMESERVERS=x"}},
		{name: "environment-ambiguous", yaml: lines("homeservers:", "  a: {url: http://a, admin_token: t}", "  a-client: {url: http://a, admin_token: t}", "  b.c: {url: http://a, admin_token: t}", "  b-c: {url: http://a, admin_token: t}"),
			env: []string{"GATEHOUSE_HOMESERVERS_A_CLIENT_URL=http://a", "GATEHOUSE_HOMESERVERS_B_C_URL=http://a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := testdata(t, filepath.Join("mistakes", tt.name+".txt"))
			dir := folder(t, map[string]string{"gatehouse.yaml": tt.yaml})
			if tt.setup != nil {
				tt.setup(t)
			}
			c, err := Load("gatehouse.yaml", tt.env)
			var refused *Error
			if !errors.As(err, &refused) || c != nil {
				t.Fatalf("Load = %v, %v; want nothing and an *Error", c, err)
			}
			golden(t, path, strings.ReplaceAll(err.Error(), dir, "/etc/gatehouse")+"\n")
		})
	}
}

func indent(l []string) string {
	if len(l) == 0 {
		return ""
	}
	return "    " + strings.Join(l, "\n    ") + "\n"
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}
