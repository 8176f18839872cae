// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

const ofAnn = "/api/hs/users.account_data?id=%40ann%3Aexample.org"

// A read that is declared so is in the log before the homeserver is asked, and so is how it ended; who may not is in it, too.
func TestRecordedRead(t *testing.T) { storetest.Each(t, testRecordedRead) }

func testRecordedRead(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.ReadData, func(context.Context, api.UserRef) (api.AccountData, error) {
		if diff := cmp.Diff([]string{"intent users.account_data"}, w.Phases()); diff != "" {
			t.Error(diff)
		}
		return api.AccountData{Global: []api.Datum{{Type: "m.private", Content: `"very private"`}}}, nil
	})
	if rec := w.Serve(w.Request("GET", ofAnn, "", w.Session(w.Person(api.Owner)))); rec.Code != 200 {
		t.Fatal(rec.Body)
	}
	rows := w.Log()
	if len(rows) != 2 || rows[1].String() != "outcome users.account_data done" || rows[0].Targets != `["@ann:example.org"]` || rows[0].Actor != "@admin:example.org" {
		t.Errorf("%+v", rows)
	}
	gatetest.On(w.Stub, api.ReadData, func(context.Context, api.UserRef) (api.AccountData, error) {
		return api.AccountData{}, api.NewProblem(api.StatusNotFound, "not_found")
	})
	refused(t, w.Serve(w.Request("GET", ofAnn, "", w.Session(w.Person(api.Owner)))), 404, "not_found")
	refused(t, w.Serve(w.Request("GET", ofAnn, "", w.Session(w.Person(api.Moderator)))), 403, "forbidden")
	want := []string{
		"intent users.account_data", "outcome users.account_data done", "intent users.account_data", "outcome users.account_data failed not_found",
		"event users.account_data refused forbidden",
	}
	if diff := cmp.Diff(want, w.Phases()); diff != "" {
		t.Error(diff)
	}
}

// What cannot be recorded is not read; and what was read is recorded even if its reader has gone.
func TestRecordedReadFailsClosed(t *testing.T) { storetest.Each(t, testRecordedReadFailsClosed) }

func testRecordedReadFailsClosed(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	mend := w.Break("audit", "INSERT", "true")
	refused(t, w.Serve(w.Request("GET", ofAnn, "", cookie)), 503, "store_unavailable")
	if calls := w.Stub.Calls("users.account_data"); len(calls) > 0 {
		t.Errorf("read without a record: %v", calls)
	}
	mend()
	ctx, leave := context.WithCancel(t.Context())
	gatetest.On(w.Stub, api.ReadData, func(ctx context.Context, _ api.UserRef) (api.AccountData, error) {
		leave()
		return api.AccountData{}, ctx.Err()
	})
	if rec := w.Serve(w.Request("GET", ofAnn, "", cookie).WithContext(ctx)); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if diff := cmp.Diff([]string{"intent users.account_data", "outcome users.account_data done"}, w.Phases()); diff != "" {
		t.Error(diff)
	}
}

// The guard looks at everybody that something is taken from, and lets accounts of other homeservers be redacted.
func TestGuardOfMovesAndRedactions(t *testing.T) { storetest.Each(t, testGuardOfMovesAndRedactions) }

func testGuardOfMovesAndRedactions(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Stub.Put(api.User{ID: "@carl:example.org"})
	w.Stub.Put(api.User{ID: "@boss:example.org", Admin: true})
	w.Stub.Put(api.User{ID: "@gatehouse:example.org", Admin: true, Own: true})
	move := func(from string) string {
		return `{"id":"@carl:example.org","external_ids":{"to":[{"auth_provider":"oidc","external_id":"a"}]},"move_from":["` + from + `"]}`
	}
	redact := func(id string) string { return `{"id":"` + id + `","confirm_id":"` + id + `","scope":"all"}` }
	for _, c := range []struct {
		operation, body string
		role            api.Role
		status          int
		code            string
	}{
		{"users.update", move("@ann:example.org"), api.Helpdesk, 200, ""},
		{"users.update", move("@boss:example.org"), api.Helpdesk, 403, "forbidden"},
		{"users.update", move("@boss:example.org"), api.Owner, 200, ""},
		{"users.update", move("@gatehouse:example.org"), api.Owner, 409, "own_service_account"},
		{"users.update", move("@nobody:example.org"), api.Owner, 404, "not_found"},
		{"users.redact", redact("@carl:example.org"), api.Moderator, 200, ""},
		{"users.redact", redact("@boss:example.org"), api.Moderator, 403, "forbidden"},
		{"users.redact", redact("@boss:example.org"), api.Admin, 200, ""},
		{"users.redact", redact("@spam:elsewhere.example"), api.Moderator, 200, ""},
		{"users.redact", redact("@nobody:example.org"), api.Moderator, 404, "not_found"},
	} {
		w.Stub.Forget()
		rec := w.Call(w.Session(w.Person(c.role)), c.operation, gate.NewKey(), c.body)
		if c.code == "" && rec.Code != c.status {
			t.Errorf("%s as %s: %d %s", c.body, c.role, rec.Code, rec.Body)
		}
		if c.code != "" {
			refused(t, rec, c.status, c.code)
		}
		if reached := len(w.Stub.Calls(c.operation)) > 0; reached != (c.code == "") {
			t.Errorf("%s as %s reached the homeserver: %t", c.body, c.role, reached)
		}
	}
}

// Demoting somebody and taking an identity from an administrator in one request asks about the one who is demoted alone.
func TestMoveDoesNotEnd(t *testing.T) { storetest.Each(t, testMoveDoesNotEnd) }

func testMoveDoesNotEnd(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Stub.Put(api.User{ID: "@boss:example.org", Admin: true})
	_, err := w.Gate.Do(t.Context(), gate.Visit{
		Person: new(w.Person(api.Owner)), Homeserver: "hs", Operation: "users.update", Key: gate.NewKey(),
		Decode: func(op api.Op) (api.Request, error) {
			return op.DecodeJSON([]byte(`{"id":"@boss:example.org","admin":{"to":false},"external_ids":{"to":[{"auth_provider":"a","external_id":"b"}]},"move_from":["@admin:example.org"]}`))
		},
	})
	if err != nil {
		t.Error(err)
	}
}
