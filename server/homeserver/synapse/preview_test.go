// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	realserver "gatehouse/tools/homeserver"
)

// shown writes effects in short.
func shown(list []api.Effect) string {
	var out []string
	for _, e := range list {
		if e.N != nil {
			e.Code += fmt.Sprintf("=%d", *e.N)
		}
		out = append(out, e.Code)
	}
	return strings.Join(out, " ")
}

func TestPreview(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		b.person(t, name, false)
		id := b.id(name)
		mail := []api.Threepid{{Medium: "email", Address: name + "@example.org"}}
		if _, err := b.update(t.Context(), api.UserUpdate{ID: id, Admin: to(true), Threepids: to(mail), ExternalIDs: to([]api.ExternalID{{AuthProvider: "oidc-test", ExternalID: name}})}); err != nil {
			t.Fatal(err)
		}
		for operation, want := range map[string][3]string{
			"users.deactivate": {"nobody_signs_in password_removed devices_signed_out=1 leaves_rooms_n=0 drops_invitations addresses_freed keys_lost",
				"messages_stay profile_stays identities_stay admin_stays", "id_stays_taken can_reactivate"},
			"users.erase": {"nobody_signs_in password_removed devices_signed_out=1 leaves_rooms_n=0 drops_invitations addresses_freed keys_lost profile_removed messages_hidden",
				"files_stay identities_stay admin_stays", "copies_stay id_stays_taken can_reactivate_erased"},
			"users.lock":            {"clients_refused nobody_signs_in", "devices_stay rooms_stay", ""},
			"users.unlock":          {"clients_work_again signs_in_again", "", ""},
			"users.reset_password":  {"old_password_ends new_password_card devices_signed_out=1 unsaved_keys_lost", "", ""},
			"devices.sign_out":      {"devices_signed_out=1 unsaved_keys_lost", "password_stays rooms_stay", ""},
			"devices.prune":         {"unsaved_keys_lost", "password_stays messages_stay", ""},
			"users.suspend":         {"suspended_sends_nothing suspended_joins_nothing suspended_told", "suspended_reads suspended_leaves devices_stay", ""},
			"users.unsuspend":       {"takes_part_again", "", ""},
			"users.shadow_ban":      {"shadow_sends_vanish shadow_invites_vanish shadow_not_told shadow_confuses", "shadow_joins messages_stay devices_stay", ""},
			"users.unshadow_ban":    {"seen_again", "", "vanished_not_back"},
			"users.sign_in_as":      {"token_reads_all token_no_device token_acts_as token_not_told", "token_outlives_sign_out password_stays devices_stay", ""},
			"users.allow_key_reset": {"keys_replaceable", "keys_stay_until devices_stay", ""},
			"users.update":          {"no_longer_admin", "", ""},
			"users.reactivate":      {"signs_in_with_password admin_again", "", "rooms_not_back"},
		} {
			b.sent.reset()
			e, err := b.preview(t.Context(), api.DeedQuery{ID: id, Operation: operation})
			if got := [3]string{shown(e.Happens), shown(e.Stays), shown(e.Cannot)}; err != nil || got != want || e.User.ID != id {
				t.Errorf("%s: %q, %v", operation, got, err)
			}
			if n := len(b.sent.list()); n > 3 {
				t.Errorf("%s took %v", operation, b.sent.list())
			}
		}
	})
}

