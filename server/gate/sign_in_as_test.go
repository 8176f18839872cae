// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

// Signing in as an account is noticed: the audit row has target, reason and end, the gate's own log says so, and the token is in neither.
func TestSignInAsIsLoud(t *testing.T) { storetest.Each(t, testSignInAsIsLoud) }

func testSignInAsIsLoud(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	owner := w.Session(w.Person(api.Owner))
	rec := w.Call(owner, "users.sign_in_as", gate.NewKey(), `{"id":"@ann:example.org","minutes":30,"reason":"ticket 7"}`)
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), gatetest.Generated) {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	rows := w.Log()
	if len(rows) != 2 || !strings.Contains(rows[0].Request, `"reason":"ticket 7"`) || !strings.Contains(rows[0].Request, `"minutes":30`) ||
		rows[0].Targets != `["@ann:example.org"]` || !strings.Contains(rows[1].Detail, "The token ends by itself at 20") {
		t.Errorf("%+v", rows)
	}
	log := w.Logs()
	if !strings.Contains(log, "a call that is to be noticed") || !strings.Contains(log, "users.sign_in_as") || !strings.Contains(log, "@ann:example.org") {
		t.Errorf("the log: %s", log)
	}
	if strings.Contains(log, gatetest.Generated) || strings.Contains(rows[0].Request+rows[1].Detail, gatetest.Generated) {
		t.Error("the token is in a log")
	}
}

// It takes a reason and an end, and is never done to the gate's own account, nor to oneself without being asked.
func TestSignInAsIsRefused(t *testing.T) { storetest.Each(t, testSignInAsIsRefused) }

func testSignInAsIsRefused(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	owner := w.Session(w.Person(api.Owner))
	for body, want := range map[string]struct {
		status int
		code   string
	}{
		`{"id":"@ann:example.org"}`:                                   {422, "invalid_request"},
		`{"id":"@ann:example.org","reason":"x","minutes":1441}`:       {422, "invalid_request"},
		`{"id":"@ann:example.org","reason":"x","minutes":-1}`:         {422, "invalid_request"},
		`{"id":"@gatehouse:example.org","reason":"x"}`:                {409, "own_service_account"},
		`{"id":"@gatehouse:example.org","reason":"x","confirm":true}`: {409, "own_service_account"},
		`{"id":"@admin:example.org","reason":"x"}`:                    {409, "confirm_self"},
	} {
		refused(t, w.Call(owner, "users.sign_in_as", gate.NewKey(), body), want.status, want.code)
	}
	for _, role := range []api.Role{api.Moderator, api.Registrar, api.Helpdesk, api.Auditor} {
		refused(t, w.Call(w.Session(w.Person(role)), "users.sign_in_as", gate.NewKey(), `{"id":"@ann:example.org","reason":"x"}`), 403, "forbidden")
	}
	if calls := w.Stub.Calls("users.sign_in_as"); len(calls) > 0 {
		t.Errorf("the homeserver was asked: %v", calls)
	}
}
