// SPDX-License-Identifier: Apache-2.0

package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
)

// rawKey is 32 raw bytes that begin and end with white space.
const rawKey = "\n\xd3\xf5\xfb\xa0\x71\xe9\xe4\xf0\x6a\x5c\x4c\xf3\xc4\xeb\x33\x95\x67\x05\x7a\x68\x02\x5f\xca\x45\x31\xf2\xaf\xcd\x01\xe2 "

// wanted is what minimal makes in a folder, for tests to change.
func wanted(t *testing.T, dir string, change func(c *Config, main *Homeserver)) *Config {
	t.Helper()
	raw, err := hex.DecodeString(testKey)
	if err != nil {
		t.Fatal(err)
	}
	c := &Config{
		File:      filepath.Join(dir, "gatehouse.yaml"),
		Listen:    "127.0.0.1:8765",
		PublicURL: "http://127.0.0.1:8765",
		Store:     Store{Path: filepath.Join(dir, "data", "gatehouse.db")},
		SecretKey: api.NewSecret(string(raw)),
		Session:   Session{Idle: 15 * time.Minute, Absolute: 8 * time.Hour},
		Jobs:      Jobs{KeepPasswords: 168 * time.Hour},
		Log:       Log{Level: slog.LevelInfo, Format: "text"},
	}
	main := Homeserver{
		URL:                    "http://127.0.0.1:8008",
		AdminToken:             api.NewSecret("token-of-main"),
		RegistrationsPerSecond: 10, RegistrationsAtOnce: 20, JobsAtOnce: 16,
		ClientURL:     "https://app.element.io",
		XForwardedFor: true,
		Timeout:       10 * time.Second,
	}
	if change != nil {
		change(c, &main)
	}
	if c.Homeservers == nil {
		c.Homeservers = map[string]Homeserver{"main": main}
	}
	return c
}

