// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

func TestSignInAs(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		b.person(t, name, false)
		id := b.id(name)
		made := time.Now()
		card, err := b.signInAs(t.Context(), api.SignInAsUser{ID: id, Minutes: 30})
		if err != nil || card.User.ID != id || card.Homeserver == "" {
			t.Fatalf("%+v, %v", card, err)
		}
		if life := time.UnixMilli(card.ExpiresMS).Sub(made).Round(time.Minute); life != 30*time.Minute {
			t.Errorf("it lives for %s", life)
		}
		var who struct {
			ID     api.UserID   `json:"user_id"`
			Device api.DeviceID `json:"device_id"`
		}
		if _, err := b.raw.Do(t.Context(), matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/account/whoami"), Token: card.Token}, &who); err != nil || who.ID != id || who.Device != "" {
			t.Errorf("the token is that of %+v, %v", who, err)
		}
		// It has no device, so it outlives the account's own sign-outs, and its own sign-out ends it.
		if done, err := b.signOut(t.Context(), api.DeviceSignOut{ID: id, All: true}); err != nil || done.Count != 1 || !b.alive(t, card.Token) {
			t.Errorf("after signing out everywhere: %+v, %v, alive %t", done, err, b.alive(t, card.Token))
		}
		if _, err := b.raw.Do(t.Context(), matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/logout"), Token: card.Token, Body: map[string]any{}}, nil); err != nil {
			t.Error(err)
		}
		if b.alive(t, card.Token) {
			t.Error("it is alive after its own sign-out")
		}
		if _, err := b.keys.Own(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSignInAsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		own, err := b.keys.Own(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		locked := newcomer(t, b, "locked")
		if _, err := b.lock(t.Context(), api.UserDeed{ID: locked.ID}); err != nil {
			t.Fatal(err)
		}
		b.sent.reset()
		for id, want := range map[api.UserID]string{
			own: "own_service_account", b.id("nobody"): "not_found", locked.ID: "locked_account [id: locked_account]", "@a:elsewhere.example": "not_local [id: not_local]",
		} {
			if _, err := b.signInAs(t.Context(), api.SignInAsUser{ID: id, Minutes: 5}); problem(err) != want {
				t.Errorf("%s: %v", id, err)
			}
		}
		for _, r := range b.sent.list() {
			if r[:4] == "POST" {
				t.Errorf("sent %s", r)
			}
		}
	})
}

// Without an answer nobody has the token, and it is not asked for a second one.
func TestSignInAsUnanswered(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		b.sent.reset()
		b.sent.fail = unanswered(t, true)
		if _, err := b.signInAs(t.Context(), api.SignInAsUser{ID: u.ID, Minutes: 5}); problem(err) != "outcome_unknown" {
			t.Errorf("%v", err)
		}
		posts := 0
		for _, r := range b.sent.list() {
			if r[:4] == "POST" {
				posts++
			}
		}
		if posts != 1 {
			t.Errorf("sent %v", b.sent.list())
		}
	})
}

// A token of the shortest life is dead when that is over.
func TestSignInAsEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		var out struct {
			Token api.Secret `json:"access_token"`
		}
		path := matrix.At("/_synapse/admin/v1/users/{}/login", string(u.ID))
		if err := b.ask(t, http.MethodPost, path, map[string]any{"valid_until_ms": time.Now().Add(-time.Second).UnixMilli()}, &out); err != nil {
			t.Fatal(err)
		}
		if b.alive(t, out.Token) {
			t.Error("it is alive")
		}
	})
}
