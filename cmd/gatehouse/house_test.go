// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/config"
	"gatehouse/server/keep"
	"gatehouse/server/operator"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// written writes the configuration of one homeserver that is never asked, and returns its path.
func written(t *testing.T, change func(*config.Homeserver)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gatehouse.yaml")
	cfg := config.Default()
	h := config.DefaultHomeserver()
	h.URL, h.Kind, h.ServerName, h.RegistrationSharedSecret = "http://127.0.0.1:1", "synapse", "example.org", api.NewSecret("a secret of the homeserver")
	change(&h)
	cfg.Homeservers["main"] = h
	if err := config.Write(path, cfg); err != nil {
		t.Fatal(err)
	}
	return path
}

func opened(t *testing.T, path string, previous string) *house {
	t.Helper()
	if previous != "" {
		t.Setenv("GATEHOUSE_PREVIOUS_SECRET_KEY", previous)
	}
	h, err := openHouse(t.Context(), path, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestPaceReachesTheHomeserver(t *testing.T) {
	for _, atOnce := range []int{1, 3} {
		h := opened(t, written(t, func(h *config.Homeserver) { h.RegistrationsPerSecond, h.RegistrationsAtOnce = 1, atOnce }), "")
		defer h.close()
		server, _ := h.gate.Homeserver("main")
		for i := range atOnce {
			if wait, err := server.Settings.Registrations(t.Context()); err != nil || wait != 0 {
				t.Errorf("%d of %d waits %s, %v", i+1, atOnce, wait, err)
			}
		}
		now, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		if _, err := server.Settings.Registrations(context.WithoutCancel(now)); err != nil {
			t.Error(err)
		}
		if _, err := server.Settings.Registrations(now); err == nil {
			t.Error("a turn was had that is later than there is time")
		}
	}
}

// Opening the house with another secret key and the one before seals the token again, and the passwords that wait to be handed out; sessions from
// before go on.
func TestHouseRotatesItsKey(t *testing.T) {
	path := written(t, func(*config.Homeserver) {})
	first, second := seal.NewKey(), seal.NewKey()
	t.Setenv("GATEHOUSE_SECRET_KEY", first)
	h := opened(t, path, "")
	if err := h.store.ReplaceServiceAccount(t.Context(), "", sealedBy(t, h)); err != nil {
		t.Fatal(err)
	}
	cookie, _, err := sessions(h).Open(t.Context(), operator.Person{ID: "operator:ann", Name: "Ann", Role: api.Owner}, "test")
	if err != nil {
		t.Fatal(err)
	}
	job := withPasswords(t, h.corridor("main"), 3)
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GATEHOUSE_SECRET_KEY", second)
	for _, previous := range []string{first, ""} { // with both, and then with the new one alone
		t.Setenv("GATEHOUSE_PREVIOUS_SECRET_KEY", "")
		h := opened(t, path, previous)
		kept, err := keep.Keeper{Store: h.store, Seal: h.seal, Now: time.Now}.ServiceAccount(t.Context(), "main")
		if err != nil || kept.Token.Reveal() != "syt_kept" {
			t.Errorf("the token is lost: %v", err)
		}
		way := h.corridor("main")
		way.homeserver = "main"
		if cards, err := do[api.JobHandout](t.Context(), way, api.JobCards, api.JobPartRef{ID: job}); err != nil || cards.Passwords[2].Password.Reveal() != "=3 is a password" {
			t.Errorf("the passwords of a job are lost: %v", err)
		}
		if _, err := sessions(h).Person(t.Context(), cookie, false); (err == nil) != (previous != "") {
			t.Errorf("a session from before, with the previous key %t: %v", previous != "", err)
		}
		if err := h.close(); err != nil {
			t.Fatal(err)
		}
	}
}

// sealedBy is a service account whose token today's key has sealed.
func sealedBy(t *testing.T, h *house) store.ServiceAccount {
	t.Helper()
	const id = "@gatehouse-abcdefghjk:example.org"
	sealed, err := h.seal.Seal(seal.PurposeSeal, []byte("syt_kept"), []byte("main\x00"+id))
	if err != nil {
		t.Fatal(err)
	}
	return store.ServiceAccount{Homeserver: "main", UserID: id, SealedToken: sealed, Created: time.Now()}
}

func sessions(h *house) *operator.Sessions {
	kid, _ := h.seal.JWTKey()
	return &operator.Sessions{
		Store: h.store, Keys: h.seal.JWTKeys(), KeyID: kid, Audience: h.config.PublicURL, Idle: time.Hour, Absolute: time.Hour, Now: time.Now,
	}
}