func TestLoad(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		env   []string
		want  func(dir string) func(c *Config, main *Homeserver)
	}{
		{name: "minimal", files: map[string]string{"gatehouse.yaml": minimal}},
		{name: "sections without fields", files: map[string]string{"gatehouse.yaml": "tls:\nlog: # none\ntrusted_proxies:\n" + minimal}},
		{
			name: "every field in the file",
			files: map[string]string{
				"keys/other.key": testKey, "keys/before.key": rawKey,
				"gatehouse.yaml": lines("listen: '[::]:8443'", "public_url: HTTPS://Gate.Example.ORG:443/", "trusted_proxies: [10.0.0.0/8, ::1]",
					"store: {path: keys/store.db}", "secret_key_file: keys/other.key", "previous_secret_key_file: keys/before.key", "session: {idle: 90s, absolute: 1h30m}", "log: {level: warn, format: json}", "jobs: {keep_passwords: 24h}",
					"homeservers:", "  main:", "    url: https://Matrix.example.org:8448/base/", "    server_name: example.org:8448", "    kind: dendrite",
					"    registration_shared_secret: 007", "    registrations_per_second: 3", "    registrations_at_once: 7", "    jobs_at_once: 4", "    jobs_per_second: 50", "    admin_token: token-of-main", "    client_url: https://chat.example.org/", "    hide_accounts: ['telegram_*', _bot]",
					"    terms:", "      - Terms of use https://example.org/terms", "      - Datenschutz https://example.org/de#privacy",
					"    database: postgres://u:p%40w@db/dendrite?sslmode=disable", "    database_writes: true", "    x_forwarded_for: false", "    timeout: 2m"),
			},
			want: func(dir string) func(*Config, *Homeserver) {
				return func(c *Config, main *Homeserver) {
					c.Listen, c.PublicURL = "[::]:8443", "https://gate.example.org"
					c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
					c.Store.Path = filepath.Join(dir, "keys", "store.db")
					c.PreviousSecretKey = api.NewSecret(rawKey)
					c.Session = Session{Idle: 90 * time.Second, Absolute: 90 * time.Minute}
					c.Log = Log{Level: slog.LevelWarn, Format: "json"}
					c.Jobs = Jobs{KeepPasswords: 24 * time.Hour}
					*main = Homeserver{
						URL: "https://matrix.example.org:8448/base", ServerName: "example.org:8448", Kind: "dendrite",
						RegistrationSharedSecret: api.NewSecret("007"), RegistrationsPerSecond: 3, RegistrationsAtOnce: 7, JobsAtOnce: 4, JobsPerSecond: 50, AdminToken: api.NewSecret("token-of-main"),
						ClientURL: "https://chat.example.org", HideAccounts: []string{"telegram_*", "_bot"},
						Terms:    []Term{{"Terms of use", "https://example.org/terms"}, {"Datenschutz", "https://example.org/de#privacy"}},
						Database: api.NewSecret("postgres://u:p%40w@db/dendrite?sslmode=disable"), DatabaseWrites: true,
						Timeout: 2 * time.Minute,
					}
				}
			},
		},
		{
			name:  "the environment goes before the file, field by field",
			files: map[string]string{"gatehouse.yaml": "listen: 127.0.0.1:1\nsession: {idle: 1m}\n" + minimal, "token.txt": "\tfrom-a-file \r\n"},
			env: []string{
				"PATH=/bin", "GATEHOUSE_CONFIG=elsewhere", "GATEHOUSE_LISTEN=127.0.0.1:2", "GATEHOUSE_TRUSTED_PROXIES= 10.0.0.0/8 , 192.0.2.1,",
				"GATEHOUSE_HOMESERVERS_MAIN_ADMIN_TOKEN_FILE=token.txt", "GATEHOUSE_HOMESERVERS_MAIN_HIDE_ACCOUNTS=a*,b", "GATEHOUSE_HOMESERVERS_MAIN_USER_TYPES=teacher, guest of honour", "GATEHOUSE_LOG_LEVEL=", "GATEHOUSE_HOMESERVERS_MAIN_X_FORWARDED_FOR=false",
			},
			want: func(string) func(*Config, *Homeserver) {
				return func(c *Config, main *Homeserver) {
					c.Listen, c.PublicURL, c.Session.Idle = "127.0.0.1:2", "http://127.0.0.1:2", time.Minute
					c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")}
					main.AdminToken, main.HideAccounts, main.XForwardedFor = api.NewSecret("from-a-file"), []string{"a*", "b"}, false
					main.UserTypes = []string{"teacher", "guest of honour"}
				}
			},
		},
		{
			name:  "what Kubernetes sets for a service called gatehouse is not ours",
			files: map[string]string{"gatehouse.yaml": minimal},
			env: []string{
				"GATEHOUSE_PORT=tcp://10.0.0.7:8765", "GATEHOUSE_SERVICE_HOST=10.0.0.7", "GATEHOUSE_SERVICE_PORT=8765", "GATEHOUSE_SERVICE_PORT_HTTP=8765",
				"GATEHOUSE_PORT_8765_TCP=tcp://10.0.0.7:8765", "GATEHOUSE_PORT_8765_TCP_PROTO=tcp", "GATEHOUSE_PORT_8765_TCP_PORT=8765", "GATEHOUSE_PORT_8765_TCP_ADDR=10.0.0.7",
			},
		},
		{
			name:  "homeservers of the environment beside one of the file",
			files: map[string]string{"gatehouse.yaml": "homeservers: {a-client: {admin_token: t}, example.org: {url: http://b, admin_token: t}}\n"},
			env: []string{
				"GATEHOUSE_HOMESERVERS_A_CLIENT_URL=http://a", "GATEHOUSE_HOMESERVERS_EXAMPLE_ORG_KIND=synapse",
				"GATEHOUSE_HOMESERVERS_OUR_SCHOOL_URL=http://c", "GATEHOUSE_HOMESERVERS_OUR_SCHOOL_CLIENT_URL=http://d", "GATEHOUSE_HOMESERVERS_OUR_SCHOOL_REGISTRATION_SHARED_SECRET=s=1",
			},
			want: func(string) func(*Config, *Homeserver) {
				return func(c *Config, main *Homeserver) {
					one, two, three := *main, *main, *main
					one.URL, one.AdminToken = "http://a", api.NewSecret("t")
					two.URL, two.AdminToken, two.Kind = "http://b", api.NewSecret("t"), "synapse"
					three.URL, three.ClientURL, three.AdminToken, three.RegistrationSharedSecret = "http://c", "http://d", api.Secret{}, api.NewSecret("s=1")
					c.Homeservers = map[string]Homeserver{"a-client": one, "example.org": two, "our-school": three}
				}
			},
		},
		{
			name: "MAS, half in the file and half in the environment, without another key",
			files: map[string]string{
				"gatehouse.yaml": "homeservers: {main: {url: http://127.0.0.1:8008, mas: {admin_url: http://127.0.0.1:8081/, client_id: 01j44rkqym4g3tnvantmtdytx6, client_secret: old}}}\n",
				"secret.txt":     "secret\n",
			},
			env: []string{"GATEHOUSE_HOMESERVERS_MAIN_MAS_CLIENT_SECRET_FILE=secret.txt", "GATEHOUSE_HOMESERVERS_MAIN_MAS_URL=https://auth.example.org"},
			want: func(string) func(*Config, *Homeserver) {
				return func(c *Config, main *Homeserver) {
					main.AdminToken = api.Secret{}
					main.MAS = MAS{AdminURL: "http://127.0.0.1:8081", URL: "https://auth.example.org", ClientID: "01J44RKQYM4G3TNVANTMTDYTX6", ClientSecret: api.NewSecret("secret")}
				}
			},
		},
		{
			name: "a secret that the environment gives takes the place of its file in the file",
			files: map[string]string{
				"gatehouse.yaml": "secret_key_file: nowhere\nhomeservers: {main: {url: http://127.0.0.1:8008, admin_token_file: nowhere}}\n",
			},
			env: []string{"GATEHOUSE_SECRET_KEY=" + testKey, "GATEHOUSE_HOMESERVERS_MAIN_ADMIN_TOKEN=token-of-main"},
		},
		{
			name:  "PostgreSQL, from a file",
			files: map[string]string{"gatehouse.yaml": "store: {database_file: store.txt}\n" + minimal, "store.txt": "postgres://gate:p%40w@db/gatehouse\n"},
			want: func(string) func(*Config, *Homeserver) {
				return func(c *Config, _ *Homeserver) {
					c.Store = Store{Database: api.NewSecret("postgres://gate:p%40w@db/gatehouse")}
				}
			},
		},
		{
			name:  "PostgreSQL, from the environment, over the file's",
			files: map[string]string{"gatehouse.yaml": "store: {database_file: nothing}\n" + minimal},
			env:   []string{"GATEHOUSE_STORE_DATABASE=postgresql:///gatehouse?host=/run/postgresql"},
			want: func(string) func(*Config, *Homeserver) {
				return func(c *Config, _ *Homeserver) {
					c.Store = Store{Database: api.NewSecret("postgresql:///gatehouse?host=/run/postgresql")}
				}
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := folder(t, nil)
			for name, text := range tt.files {
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					t.Fatal(err)
				}
				write(t, name, text, 0o600)
			}
			got, err := Load("gatehouse.yaml", tt.env)
			if err != nil {
				t.Fatal(err)
			}
			var change func(*Config, *Homeserver)
			if tt.want != nil {
				change = tt.want(dir)
			}
			if diff := cmp.Diff(wanted(t, dir, change), got, compareSecrets, cmp.Comparer(samePrefix)); diff != "" {
				t.Errorf("Load (-want +got):\n%s", diff)
			}
		})
	}
}

