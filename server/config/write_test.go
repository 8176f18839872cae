// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gatehouse/app/api"
)

// newConfig is what init hands to Write where it asked for no more than an address and a secret.
func newConfig() *Config {
	c, h := Default(), DefaultHomeserver()
	h.URL = "http://127.0.0.1:8008"
	h.RegistrationSharedSecret = api.NewSecret(`it's: "quoted" # and ünusual`)
	c.Homeservers["main"] = h
	return c
}

func TestWrite(t *testing.T) {
	path := testdata(t, "written.yaml")
	dir := t.TempDir()
	t.Chdir(dir)
	if err := Write("gatehouse.yaml", newConfig()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("gatehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, path, string(data))
	for name, mode := range map[string]fs.FileMode{"gatehouse.yaml": 0o600, "gatehouse.key": 0o600, "data": 0o700 | fs.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
	if names := list(t, "."); names != "data gatehouse.key gatehouse.yaml" {
		t.Errorf("the folder has %s", names)
	}
	if _, err := Load("gatehouse.yaml", nil); err != nil {
		t.Error(err)
	}
}

// TestWriteEverything writes a configuration with no default in it.
func TestWriteEverything(t *testing.T) {
	path := testdata(t, "written-everything.yaml")
	t.Chdir(t.TempDir())
	c := newConfig()
	c.Listen, c.PublicURL = "[::]:8443", "https://gatehouse.example.org"
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	c.Store.Path = "gatehouse.db"
	c.Session = Session{Idle: time.Minute, Absolute: time.Hour}
	c.Log = Log{Level: 8, Format: "json"}
	c.Homeservers["example.org"] = Homeserver{
		URL: "https://[2001:db8::1]:8448", ServerName: "example.org", Kind: "dendrite", AdminToken: api.NewSecret("null"),
		ClientURL: "https://chat.example.org", HideAccounts: []string{"*_bot", "~"}, Terms: []Term{{"Terms of use", "https://example.org/terms"}}, Database: api.NewSecret("postgres://u:p@h/d"),
		DatabaseWrites: true, Timeout: time.Second,
	}
	c.Homeservers["mas"] = Homeserver{
		URL: "http://localhost:8008", Kind: "synapse", Timeout: time.Second,
		MAS: MAS{AdminURL: "http://localhost:8081", URL: "https://auth.example.org", ClientID: "01J44RKQYM4G3TNVANTMTDYTX6", ClientSecret: api.NewSecret("client secret")},
	}
	if err := Write("gatehouse.yaml", c); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("gatehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, path, string(data))
	if names := list(t, "."); names != "gatehouse.key gatehouse.yaml" {
		t.Errorf("the folder has %s", names)
	}
}

func TestWriteKeepsWhatIsThere(t *testing.T) {
	folder(t, map[string]string{"gatehouse.yaml": "mine"})
	err := Write("gatehouse.yaml", newConfig())
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("Write over a file = %v, want fs.ErrExist", err)
	}
	remove(t, "gatehouse.yaml")
	if err := os.Symlink("nowhere", "gatehouse.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := Write("gatehouse.yaml", newConfig()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Write over a dangling link = %v, want fs.ErrExist", err)
	}
	remove(t, "gatehouse.yaml")
	if err := Write("gatehouse.yaml", newConfig()); err != nil {
		t.Fatal(err)
	}
	if key, _ := os.ReadFile(defaultKeyFile); string(key) != testKey+"\n" {
		t.Errorf("the key file was changed to %q", key)
	}
}

// TestWriteAtOnce writes one file from many sides: one of them makes it, and it is whole.
func TestWriteAtOnce(t *testing.T) {
	folder(t, nil)
	var done atomic.Int32
	var all sync.WaitGroup
	start := make(chan struct{})
	for range 16 {
		all.Go(func() {
			<-start
			if Write("gatehouse.yaml", newConfig()) == nil {
				done.Add(1)
			}
		})
	}
	close(start)
	all.Wait()
	if n := done.Load(); n != 1 {
		t.Errorf("%d of them made the file", n)
	}
	if _, err := Load("gatehouse.yaml", nil); err != nil {
		t.Error(err)
	}
}

// TestWriteRefuses writes nothing that Load would refuse, and leaves the folder as it was.
func TestWriteRefuses(t *testing.T) {
	for name, change := range map[string]func(c *Config, h *Homeserver){
		"no homeserver": func(c *Config, _ *Homeserver) { c.Homeservers = nil },
		"no key":        func(_ *Config, h *Homeserver) { h.RegistrationSharedSecret = api.Secret{} },
		"bad url":       func(_ *Config, h *Homeserver) { h.URL = "example.org" },
		"bad origin":    func(c *Config, _ *Homeserver) { c.PublicURL = "http://example.org" },
		"bad folder":    func(c *Config, _ *Homeserver) { c.Store.Path = "nowhere/gatehouse.db" },
		"bad secret":    func(_ *Config, h *Homeserver) { h.RegistrationSharedSecret = api.NewSecret("a\n" + canary) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			c, h := newConfig(), DefaultHomeserver()
			h = c.Homeservers["main"]
			change(c, &h)
			if c.Homeservers != nil {
				c.Homeservers["main"] = h
			}
			err := Write("gatehouse.yaml", c)
			var refused *Error
			if !errors.As(err, &refused) || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), ".gatehouse-") {
				t.Errorf("Write = %v", err)
			}
			if names := list(t, "."); names != "" {
				t.Errorf("the folder has %s", names)
			}
		})
	}
	t.Run("no folder", func(t *testing.T) {
		if err := Write(filepath.Join(t.TempDir(), "nowhere", "gatehouse.yaml"), newConfig()); err == nil {
			t.Error("written where there is no folder")
		}
	})
	t.Run("unusable key file", func(t *testing.T) {
		folder(t, map[string]string{defaultKeyFile: "short"})
		if err := Write("gatehouse.yaml", newConfig()); err == nil {
			t.Error("written beside a key file that is none")
		}
		if names := list(t, "."); names != "data gatehouse.key" {
			t.Errorf("the folder has %s", names)
		}
	})
}

