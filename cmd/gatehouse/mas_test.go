// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	c := initCommand{URL: fake.Synapse.URL, MASAdminURL: fake.URL, MASURL: "-", MASClientID: "-", PublicURL: "http://localhost:8765", ClientURL: "-"}
	if err := c.Run(t.Context(), all); err == nil {
		t.Fatal("a client that MAS does not know is taken for proven")
	}
	if _, err := os.Stat(all.Config); err == nil {
		t.Error("a configuration was written")
	}
	data, err := os.ReadFile(filepath.Join(filepath.Dir(all.Config), masSecretFile))
	if err != nil || len(strings.TrimSpace(string(data))) < 40 {
		t.Errorf("the secret that was made: %v", err)
	}
}

func TestMASConfiguration(t *testing.T) {
	text := masConfiguration("01J44RKQYM4G3TNVANTMTDYTX6", "/etc/secret")
	for _, want := range []string{"client_id: 01J44RKQYM4G3TNVANTMTDYTX6", "- 01J44RKQYM4G3TNVANTMTDYTX6", "client_secret_file: /etc/secret", "name: adminapi", "admin_clients:"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	var b bytes.Buffer
	printMAS(&b, api.Report{Checks: []api.Check{{Code: "mas_not_admin_client", State: api.CheckFailed, Params: map[string]string{"client": "X"}}}})
	if !strings.Contains(b.String(), "client_id: X") {
		t.Errorf("%s", b.String())
	}
	b.Reset()
	printMAS(&b, api.Report{Checks: []api.Check{{Code: "mas_admin_api", State: api.CheckPassed}}})
	if b.Len() > 0 {
		t.Errorf("%s", b.String())
	}
}

func TestNewULID(t *testing.T) {
	id := newULID(time.UnixMilli(1469918176385))
	if len(id) != 26 || !strings.HasPrefix(id, "01ARYZ6S41") {
		t.Errorf("%s, want one that begins with 01ARYZ6S41", id)
	}
}
