// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

// What a deed does to the panel's own sessions of the account that it is done to: they end with the rights that they stand for.
func TestDeedsEndSessions(t *testing.T) { storetest.Each(t, testDeedsEndSessions) }

func testDeedsEndSessions(t *testing.T) {
	t.Parallel()
	const root, ann, admin = "@root:example.org", "@ann:example.org", "@admin:example.org"
	unknown := api.NewProblem(api.StatusTimeout, "outcome_unknown")
	for _, c := range []struct {
		name, operation, body, id string
		fails                     error // what becomes of it
		ends                      bool
	}{
		{name: "demote", operation: "users.update", body: `{"id":"ID","admin":{"to":false}}`, id: root, ends: true},
		{name: "lock", operation: "users.lock", body: `{"id":"ID"}`, id: root, ends: true},
		{name: "deactivate", operation: "users.deactivate", body: `{"id":"ID"}`, id: root, ends: true},
		{name: "erase", operation: "users.erase", body: `{"id":"ID","confirm_id":"ID"}`, id: root, ends: true},
		{name: "reset", operation: "users.reset_password", body: `{"id":"ID","password":{"mode":"random"}}`, id: root, ends: true},
		{name: "sign out everywhere", operation: "devices.sign_out", body: `{"id":"ID","all":true}`, id: root, ends: true},
		{name: "demote, and nobody knows", operation: "users.update", body: `{"id":"ID","admin":{"to":false}}`, id: root, fails: unknown, ends: true},
		{name: "repair an end", operation: "users.repair", body: `{"id":"ID","drift":"deactivated"}`, id: root, ends: true},
		{name: "repair rights", operation: "users.repair", body: `{"id":"ID","drift":"admin"}`, id: root, ends: true},
		{name: "repair oneself", operation: "users.repair", body: `{"id":"ID","drift":"deactivated","confirm":true}`, id: admin, ends: true},
		{name: "demote oneself", operation: "users.update", body: `{"id":"ID","admin":{"to":false},"confirm":true}`, id: admin, ends: true},

		{name: "demote in vain", operation: "users.update", body: `{"id":"ID","admin":{"to":false}}`, id: root, fails: api.NewProblem(api.StatusBadGateway, "homeserver_down")},
		{name: "demote somebody else", operation: "users.update", body: `{"id":"ID","admin":{"to":false}}`, id: ann},
		{name: "demote somebody else, and take an identity away", operation: "users.update",
			body: `{"id":"ID","admin":{"to":false},"external_ids":{"to":[{"auth_provider":"a","external_id":"b"}]},"move_from":["` + root + `"]}`, id: ann},
		{name: "repair a lock", operation: "users.repair", body: `{"id":"ID","drift":"locked"}`, id: root},
		{name: "repair somebody else", operation: "users.repair", body: `{"id":"ID","drift":"deactivated"}`, id: ann},
		{name: "rename", operation: "users.update", body: `{"id":"ID","display_name":{"to":"R"}}`, id: root},
		{name: "reset without signing out", operation: "users.reset_password", body: `{"id":"ID","password":{"mode":"random"},"sign_out":false}`, id: root},
		{name: "sign out one device", operation: "devices.sign_out", body: `{"id":"ID","devices":["PHONE"]}`, id: root},
		{name: "reset one's own", operation: "users.reset_password", body: `{"id":"ID","password":{"mode":"random"},"confirm":true}`, id: admin},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := gatetest.New(t, gatetest.Options{})
			if c.fails != nil {
				gatetest.On(w.Stub, api.UpdateUser, func(context.Context, api.UserUpdate) (api.User, error) { return api.User{}, c.fails })
			}
			watched := w.Person(api.Owner)
			if c.id != admin {
				watched.ID = root
			}
			cookie := w.Session(watched)
			list := func() int { return w.Serve(w.Request("GET", "/api/hs/users.list", "", cookie)).Code }
			if code := list(); code != 200 {
				t.Fatalf("before: %d", code)
			}
			rec := w.Call(w.Session(w.Person(api.Owner)), c.operation, gate.NewKey(), strings.ReplaceAll(c.body, "ID", c.id))
			if (rec.Code == 200) != (c.fails == nil) {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			if want := map[bool]int{true: 401, false: 200}[c.ends]; list() != want {
				t.Errorf("after: %d, want %d", list(), want)
			}
		})
	}
}