// TestWriteRoundTrip loads what was written and compares it.
func TestWriteRoundTrip(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, defaultKeyFile, testKey, 0o600)
	secrets := rapid.String().Filter(func(s string) bool { _, err := checkSharedSecret(s); return err == nil && s != "" })
	tokens := rapid.StringMatching(`[!-~]{1,40}`)
	patterns := rapid.StringMatching(`[!-9;-?A-~][!-9;-~]{0,10}`).Filter(func(s string) bool { _, err := checkPattern(s); return err == nil })
	rapid.Check(t, func(t *rapid.T) {
		want := Default()
		want.File = filepath.Join(dir, "gatehouse.yaml")
		want.PublicURL = "http://127.0.0.1:8765"
		want.Store.Path = filepath.Join(dir, rapid.StringMatching(`[^/\x00-\x1f\x7f]{1,20}`).Filter(func(s string) bool { return s != "." && s != ".." }).Draw(t, "store"))
		want.Session.Idle = time.Duration(rapid.Int64Range(int64(time.Second), int64(8*time.Hour)).Draw(t, "idle"))
		want.SecretKey = wantedKey
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z0-9][a-z0-9.-]{0,20}`).Filter(func(s string) bool { return checkName(s) == "" }), 1, 3, rapid.ID[string]).Draw(t, "names") {
			h := DefaultHomeserver()
			h.URL = "http://" + rapid.StringMatching(`[a-z]{1,10}(:[1-9][0-9]{0,3})?(/[a-z]{1,5})?`).Draw(t, "url")
			h.RegistrationSharedSecret = api.NewSecret(secrets.Draw(t, "secret"))
			h.AdminToken = api.NewSecret(tokens.Draw(t, "token"))
			h.HideAccounts = rapid.SliceOfN(patterns, 1, 3).Draw(t, "patterns")
			h.UserTypes = []string{"teacher", "guest of honour"}
			h.XForwardedFor = rapid.Bool().Draw(t, "x_forwarded_for")
			want.Homeservers[name] = h
		}
		_ = os.Remove("gatehouse.yaml")
		if err := Write("gatehouse.yaml", want); err != nil {
			t.Fatal(err)
		}
		got, err := Load("gatehouse.yaml", nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, compareSecrets); diff != "" {
			t.Errorf("Load after Write (-want +got):\n%s", diff)
		}
	})
}

var wantedKey = func() api.Secret {
	raw, err := parseKey([]byte(testKey))
	if err != nil {
		panic(err)
	}
	return api.NewSecret(string(raw))
}()

func list(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
