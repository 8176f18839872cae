// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/demo/accounts"
	"gatehouse/tools/homeserver"
)

func TestState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	first, err := loadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Secret) < 20 || len(first.AdminPassword) < 16 || first.Mix != 0 {
		t.Errorf("a new demo begins with %+v", first)
	}
	half := filepath.Join(dir, "homeserver.db")
	if err := os.WriteFile(half, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	// What was never finished begins anew, with an empty folder.
	again, err := loadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(half); err == nil || again.Secret == first.Secret {
		t.Error("a demo that was not finished was gone on with")
	}

	again.Mix = accounts.Version
	if err := again.save(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(half, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := loadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(again, kept); diff != "" {
		t.Errorf("the second start has another state (-first +second):\n%s", diff)
	}
	if _, err := os.Stat(half); err != nil {
		t.Errorf("the second start lost the accounts: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, stateFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the secrets: %v, %v", info.Mode(), err)
	}

	kept.Mix = accounts.Version - 1
	if err := kept.save(dir); err != nil {
		t.Fatal(err)
	}
	if older, err := loadState(dir); err != nil || older.Mix != 0 {
		t.Errorf("a demo with older accounts was gone on with: %+v, %v", older, err)
	}
}

func TestPanelConfig(t *testing.T) {
	synapse := &homeserver.Server{Kind: homeserver.Synapse, URL: "http://127.0.0.1:1", SharedSecret: "ABC", Database: "file:/x/homeserver.db"}
	want := `# Written by make demo at each start.
listen: 127.0.0.1:8765
secret_key_file: secret.key
homeservers:
  demo:
    url: http://127.0.0.1:1
    kind: synapse
    registration_shared_secret: ABC
    hide_accounts: [whatsapp_*, telegram_*]
`
	if diff := cmp.Diff(want, panelConfig("127.0.0.1:8765", synapse)); diff != "" {
		t.Errorf("for Synapse (-want +got):\n%s", diff)
	}
	dendrite := &homeserver.Server{Kind: homeserver.Dendrite, URL: "http://127.0.0.1:1", SharedSecret: "ABC", Database: "file:/x/dendrite.db"}
	want = strings.Replace(want, "kind: synapse", "kind: dendrite", 1) + `    database: "file:/x/dendrite.db"
    database_writes: true
`
	if diff := cmp.Diff(want, panelConfig("127.0.0.1:8765", dendrite)); diff != "" {
		t.Errorf("for Dendrite (-want +got):\n%s", diff)
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"PATH=/bin", "GATEHOUSE_LISTEN=:1", "HOME=/root"})
	if diff := cmp.Diff([]string{"PATH=/bin", "HOME=/root"}, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestAddress(t *testing.T) {
	if got, err := address("127.0.0.1:1234"); err != nil || got != "127.0.0.1:1234" {
		t.Errorf("an address that was asked for became %q, %v", got, err)
	}
	// The usual port is taken now, by this test or by somebody else.
	if l, err := net.Listen("tcp", "127.0.0.1:8765"); err == nil {
		defer l.Close()
	}
	got, err := address("")
	if err != nil || got == "127.0.0.1:8765" || !strings.HasPrefix(got, "127.0.0.1:") {
		t.Errorf("with the usual port taken the address is %q, %v", got, err)
	}
}

func TestMakeKeyKeepsAKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := makeKey(path); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(path)
	if err != nil || len(first) != 32 {
		t.Fatalf("the key has %d bytes, %v", len(first), err)
	}
	if err := makeKey(path); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(path); err != nil || string(second) != string(first) {
		t.Errorf("the key changed, %v", err)
	}
}

func TestInstallRefusesAnotherKind(t *testing.T) {
	if _, err := install(t.Context(), t.Output(), "conduit"); err == nil || !strings.Contains(err.Error(), "synapse or dendrite") {
		t.Errorf("got %v", err)
	}
}
