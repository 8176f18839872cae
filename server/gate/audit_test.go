// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

// The intent is on the disk before the homeserver hears anything, and the outcome after it has answered.
func TestIntentComesFirst(t *testing.T) { storetest.Each(t, testIntentComesFirst) }

func testIntentComesFirst(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.CreateUser, func(context.Context, api.UserCreate) (api.Handout, error) {
		if diff := cmp.Diff([]string{"intent users.create"}, w.Phases()); diff != "" {
			t.Error(diff)
		}
		return api.Handout{}, nil
	})
	rec := w.Call(w.Session(w.Person(api.Owner)), "users.create", key, create)
	if rec.Code != 200 {
		t.Fatal(rec.Body)
	}
	rows := w.Log()
	if len(rows) != 2 || rows[1].String() != "outcome users.create done" {
		t.Fatalf("%v", w.Phases())
	}
	intent := rows[0]
	if intent.Actor != "@admin:example.org" || intent.Role != "owner" || intent.Address != "192.0.2.1" ||
		intent.Targets != `["@new:example.org"]` || intent.RequestID != rec.Header().Get("X-Request-Id") ||
		!strings.Contains(intent.Request, `"password":"[redacted]"`) {
		t.Errorf("%+v", intent)
	}
}

// How a deed ends, and what the log says of it.
func TestOutcomes(t *testing.T) { storetest.Each(t, testOutcomes) }

func testOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		status  int
		code    string
		outcome string
	}{
		"done":    {nil, 200, "", "done"},
		"failed":  {api.NewProblem(api.StatusNotFound, "not_found"), 404, "not_found", "failed not_found"},
		"unknown": {api.NewProblem(api.StatusTimeout, "outcome_unknown"), 504, "outcome_unknown", "unknown outcome_unknown"},
		"strange": {errors.New("a plain error with a password in it: hunter22"), 500, "internal", "unknown internal"},
	} {
		t.Run(name, func(t *testing.T) {
			w := gatetest.New(t, gatetest.Options{})
			gatetest.On(w.Stub, api.LockUser, func(context.Context, api.UserDeed) (api.User, error) { return api.User{}, c.err })
			rec := w.Call(w.Session(w.Person(api.Owner)), "users.lock", key, `{"id":"@ann:example.org"}`)
			if c.code == "" && rec.Code != 200 {
				t.Errorf("%d %s", rec.Code, rec.Body)
			} else if c.code != "" {
				refused(t, rec, c.status, c.code)
			}
			if diff := cmp.Diff([]string{"intent users.lock", "outcome users.lock " + c.outcome}, w.Phases()); diff != "" {
				t.Error(diff)
			}
			if strings.Contains(rec.Body.String(), "hunter22") {
				t.Error("the inner error is shown")
			}
		})
	}
}

// Without a durable intent nothing is done: the store refuses it, or is gone altogether.
func TestFailsClosed(t *testing.T) { storetest.Each(t, testFailsClosed) }

func testFailsClosed(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	mend := w.Break("audit", "INSERT", "true")
	refused(t, w.Call(cookie, "users.lock", gate.NewKey(), `{"id":"@ann:example.org"}`), 503, "store_unavailable")
	if rec := w.Serve(w.Request("GET", "/api/hs/users.list", "", cookie)); rec.Code != 200 {
		t.Errorf("a read needs no record, and still: %d", rec.Code)
	}
	mend()
	if n := len(w.Stub.Calls("users.lock")); n != 0 {
		t.Errorf("%d calls", n)
	}
	must(t, w.Store.Close())
	w.Stub.Forget()
	person := w.Person(api.Owner)
	person.Session = "s"
	_, err := w.Gate.Do(t.Context(), gate.Visit{
		Person: &person, Homeserver: "hs", Operation: "users.lock", Key: gate.NewKey(),
		Decode: func(api.Op) (api.Request, error) { return api.UserDeed{ID: "@ann:example.org"}, nil },
	})
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != "store_unavailable" || len(w.Stub.Calls("users.lock")) > 0 {
		t.Errorf("%v, calls %v", err, w.Stub.Calls())
	}
	refused(t, w.Call(cookie, "users.lock", gate.NewKey(), `{"id":"@ann:example.org"}`), 503, "store_unavailable")
	if rec := w.Serve(w.Request("GET", "/readyz", "")); rec.Code != 503 {
		t.Errorf("ready without a store: %d", rec.Code)
	}
	if rec := w.Serve(w.Request("GET", "/healthz", "")); rec.Code != 200 {
		t.Errorf("not alive without a store: %d", rec.Code)
	}
}

// It was done and could not be recorded: the answer says so, no other write begins, and when the store works again the outcome is recorded
// before anything else is. A probe of /readyz is enough for that.
func TestDoneNotRecorded(t *testing.T) { storetest.Each(t, testDoneNotRecorded) }

func testDoneNotRecorded(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	lock := func() int { return w.Call(cookie, "users.lock", gate.NewKey(), `{"id":"@ann:example.org"}`).Code }
	mendOutcomes := w.Break("audit", "INSERT", "NEW.phase = 'outcome'")
	mendProbes := w.Break("meta", "UPDATE", "true")
	mendFirstProbe := w.Break("meta", "INSERT", "true")
	refused(t, w.Call(cookie, "users.lock", key, `{"id":"@ann:example.org"}`), 500, "done_not_recorded")
	w.Stub.Forget()
	if code := lock(); code != 503 {
		t.Errorf("the log is broken, and a write gets %d", code)
	}
	if rec := w.Serve(w.Request("GET", "/readyz", "")); rec.Code != 503 || len(w.Stub.Calls("users.lock")) > 0 {
		t.Errorf("ready with a broken log: %d, calls %v", rec.Code, w.Stub.Calls())
	}
	mendOutcomes()
	mendProbes()
	mendFirstProbe()
	if rec := w.Serve(w.Request("GET", "/readyz", "")); rec.Code != 200 {
		t.Errorf("mended, and still %d", rec.Code)
	}
	if diff := cmp.Diff([]string{"intent users.lock", "outcome users.lock done"}, w.Phases()); diff != "" {
		t.Error(diff)
	}
	if code := lock(); code != 200 {
		t.Errorf("mended, and a write gets %d", code)
	}
}

// Reads leave nothing in the log.
func TestReadsAreNotRecorded(t *testing.T) { storetest.Each(t, testReadsAreNotRecorded) }

func testReadsAreNotRecorded(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	if rec := w.Serve(w.Request("GET", "/api/hs/users.list", "", w.Session(w.Person(api.Auditor)))); rec.Code != 200 {
		t.Fatal(rec.Body)
	}
	if rows := w.Phases(); len(rows) > 0 {
		t.Error(rows)
	}
}