func samePrefix(a, b netip.Prefix) bool { return a == b }

func TestLoadWithoutFile(t *testing.T) {
	dir := folder(t, nil)
	got, err := Load("", []string{"GATEHOUSE_HOMESERVERS_MAIN_URL=http://127.0.0.1:8008", "GATEHOUSE_HOMESERVERS_MAIN_ADMIN_TOKEN=token-of-main"})
	if err != nil {
		t.Fatal(err)
	}
	want := wanted(t, dir, func(c *Config, _ *Homeserver) { c.File = "" })
	if diff := cmp.Diff(want, got, compareSecrets); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

// TestRelativePaths loads from another folder: paths start at the file's folder, not at the working directory.
func TestRelativePaths(t *testing.T) {
	dir := folder(t, map[string]string{"gatehouse.yaml": minimal})
	t.Chdir(t.TempDir())
	got, err := Load(filepath.Join(dir, "gatehouse.yaml"), []string{"GATEHOUSE_STORE_PATH=data/other.db"})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "data", "other.db"); got.Store.Path != want {
		t.Errorf("Store.Path = %s, want %s", got.Store.Path, want)
	}
}

func TestTLS(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{
		"cert.pem":       string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"key.pem":        string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
		"gatehouse.yaml": "tls: {certificate_file: cert.pem, key_file: key.pem}\n" + minimal,
	})
	c, err := Load("gatehouse.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.PublicURL != "https://127.0.0.1:8765" || !c.SecureCookies() || !c.TLS.Enabled() {
		t.Errorf("with a certificate: PublicURL %s, SecureCookies %t, TLS %t", c.PublicURL, c.SecureCookies(), c.TLS.Enabled())
	}
	if want := filepath.Join(dir, "key.pem"); c.TLS.KeyFile != want {
		t.Errorf("KeyFile = %s, want %s", c.TLS.KeyFile, want)
	}
}

