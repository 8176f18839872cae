// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

const (
	key    = "0123456789abcdef-one"
	create = `{"localpart":"new","password":{"mode":"typed","password":"a secret of her own"}}`
)

// A double click: while the first arrival is with the homeserver the second waits, and both get the same answer, password and all.
func TestTwoArrivalsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		arrived, goOn := make(chan struct{}), make(chan struct{})
		gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, c api.UserCreate) (api.Handout, error) {
			close(arrived)
			<-goOn
			return api.Handout{User: api.User{ID: "@new:example.org"}, Password: c.Password.Password}, nil
		})
		cookie := w.Session(w.Person(api.Owner))
		answers := make([]*httptest.ResponseRecorder, 2)
		var wg sync.WaitGroup
		wg.Go(func() { answers[0] = w.Call(cookie, "users.create", key, create) })
		<-arrived
		wg.Go(func() { answers[1] = w.Call(cookie, "users.create", key, create) })
		synctest.Wait() // the second waits for the first
		if answers[1] != nil {
			t.Error("the second arrival was answered before the first")
		}
		close(goOn)
		wg.Wait()
		for i, a := range answers {
			if a.Code != 200 || !strings.Contains(a.Body.String(), "a secret of her own") {
				t.Errorf("arrival %d: %d %s", i, a.Code, a.Body)
			}
		}
		done(t, w, "users.create")
	})
}

// done demands that the operation reached the homeserver once and stands in the audit log as one pair.
func done(t *testing.T, w *gatetest.World, operation string) {
	t.Helper()
	if n := len(w.Stub.Calls(operation)); n != 1 {
		t.Errorf("%s reached the homeserver %d times", operation, n)
	}
	if diff := cmp.Diff([]string{"intent " + operation, "outcome " + operation + " done"}, w.Phases()); diff != "" {
		t.Error(diff)
	}
}

// A reload within a minute gets the same answer; after it, and for as long as the key is kept, it hears that it was done.
func TestLaterArrivals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		cookie := w.Session(w.Person(api.Owner))
		first := w.Call(cookie, "users.create", key, create)
		time.Sleep(gate.AnswerLife - time.Nanosecond)
		if again := w.Call(cookie, "users.create", key, create); again.Code != 200 || again.Body.String() != first.Body.String() {
			t.Errorf("just before the minute is over: %d %s", again.Code, again.Body)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		refused(t, w.Call(cookie, "users.create", key, create), 409, "already_done_secret")
		w.Clock.Advance(14 * time.Minute)
		refused(t, w.Call(cookie, "users.create", key, create), 409, "already_done_secret")
		done(t, w, "users.create")
	})
}

func TestArrivalAfterRestart(t *testing.T) { storetest.Each(t, testArrivalAfterRestart) }

func testArrivalAfterRestart(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	if rec := w.Call(cookie, "users.create", key, create); rec.Code != 200 {
		t.Fatal(rec.Body)
	}
	if rec := w.Call(cookie, "users.lock", key+"2", `{"id":"@ann:example.org"}`); rec.Code != 200 {
		t.Fatal(rec.Body)
	}
	refused(t, w.Call(cookie, "users.lock", key+"3", `{"id":"@nobody:example.org"}`), 404, "not_found")
	w.Restart()
	refused(t, w.Call(cookie, "users.create", key, create), 409, "already_done_secret")
	refused(t, w.Call(cookie, "users.lock", key+"2", `{"id":"@ann:example.org"}`), 409, "already_done")
	refused(t, w.Call(cookie, "users.lock", key+"3", `{"id":"@nobody:example.org"}`), 404, "not_found")
	// With another body it is another write, and after the answer to that the first is still known.
	refused(t, w.Call(cookie, "users.create", key, strings.Replace(create, "new", "newer", 1)), 409, "key_reused")
	refused(t, w.Call(cookie, "users.create", key, create), 409, "already_done_secret")
	if n := len(w.Stub.Calls("users.create", "users.lock")); n != 2 {
		t.Errorf("%d writes", n)
	}
}

