// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// actor returns who the latest attempt is of, as the log has it.
func (f *front) actor(t *testing.T) string {
	t.Helper()
	var name string
	if err := storetest.Raw(t, storetest.Given(t)).QueryRowContext(t.Context(), "SELECT actor FROM audit ORDER BY id DESC LIMIT 1").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

// Who is known is named in the log, however they write themselves; nobody else is.
func TestActorOfFailedSignIns(t *testing.T) { storetest.Each(t, testActorOfFailedSignIns) }

func testActorOfFailedSignIns(t *testing.T) {
	f := newFront(t)
	_, err := f.Store.CreateSession(t.Context(), store.Session{
		Person: "@ann:example.org", Role: "owner", Homeserver: "hs", Created: f.clock.now, AbsoluteEnd: f.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ homeserver, name, want string }{
		{"hs", "ann", "@ann:example.org"}, {"hs", "Ann", "@ann:example.org"}, {"hs", "@ann:example.org", "@ann:example.org"}, {"hs", "@ANN:example.org ", "@ann:example.org"},
		{"hs", "@ann", "@ann:example.org"}, {"other", "ann", audit.UnknownActor}, {"hs", "an", audit.UnknownActor}, {"hs", "ann:", audit.UnknownActor},
		{"hs", "ann:example.org", audit.UnknownActor}, {"hs", "%", audit.UnknownActor}, {"hs", "@", audit.UnknownActor}, {"hs", "_nn", audit.UnknownActor},
		{"", "olga", "operator:olga"}, {"", "gone", "operator:gone"}, {"", "ann", audit.UnknownActor}, {"hs", "olga", audit.UnknownActor},
	} {
		f.clock.now = f.clock.now.Add(limitWindow)
		if _, code := f.try(t, c.homeserver, c.name, "wrong password"); code != "sign_in_wrong" {
			t.Fatalf("%+v: %s", c, code)
		}
		if got := f.actor(t); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	// Of whom the homeserver itself says who they are, that is known.
	if _, code := f.try(t, "hs", "bob", right); code != "sign_in_not_admin" || f.actor(t) != "@bob:example.org" {
		t.Errorf("%s by %s", code, f.actor(t))
	}
}

// A password that is typed as the name is in no file of the store: not when it is wrong, not when it is turned away.
func TestTypedNamesAreNotKept(t *testing.T) { storetest.Each(t, testTypedNamesAreNotKept) }

func testTypedNamesAreNotKept(t *testing.T) {
	const canary = "hunter2-typed-in-the-wrong-field"
	f := newFront(t)
	codes := map[string]bool{}
	for _, homeserver := range []string{"hs", ""} {
		for range limitPair + 2 {
			_, code := f.try(t, homeserver, canary, canary)
			codes[code] = true
			if got := f.actor(t); got != audit.UnknownActor {
				t.Errorf("%s: %s", code, got)
			}
		}
	}
	f.answer = func(api.Credentials) (api.Identity, error) {
		return api.Identity{}, api.NewProblem(api.StatusUnavailable, "homeserver_down")
	}
	f.clock.now = f.clock.now.Add(limitWindow)
	_, code := f.try(t, "hs", canary, canary)
	codes[code] = true
	if !codes["sign_in_wrong"] || !codes["sign_in_limited"] || !codes["homeserver_down"] {
		t.Errorf("%v", codes)
	}
	if f.actor(t) != audit.UnknownActor {
		t.Error(f.actor(t))
	}
	stored := storetest.Stored(t, storetest.Given(t))
	if strings.Contains(stored, "hunter2") {
		t.Error("the store holds it")
	}
	if !strings.Contains(stored, "sign_in_limited") {
		t.Error("and the search finds nothing")
	}
}
