// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
)

// lose has the homeserver answer until it has taken a write to a path, and nothing but after from then on. The function tells whether it was
// taken.
func lose(b *bench, path string, after func(*http.Request) (*http.Response, error)) (taken func() bool) {
	var gone atomic.Bool
	b.sent.next = roundTripper(func(r *http.Request) (*http.Response, error) {
		if gone.Load() {
			return after(r)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if r.Method != http.MethodGet && strings.Contains(r.URL.Path, path) && err == nil && resp.StatusCode/100 == 2 {
			gone.Store(true)
		}
		return resp, err
	})
	return gone.Load
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Every write of the table is taken by the homeserver, which is gone then in one way or another. It is done, or may be; never does a sentence
// say that nothing was changed.
func TestTakenAndLost(t *testing.T) {
	const alice = api.UserID("@alice:localhost")
	id := func(name string) api.UserID { return api.UserID("@" + name + ":localhost") }
	mail := []api.Threepid{{Medium: "email", Address: "a@example.org"}}
	type call struct {
		path string
		req  func(*testing.T, *bench) api.Request
	}
	just := func(path string, r api.Request) call {
		return call{path, func(*testing.T, *bench) api.Request { return r }}
	}
	file := func(path string, of func(api.MediaID) api.Request) call {
		return call{path, func(t *testing.T, b *bench) api.Request {
			return of(b.upload(t, b.person(t, "bob", false), "image/png", "a.png", drawing(t, shade())))
		}}
	}
	token := func(of func(api.TokenID) api.Request) call {
		return call{"registration_tokens/", func(t *testing.T, b *bench) api.Request {
			card, err := b.createToken(t.Context(), api.TokenCreate{})
			if err != nil {
				t.Fatal(err)
			}
			return of(card.Token.ID)
		}}
	}
	// undone is a deed that takes back what is done first.
	undone := func(c call, do func(*bench, api.MediaRef) error) call {
		return call{c.path, func(t *testing.T, b *bench) api.Request {
			r := c.req(t, b)
			if err := do(b, r.(api.MediaRef)); err != nil {
				t.Fatal(err)
			}
			return r
		}}
	}
	ref := func(m api.MediaID) api.Request { return api.MediaRef{ID: id("bob"), Media: m} }
	deed := func(m api.MediaID) api.Request { return api.MediaDeed{ID: id("bob"), Media: m} }
	calls := map[string][]call{
		"users.create": {
			just("/register", api.UserCreate{Localpart: "new", Password: typed("wonderland"), DisplayName: "New", Threepids: mail}),
			just("/users/@new", api.UserCreate{Localpart: "new", Password: api.PasswordChoice{Mode: api.PasswordNone}, DisplayName: "New"}),
		},
		"users.update": {
			just("/users/@alice", api.UserUpdate{ID: alice, DisplayName: to("X")}),
			{"/users/@bob", func(t *testing.T, b *bench) api.Request {
				b.person(t, "bob", false)
				if _, err := b.update(t.Context(), api.UserUpdate{ID: id("bob"), Threepids: to(mail)}); err != nil {
					t.Fatal(err)
				}
				return api.UserUpdate{ID: alice, Threepids: to(mail), MoveFrom: []api.UserID{id("bob")}}
			}},
		},
		"users.reset_password":  {just("/reset_password/", api.PasswordReset{ID: alice, Password: typed("new password")})},
		"users.lock":            {just("/users/", api.UserDeed{ID: alice})},
		"users.unlock":          {just("/users/", api.UserRef{ID: id("locked")})},
		"users.deactivate":      {just("/deactivate/", api.UserDeed{ID: alice})},
		"users.erase":           {just("/deactivate/", api.UserErasure{ID: alice, ConfirmID: string(alice)})},
		"users.reactivate":      {just("/users/", api.UserReactivation{ID: id("gone"), Password: typed("new password")})},
		"users.suspend":         {just("/suspend/", api.UserDeed{ID: alice})},
		"users.unsuspend":       {just("/suspend/", api.UserRef{ID: id("suspended")})},
		"users.shadow_ban":      {just("/shadow_ban", api.UserDeed{ID: alice})},
		"users.unshadow_ban":    {just("/shadow_ban", api.UserRef{ID: id("banned")})},
		"users.allow_key_reset": nil, // with Matrix Authentication Service alone
		"users.renew":           nil, // where accounts expire alone, which is no Synapse as it is installed
		"users.sign_in_as":      {just("/login", api.SignInAsUser{ID: alice, Minutes: 5})},
		"users.redact":          {just("/redact", api.UserRedaction{ID: alice})},
		"users.notice":          {just("/send_server_notice", api.Notice{ID: alice, Text: "x"})},
		"users.join_rooms": {{"/join/", func(t *testing.T, b *bench) api.Request {
			return api.RoomsJoin{ID: alice, Rooms: []string{string(b.room(t, b.person(t, "bob", false), "Hall")), "!none:localhost"}}
		}}},
		"devices.sign_out": {just("/delete_devices", api.DeviceSignOut{ID: alice, All: true})},
		"devices.prune":    {just("/delete_devices", api.DevicePrune{ID: alice, Days: 1, Never: true})},
		"devices.create": {
			just("/devices", api.DeviceCreate{ID: alice, Device: "MADE"}),
			just("/devices", api.DeviceCreate{ID: alice, Device: "MADE", Name: "Phone"}),
		},
		"devices.rename": {{"/devices/", func(t *testing.T, b *bench) api.Request {
			have, err := b.devices(t.Context(), api.UserRef{ID: alice})
			if err != nil {
				t.Fatal(err)
			}
			return api.DeviceRename{ID: alice, Device: have.Devices[0].ID, Name: "Phone"}
		}}},
		"limits.set":       {just("/override_ratelimit", api.RateLimitChange{ID: alice, MessagesPerSecond: 1, Burst: 5})},
		"limits.remove":    {just("/override_ratelimit", api.UserRef{ID: alice})},
		"features.set":     {just("/experimental_features/", api.FeatureChange{ID: alice, Name: "msc3881", On: true})},
		"tokens.create":    {just("/registration_tokens/new", api.TokenCreate{})},
		"tokens.update":    {token(func(id api.TokenID) api.Request { return api.TokenUpdate{ID: id, Uses: to(int64(7))} })},
		"tokens.delete":    {token(func(id api.TokenID) api.Request { return api.TokenRef{ID: id} })},
		"tokens.show":      nil, // changes nothing
		"operators.verify": nil, // changes nothing that stays
		"media.quarantine": {file("/quarantine/", deed)},
		"media.unquarantine": {undone(file("/unquarantine/", ref), func(b *bench, r api.MediaRef) error {
			return second(b.quarantineMedia(t.Context(), api.MediaDeed{ID: r.ID, Media: r.Media}))
		})},
		"media.protect": {file("/protect/", ref)},
		"media.unprotect": {undone(file("/unprotect/", ref), func(b *bench, r api.MediaRef) error {
			return second(b.protectMedia(t.Context(), r))
		})},
		"media.delete":         {file("/media/localhost/", deed)},
		"media.quarantine_all": {file("/media/quarantine", func(api.MediaID) api.Request { return api.UserDeed{ID: id("bob")} })},
		"media.delete_all":     {file("/users/@bob:localhost/media", func(api.MediaID) api.Request { return api.MediaDeletion{ID: id("bob")} })},
	}
	after := map[string]func(*http.Request) (*http.Response, error){
		"cut off":      func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") },
		"proxy":        func(r *http.Request) (*http.Response, error) { return answer(r, 502, "<html>"), nil },
		"proxy closed": func(r *http.Request) (*http.Response, error) { return answer(r, 403, "<html>"), nil },
		"broken": func(r *http.Request) (*http.Response, error) {
			return answer(r, 500, `{"errcode":"M_UNKNOWN","error":"x"}`), nil
		},
		"limited": func(r *http.Request) (*http.Response, error) {
			return answer(r, 429, `{"errcode":"M_LIMIT_EXCEEDED","error":"x"}`), nil
		},
	}
	start := func(t *testing.T) *bench {
		f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Registration: "token", Notices: true})
		for name, state := range map[string]string{"gone": "deactivated", "locked": "locked", "suspended": "suspended", "banned": "shadow_banned"} {
			f.AddUser(name, func(u fakesynapse.Fields) { u[state] = true })
		}
		b := newBench(t, f.URL, homeserver.Settings{})
		b.person(t, "alice", false)
		if _, err := b.info(t.Context(), api.ServerQuery{}); err != nil { // what is asked once is known by now
			t.Fatal(err)
		}
		return b
	}
	for _, entry := range start(t).table {
		name := entry.Op.Info().Name
		list, known := calls[name]
		switch {
		case entry.Op.Info().Kind != api.KindWrite || entry.Missing != "":
			continue
		case !known:
			t.Errorf("%s is in no row", name)
		}
		for _, c := range list {
			for how, fail := range after {
				t.Run(name+" "+how, func(t *testing.T) {
					b := start(t)
					req := c.req(t, b)
					taken := lose(b, c.path, fail)
					entry, _ := b.table.Find(name)
					_, err := entry.Call(t.Context(), req)
					if !taken() {
						t.Fatalf("it was not taken: %v", err)
					}
					if p, ok := errors.AsType[*api.Problem](err); err != nil && (!ok || !p.Unclear() && !strings.Contains(p.Code, "part")) {
						t.Errorf("told %v", err)
					}
				})
			}
		}
	}
}
