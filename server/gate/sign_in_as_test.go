// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
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
	line := noticed(log)
	for _, has := range []string{"WARN", "users.sign_in_as", "@ann:example.org", "ticket 7", "done"} {
		if !strings.Contains(line, has) {
			t.Errorf("the log does not say %q: %s", has, line)
		}
	}
	if strings.Contains(log, gatetest.Generated) || strings.Contains(rows[0].Request+rows[1].Detail, gatetest.Generated) {
		t.Error("the token is in a log")
	}
}

// noticed is the line of a log about a call that is to be noticed.
func noticed(log string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, "a call that is to be noticed") {
			return line
		}
	}
	return ""
}

// What is to be noticed is, where nobody knows how it ended, and is not where nothing was done; a token of MAS that acts as an account is as loud, is
// in the account's history, and has its reason.
func TestLoud(t *testing.T) {
	t.Parallel()
	const id = "01J44RKQYM4G3TNVANTMTDYTX6"
	for _, c := range []struct {
		name string
		err  error
		line []string // nil: there is none
	}{
		{"done", nil, []string{"WARN", "personal.renew", "@ann:example.org", "ticket 8", "done"}},
		{"nobody answered", api.NewProblem(api.StatusTimeout, "outcome_unknown"), []string{"WARN", "ticket 8", "unknown"}},
		{"refused", api.NewProblem(api.StatusConflict, "personal_actor"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			gatetest.On(w.Stub, api.RenewPersonal, func(_ context.Context, r api.PersonalRenewal) (api.PersonalCard, error) {
				return api.PersonalCard{Session: api.PersonalSession{ID: r.ID, Actor: r.Actor}, Token: api.NewSecret("mpt_stub")}, c.err
			})
			w.Call(w.Session(w.Person(api.Owner)), "personal.renew", gate.NewKey(), `{"id":"`+id+`","actor":"@ann:example.org","reason":"ticket 8"}`)
			line := noticed(w.Logs())
			if (line == "") != (c.line == nil) {
				t.Errorf("the log: %q", line)
			}
			for _, has := range c.line {
				if !strings.Contains(line, has) {
					t.Errorf("the log does not say %q: %s", has, line)
				}
			}
			if rows := w.Log(); len(rows) != 2 || rows[0].Targets != `["@ann:example.org"]` {
				t.Errorf("recorded: %+v", rows)
			}
		})
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