// The same key with anything else in the request is another write and refused: also where only the password differs, which is nowhere kept.
func TestKeyWithAnotherRequest(t *testing.T) { storetest.Each(t, testKeyWithAnotherRequest) }

func testKeyWithAnotherRequest(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	if rec := w.Call(cookie, "users.create", key, create); rec.Code != 200 {
		t.Fatal(rec.Body)
	}
	for _, restart := range []bool{false, true} {
		if restart {
			w.Restart()
		}
		refused(t, w.Call(cookie, "users.create", key, strings.Replace(create, "of her own", "of his own", 1)), 409, "key_reused")
		refused(t, w.Call(cookie, "users.create", key, strings.Replace(create, "new", "newer", 1)), 409, "key_reused")
		refused(t, w.Call(cookie, "users.lock", key, `{"id":"@ann:example.org"}`), 409, "key_reused")
	}
	done(t, w, "users.create")
	// A key belongs to its session.
	if rec := w.Call(w.Session(w.Person(api.Owner)), "users.lock", key, `{"id":"@ann:example.org"}`); rec.Code != 200 {
		t.Errorf("the same key in another session: %d", rec.Code)
	}
}

func TestKeysThatAreNone(t *testing.T) { storetest.Each(t, testKeysThatAreNone) }

func testKeysThatAreNone(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	for _, key := range []string{"", "short", "0123456789abcde", strings.Repeat("a", 65), "0123456789abcdef ", "0123456789abcdef\x00", "0123456789abcdéf", "0123456789+abcdef"} {
		refused(t, w.Call(cookie, "users.lock", key, `{"id":"@ann:example.org"}`), 400, "request_key_missing")
	}
	if len(w.Stub.Calls()) > 0 || len(w.Log()) > 0 {
		t.Errorf("calls %v, audit %v", w.Stub.Calls(), w.Phases())
	}
	for range 100 {
		if k := gate.NewKey(); !gate.ValidKey(k) {
			t.Fatalf("NewKey made %q", k)
		}
	}
}

// An adapter that fails in the middle: the person hears so, the log has an end, and a second arrival does not try again.
func TestAdapterPanics(t *testing.T) { storetest.Each(t, testAdapterPanics) }

func testAdapterPanics(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.LockUser, func(context.Context, api.UserDeed) (api.User, error) { panic("boom") })
	cookie := w.Session(w.Person(api.Owner))
	for range 2 {
		refused(t, w.Call(cookie, "users.lock", key, `{"id":"@ann:example.org"}`), 500, "internal")
	}
	w.Restart()
	refused(t, w.Call(cookie, "users.lock", key, `{"id":"@ann:example.org"}`), 500, "internal")
	if diff := cmp.Diff([]string{"intent users.lock", "outcome users.lock unknown internal"}, w.Phases()); diff != "" {
		t.Error(diff)
	}
	if n := len(w.Stub.Calls("users.lock")); n != 1 {
		t.Errorf("%d calls", n)
	}
	if logs := w.Logs(); !strings.Contains(logs, "boom") || !strings.Contains(logs, "requestkey.go") {
		t.Error("neither the panic nor where it was is logged")
	}
}

// Nobody who waits for a deed that panicked waits for ever.
func TestGuardPanicsWhileSomebodyWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		arrived, goOn := make(chan struct{}), make(chan struct{})
		gatetest.On(w.Stub, api.GetUser, func(context.Context, api.UserRef) (api.User, error) {
			close(arrived)
			<-goOn
			panic("boom")
		})
		cookie := w.Session(w.Person(api.Owner))
		call := func() { refused(t, w.Call(cookie, "users.lock", key, `{"id":"@ann:example.org"}`), 500, "internal") }
		var wg sync.WaitGroup
		wg.Go(call)
		<-arrived
		wg.Go(call)
		synctest.Wait()
		close(goOn)
		wg.Wait()
		gatetest.On[api.UserRef, api.User](w.Stub, api.GetUser, nil)
		if rec := w.Call(cookie, "users.lock", key, `{"id":"@ann:example.org"}`); rec.Code != 200 {
			t.Errorf("nothing was done, and still the key is spent: %d %s", rec.Code, rec.Body)
		}
	})
}

