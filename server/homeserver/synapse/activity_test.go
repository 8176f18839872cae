// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
)

// client calls the homeserver as the program of an account.
func (b *bench) client(t *testing.T, token api.Secret, method string, path matrix.Path, body, out any) {
	t.Helper()
	if _, err := b.raw.Do(t.Context(), matrix.Call{Method: method, Path: path, Token: token, Body: body}, out); err != nil {
		t.Fatal(err)
	}
}

// room makes a public room as an account and returns its ID.
func (b *bench) room(t *testing.T, token api.Secret, name string) api.RoomID {
	t.Helper()
	var out struct {
		ID api.RoomID `json:"room_id"`
	}
	body := map[string]any{"preset": "public_chat"}
	if name != "" {
		body["name"] = name
	}
	b.client(t, token, http.MethodPost, matrix.At("/_matrix/client/v3/createRoom"), body, &out)
	if err := out.ID.Validate(); err != nil {
		t.Fatalf("%s: %v", out.ID, err)
	}
	return out.ID
}

// says sends a message as an account and returns its event's ID.
func (b *bench) says(t *testing.T, token api.Secret, room api.RoomID, text string) string {
	t.Helper()
	var out struct {
		ID string `json:"event_id"`
	}
	b.client(t, token, http.MethodPut, matrix.At("/_matrix/client/v3/rooms/{}/send/m.room.message/{}", string(room), unique("txn")), map[string]any{"msgtype": "m.text", "body": text}, &out)
	return out.ID
}

func TestConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		if list, err := b.connections(t.Context(), api.UserRef{ID: b.id(name)}); err != nil || len(list.Connections) != 0 || list.Connections == nil {
			t.Errorf("before it did anything: %+v, %v", list, err)
		}
		b.alive(t, token)
		var list api.ConnectionList
		for range 200 { // Synapse notes connections in batches
			var err error
			if list, err = b.connections(t.Context(), api.UserRef{ID: b.id(name)}); err != nil {
				t.Fatal(err)
			}
			if len(list.Connections) > 0 {
				break
			}
			b.alive(t, token)
		}
		if len(list.Connections) != 1 || list.Total != 1 || !slices.Equal(list.Unknown, []string{"device", "device_name"}) {
			t.Fatalf("%+v", list)
		}
		if c := list.Connections[0]; c.IP != "127.0.0.1" || c.UserAgent != "Gatehouse" || c.LastSeenMS == 0 {
			t.Errorf("%+v", c)
		}
		for id, want := range map[api.UserID]string{b.id("nobody"): "not_found", "@a:elsewhere.example": "not_local [id: not_local]"} {
			if _, err := b.connections(t.Context(), api.UserRef{ID: id}); problem(err) != want {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
}

// A push key goes no further than the adapter; what is left of it tells two apart.
func TestPushers(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		const key = "a-push-key-that-lets-anybody-notify"
		for _, p := range []map[string]any{
			{"kind": "http", "app_id": "io.element.ios", "app_display_name": "Element", "device_display_name": "Phone", "pushkey": key, "lang": "en",
				"data": map[string]any{"url": "https://push.example/_matrix/push/v1/notify"}, "append": true},
			{"kind": "http", "app_id": "a.short", "app_display_name": "A short one", "device_display_name": "", "pushkey": "tiny", "lang": "en",
				"data": map[string]any{"url": "https://push.example:8443/_matrix/push/v1/notify"}, "append": true},
		} {
			b.client(t, token, http.MethodPost, matrix.At("/_matrix/client/v3/pushers/set"), p, nil)
		}
		list, err := b.pushers(t.Context(), api.UserRef{ID: b.id(name)})
		if err != nil || len(list.Pushers) != 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		if list.Pushers[1].Device == "" {
			t.Errorf("without its device: %+v", list.Pushers[1])
		}
		for i := range list.Pushers {
			list.Pushers[i].Device = ""
		}
		want := []api.Pusher{
			{Kind: "http", AppName: "A short one", AppID: "a.short", Gateway: "push.example:8443", Key: "…"},
			{Kind: "http", AppName: "Element", AppID: "io.element.ios", Name: "Phone", Gateway: "push.example", Key: "a-pu…tify"},
		}
		if diff := cmp.Diff(want, list.Pushers); diff != "" {
			t.Errorf("(-want +got): %s", diff)
		}
		if _, err := b.pushers(t.Context(), api.UserRef{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestShortKey(t *testing.T) {
	for key, want := range map[string]string{
		"": "…", "short": "…", "ann@example.org": "a…@example.org", "é1@example.org": "é…@example.org", "a@b": "…",
		strings.Repeat("x", 23): "…", "0123" + strings.Repeat("x", 16) + "6789": "0123…6789",
	} {
		if got := shortKey(key); got != want {
			t.Errorf("%q becomes %q, want %q", key, got, want)
		}
	}
}

func TestRooms(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name, other := unique("alice"), unique("bob")
		token, owner := b.person(t, name, false), b.person(t, other, false)
		named, nameless, left, invited := b.room(t, owner, unique("Zebra crossing ")), b.room(t, token, ""), b.room(t, owner, "A left one"), b.room(t, owner, unique("An offer "))
		for _, room := range []api.RoomID{named, left} {
			b.client(t, token, http.MethodPost, matrix.At("/_matrix/client/v3/rooms/{}/join", string(room)), map[string]any{}, nil)
		}
		b.client(t, token, http.MethodPost, matrix.At("/_matrix/client/v3/rooms/{}/leave", string(left)), map[string]any{}, nil)
		b.client(t, owner, http.MethodPost, matrix.At("/_matrix/client/v3/rooms/{}/invite", string(invited)), map[string]any{"user_id": b.id(name)}, nil)
		b.sent.reset()
		page, err := b.rooms(t.Context(), api.RoomQuery{ID: b.id(name)})
		if err != nil || page.Joined != 2 || page.Total != 4 || page.Next != "" || page.Previous != "" || len(page.Limits) != 0 {
			t.Fatalf("%+v, %v", page, err)
		}
		if sent := b.sent.list(); len(sent) > 6 { // the first call finds the way in
			t.Errorf("it took %v", sent)
		}
		var got []string
		for _, r := range page.Rooms {
			got = append(got, string(r.ID)+" "+r.Membership)
		}
		want := []string{string(named) + " join", string(nameless) + " join", string(invited) + " invite", string(left) + " leave"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got): %s", diff)
		}
		if !strings.HasPrefix(page.Rooms[0].Name, "Zebra crossing") || page.Rooms[1].Name != "" {
			t.Errorf("%+v", page.Rooms)
		}
		for id, want := range map[api.UserID]string{b.id("nobody"): "not_found", "@a:elsewhere.example": "not_local [id: not_local]"} {
			if _, err := b.rooms(t.Context(), api.RoomQuery{ID: id}); problem(err) != want {
				t.Errorf("%s: %v", id, err)
			}
		}
		if _, err := b.rooms(t.Context(), api.RoomQuery{ID: b.id(name), Cursor: "x"}); problem(err) != "invalid_cursor [cursor: invalid_cursor]" {
			t.Errorf("%v", err)
		}

		counts, err := b.activity(t.Context(), api.UserRef{ID: b.id(other)})
		if err != nil || len(counts.Periods) != 3 || counts.Periods[0].Hours != 24 || counts.Periods[2].Hours != 720 {
			t.Fatalf("%+v, %v", counts, err)
		}
		for _, p := range counts.Periods {
			if p.Invites != 1 || p.Joins != 3 {
				t.Errorf("%+v", p)
			}
		}
		if _, err := b.activity(t.Context(), api.UserRef{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

// Versions before 1.145 tell only the rooms that an account is in; a homeserver with many rooms names the largest.
func TestRoomsOfOldAndLargeServers(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Version: "1.144.0"})
	b := newBench(t, f.URL, homeserver.Settings{})
	token := b.person(t, "alice", false)
	for range maxRoomNames {
		b.room(t, token, "")
	}
	left := b.room(t, token, "")
	b.client(t, token, http.MethodPost, matrix.At("/_matrix/client/v3/rooms/{}/leave", string(left)), map[string]any{}, nil)
	cursor, seen := "", map[api.RoomID]bool{}
	for pages := 1; ; pages++ {
		page, err := b.rooms(t.Context(), api.RoomQuery{ID: b.id("alice"), Cursor: cursor})
		if err != nil || page.Total != maxRoomNames || page.Joined != maxRoomNames || len(page.Rooms) != api.RoomPageSize || page.Offset != len(seen) || (page.Previous == "") != (pages == 1) {
			t.Fatalf("%+v, %v", page, err)
		}
		if !slices.Contains(page.Limits, limitJoinedOnly) || !slices.Contains(page.Limits, limitRoomNames) {
			t.Errorf("limits %v", page.Limits)
		}
		for _, r := range page.Rooms {
			seen[r.ID] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != maxRoomNames || seen[left] {
		t.Errorf("%d rooms", len(seen))
	}
	if page, err := b.rooms(t.Context(), api.RoomQuery{ID: b.id("alice"), Cursor: "9999"}); err != nil || len(page.Rooms) != 0 || page.Previous == "" {
		t.Errorf("past the end: %+v, %v", page, err)
	}
}

func TestAccountData(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token, id := b.person(t, name, false), string(b.id(name))
		room := b.room(t, token, "")
		hostile := `</script><b>"` + strings.Repeat("é", api.MaxDatum)
		b.client(t, token, http.MethodPut, matrix.At("/_matrix/client/v3/user/{}/account_data/{}", id, "org.example.big"), map[string]any{"text": hostile}, nil)
		b.client(t, token, http.MethodPut, matrix.At("/_matrix/client/v3/user/{}/account_data/{}", id, "org.example.a"), map[string]any{"a": []any{1}}, nil)
		b.client(t, token, http.MethodPut, matrix.At("/_matrix/client/v3/user/{}/rooms/{}/account_data/{}", id, string(room), "org.example.room"), map[string]any{}, nil)
		data, err := b.accountData(t.Context(), api.UserRef{ID: b.id(name)})
		if err != nil || len(data.Global) < 2 || len(data.Rooms) != 1 || data.Left != 0 {
			t.Fatalf("%+v, %v", data, err)
		}
		kinds := map[string]api.Datum{}
		for _, d := range data.Global {
			kinds[d.Type] = d
		}
		if d := kinds["org.example.a"]; d.Content != "{\n  \"a\": [\n    1\n  ]\n}" || d.Cut || d.Size != 9 {
			t.Errorf("%+v", d)
		}
		if d := kinds["org.example.big"]; !d.Cut || len(d.Content) > api.MaxDatum || d.Size < 2*api.MaxDatum {
			t.Errorf("%d of %d bytes, cut %t", len(d.Content), d.Size, d.Cut)
		}
		if r := data.Rooms[0]; r.Room != room || len(r.Data) != 1 || r.Data[0].Type != "org.example.room" || r.Data[0].Content != "{}" {
			t.Errorf("%+v", r)
		}
		if _, err := b.accountData(t.Context(), api.UserRef{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

// However much there is, what is shown is bounded, and it is said how much is left.
func TestAccountDataIsBounded(t *testing.T) {
	from := map[string]json.RawMessage{}
	for i := range api.MaxData + 7 {
		from[strings.Repeat("t", i+1)] = json.RawMessage(`"` + strings.Repeat("x", 10_000) + `"`)
	}
	b := bounds{entries: api.MaxData, text: api.MaxDataText}
	total, cutOnes := 0, 0
	list := b.take(from)
	for _, d := range list {
		total += len(d.Content)
		if d.Cut {
			cutOnes++
		}
	}
	if len(list) != api.MaxData || b.left != 7 || total != api.MaxDataText || cutOnes == 0 || list[0].Cut {
		t.Errorf("%d entries, %d left, %d bytes, %d cut", len(list), b.left, total, cutOnes)
	}
}
