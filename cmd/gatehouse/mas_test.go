// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"gatehouse/app/api"
	"gatehouse/server/config"
	"gatehouse/server/homeserver/fakemas"
)

// commandIn is a folder with the answers to init's questions on standard input.
func commandIn(t *testing.T, answers string) *commands {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "answers")
	if err := os.WriteFile(in, []byte(answers), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stdin
	os.Stdin = file
	t.Cleanup(func() { os.Stdin = before; _ = file.Close() })
	return &commands{Config: filepath.Join(dir, "gatehouse.yaml")}
}

// init proves the client before it writes anything, and the personal session after; what it wrote works without another question.
func TestInitWithMAS(t *testing.T) {
	fake := fakemas.New(t, fakemas.Options{})
	all := commandIn(t, "")
	secret := filepath.Join(filepath.Dir(all.Config), "secret.txt")
	if err := os.WriteFile(secret, []byte(fakemas.ClientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := initCommand{URL: fake.Synapse.URL, MASAdminURL: fake.URL, MASURL: "-", MASClientID: fakemas.ClientID, MASClientSecretFile: secret, PublicURL: "http://localhost:8765", ClientURL: "-"}
	if err := c.Run(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(all.Config, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := cfg.Homeservers["localhost"]
	if h.MAS.AdminURL != fake.URL || h.MAS.ClientSecret.Reveal() != fakemas.ClientSecret || !h.RegistrationSharedSecret.IsZero() || h.Kind != "synapse" {
		t.Errorf("%+v", h)
	}
	made := 0
	for _, r := range fake.Requests() {
		if r == "POST /api/admin/v1/personal-sessions" {
			made++
		}
	}
	if made != 1 || fake.ClientSessions() != 0 {
		t.Errorf("%d personal sessions were made, %d sessions of the client are left", made, fake.ClientSessions())
	}
	if err := (checkCommand{}).Run(t.Context(), all); err != nil {
		t.Errorf("check: %v", err)
	}
}

// What is missing at MAS is printed as it has to be written there, and nothing is written here.
func TestInitWithoutRightsAtMAS(t *testing.T) {
	fake := fakemas.New(t, fakemas.Options{NotAdminClient: true})
	all := commandIn(t, "")
	said := printed(t, &os.Stderr, func() {
		c := initCommand{URL: fake.Synapse.URL, MASAdminURL: fake.URL, MASURL: "-", MASClientID: "-", PublicURL: "http://localhost:8765", ClientURL: "-"}
		if err := c.Run(t.Context(), all); err == nil {
			t.Error("a client that MAS does not know is taken for proven")
		}
	})
	if _, err := os.Stat(all.Config); err == nil {
		t.Error("a configuration was written")
	}
	secretFile := filepath.Join(filepath.Dir(all.Config), masSecretFile)
	data, err := os.ReadFile(secretFile)
	secret := strings.TrimSpace(string(data))
	if err != nil || len(secret) < 40 {
		t.Errorf("the secret that was made: %v", err)
	}
	_, rest, _ := strings.Cut(said, "- client_id: ")
	client, _, _ := strings.Cut(rest, "\n")
	want := masConfiguration(client, "client_secret_file: "+secretFile, newClient)
	if len(client) != 26 || strings.Count(said, want) != 2 || strings.Contains(said, secret) { // with the client that was made, and after it was tried
		t.Errorf("init said:\n%s\nand not twice:\n%s", said, want)
	}
}

// check says what is missing, too, and of a secret that it does not print where it is.
func TestCheckPrintsWhatIsMissing(t *testing.T) {
	fake := fakemas.New(t, fakemas.Options{NoCompat: true})
	all := commandIn(t, "")
	file := filepath.Join(filepath.Dir(all.Config), "secret.txt")
	if err := os.WriteFile(file, []byte(fakemas.ClientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := initCommand{URL: fake.Synapse.URL, MASAdminURL: fake.URL, MASURL: "-", MASClientID: fakemas.ClientID, MASClientSecretFile: file, PublicURL: "http://localhost:8765", ClientURL: "-"}
	_ = printed(t, &os.Stderr, func() {
		if err := c.Run(t.Context(), all); err != nil {
			t.Error(err)
		}
	})
	said := printed(t, &os.Stdout, func() {
		if err := (checkCommand{}).Run(t.Context(), all); err != nil {
			t.Error(err)
		}
	})
	if !strings.Contains(said, "needs this, and a restart:\n"+masConfiguration("", "", "mas_no_compat")) || strings.Contains(said, fakemas.ClientSecret) {
		t.Errorf("check said:\n%s", said)
	}
}

// printed is what is written to one of the program's streams meanwhile.
func printed(t *testing.T, stream **os.File, do func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	before := *stream
	*stream = file
	defer func() { *stream = before; _ = file.Close() }()
	do()
	data, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestMASConfiguration(t *testing.T) {
	const (
		clients = "    clients:\n      - client_id: X\n        client_auth_method: client_secret_basic\n        client_secret: \"…\" # put in what homeservers.main.mas has in gatehouse.yaml; or client_secret_file:, with its path\n"
		policy  = "    policy:\n      data:\n        admin_clients:\n          - X\n"
		admin   = "        - resources: # of the listener at admin_url (oauth: at url, where that is another one), beside what is there\n            - name: adminapi\n            - name: oauth\n"
		compat  = "        - resources: # of the listener that clients reach, beside what is there: people sign in with a password by it\n            - name: compat\n"
		http    = "    http:\n      listeners:\n"
		needs   = "  Matrix Authentication Service's configuration needs this, and a restart:\n"
	)
	for check, want := range map[string]string{
		"mas_client_refused": needs + clients + policy + http + admin + compat, "mas_not_admin_client": needs + policy + http + admin,
		"mas_no_adminapi": needs + http + admin, "mas_no_oauth": needs + http + admin, "mas_no_compat": needs + http + compat, "mas_other_name": "",
	} {
		var b bytes.Buffer
		printMAS(&b, api.Report{Server: api.Server{Name: "main"}, Checks: []api.Check{
			{Code: "mas_admin_api", State: api.CheckPassed}, {Code: check, State: api.CheckFailed, Params: map[string]string{"client": "X"}},
		}})
		if b.String() != want {
			t.Errorf("%s:\n%s\nwant\n%s", check, b.String(), want)
		}
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(want, needs)), &map[string]any{}); err != nil {
			t.Errorf("%s: %v", check, err)
		}
	}
}

func TestNewULID(t *testing.T) {
	id := newULID(time.UnixMilli(1469918176385))
	if len(id) != 26 || !strings.HasPrefix(id, "01ARYZ6S41") {
		t.Errorf("%s, want one that begins with 01ARYZ6S41", id)
	}
}