// Where nothing was begun the same key may be sent again, at once.
func TestNotBegun(t *testing.T) { storetest.Each(t, testNotBegun) }

func testNotBegun(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	lock := func() *httptest.ResponseRecorder {
		return w.Call(cookie, "users.lock", key, `{"id":"@ann:example.org"}`)
	}

	mend := w.Break("audit", "INSERT", "NEW.phase = 'intent'")
	refused(t, lock(), 503, "store_unavailable")
	mend()
	gatetest.On(w.Stub, api.GetUser, func(context.Context, api.UserRef) (api.User, error) {
		return api.User{}, api.NewProblem(api.StatusBadGateway, "homeserver_down")
	})
	refused(t, lock(), 502, "homeserver_down")
	gatetest.On[api.UserRef, api.User](w.Stub, api.GetUser, nil)
	mend = w.Break("request_keys", "INSERT", "true")
	refused(t, lock(), 503, "store_unavailable")
	mend()
	if n := len(w.Stub.Calls("users.lock")); n != 0 {
		t.Fatalf("%d calls", n)
	}
	if rec := lock(); rec.Code != 200 {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	if n := len(w.Stub.Calls("users.lock")); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// The gate was stopped in the middle of a write: whoever sends it again hears that nobody knows.
func TestStoppedInTheMiddle(t *testing.T) { storetest.Each(t, testStoppedInTheMiddle) }

func testStoppedInTheMiddle(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	mend := w.Break("request_keys", "UPDATE", "true") // the end of the request is never noted
	cookie := w.Session(w.Person(api.Owner))
	if rec := w.Call(cookie, "users.create", key, create); rec.Code != 200 {
		t.Fatal(rec.Body)
	}
	mend()
	w.Restart()
	refused(t, w.Call(cookie, "users.create", key, create), 409, "outcome_unknown")
	done(t, w, "users.create")
}

// A write whose person went away is brought to its end.
func TestPersonGoesAway(t *testing.T) { storetest.Each(t, testPersonGoesAway) }

func testPersonGoesAway(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	gatetest.On(w.Stub, api.LockUser, func(ctx context.Context, _ api.UserDeed) (api.User, error) {
		cancel()
		if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil {
			return api.User{}, errors.New("cancelled, or without an end")
		}
		return api.User{ID: "@ann:example.org"}, nil
	})
	r := w.Request("POST", "/api/hs/users.lock", `{"id":"@ann:example.org"}`, w.Session(w.Person(api.Owner))).WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(gate.KeyHeader, key)
	if rec := w.Serve(r); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	done(t, w, "users.lock")
}

// Neither the password of a request nor that of its answer is in any file of the store, in the log, or in the audit log.
func TestPasswordsAreNotKept(t *testing.T) { storetest.Each(t, testPasswordsAreNotKept) }

func testPasswordsAreNotKept(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	for i, body := range []string{create, `{"localpart":"two","password":{"mode":"random"}}`} {
		rec := w.Call(cookie, "users.create", key+string(rune('a'+i)), body)
		if want := []string{"a secret of her own", gatetest.Generated}[i]; rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
			t.Fatalf("the answer lacks the password: %d %s", rec.Code, rec.Body)
		}
	}
	stored := w.Stored()
	if !strings.Contains(stored, "users.create") {
		t.Error("the search finds nothing at all")
	}
	for _, secret := range []string{"a secret of her own", gatetest.Generated, cookie.Value} {
		if strings.Contains(stored, secret) || strings.Contains(w.Logs(), secret) {
			t.Errorf("the store, or the log, holds %q", secret)
		}
	}
	for _, r := range w.Log() {
		if r.Phase == "intent" && strings.Contains(r.Request, "typed") && !strings.Contains(r.Request, api.Redacted) {
			t.Errorf("%+v", r)
		}
	}
}
