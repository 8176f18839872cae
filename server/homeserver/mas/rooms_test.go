// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakemas"
	"gatehouse/server/homeserver/matrix"
)

// An account that MAS made gets into the rooms of its invitation by Synapse's own call, which is asked with the personal session: no
// administrator's token of Synapse's own is there. What is closed is left, with its reason.
func TestJoinRooms(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("zoe", nil)
	b.fake.AddUser("host", nil)
	host := b.fake.AddPersonal("host", "host", api.ScopeMatrix, time.Hour)
	room := func(preset string) string {
		var made struct {
			ID string `json:"room_id"`
		}
		call := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/createRoom"), Body: map[string]any{"preset": preset}, Token: api.NewSecret(host.Token())}
		if _, err := b.keys.synapse.Do(t.Context(), call, &made); err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	hall, closed := room("public_chat"), room("private_chat")
	var got api.RoomsJoined
	sent := b.sent.since(func() {
		var err error
		got, err = homeserver.Call(t.Context(), b.table, api.JoinRooms, api.RoomsJoin{ID: id("zoe"), Rooms: []string{hall, closed, "#none:localhost"}})
		if err != nil {
			t.Fatal(err)
		}
	})
	want := api.RoomsJoined{Joined: []string{hall}, Left: []api.FieldProblem{
		{Field: "rooms", Code: "room_closed", Params: map[string]string{"room": closed}},
		{Field: "rooms", Code: "room_unknown", Params: map[string]string{"room": "#none:localhost"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\nsent %q", diff, sent)
	}
	in, err := homeserver.Call(t.Context(), b.table, api.ListRooms, api.RoomQuery{ID: id("zoe")})
	if err != nil || len(in.Rooms) != 1 || string(in.Rooms[0].ID) != hall {
		t.Errorf("at Synapse it is in %+v, %v", in, err)
	}
	if slices.ContainsFunc(sent, func(s string) bool { return s == "POST /_synapse/admin/v1/register" }) {
		t.Errorf("an account of the gate's own was registered: %q", sent)
	}
	_, err = homeserver.Call(t.Context(), b.table, api.JoinRooms, api.RoomsJoin{ID: "@ann:elsewhere.example", Rooms: []string{hall}})
	if code(err) != "not_local id:not_local" {
		t.Errorf("an account of another homeserver: %v", code(err))
	}
}
