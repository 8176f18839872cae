// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// A token of an account is a personal session with an end, seen in the account's list, and ended there.
func TestSignInAs(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	now := b.clock.Now()
	b.fake.AddUser("gone", func(u *fakemas.User) { u.Deactivated = &now })
	b.fake.AddUser("bob", func(u *fakemas.User) { u.Locked = &now })
	out, err := b.signInAs(t.Context(), api.SignInAsUser{ID: id("alice"), Minutes: 60, Reason: "a ticket"})
	if err != nil || out.Token.IsZero() || time.UnixMilli(out.ExpiresMS).Sub(now).Round(time.Minute) != time.Hour {
		t.Fatalf("%+v, %v", out, err)
	}
	list, err := b.devices(t.Context(), api.UserRef{ID: id("alice")})
	if err != nil || len(list.Devices) != 1 || list.Devices[0].Kind != kindPersonal || list.Devices[0].Admin || list.Devices[0].ExpiresMS == 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if done, err := b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), All: true}); err != nil || done.Count != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	own, _ := b.keys.Own(t.Context())
	for who, want := range map[api.UserID]string{id("gone"): "deactivated_account id:deactivated_account", id("bob"): "locked_account id:locked_account", own: "own_service_account"} {
		if _, err := b.signInAs(t.Context(), api.SignInAsUser{ID: who, Minutes: 5, Reason: "x"}); code(err) != want {
			t.Errorf("%s: %v", who, err)
		}
	}
}

func TestPrune(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	signedIn(b)
	if out, err := b.pruneDevices(t.Context(), api.DevicePrune{ID: id("alice"), Days: 30}); err != nil || out.Count != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	if out, err := b.pruneDevices(t.Context(), api.DevicePrune{ID: id("alice"), Days: 30, Never: true}); err != nil || out.Count != 6 || len(b.fake.Sessions("alice")) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestFind(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddProvider("Keycloak", "https://sso.example.org")
	b.fake.AddUser("alice", nil)
	if _, err := b.update(t.Context(), api.UserUpdate{ID: id("alice"), Threepids: &api.Change[[]api.Threepid]{To: []api.Threepid{{Medium: "email", Address: "a@example.org"}}},
		ExternalIDs: &api.Change[[]api.ExternalID]{To: []api.ExternalID{{AuthProvider: "Keycloak", ExternalID: "42"}}}}); err != nil {
		t.Fatal(err)
	}
	for want, q := range map[api.UserID]api.UserFind{id("alice"): {By: api.ByEmail, Value: "A@example.org"}, "": {By: api.ByEmail, Value: "b@example.org"}} {
		if found, err := b.find(t.Context(), q); err != nil || found.ID != want {
			t.Errorf("%+v: %+v, %v", q, found, err)
		}
	}
	if found, err := b.find(t.Context(), api.UserFind{By: api.ByIdentity, Provider: "https://sso.example.org", Value: "42"}); err != nil || found.ID != id("alice") {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := b.find(t.Context(), api.UserFind{By: api.ByPhone, Value: "491234"}); err != nil || found.ID != "" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := b.find(t.Context(), api.UserFind{By: api.ByIdentity, Provider: "x", Value: "42"}); code(err) != "no_such_provider auth_provider:no_such_provider" {
		t.Errorf("%v", err)
	}
}