// What the preview says of deactivating, erasing and reactivating is what a real Synapse does.
func TestPreviewIsTrue(t *testing.T) {
	if !realserver.SynapseInstalled() {
		t.Skip("no Synapse is installed; go run ./tools/setup -only synapse puts one under .cache")
	}
	server, err := real()
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, server.URL, homeserver.Settings{})
	for _, erase := range []bool{false, true} {
		name := unique("alice")
		token := b.person(t, name, false)
		id := b.id(name)
		mine := func(method string, path matrix.Path, body, out any) error {
			_, err := b.raw.Do(t.Context(), matrix.Call{Method: method, Path: path, Token: token, Body: body}, out)
			return err
		}
		var room struct {
			ID string `json:"room_id"`
		}
		if err := mine(http.MethodPost, matrix.At("/_matrix/client/v3/createRoom"), map[string]any{"name": "R"}, &room); err != nil {
			t.Fatal(err)
		}
		var sent struct {
			ID string `json:"event_id"`
		}
		if err := mine(http.MethodPut, matrix.At("/_matrix/client/v3/rooms/{}/send/m.room.message/1", room.ID), map[string]any{"msgtype": "m.text", "body": "hello"}, &sent); err != nil {
			t.Fatal(err)
		}
		invited := b.invitation(t, id)
		mail := []api.Threepid{{Medium: "email", Address: name + "@example.org"}}
		identity := []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: name}}
		if _, err := b.update(t.Context(), api.UserUpdate{ID: id, Admin: to(true), AvatarURL: to(api.MXC("mxc://localhost/a")), Threepids: to(mail), ExternalIDs: to(identity)}); err != nil {
			t.Fatal(err)
		}
		e, err := b.preview(t.Context(), api.DeedQuery{ID: id, Operation: "users.deactivate"})
		if err != nil || !strings.Contains(shown(e.Happens), "leaves_rooms_n=1 drops_invitations ") {
			t.Fatalf("%s, %v", shown(e.Happens), err)
		}
		if erase {
			_, err = b.erase(t.Context(), api.UserErasure{ID: id})
		} else {
			_, err = b.deactivate(t.Context(), api.UserDeed{ID: id})
		}
		if err != nil {
			t.Fatal(err)
		}
		u, err := b.get(t.Context(), api.UserRef{ID: id})
		if err != nil || len(u.Threepids) != 0 || len(u.ExternalIDs) != 1 || !u.Admin || (u.DisplayName == "") != erase || (u.AvatarURL == "") != erase {
			t.Errorf("erase %t: %+v, %v", erase, u, err)
		}
		if b.alive(t, token) || b.signsIn(t, id, "wonderland") == "" {
			t.Error("it still signs in")
		}
		if a, err := b.available(t.Context(), api.NameQuery{Localpart: api.Localpart(name)}); err != nil || a.Free {
			t.Errorf("the name is free: %+v, %v", a, err)
		}
		if err := b.ask(t, http.MethodGet, matrix.At("/_synapse/admin/v1/threepid/email/users/{}", mail[0].Address), nil, nil); !matrix.NotFound(err) {
			t.Errorf("the address is not free: %v", err)
		}
		leaves(t, b, id) // in the background
		if now := invited(); now != "leave" {
			t.Errorf("the invitation is %q", now)
		}
		var event struct {
			Event struct {
				Content map[string]any `json:"content"`
			} `json:"event"`
		}
		if err := b.ask(t, http.MethodGet, matrix.At("/_synapse/admin/v1/fetch_event/{}", sent.ID), nil, &event); err != nil || event.Event.Content["body"] != "hello" {
			t.Errorf("the message does not stay: %v, %v", event, err)
		}
		card, err := b.reactivate(t.Context(), api.UserReactivation{ID: id, Password: typed("new password")})
		if err != nil || !card.User.Admin || card.User.Erased || len(card.User.Threepids) != 0 || (card.User.DisplayName == "") != erase {
			t.Errorf("reactivated: %+v, %v", card, err)
		}
		if rooms, err := b.joinedRooms(t.Context(), id); err != nil || len(rooms) != 0 {
			t.Errorf("%v came back, %v", rooms, err)
		}
	}
}

// invitation has somebody invite an account into a room, and tells how that stands there.
func (b *bench) invitation(t *testing.T, id api.UserID) func() string {
	t.Helper()
	token := b.person(t, unique("host"), false)
	var room struct {
		ID string `json:"room_id"`
	}
	call := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/createRoom"), Token: token, Body: map[string]any{"invite": []api.UserID{id}}}
	if _, err := b.raw.Do(t.Context(), call, &room); err != nil {
		t.Fatal(err)
	}
	now := func() string {
		var member struct {
			Membership string `json:"membership"`
		}
		call := matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/rooms/{}/state/m.room.member/{}", room.ID, string(id)), Token: token}
		if _, err := b.raw.Do(t.Context(), call, &member); err != nil {
			t.Fatal(err)
		}
		return member.Membership
	}
	if was := now(); was != "invite" {
		t.Fatalf("invited, it is %q", was)
	}
	return now
}

// leaves waits until an account is in no room.
func leaves(t *testing.T, b *bench, id api.UserID) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		rooms, err := b.joinedRooms(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if len(rooms) == 0 {
			return
		}
		select {
		case <-limit:
			t.Fatalf("still in %v", rooms)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
