// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
	realserver "gatehouse/tools/homeserver"
)

func TestSuspend(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		u, err := b.suspend(t.Context(), api.UserDeed{ID: b.id(name)})
		if err != nil || !u.Suspended || !b.alive(t, token) || b.signsIn(t, u.ID, "wonderland") != "" {
			t.Fatalf("%+v, %v", u, err)
		}
		b.sent.reset()
		if u, err := b.suspend(t.Context(), api.UserDeed{ID: u.ID}); err != nil || !u.Suspended || len(b.sent.list()) != 1 {
			t.Errorf("twice: %+v, %v, %v", u, err, b.sent.list())
		}
		if u, err = b.unsuspend(t.Context(), api.UserRef{ID: u.ID}); err != nil || u.Suspended {
			t.Errorf("unsuspended: %+v, %v", u, err)
		}
		if _, err := b.suspend(t.Context(), api.UserDeed{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestShadowBan(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		u, err := b.shadowBan(t.Context(), api.UserDeed{ID: b.id(name)})
		if err != nil || !u.ShadowBanned || !b.alive(t, token) {
			t.Fatalf("%+v, %v", u, err)
		}
		if u, err = b.unshadowBan(t.Context(), api.UserRef{ID: u.ID}); err != nil || u.ShadowBanned {
			t.Errorf("ended: %+v, %v", u, err)
		}
		if _, err := b.shadowBan(t.Context(), api.UserDeed{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

// An account that has ended cannot be suspended or shadow-banned: reactivating would bring that back with it.
func TestStatesOfTheDeactivated(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		dead := newcomer(t, b, "dead")
		if _, err := b.deactivate(t.Context(), api.UserDeed{ID: dead.ID}); err != nil {
			t.Fatal(err)
		}
		const want = "deactivated_account [id: deactivated_account]"
		if _, err := b.suspend(t.Context(), api.UserDeed{ID: dead.ID}); problem(err) != want {
			t.Errorf("suspend: %v", err)
		}
		if _, err := b.shadowBan(t.Context(), api.UserDeed{ID: dead.ID}); problem(err) != want {
			t.Errorf("shadow-ban: %v", err)
		}
		if _, err := b.createDevice(t.Context(), api.DeviceCreate{ID: dead.ID}); problem(err) != want {
			t.Errorf("device: %v", err)
		}
		if _, err := b.signInAs(t.Context(), api.SignInAsUser{ID: dead.ID, Minutes: 5}); problem(err) != want {
			t.Errorf("sign in as: %v", err)
		}
	})
}

// The write reaches the server and its answer is lost.
func TestStatesUnanswered(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		for name, do := range map[string]func(api.UserID) error{
			"suspend":    func(id api.UserID) error { _, err := b.suspend(t.Context(), api.UserDeed{ID: id}); return err },
			"shadow-ban": func(id api.UserID) error { _, err := b.shadowBan(t.Context(), api.UserDeed{ID: id}); return err },
			"rate limit": func(id api.UserID) error {
				_, err := b.setRateLimit(t.Context(), api.RateLimitChange{ID: id, MessagesPerSecond: 3, Burst: 9})
				return err
			},
			"feature": func(id api.UserID) error {
				_, err := b.setFeature(t.Context(), api.FeatureChange{ID: id, Name: "msc3881", On: true})
				return err
			},
		} {
			for _, arrives := range []bool{true, false} {
				b.sent.fail = nil
				u := newcomer(t, b, "alice")
				b.sent.fail = unanswered(t, arrives)
				if err, want := do(u.ID), map[bool]string{true: "", false: "outcome_unknown"}[arrives]; problem(err) != want {
					t.Errorf("%s, arrives %t: %s", name, arrives, problem(err))
				}
			}
		}
	})
}

// unanswered lets writes reach the server or not, and their answers never come back.
func unanswered(t *testing.T, arrives bool) func(*http.Request) (*http.Response, error, bool) {
	return func(r *http.Request) (*http.Response, error, bool) {
		if r.Method == http.MethodGet {
			return nil, nil, false
		}
		if arrives {
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Error(err)
				return nil, err, true
			}
			resp.Body.Close()
		}
		return answer(r, http.StatusBadGateway, "<html>"), nil, true
	}
}

// What is not there in an old version, or under Matrix Authentication Service, is not offered.
func TestGates(t *testing.T) {
	offered := func(options fakesynapse.Options) map[string]string {
		options.Secret = testSecret
		f := fakesynapse.New(t, options)
		f.AddUser("root", func(u fakesynapse.Fields) { u["admin"] = true })
		b := newBench(t, f.URL, homeserver.Settings{Token: api.NewSecret(f.Token("@root:localhost"))})
		server, err := b.info(t.Context(), api.ServerQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return server.Unavailable
	}
	for version, names := range map[string]string{
		"1.121.0": "users.suspend users.unsuspend", "1.122.0": "",
		"1.84.0": "devices.create", "1.82.0": "features.list features.set", "1.47.0": "users.shadow_ban users.unshadow_ban",
		"1.31.0": "limits.get limits.set limits.remove", "1.23.0": "users.sign_in_as",
	} {
		missing := offered(fakesynapse.Options{Version: version})
		for _, name := range strings.Fields(names) {
			if missing[name] != reasonVersion {
				t.Errorf("%s: %s is missing because of %q", version, name, missing[name])
			}
		}
		if missing["users.allow_key_reset"] != reasonPassword {
			t.Errorf("%s: a key reset is missing because of %q", version, missing["users.allow_key_reset"])
		}
		if names == "" && (missing["users.suspend"] != "" || missing["users.sign_in_as"] != "" || missing["features.set"] != "" || missing["devices.create"] != "") {
			t.Errorf("%s: %v", version, missing)
		}
	}
	if got := offered(fakesynapse.Options{MAS: true, Version: "1.96.0"})["users.allow_key_reset"]; got != reasonVersion {
		t.Errorf("under MAS an old key reset is missing because of %q", got)
	}
	missing := offered(fakesynapse.Options{MAS: true})
	for _, name := range []string{"devices.prune", "devices.rename", "devices.create", "users.renew", "users.sign_in_as"} {
		if missing[name] != reasonMAS {
			t.Errorf("under MAS %s is missing because of %q", name, missing[name])
		}
	}
	for _, name := range []string{"users.suspend", "users.shadow_ban", "limits.set", "features.set", "users.allow_key_reset"} {
		if missing[name] != "" {
			t.Errorf("under MAS %s is missing because of %q", name, missing[name])
		}
	}
}

// What the previews of suspending and shadow-banning say is what a real Synapse does.
func TestStatesAreTrue(t *testing.T) {
	if !realserver.SynapseInstalled() {
		t.Skip("no Synapse is installed; go run ./tools/setup -only synapse puts one under .cache")
	}
	server, err := real()
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, server.URL, homeserver.Settings{})
	name, friend := unique("alice"), unique("bob")
	mine, theirs := b.person(t, name, false), b.person(t, friend, false)
	id := b.id(name)
	as := func(token api.Secret, method string, path matrix.Path, body, out any) string {
		t.Helper()
		_, err := b.raw.Do(t.Context(), matrix.Call{Method: method, Path: path, Token: token, Body: body}, out)
		if err == nil {
			return ""
		}
		e, ok := matrix.As(err)
		if !ok {
			t.Fatal(err)
		}
		return e.Errcode
	}
	rooms := make([]string, 3)
	for i := range rooms {
		var room struct {
			ID string `json:"room_id"`
		}
		if code := as(theirs, http.MethodPost, matrix.At("/_matrix/client/v3/createRoom"), map[string]any{"preset": "public_chat"}, &room); code != "" {
			t.Fatal(code)
		}
		rooms[i] = room.ID
	}
	send := func(txn string) (event, code string) {
		var sent struct {
			ID string `json:"event_id"`
		}
		code = as(mine, http.MethodPut, matrix.At("/_matrix/client/v3/rooms/{}/send/m.room.message/{}", rooms[0], txn), map[string]any{"msgtype": "m.text", "body": "hello"}, &sent)
		return sent.ID, code
	}
	join := func(room string) string {
		return as(mine, http.MethodPost, matrix.At("/_matrix/client/v3/join/{}", room), map[string]any{}, nil)
	}
	seen := func(event string) bool {
		return as(theirs, http.MethodGet, matrix.At("/_matrix/client/v3/rooms/{}/event/{}", rooms[0], event), nil, nil) == ""
	}
	for _, room := range rooms[:2] {
		if code := join(room); code != "" {
			t.Fatal(code)
		}
	}
	first, _ := send("before")

	if _, err := b.suspend(t.Context(), api.UserDeed{ID: id}); err != nil {
		t.Fatal(err)
	}
	const suspended = "M_USER_SUSPENDED"
	for what, got := range map[string]string{
		"sends":     func() string { _, code := send("suspended"); return code }(),
		"joins":     join(rooms[2]),
		"makes":     as(mine, http.MethodPost, matrix.At("/_matrix/client/v3/createRoom"), map[string]any{}, nil),
		"is called": as(mine, http.MethodPut, matrix.At("/_matrix/client/v3/profile/{}/displayname", string(id)), map[string]any{"displayname": "New"}, nil),
		"invites":   as(mine, http.MethodPost, matrix.At("/_matrix/client/v3/rooms/{}/invite", rooms[0]), map[string]any{"user_id": b.id("nobody")}, nil),
	} {
		if got != suspended {
			t.Errorf("a suspended account %s: %q", what, got)
		}
	}
	for what, got := range map[string]string{
		"reads":                  as(mine, http.MethodGet, matrix.At("/_matrix/client/v3/rooms/{}/event/{}", rooms[0], first), nil, nil),
		"leaves":                 as(mine, http.MethodPost, matrix.At("/_matrix/client/v3/rooms/{}/leave", rooms[1]), map[string]any{}, nil),
		"takes its message back": as(mine, http.MethodPut, matrix.At("/_matrix/client/v3/rooms/{}/redact/{}/1", rooms[0], first), map[string]any{}, nil),
		"signs in":               b.signsIn(t, id, "wonderland"),
	} {
		if got != "" {
			t.Errorf("a suspended account %s: %q", what, got)
		}
	}
	if _, err := b.unsuspend(t.Context(), api.UserRef{ID: id}); err != nil {
		t.Fatal(err)
	}
	if event, code := send("after"); code != "" || !seen(event) {
		t.Errorf("after a suspension it sends: %q", code)
	}

	if _, err := b.shadowBan(t.Context(), api.UserDeed{ID: id}); err != nil {
		t.Fatal(err)
	}
	lost, code := send("banned")
	if code != "" || lost == "" || seen(lost) {
		t.Errorf("what a shadow-banned account sends: %q, seen by others %t", code, seen(lost))
	}
	if code := join(rooms[2]); code != "" {
		t.Errorf("a shadow-banned account joins: %q", code)
	}
	if _, err := b.unshadowBan(t.Context(), api.UserRef{ID: id}); err != nil {
		t.Fatal(err)
	}
	if event, code := send("seen"); code != "" || !seen(event) || seen(lost) {
		t.Errorf("after a shadow-ban it sends: %q; what was lost is seen: %t", code, seen(lost))
	}
}