// Rights are taken away past the panel, too: a session in use learns of it within a minute.
func TestSessionsEndWithTheRights(t *testing.T) { storetest.Each(t, testSessionsEndWithTheRights) }

func testSessionsEndWithTheRights(t *testing.T) {
	t.Parallel()
	const root = "@root:example.org"
	for _, c := range []struct {
		name string
		now  func(*gatetest.World)
		want int
	}{
		{"still an administrator", func(*gatetest.World) {}, 200},
		{"demoted", func(w *gatetest.World) { w.Stub.Put(api.User{ID: root}) }, 401},
		{"deactivated", func(w *gatetest.World) { w.Stub.Put(api.User{ID: root, Admin: true, Deactivated: true}) }, 401},
		{"locked", func(w *gatetest.World) { w.Stub.Put(api.User{ID: root, Admin: true, Locked: true}) }, 401},
		{"gone", func(w *gatetest.World) {
			answer(w, api.User{}, api.NewProblem(api.StatusNotFound, "not_found"))
		}, 401},
		{"the server cannot tell", func(w *gatetest.World) { w.Stub.Put(api.User{ID: root, Unknown: []string{"admin"}}) }, 200},
		{"the server is away", func(w *gatetest.World) {
			answer(w, api.User{}, api.NewProblem(api.StatusBadGateway, "homeserver_down"))
		}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := gatetest.New(t, gatetest.Options{})
			w.Web.Sessions.Still = w.Gate.Still
			person := w.Person(api.Owner)
			person.ID = root
			cookie := w.Session(person)
			ask := func() int {
				r := w.Request("GET", "/api/hs/users.list", "", cookie)
				r.Header.Set("Gatehouse-Poll", "true") // what is no activity is asked about all the same
				return w.Serve(r).Code
			}
			c.now(w)
			if code := ask(); code != 200 || len(w.Stub.Calls("users.get")) > 0 {
				t.Errorf("at once: %d, asked %v", code, w.Stub.Calls("users.get"))
			}
			w.Clock.Advance(time.Minute)
			if code := ask(); code != c.want {
				t.Errorf("after a minute: %d, want %d", code, c.want)
			}
			w.Stub.Reset()
			if code := ask(); code != c.want {
				t.Errorf("after that: %d, want %d", code, c.want)
			}
		})
	}
}

// A session in use is asked about once a minute, an operator's never; one of a homeserver that was taken out is over.
func TestStill(t *testing.T) { storetest.Each(t, testStill) }

func testStill(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Web.Sessions.Still = w.Gate.Still
	cookie := w.Session(w.Person(api.Owner))
	for range 10 {
		w.Clock.Advance(20 * time.Second)
		if code := w.Serve(w.Request("GET", "/api/hs/users.list", "", cookie)).Code; code != 200 {
			t.Fatal(code)
		}
	}
	if n := len(w.Stub.Calls("users.get")); n != 3 {
		t.Errorf("asked %d times in 200 s", n)
	}
	w.Stub.Forget()
	operator := w.Person(api.Owner)
	operator.ID, operator.Homeserver = "operator:olga", ""
	if !w.Gate.Still(t.Context(), operator) || len(w.Stub.Calls()) > 0 {
		t.Errorf("an operator: %v", w.Stub.Calls())
	}
	operator.Homeserver = "gone"
	if w.Gate.Still(t.Context(), operator) {
		t.Error("of a homeserver that is not there")
	}
}

func answer(w *gatetest.World, u api.User, err error) {
	gatetest.On(w.Stub, api.GetUser, func(context.Context, api.UserRef) (api.User, error) { return u, err })
}
