// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestValidateActivity(t *testing.T) {
	const id = "@ann:example.org"
	redact := func(change func(*UserRedaction)) UserRedaction {
		r := UserRedaction{ID: id, ConfirmID: id, Scope: ScopeAll}
		change(&r)
		return r
	}
	for _, c := range []struct {
		request Request
		want    string
	}{
		{RoomQuery{ID: id, Cursor: "100"}, ""},
		{RoomQuery{Cursor: strings.Repeat("1", 101)}, "id: missing, cursor: invalid_cursor"},

		{redact(func(*UserRedaction) {}), ""},
		{redact(func(r *UserRedaction) { r.ID, r.ConfirmID = "@spam:elsewhere.example", "@spam:elsewhere.example" }), ""},
		{redact(func(r *UserRedaction) { r.Scope, r.Rooms = ScopeRooms, []RoomID{"!a", "!b:c"} }), ""},
		{redact(func(r *UserRedaction) { r.ConfirmID = "@Ann:example.org" }), "confirm_id: confirm_id"},
		{redact(func(r *UserRedaction) { r.Scope = "" }), "scope: missing"},
		{redact(func(r *UserRedaction) { r.Scope = "most" }), "scope: invalid_choice"},
		{redact(func(r *UserRedaction) { r.Rooms = []RoomID{"!a"} }), "scope: rooms_or_all"},
		{redact(func(r *UserRedaction) { r.Scope = ScopeRooms }), "rooms.0: missing"},
		{redact(func(r *UserRedaction) { r.Scope, r.Rooms = ScopeRooms, []RoomID{"!a", "a"} }), "rooms.1: invalid_room_id"},
		{redact(func(r *UserRedaction) { r.Scope, r.Rooms = ScopeRooms, make([]RoomID, 101) }), "rooms: too_many"},
		{redact(func(r *UserRedaction) { r.Reason, r.Limit = strings.Repeat("é", 501), -1 }), "reason: too_long, limit: out_of_range"},
		{redact(func(r *UserRedaction) { r.Limit = MaxRedactLimit + 1 }), "limit: out_of_range"},
		{redact(func(r *UserRedaction) { r.After, r.Before = "2026-11-21T09:00", "2026-11-22T09:00:30+01:00" }), ""},
		{redact(func(r *UserRedaction) { r.After, r.Before = "yesterday", "2026-02-30T00:00" }), "after: invalid_time, before: invalid_time"},
		{redact(func(r *UserRedaction) { r.After, r.Before = "2026-11-21T09:00", "2026-11-21T09:00" }), "before: before_after"},

		{RedactionQuery{ID: id, RedactID: "AbC_-9"}, ""},
		{RedactionQuery{ID: id}, "redact_id: missing"},
		{RedactionQuery{ID: id, RedactID: "../x"}, "redact_id: invalid_text"},

		{UserFind{By: ByEmail, Value: "a@b.example"}, ""},
		{UserFind{By: ByPhone, Value: "4930123"}, ""},
		{UserFind{By: ByIdentity, Value: "ann", Provider: "oidc"}, ""},
		{UserFind{}, "by: missing"},
		{UserFind{By: "face", Value: "x"}, "by: invalid_choice"},
		{UserFind{By: ByEmail}, "value: missing"},
		{UserFind{By: ByEmail, Value: "ann"}, "value: invalid_email"},
		{UserFind{By: ByPhone, Value: "x"}, "value: invalid_phone"},
		{UserFind{By: ByIdentity, Value: strings.Repeat("x", 256)}, "value: too_long, auth_provider: missing"},

		{UserUpdate{ID: id, ExternalIDs: change([]ExternalID{{"a", "b"}}), MoveFrom: []UserID{"@bob:example.org"}}, ""},
		{UserUpdate{ID: id, ExternalIDs: change([]ExternalID{{"a", "b"}}), MoveFrom: []UserID{"bob"}}, "move_from.0: invalid_user_id"},
		{UserUpdate{ID: id, ExternalIDs: change([]ExternalID{{"a", "b"}}), MoveFrom: make([]UserID, 101)}, "move_from: too_many, " + many(101, "move_from", "missing")},
	} {
		if got := mistakes(c.request.Validate()); got != c.want {
			t.Errorf("%T %+.300v\n got %s\nwant %s", c.request, c.request, got, c.want)
		}
	}
}

func many(n int, list, code string) string {
	var out []string
	for i := range n {
		out = append(out, list+"."+strconv.Itoa(i)+": "+code)
	}
	return strings.Join(out, ", ")
}

// What somebody types is looked for as homeservers keep it.
func TestFindSettles(t *testing.T) {
	for _, c := range []struct{ from, want UserFind }{
		{UserFind{By: ByEmail, Value: " Ann@Example.ORG ", Provider: "oidc"}, UserFind{By: ByEmail, Value: "ann@example.org"}},
		{UserFind{By: ByPhone, Value: "+49 (30) 123-4"}, UserFind{By: ByPhone, Value: "49301234"}},
		{UserFind{By: ByIdentity, Value: " Ann ", Provider: " oidc "}, UserFind{By: ByIdentity, Value: "Ann", Provider: "oidc"}},
	} {
		if c.from.settle(); c.from != c.want {
			t.Errorf("%+v, want %+v", c.from, c.want)
		}
	}
}

// Whoever something is taken from is a target, too; a move without anything to move is none.
func TestMoveTargets(t *testing.T) {
	u := UserUpdate{ID: "@a:b", ExternalIDs: change([]ExternalID{{"x", "y"}}), MoveFrom: []UserID{"@c:b", "@a:b", "@c:b"}}
	if got := u.Targets(); !slices.Equal(got, []UserID{"@a:b", "@c:b"}) {
		t.Errorf("%v", got)
	}
	u.ExternalIDs = nil
	if u.settle(); u.MoveFrom != nil {
		t.Errorf("%+v", u)
	}
}

func TestMoments(t *testing.T) {
	for text, want := range map[Moment]int64{
		"": 0, "1970-01-02": 86400000, "1970-01-01T00:01": 60000, "1970-01-01T00:01:01": 61000, "1970-01-01 00:01": 60000,
		"1970-01-01T01:01:00+01:00": 60000, "x": 0, "1969-01-01": 0,
	} {
		if got := text.MS(); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}
