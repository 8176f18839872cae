// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// lose has both servers answer until one of them has taken a write to a path, and nothing but after from then on. The function tells whether
// it was taken.
func lose(b *bench, path string, after func(*http.Request) (*http.Response, error)) (taken func() bool) {
	var gone atomic.Bool
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		if gone.Load() {
			resp, err := after(r)
			return resp, err, true
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if r.Method != http.MethodGet && strings.Contains(r.URL.Path, path) && err == nil && resp.StatusCode/100 == 2 {
			gone.Store(true)
		}
		return resp, err, true
	})
	return gone.Load
}

func answering(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ProtoMajor: 1, ProtoMinor: 1}, nil
	}
}

// Every write of the table that MAS has a part in is taken by one of the two servers, and both are gone then in one way or another. It is done,
// or may be, or a part of it is; never does a sentence say that nothing was changed.
func TestTakenAndLost(t *testing.T) {
	mail := func(addresses ...string) *api.Change[[]api.Threepid] {
		c := &api.Change[[]api.Threepid]{}
		for _, a := range addresses {
			c.To = append(c.To, api.Threepid{Medium: "email", Address: a})
		}
		return c
	}
	type call struct {
		path string
		req  func(*testing.T, *bench) api.Request
	}
	just := func(path string, r api.Request) call {
		return call{path, func(*testing.T, *bench) api.Request { return r }}
	}
	token := func(path string, of func(api.TokenID) api.Request, before func(*bench, api.TokenID)) call {
		return call{path, func(t *testing.T, b *bench) api.Request {
			card, err := b.createToken(t.Context(), api.TokenCreate{})
			if err != nil {
				t.Fatal(err)
			}
			if before != nil {
				before(b, card.Token.ID)
			}
			return of(card.Token.ID)
		}}
	}
	tokenRef := func(id api.TokenID) api.Request { return api.TokenRef{ID: id} }
	session := func(path string, of func(string) api.Request) call {
		return call{path, func(t *testing.T, b *bench) api.Request {
			card, err := b.createPersonal(t.Context(), api.PersonalCreate{Actor: id("alice"), Name: "x", Scope: api.ScopeMatrix, Days: 1})
			if err != nil {
				t.Fatal(err)
			}
			return of(card.Session.ID)
		}}
	}
	drifted := func(path, drift string, set func(*bench) string) call {
		return call{path, func(_ *testing.T, b *bench) api.Request { return api.UserRepair{ID: id(set(b)), Drift: drift} }}
	}
	calls := map[string][]call{
		"users.create": {just("/admin/v1/users", api.UserCreate{Localpart: "new", Password: typed("correct horse battery"), UserType: "support", Admin: true, Threepids: mail("n@example.org").To})},
		"users.update": {
			just("/users/@alice:localhost", api.UserUpdate{ID: id("alice"), DisplayName: &api.Change[string]{To: "X"}}),
			just("/users/@alice:localhost", api.UserUpdate{ID: id("alice"), DisplayName: &api.Change[string]{To: "X"}, Admin: &api.Change[bool]{To: true}}),
			just("/user-emails", api.UserUpdate{ID: id("alice"), Threepids: mail("a@example.org")}),
			just("/user-emails", api.UserUpdate{ID: id("alice"), Threepids: mail("a@example.org", "b@example.org")}),
			just("/user-emails", api.UserUpdate{ID: id("owner"), Threepids: mail("b@example.org")}),
			just("/upstream-oauth-links", api.UserUpdate{ID: id("alice"), ExternalIDs: &api.Change[[]api.ExternalID]{To: []api.ExternalID{{AuthProvider: "Keycloak", ExternalID: "1"}, {AuthProvider: "Keycloak", ExternalID: "2"}}}}),
			just("/set-admin", api.UserUpdate{ID: id("owner"), Admin: &api.Change[bool]{To: false}}),
		},
		"users.reset_password": {just("/set-password", api.PasswordReset{ID: id("alice"), Password: typed("correct horse battery")})},
		"users.lock":           {just("/lock", api.UserDeed{ID: id("alice")})},
		"users.unlock":         {just("/unlock", api.UserRef{ID: id("locked")})},
		"users.deactivate":     {just("/deactivate", api.UserDeed{ID: id("alice")})},
		"users.erase":          {just("/deactivate", api.UserErasure{ID: id("alice"), ConfirmID: string(id("alice"))})},
		"users.reactivate": {
			just("/reactivate", api.UserReactivation{ID: id("gone"), Password: api.PasswordChoice{Mode: api.PasswordNone}}),
			just("/set-password", api.UserReactivation{ID: id("gone"), Password: typed("correct horse battery")}),
		},
		"users.repair": {
			drifted("/unlock", api.DriftMASOnly, func(b *bench) string { return b.fake.AddHere("here").Username }),
			drifted("/admin/v1/users", api.DriftSynapseOnly, func(b *bench) string {
				b.fake.Synapse.Provision("there", false, nil, "", "")
				b.fake.Synapse.End("there", false)
				return "there"
			}),
		},
		"users.sign_in_as": {just("/personal-sessions", api.SignInAsUser{ID: id("alice"), Minutes: 5})},
		"devices.sign_out": {
			just("/finish", api.DeviceSignOut{ID: id("alice"), All: true}),
			just("/delete_devices", api.DeviceSignOut{ID: id("alice"), All: true}),
			{"/finish", func(t *testing.T, b *bench) api.Request {
				have, err := b.devices(t.Context(), api.UserRef{ID: id("alice")})
				if err != nil || len(have.Devices) < 2 {
					t.Fatalf("%+v, %v", have, err)
				}
				return api.DeviceSignOut{ID: id("alice"), Devices: []api.DeviceID{have.Devices[0].ID, have.Devices[1].ID}}
			}},
		},
		"devices.prune":   {just("/finish", api.DevicePrune{ID: id("alice"), Days: 1, Never: true})},
		"personal.create": {just("/personal-sessions", api.PersonalCreate{Actor: id("alice"), Name: "x", Scope: api.ScopeMatrix, Days: 1})},
		"personal.renew":  {session("/regenerate", func(s string) api.Request { return api.PersonalRenewal{ID: s, Actor: id("alice"), Days: 1} })},
		"personal.revoke": {session("/revoke", func(s string) api.Request { return api.PersonalRevocation{ID: s, Actor: id("alice")} })},
		"tokens.create":   {just("/user-registration-tokens", api.TokenCreate{})},
		"tokens.update": {token("/user-registration-tokens/", func(id api.TokenID) api.Request {
			return api.TokenUpdate{ID: id, Uses: &api.Change[int64]{To: 7}}
		}, nil)},
		"tokens.revoke":    {token("/revoke", tokenRef, nil)},
		"tokens.unrevoke":  {token("/unrevoke", tokenRef, func(b *bench, id api.TokenID) { _, _ = b.revokeToken(t.Context(), api.TokenRef{ID: id}) })},
		"tokens.show":      nil, // changes nothing
		"operators.verify": nil, // changes nothing that stays
	}
	after := map[string]func(*http.Request) (*http.Response, error){
		"cut off":      func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") },
		"proxy":        answering(502, "<html>"),
		"proxy closed": answering(403, "<html>"),
		"broken":       answering(500, `{"errors":[{"title":"x"}],"errcode":"M_UNKNOWN"}`),
		"limited":      answering(429, `{"errcode":"M_LIMIT_EXCEEDED","error":"x"}`),
	}
	start := func(t *testing.T) *bench {
		b := newBench(t, fakemas.Options{})
		b.fake.AddProvider("Keycloak", "https://sso.example.org")
		b.fake.AddUser("alice", nil)
		b.fake.AddUser("owner", func(u *fakemas.User) { u.Admin = true })
		b.fake.AddUser("locked", nil)
		b.fake.AddUser("gone", nil)
		for name, do := range map[string]func() error{
			"locked": func() error { return second(b.lock(t.Context(), api.UserDeed{ID: id("locked")})) },
			"gone":   func() error { return second(b.deactivate(t.Context(), api.UserDeed{ID: id("gone")})) },
			"owner": func() error {
				return second(b.update(t.Context(), api.UserUpdate{ID: id("owner"), Threepids: mail("a@example.net", "o@example.net")}))
			},
		} {
			if err := do(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, kind := range []string{kindBrowser, kindOAuth, kindCompat} {
			device := ""
			if kind == kindCompat { // which always has one
				device = "OLDDEVICE1"
			}
			b.fake.AddSession(kind, "alice", api.ScopeMatrix, device)
		}
		b.fake.AddSession(kindOAuth, "owner", api.ScopeMatrix+" "+api.ScopeMAS, "")
		b.fake.Synapse.AddDevice("alice", "LEFT", "Left")
		return b
	}
	b := start(t)
	for _, entry := range b.table {
		name := entry.Op.Info().Name
		list, known := calls[name]
		if entry.Op.Info().Kind != api.KindWrite || entry.Missing != "" {
			continue
		}
		if theirs, _ := b.synapse.Find(name); !known && theirs.Missing != "" { // else it is Synapse's own, and in the test of its table
			t.Errorf("%s is in no row", name)
		}
		for _, c := range list {
			for how, fail := range after {
				t.Run(name+" "+c.path+" "+how, func(t *testing.T) {
					b := start(t)
					req := c.req(t, b)
					taken := lose(b, c.path, fail)
					entry, _ := b.table.Find(name)
					_, err := entry.Call(t.Context(), req)
					if !taken() {
						t.Fatalf("it was not taken: %v", err)
					}
					if p, ok := errors.AsType[*api.Problem](err); err != nil && (!ok || !p.Unclear() && p.Code != "partly_done" && !strings.Contains(p.Code, "unfinished")) {
						t.Errorf("told %v", err)
					}
				})
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }
