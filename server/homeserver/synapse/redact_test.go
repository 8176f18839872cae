// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
)

// whole asks to redact an account's messages, with its ID typed again.
func whole(id api.UserID, change func(*api.UserRedaction)) api.UserRedaction {
	r := api.UserRedaction{ID: id, ConfirmID: string(id), Scope: api.ScopeAll}
	if change != nil {
		change(&r)
	}
	return r
}

// ended waits until a redaction has come to its end.
func (b *bench) ended(t *testing.T, r api.Redaction) api.RedactionState {
	t.Helper()
	limit := time.After(60 * time.Second)
	for {
		state, err := b.redaction(t.Context(), api.RedactionQuery{ID: r.ID, RedactID: r.RedactID})
		if err != nil {
			t.Fatal(err)
		}
		if state.State == api.RedactionComplete || state.State == api.RedactionFailed {
			return state
		}
		select {
		case <-limit:
			t.Fatalf("still %s", state.State)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// redacted reports whether a message is, as somebody in the room sees it.
func (b *bench) redacted(t *testing.T, token api.Secret, room api.RoomID, event string) bool {
	t.Helper()
	var out struct {
		Content map[string]any `json:"content"`
	}
	b.client(t, token, http.MethodGet, matrix.At("/_matrix/client/v3/rooms/{}/event/{}", string(room), event), nil, &out)
	return len(out.Content) == 0
}

func TestRedact(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		owner, name := b.person(t, unique("owner"), false), unique("spam")
		token, id := b.person(t, name, false), b.id(name)
		first, second := b.room(t, owner, ""), b.room(t, owner, "")
		for _, room := range []api.RoomID{first, second} {
			b.client(t, token, http.MethodPost, matrix.At("/_matrix/client/v3/rooms/{}/join", string(room)), map[string]any{}, nil)
		}
		kept := b.says(t, owner, first, "a message of another")
		one, other := b.says(t, token, first, "buy this"), b.says(t, token, second, "and this")

		e, err := b.preview(t.Context(), api.DeedQuery{ID: id, Operation: "users.redact"})
		if err != nil || e.User.ID != id || *e.Happens[0].N != 2 {
			t.Errorf("%+v, %v", e, err)
		}
		done, err := b.redact(t.Context(), whole(id, func(r *api.UserRedaction) { r.Scope, r.Rooms, r.Reason = api.ScopeRooms, []api.RoomID{first}, "spam" }))
		if err != nil || done.ID != id || done.RedactID == "" {
			t.Fatalf("%+v, %v", done, err)
		}
		if state := b.ended(t, done); state.State != api.RedactionComplete || state.Total != 0 || state.ID != id || state.RedactID != done.RedactID {
			t.Errorf("%+v", state)
		}
		if !b.redacted(t, owner, first, one) || b.redacted(t, owner, second, other) || b.redacted(t, owner, first, kept) {
			t.Error("other messages were redacted than those of one room")
		}
		if done, err = b.redact(t.Context(), whole(id, nil)); err != nil {
			t.Fatal(err)
		}
		if state := b.ended(t, done); state.State != api.RedactionComplete || !b.redacted(t, owner, second, other) || b.redacted(t, owner, first, kept) {
			t.Errorf("all: %+v", state)
		}
	})
}

// A redaction between two times, and of the newest messages alone.
func TestRedactSome(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("spam")
		token, id := b.person(t, name, false), b.id(name)
		room := b.room(t, token, "")
		old, young := b.says(t, token, room, "old"), b.says(t, token, room, "young")
		stamp := func(at time.Time) api.Moment { return api.Moment(at.UTC().Format(time.RFC3339)) }
		for _, c := range []struct {
			change     func(*api.UserRedaction)
			old, young bool
		}{
			{func(r *api.UserRedaction) { r.Before = stamp(time.Now().Add(-time.Hour)) }, false, false},
			{func(r *api.UserRedaction) { r.After = stamp(time.Now().Add(time.Hour)) }, false, false},
			{func(r *api.UserRedaction) { r.Limit = 1 }, false, true},
			{func(r *api.UserRedaction) {
				r.After, r.Before = stamp(time.Now().Add(-time.Hour)), stamp(time.Now().Add(time.Hour))
			}, true, true},
		} {
			r := whole(id, c.change)
			done, err := b.redact(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			b.ended(t, done)
			if gotOld, gotYoung := b.redacted(t, token, room, old), b.redacted(t, token, room, young); gotOld != c.old || gotYoung != c.young {
				t.Errorf("%+v: old %t, young %t", r, gotOld, gotYoung)
			}
		}
	})
}

// Accounts of other servers can be redacted: the gate's own account does it, and what it may not is listed.
func TestRedactRemote(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		const id = "@spam:elsewhere.example"
		e, err := b.preview(t.Context(), api.DeedQuery{ID: id, Operation: "users.redact"})
		own, _ := b.keys.Own(t.Context())
		if err != nil || e.User.ID != id || !strings.Contains(shown(e.Happens), "redacts_as_service") || e.Happens[len(e.Happens)-1].Params["id"] != string(own) {
			t.Errorf("%s %+v, %v", shown(e.Happens), e.User, err)
		}
		done, err := b.redact(t.Context(), whole(id, nil))
		if err != nil {
			t.Fatal(err)
		}
		if state := b.ended(t, done); state.State != api.RedactionComplete {
			t.Errorf("%+v", state)
		}
	})
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	b := newBench(t, f.URL, homeserver.Settings{})
	room := b.room(t, b.person(t, "owner", false), "")
	f.AddRemote("@spam:elsewhere.example", string(room))
	done, err := b.redact(t.Context(), whole("@spam:elsewhere.example", nil))
	if err != nil {
		t.Fatal(err)
	}
	if state := b.ended(t, done); state.Total != 1 || len(state.Failed) != 1 || !strings.Contains(state.Failed[0].Error, "not in room") || state.Failed[0].Event == "" {
		t.Errorf("%+v", state)
	}
}

func TestRedactRefusals(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "spam")
		rooms := []api.RoomID{"!unknown:localhost", b.room(t, b.person(t, unique("owner"), false), ""), "!alsounknown"}
		_, err := b.redact(t.Context(), whole(u.ID, func(r *api.UserRedaction) { r.Scope, r.Rooms = api.ScopeRooms, rooms }))
		if problem(err) != "invalid_request [rooms.0: no_such_room] [rooms.2: no_such_room]" {
			t.Errorf("%v", err)
		}
		if _, err := b.redact(t.Context(), whole(b.id("nobody"), nil)); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
		if _, err := b.redaction(t.Context(), api.RedactionQuery{ID: u.ID, RedactID: "none"}); problem(err) != "no_such_redaction" {
			t.Errorf("%v", err)
		}
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/redact") {
				return answer(r, http.StatusBadRequest, `{"errcode":"M_UNKNOWN","error":"Redact already in progress for user @x:y"}`), nil, true
			}
			return nil, nil, false
		}
		if _, err := b.redact(t.Context(), whole(u.ID, nil)); problem(err) != "redaction_in_progress" {
			t.Errorf("%v", err)
		}
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/redact") {
				return answer(r, http.StatusBadGateway, "<html>"), nil, true
			}
			return nil, nil, false
		}
		if _, err := b.redact(t.Context(), whole(u.ID, nil)); problem(err) != "outcome_unknown" {
			t.Errorf("nobody answered: %v", err)
		}
	})
}

// What a status can be, and that it is bounded.
func TestRedactionStates(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	b := newBench(t, f.URL, homeserver.Settings{})
	var many strings.Builder
	for i := range api.MaxFailedRedactions + 5 {
		if i > 0 {
			many.WriteByte(',')
		}
		many.WriteString(`"$` + unique("e") + `":"` + strings.Repeat("é", 400) + `"`)
	}
	for body, want := range map[string]api.RedactionState{
		`{"status":"scheduled"}`: {State: "scheduled"},
		`{"status":"active"}`:    {State: "active"},
		`{"status":"failed","error":"404: Could not find room_version for !x"}`: {State: "failed", Error: "404: Could not find room_version for !x"},
		`{"status":"complete","failed_redactions":{` + many.String() + `}}`:     {State: "complete", Total: api.MaxFailedRedactions + 5},
	} {
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if strings.Contains(r.URL.Path, "redact_status") {
				return answer(r, http.StatusOK, body), nil, true
			}
			return nil, nil, false
		}
		got, err := b.redaction(t.Context(), api.RedactionQuery{ID: "@a:localhost", RedactID: "r"})
		if err != nil || got.State != want.State || got.Error != want.Error || got.Total != want.Total || len(got.Failed) != min(want.Total, api.MaxFailedRedactions) {
			t.Errorf("%.80s: %s %q %d, %d listed, %v", body, got.State, got.Error, got.Total, len(got.Failed), err)
		}
		for _, one := range got.Failed {
			if len(one.Error) > 300 {
				t.Fatalf("%d bytes of an error", len(one.Error))
			}
		}
	}
}

// What a version has not got is named, and refused before anything is sent.
func TestActivityOfOldVersions(t *testing.T) {
	for version, want := range map[string][]string{
		"1.163.2": nil,
		"1.156.0": {"users.redact.time"},
		"1.121.0": {"users.redact.time", "users.activity"},
		"1.115.0": {"users.redact.time", "users.activity", "users.redact", "users.redaction"},
		"1.71.0":  {"users.find.email", "users.find.phone", "users.activity"},
		"1.67.0":  {"users.find", "users.find.email", "users.redact"},
	} {
		f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Version: version})
		b := newBench(t, f.URL, homeserver.Settings{})
		u := newcomer(t, b, "alice")
		server, err := b.info(t.Context(), api.ServerQuery{})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"users.redact.time", "users.activity", "users.redact", "users.redaction", "users.find", "users.find.email", "users.find.phone"} {
			if _, missing := server.Unavailable[name]; !missing && slices.Contains(want, name) {
				t.Errorf("%s: %s is said to work", version, name)
			}
			if version == "1.163.2" && server.Unavailable[name] != "" {
				t.Errorf("%s: %s is said to be missing", version, name)
			}
		}
		if version == "1.156.0" {
			_, err := b.redact(t.Context(), whole(u.ID, func(r *api.UserRedaction) { r.Before = "2026-01-01T00:00" }))
			if problem(err) != "not_supported [before: not_supported]" {
				t.Errorf("%v", err)
			}
		}
		if version == "1.71.0" {
			if _, err := b.find(t.Context(), api.UserFind{By: api.ByEmail, Value: "a@b.example"}); problem(err) != "not_supported [by: not_supported]" {
				t.Errorf("%v", err)
			}
		}
	}
}
