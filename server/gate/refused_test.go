// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

// SETTLED 13 in the gate: what a server cannot do is refused with the reason before anything is sent or begun.
func TestWhatTheServerLacks(t *testing.T) { storetest.Each(t, testWhatTheServerLacks) }

func testWhatTheServerLacks(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Stub.Lack(api.LockUser, "no_endpoint")
	p := refused(t, w.Call(w.Session(w.Person(api.Owner)), "users.lock", gate.NewKey(), `{"id":"@ann:example.org"}`), 501, "not_supported")
	if p.Params["reason"] != "no_endpoint" {
		t.Errorf("%+v", p)
	}
	if len(w.Stub.Calls()) > 0 || len(w.Log()) > 0 {
		t.Errorf("calls %v, audit %v", w.Stub.Calls(), w.Phases())
	}
}

// A request that is wrong is refused at its fields, before the homeserver is asked or an intent is written.
func TestInvalidRequests(t *testing.T) { storetest.Each(t, testInvalidRequests) }

func testInvalidRequests(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	for body, want := range map[string]struct {
		status      int
		code, field string
	}{
		`{"id":"@ann:example.org","colour":"red"}`: {422, "invalid_request", "colour"},
		`{"id":"ann"}`:                 {422, "invalid_request", "id"},
		`{"id":7}`:                     {422, "invalid_request", "id"},
		`{"id":"@ann:example.org"} {}`: {400, "invalid_json", ""},
		`{"id":`:                       {400, "invalid_json", ""},
		``:                             {400, "invalid_json", ""},
		`[]`:                           {400, "invalid_json", ""},
	} {
		p := refused(t, w.Call(cookie, "users.lock", gate.NewKey(), body), want.status, want.code)
		if want.field != "" && (len(p.Fields) != 1 || p.Fields[0].Field != want.field || p.Fields[0].Detail == "") {
			t.Errorf("%s: %+v", body, p.Fields)
		}
	}
	refused(t, w.Serve(w.Request("GET", "/api/hs/users.list?colour=red", "", cookie)), 422, "invalid_request")
	refused(t, w.Serve(w.Request("GET", "/api/hs/users.list?search=%zz", "", cookie)), 400, "invalid_request")
	if len(w.Stub.Calls()) > 0 || len(w.Log()) > 0 {
		t.Errorf("calls %v, audit %v", w.Stub.Calls(), w.Phases())
	}
}
