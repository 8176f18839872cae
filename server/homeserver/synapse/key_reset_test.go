// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
	realserver "gatehouse/tools/homeserver"
)

// uploadKeys gives an account a master key, as its client does.
func uploadKeys(t *testing.T, b *bench, token api.Secret, id api.UserID, key string) error {
	t.Helper()
	public := strings.Repeat(key, 43)
	_, err := b.raw.Do(t.Context(), matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/keys/device_signing/upload"), Token: token, Body: map[string]any{
		"master_key": map[string]any{"user_id": id, "usage": []string{"master"}, "keys": map[string]string{"ed25519:" + public: public}},
	}}, nil)
	return err
}

// Where accounts are not delegated, Synapse takes it and asks for the password all the same, so it is not offered.
func TestKeyResetIsNothingWithoutMAS(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		id := b.id(name)
		if err := uploadKeys(t, b, token, id, "a"); err != nil {
			t.Fatal(err)
		}
		b.sent.reset()
		if _, err := b.allowKeyReset(t.Context(), api.UserDeed{ID: id}); problem(err) != "not_supported" || matrix.Problem(err).Params["reason"] != reasonPassword {
			t.Errorf("%v", err)
		}
		for _, r := range b.sent.list() {
			if strings.Contains(r, "_allow_cross_signing_replacement") {
				t.Errorf("sent %s", r)
			}
		}
		if err := b.ask(t, http.MethodPost, matrix.At("/_synapse/admin/v1/users/{}/_allow_cross_signing_replacement_without_uia", string(id)), map[string]any{}, nil); err != nil {
			t.Fatal(err)
		}
		if err := uploadKeys(t, b, token, id, "b"); !matrix.Is(err, http.StatusUnauthorized, "") {
			t.Errorf("other keys: %v", err)
		}
		if b.table.Unavailable()["users.allow_key_reset"] != reasonPassword {
			t.Error("it is offered")
		}
	})
}

func TestKeyReset(t *testing.T) {
	run := func(t *testing.T, b *bench, alice api.Secret) {
		id := b.id("alice")
		if _, err := b.allowKeyReset(t.Context(), api.UserDeed{ID: id}); problem(err) != "no_cross_signing [id: no_cross_signing]" {
			t.Errorf("without keys: %v", err)
		}
		if err := uploadKeys(t, b, alice, id, "a"); err != nil {
			t.Fatal(err)
		}
		if err := uploadKeys(t, b, alice, id, "b"); !matrix.Is(err, http.StatusUnauthorized, "") {
			t.Errorf("other keys, not allowed: %v", err)
		}
		reset, err := b.allowKeyReset(t.Context(), api.UserDeed{ID: id})
		if left := time.Until(time.UnixMilli(reset.UntilMS)); err != nil || left < 9*time.Minute || left > 11*time.Minute {
			t.Errorf("%+v, %v", reset, err)
		}
		if err := uploadKeys(t, b, alice, id, "b"); err != nil {
			t.Errorf("other keys, allowed: %v", err)
		}
		if _, err := b.allowKeyReset(t.Context(), api.UserDeed{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	}
	t.Run("fake", func(t *testing.T) {
		f := fakesynapse.New(t, fakesynapse.Options{MAS: true})
		f.AddUser("root", func(u fakesynapse.Fields) { u["admin"] = true })
		f.AddUser("alice", func(fakesynapse.Fields) {})
		run(t, newBench(t, f.URL, homeserver.Settings{Token: api.NewSecret(f.Token("@root:localhost"))}), api.NewSecret(f.Token("@alice:localhost")))
	})
	t.Run("real", func(t *testing.T) {
		if !realserver.SynapseInstalled() {
			t.Skip("no Synapse is installed; go run ./tools/setup -only synapse puts one under .cache")
		}
		mas := httptest.NewServer(http.HandlerFunc(introspection))
		defer mas.Close()
		s, err := realserver.StartSynapse(t.Context(), realserver.SynapseOptions{
			ExtraYAML: fmt.Sprintf("matrix_authentication_service: {enabled: true, endpoint: %q, secret: stub}\n", mas.URL+"/"),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		}()
		for _, name := range []string{"root", "alice"} {
			if err := s.Call(t.Context(), http.MethodPost, "/_synapse/mas/provision_user", "stub", map[string]any{"localpart": name}, nil); err != nil {
				t.Fatal(err)
			}
			if err := s.Call(t.Context(), http.MethodPost, "/_synapse/mas/upsert_device", "stub", map[string]any{"localpart": name, "device_id": "DEVICE"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		run(t, newBench(t, s.URL, homeserver.Settings{Token: api.NewSecret("root")}), api.NewSecret("alice"))
	})
}

// introspection is as much of a Matrix Authentication Service as Synapse asks: a token is the name of its account.
func introspection(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodGet {
		base := "http://" + r.Host + "/"
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": base, "introspection_endpoint": base + "oauth2/introspect", "account_management_uri": base + "account"})
		return
	}
	name := r.FormValue("token")
	scope := "urn:matrix:client:api:* urn:matrix:client:device:DEVICE"
	if name == "root" {
		scope += " urn:synapse:admin:*"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"active": true, "scope": scope, "sub": name, "username": name, "device_id": "DEVICE"})
}
