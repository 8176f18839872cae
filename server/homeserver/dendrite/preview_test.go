// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakedendrite"
)

func codes(list []api.Effect) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.Code)
	}
	return out
}

func TestPreview(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		w.signsIn(t, id, "a password")
		e := must(t, w, api.PreviewDeed, api.DeedQuery{ID: id, Operation: "users.deactivate"})
		again := "dendrite_cannot_reactivate"
		if w.db != nil {
			again = "dendrite_can_reactivate"
		}
		want := [][]string{
			{"nobody_signs_in", "leaves_rooms", "password_replaced", "devices_signed_out", "unsaved_keys_lost"},
			{"messages_stay", "profile_stays", "dendrite_backup_stays"},
			{"id_stays_taken", again},
		}
		if diff := cmp.Diff(want, [][]string{codes(e.Happens), codes(e.Stays), codes(e.Cannot)}); diff != "" || *e.Happens[3].N != 1 || e.User.ID != id {
			t.Errorf("deactivating (-want +got): %s", diff)
		}
		for operation, why := range map[string]string{
			"users.lock": "dendrite_no_lock", "users.erase": "dendrite_no_erase", "devices.sign_out": "dendrite_no_devices_sign_out",
		} {
			_, err := do(t, w, api.PreviewDeed, api.DeedQuery{ID: id, Operation: operation})
			if p, ok := err.(*api.Problem); !ok || p.Code != "not_supported" || p.Params["reason"] != why {
				t.Errorf("%s: %v", operation, err)
			}
		}
		for operation, want := range map[string][]string{
			"users.reset_password": {"old_password_ends", "new_password_card", "devices_signed_out", "unsaved_keys_lost"},
			"users.update":         {"becomes_admin"},
			"users.reactivate":     {"signs_in_again"},
		} {
			e, err := do(t, w, api.PreviewDeed, api.DeedQuery{ID: id, Operation: operation})
			if w.db == nil && operation != "users.reset_password" {
				if code(err) != "not_supported" {
					t.Errorf("%s: %v", operation, err)
				}
			} else if !slices.Equal(codes(e.Happens), want) {
				t.Errorf("%s: %+v, %v", operation, e, err)
			}
		}
	})
}

// What the preview says of a deactivation is what a real Dendrite does.
func TestPreviewIsTrue(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		if w.fake != nil {
			t.Skip("the fake has no rooms and no keys")
		}
		out := must(t, w, api.CreateUser, api.UserCreate{Localpart: fresh("admin"), DisplayName: "Somebody", Password: typed("a password"), Admin: true})
		id := out.User.ID
		token := w.signsIn(t, id, "a password")
		ask := func(method, path, token string, body any) map[string]any {
			var out map[string]any
			if status := w.raw(t, method, "/_matrix/client/v3"+path, token, body, &out); status != http.StatusOK {
				t.Errorf("%s %s: %d %v", method, path, status, out)
			}
			return out
		}
		ask("POST", "/createRoom", token, map[string]string{"preset": "private_chat"})
		host := w.signsIn(t, w.make(t, "host", "a password", false), "a password")
		room, _ := ask("POST", "/createRoom", host, map[string]any{"preset": "private_chat", "invite": []api.UserID{id}})["room_id"].(string)
		invited := func() any {
			return ask("GET", "/rooms/"+url.PathEscape(room)+"/state/m.room.member/"+url.PathEscape(string(id)), host, nil)["membership"]
		}
		if was := invited(); was != "invite" {
			t.Fatalf("invited, it is %v", was)
		}
		ask("POST", "/room_keys/version", token, map[string]any{"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": map[string]string{"public_key": "x"}})
		ask("PUT", "/user/"+string(id)+"/account_data/org.example.kept", token, map[string]string{"kept": "yes"})
		db, err := w.db.writer()
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(context.Background(), "INSERT INTO userapi_threepids (threepid, medium, localpart, server_name) VALUES ($1, 'email', $2, 'localhost')",
			id.Localpart()+"@example.org", id.Localpart()); err != nil {
			t.Fatal(err)
		}
		e := must(t, w, api.PreviewDeed, api.DeedQuery{ID: id, Operation: "users.deactivate"})
		if diff := cmp.Diff([]string{"messages_stay", "profile_stays", "dendrite_backup_stays", "admin_stays", "dendrite_addresses_stay"}, codes(e.Stays)); diff != "" {
			t.Errorf("stays (-want +got): %s", diff)
		}
		must(t, w, api.DeactivateUser, api.UserDeed{ID: id})
		if u := must(t, w, api.GetUser, api.UserRef{ID: id}); u.DisplayName != "Somebody" || !u.Admin || len(u.Threepids) != 1 {
			t.Errorf("afterwards it is %+v", u)
		}
		if now := invited(); now != "leave" {
			t.Errorf("the invitation is %v", now)
		}
		if a := must(t, w, api.CheckName, api.NameQuery{Localpart: api.Localpart(id.Localpart())}); a.Free {
			t.Error("its name is free")
		}
		e = must(t, w, api.PreviewDeed, api.DeedQuery{ID: id, Operation: "users.reactivate"})
		if !slices.Equal(codes(e.Happens), []string{"signs_in_again", "admin_again"}) {
			t.Errorf("reactivating: %+v", e)
		}
		must(t, w, api.ReactivateUser, api.UserReactivation{ID: id, Password: typed("new password")})
		token = w.signsIn(t, id, "new password")
		if rooms := ask("GET", "/joined_rooms", token, nil)["joined_rooms"]; len(rooms.([]any)) != 0 {
			t.Errorf("it is in %v", rooms)
		}
		if ask("GET", "/room_keys/version", token, nil)["version"] == nil || ask("GET", "/user/"+string(id)+"/account_data/org.example.kept", token, nil)["kept"] != "yes" {
			t.Error("its key backup or its settings are gone")
		}
	})
}

// The card leads to where the server says that clients find it.
func TestCardAddress(t *testing.T) {
	fake := fakedendrite.New(t)
	for public, want := range map[string]string{
		"": fake.URL, "https://matrix.example/": "https://matrix.example", "javascript:alert(1)": fake.URL, "nothing": fake.URL,
	} {
		w := build(t, settingsOf(fake.URL+"/", fake.Secret, "", false), fake)
		fake.Public(public)
		out := must(t, w, api.CreateUser, api.UserCreate{Localpart: fresh("person"), Password: typed("a password")})
		if out.Homeserver != want {
			t.Errorf("%q leads to %q", public, out.Homeserver)
		}
	}
}
