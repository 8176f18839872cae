// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/config"
	"gatehouse/server/store"
)

// Whoever makes operators can make an owner, so it stands in the log who did, and nothing of the password.
func TestOperatorsAreRecorded(t *testing.T) {
	all := &commands{Config: filepath.Join(t.TempDir(), "gatehouse.yaml")}
	cfg := config.Default()
	h := config.DefaultHomeserver()
	h.URL, h.RegistrationSharedSecret = "http://localhost:8008", api.NewSecret("a secret of the homeserver")
	cfg.Homeservers["main"] = h
	if err := config.Write(all.Config, cfg); err != nil {
		t.Fatal(err)
	}
	quiet(t)
	for _, step := range []struct {
		name string
		run  func() error
		ok   bool
	}{
		{"add", func() error { return operatorAdd{Name: "olga", Role: "owner", Generate: true}.Run(t.Context(), all) }, true},
		{"add again", func() error { return operatorAdd{Name: "olga", Role: "admin", Generate: true}.Run(t.Context(), all) }, false},
		{"disable", func() error { return operatorDisable{Name: "olga"}.Run(t.Context(), all) }, true},
		{"enable", func() error { return operatorEnable{Name: "olga"}.Run(t.Context(), all) }, true},
		{"enable nobody", func() error { return operatorEnable{Name: "nobody"}.Run(t.Context(), all) }, false},
	} {
		if err := step.run(); (err == nil) != step.ok {
			t.Errorf("%s: %v", step.name, err)
		}
	}
	loaded, err := config.Load(all.Config, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), loaded.Store.Source())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got []string
	for _, name := range []string{"olga", "nobody"} {
		records, err := s.AuditHistory(t.Context(), "", "operator:"+name, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Actor != "local:"+localUser() || r.Role != "owner" {
				t.Errorf("by %s as %s", r.Actor, r.Role)
			}
			got = append(got, name+" "+r.Operation+" "+r.Outcome+" "+string(r.Request))
		}
	}
	want := []string{
		"olga operators.enable done null", "olga operators.disable done null", `olga operators.add refused {"role":"admin"}`,
		`olga operators.add done {"role":"owner"}`, "nobody operators.enable refused null",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// quiet keeps what commands print off the test's output.
func quiet(t *testing.T) {
	t.Helper()
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = nowhere
	t.Cleanup(func() {
		os.Stdout = stdout
		_ = nowhere.Close()
	})
}
