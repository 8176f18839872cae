// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store/storetest"
)

// pair makes two gates on one store.
func pair(t *testing.T) (one, two *gatetest.World) {
	t.Helper()
	one = gatetest.New(t, gatetest.Options{})
	return one, gatetest.New(t, gatetest.Options{Beside: one})
}

// A session of one gate is one of the other, and ends at both at once.
func TestSessionsAtTwoGates(t *testing.T) { storetest.Each(t, testSessionsAtTwoGates) }

func testSessionsAtTwoGates(t *testing.T) {
	t.Parallel()
	one, two := pair(t)
	ann := one.Person(api.Owner)
	ann.ID = "@ann:example.org"
	cookie := one.Session(ann)
	if rec := two.Serve(two.Request("GET", "/api/hs/users.get?id=@ann:example.org", "", cookie)); rec.Code != 200 {
		t.Fatalf("the session of one gate at the other: %d %s", rec.Code, rec.Body)
	}
	// Demoted at one, out at the other.
	if rec := one.Call(one.Session(one.Person(api.Owner)), "users.deactivate", gate.NewKey(), `{"id":"@ann:example.org"}`); rec.Code != 200 {
		t.Fatal(rec.Body)
	}
	refused(t, two.Serve(two.Request("GET", "/api/hs/users.get?id=@ann:example.org", "", cookie)), 401, "signed_out")
}

// Guesses at a password count together, wherever they are made.
func TestSignInLimitsAtTwoGates(t *testing.T) { storetest.Each(t, testSignInLimitsAtTwoGates) }

func testSignInLimitsAtTwoGates(t *testing.T) {
	t.Parallel()
	one, two := pair(t)
	gatetest.On(one.Stub, api.VerifyOperator, func(context.Context, api.Credentials) (api.Identity, error) {
		return api.Identity{}, api.NewProblem(api.StatusUnauthorized, "sign_in_wrong")
	})
	var codes []string
	for i := range 7 {
		w := []*gatetest.World{one, two}[i%2]
		_, err := w.Web.Desk.SignIn(t.Context(), operator.Attempt{Homeserver: "hs", Name: "ann", Password: api.NewSecret("guess"), Address: "192.0.2.1"})
		codes = append(codes, err.(*api.Problem).Code)
	}
	if want := []string{"sign_in_wrong", "sign_in_limited"}; !slices.Equal(slices.Compact(slices.Clone(codes)), want) || codes[4] == codes[5] {
		t.Errorf("%v", codes)
	}
}

// The same form at two gates: the second waits for the first one's end, and does nothing.
func TestOneRequestAtTwoGates(t *testing.T) { storetest.Each(t, testOneRequestAtTwoGates) }

func testOneRequestAtTwoGates(t *testing.T) {
	t.Parallel()
	one, two := pair(t)
	first, second, goOn := begin(t, one, two)
	select {
	case rec := <-second:
		t.Errorf("the second was answered before the first: %d %s", rec.Code, rec.Body)
		second <- rec
	case <-time.After(600 * time.Millisecond): // two looks at the store
	}
	close(goOn)
	if rec := <-first; rec.Code != 200 || !strings.Contains(rec.Body.String(), "a secret of her own") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	refused(t, <-second, 409, "already_done_secret")
	done(t, one, "users.create")
}

// begin sends the same form to two gates, the second while the first is with the homeserver, which answers when goOn is closed.
func begin(t *testing.T, one, two *gatetest.World) (first, second chan *httptest.ResponseRecorder, goOn chan struct{}) {
	t.Helper()
	arrived := make(chan struct{})
	goOn = make(chan struct{})
	gatetest.On(one.Stub, api.CreateUser, func(_ context.Context, c api.UserCreate) (api.Handout, error) {
		close(arrived)
		<-goOn
		return api.Handout{User: api.User{ID: "@new:example.org"}, Password: c.Password.Password}, nil
	})
	cookie := one.Session(one.Person(api.Owner))
	first, second = make(chan *httptest.ResponseRecorder, 1), make(chan *httptest.ResponseRecorder, 1)
	go func() { first <- one.Call(cookie, "users.create", key, create) }()
	<-arrived
	go func() { second <- two.Call(cookie, "users.create", key, create) }()
	return first, second, goOn
}

// A gate that is killed in the middle: the other one says that nobody knows, settles the intent, and nothing is done twice.
func TestOneOfTwoGatesIsKilled(t *testing.T) { storetest.Each(t, testOneOfTwoGatesIsKilled) }

func testOneOfTwoGatesIsKilled(t *testing.T) {
	t.Parallel()
	one, two := pair(t)
	first, second, goOn := begin(t, one, two)
	if settled, err := two.Audit.Settle(t.Context()); err != nil || len(settled) != 0 {
		t.Errorf("what a gate is doing was settled: %v, %v", settled, err)
	}
	must(t, one.Store.Leave(t.Context()))
	refused(t, <-second, 409, "outcome_unknown")
	if settled, err := two.Audit.Settle(t.Context()); err != nil || len(settled) != 1 {
		t.Errorf("settled %v, %v", settled, err)
	}
	if n := len(one.Stub.Calls("users.create")); n != 1 {
		t.Errorf("%d calls", n)
	}
	want := []string{"intent users.create", "outcome users.create unknown interrupted"}
	if got := two.Phases(); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	close(goOn) // it had only slept: what it knows is recorded, too
	<-first
	if got := two.Phases(); !slices.Equal(got, append(want, "outcome users.create done")) {
		t.Errorf("%v", got)
	}
}
