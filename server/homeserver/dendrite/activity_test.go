// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
)

// A connection is a device, with its real ID.
func TestConnections(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		if none := must(t, w, api.ListConnections, api.UserRef{ID: id}); none.Total != 0 || none.Connections == nil {
			t.Errorf("before it did anything: %+v", none)
		}
		w.signsIn(t, id, "a password")
		w.signsIn(t, id, "a password")
		list := must(t, w, api.ListConnections, api.UserRef{ID: id})
		if list.Total != 2 || len(list.Connections) != 2 || slices.Contains(list.Unknown, "device_name") == (w.db != nil) {
			t.Fatalf("%+v", list)
		}
		for _, c := range list.Connections {
			if c.Device == "" || c.IP != "127.0.0.1" || c.LastSeenMS == 0 || !strings.HasPrefix(c.UserAgent, "Go-http-client") {
				t.Errorf("%+v", c)
			}
		}
		for id, want := range map[api.UserID]string{"@nobody:localhost": "not_found", "@nobody:elsewhere.example": "not_local"} {
			if _, err := do(t, w, api.ListConnections, api.UserRef{ID: id}); code(err) != want {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}

func TestFind(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		mail := id.Localpart() + "@Example.org"
		db, err := w.db.writer()
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.ExecContext(context.Background(), "INSERT INTO userapi_threepids (threepid, medium, localpart, server_name) VALUES ($1, 'email', $2, 'localhost')", mail, id.Localpart()); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			ask  api.UserFind
			want api.UserID
		}{
			{api.UserFind{By: api.ByEmail, Value: strings.ToLower(mail)}, id},
			{api.UserFind{By: api.ByEmail, Value: "nobody@example.org"}, ""},
			{api.UserFind{By: api.ByPhone, Value: "4930123"}, ""},
		} {
			if got := must(t, w, api.FindUser, c.ask); got.ID != c.want {
				t.Errorf("%+v: %+v", c.ask, got)
			}
		}
		if _, err := do(t, w, api.FindUser, api.UserFind{By: api.ByIdentity, Provider: "oidc", Value: "x"}); code(err) != "not_supported" || !slices.Equal(at(err), []string{"by"}) {
			t.Errorf("an identity: %v", err)
		}
	})
	everywhere(t, "no database", func(t *testing.T, w *world) {
		if _, err := do(t, w, api.FindUser, api.UserFind{By: api.ByEmail, Value: "a@b.example"}); code(err) != "not_supported" {
			t.Errorf("%v", err)
		}
	})
}

// What Dendrite has not got is named.
func TestActivityIsMissing(t *testing.T) {
	w := fakeWorld(t, true)
	for op, want := range map[api.Op]string{
		api.ListPushers: reasonNoPushers, api.ListRooms: reasonNoRooms, api.CountActivity: reasonNoRooms, api.ReadData: reasonNoAccountData,
		api.RedactUser: reasonNoRedact, api.RedactionStatus: reasonNoRedact,
	} {
		if entry, ok := w.adapter.Find(op.Info().Name); !ok || entry.Why() != want {
			t.Errorf("%s: %q", op.Info().Name, entry.Why())
		}
	}
}
