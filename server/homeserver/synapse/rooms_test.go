// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// An account gets into the rooms that anybody may join; the others are left, each with its reason, and stop nothing.
func TestJoinRooms(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("joiner")
		b.person(t, name, false)
		room := func(body map[string]any) string {
			var made struct {
				ID string `json:"room_id"`
			}
			if err := b.ask(t, http.MethodPost, matrix.At("/_matrix/client/v3/createRoom"), body, &made); err != nil {
				t.Fatal(err)
			}
			return made.ID
		}
		alias := unique("hall")
		hall := room(map[string]any{"preset": "public_chat", "room_alias_name": alias})
		yard := room(map[string]any{"preset": "public_chat"})
		closed := room(map[string]any{"preset": "private_chat"})
		alias = "#" + alias + ":localhost"

		got, err := homeserver.Call(t.Context(), b.table, api.JoinRooms, api.RoomsJoin{
			ID: b.id(name), Rooms: []string{closed, alias, "#no-such-room:localhost", yard},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := api.RoomsJoined{Joined: []string{alias, yard}, Left: []api.FieldProblem{
			{Field: "rooms", Code: "room_closed", Params: map[string]string{"room": closed}},
			{Field: "rooms", Code: "room_unknown", Params: map[string]string{"room": "#no-such-room:localhost"}},
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		var in struct {
			Rooms []string `json:"joined_rooms"`
		}
		if err := b.ask(t, http.MethodGet, matrix.At("/_synapse/admin/v1/users/{}/joined_rooms", string(b.id(name))), nil, &in); err != nil {
			t.Fatal(err)
		}
		slices.Sort(in.Rooms)
		rooms := []string{hall, yard}
		slices.Sort(rooms)
		if diff := cmp.Diff(rooms, in.Rooms); diff != "" {
			t.Errorf("at the homeserver it is in (-want +got):\n%s", diff)
		}

		b.sent.reset()
		_, err = homeserver.Call(t.Context(), b.table, api.JoinRooms, api.RoomsJoin{ID: "@ann:elsewhere.example", Rooms: []string{hall}})
		if p, ok := err.(*api.Problem); !ok || p.Code != "not_local" || len(b.sent.list()) > 0 {
			t.Errorf("an account of another homeserver: %v", err)
		}
	})
}