// TestPublicURL is the rule about origins: https anywhere, http on this machine only, and only this decides about
// cookies.
func TestPublicURL(t *testing.T) {
	for _, tt := range []struct {
		listen, url string
		want        string // empty: refused
		secure      bool
	}{
		{"127.0.0.1:80", "", "http://127.0.0.1", false},
		{"[::1]:8765", "", "http://[::1]:8765", false},
		{"localhost:8765", "", "http://localhost:8765", false},
		{"127.0.0.2:8765", "", "", false},
		{":8765", "", "", false},
		{"0.0.0.0:8765", "", "", false},
		{"[::]:8765", "", "", false},
		{"192.0.2.1:8765", "", "", false},
		{":8765", "https://gate.example.org", "https://gate.example.org", true},
		{":8765", "https://gate.example.org:8443", "https://gate.example.org:8443", true},
		{":8765", "https://gate.example.org:443/", "https://gate.example.org", true},
		{":8765", "https://192.0.2.1", "https://192.0.2.1", true},
		{":8765", "https://[2001:DB8::1]", "https://[2001:db8::1]", true},
		{":8765", "https://localhost", "https://localhost", true},
		{":8765", "http://localhost:80", "http://localhost", false},
		{":8765", "http://LOCALHOST:3000", "http://localhost:3000", false},
		{":8765", "http://127.0.0.1:3000", "http://127.0.0.1:3000", false},
		{":8765", "http://[::1]:3000", "http://[::1]:3000", false},
		{":8765", "http://127.0.0.2", "", false},
		{":8765", "http://127.1", "", false},
		{":8765", "http://[::ffff:127.0.0.1]", "", false},
		{":8765", "http://[0:0:0:0:0:0:0:1]", "", false},
		{":8765", "http://localhost.", "", false},
		{":8765", "http://gate.localhost", "", false},
		{":8765", "http://localhost.example.org", "", false},
		{":8765", "http://localhost@example.org", "", false},
		{":8765", "http://gate.example.org", "", false},
		{":8765", "http://10.0.0.1", "", false},
		{":8765", "https://gate.example.org/panel", "", false},
		{":8765", "https://gate.example.org?a", "", false},
		{":8765", "https://gate.example.org#a", "", false},
		{":8765", "gate.example.org", "", false},
		{":8765", "//gate.example.org", "", false},
		{":8765", "wss://gate.example.org", "", false},
		{":8765", "https://", "", false},
	} {
		t.Run(tt.listen+" "+tt.url, func(t *testing.T) {
			folder(t, map[string]string{"gatehouse.yaml": minimal})
			c, err := Load("gatehouse.yaml", []string{"GATEHOUSE_LISTEN=" + tt.listen, "GATEHOUSE_PUBLIC_URL=" + tt.url})
			if tt.want == "" {
				if err == nil {
					t.Fatalf("accepted as %s", c.PublicURL)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.PublicURL != tt.want || c.SecureCookies() != tt.secure {
				t.Errorf("PublicURL %s, SecureCookies %t; want %s, %t", c.PublicURL, c.SecureCookies(), tt.want, tt.secure)
			}
		})
	}
}
