// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	realserver "gatehouse/tools/homeserver"
)

// real is one MAS with its Synapse for all tests of this file.
var real = sync.OnceValues(func() (*realserver.MAS, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	return realserver.StartMAS(ctx, realserver.MASOptions{Home: os.Getenv("MAS_HOME")})
})

// stopReal ends it; TestMain calls it.
func stopReal() {
	if os.Getenv("MAS_HOME") == "" {
		return
	}
	if m, err := real(); err == nil {
		if err := m.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

// realBench is an adapter in front of a real MAS, and its servers.
func realBench(t *testing.T) (*adapter, *realserver.MAS) {
	t.Helper()
	if os.Getenv("MAS_HOME") == "" {
		t.Skip("MAS_HOME names no folder with a Matrix Authentication Service; make test-mas MAS_HOME=… runs this")
	}
	m, err := real()
	if err != nil {
		t.Fatal(err)
	}
	a := build(homeserver.Settings{
		Name: "main", URL: m.Synapse.URL, ServerName: "localhost", Timeout: 20 * time.Second, ForwardedFor: true,
		MAS: homeserver.MAS{AdminURL: m.URL, ClientID: realserver.MASClient, ClientSecret: api.NewSecret(m.ClientSecret)},
	}, &memory{})
	t.Cleanup(func() { (&Server{own: a}).Close(context.WithoutCancel(t.Context())) })
	return a, m
}

var counterMAS struct {
	sync.Mutex
	n int
}

// fresh returns a name that nobody has.
func freshName(prefix string) string {
	counterMAS.Lock()
	defer counterMAS.Unlock()
	counterMAS.n++
	return fmt.Sprintf("%s%d", prefix, counterMAS.n)
}

// atSynapse is an account as Synapse's admin API tells it, nil where there is none.
func atSynapse(t *testing.T, a *adapter, id api.UserID) map[string]any {
	t.Helper()
	var out map[string]any
	if _, err := a.keys.Do(t.Context(), get(matrix.At("/_synapse/admin/v2/users/{}", string(id))), &out); err != nil {
		if matrix.NotFound(err) {
			return nil
		}
		t.Fatal(err)
	}
	return out
}

// signInAt signs in with a password in the old way, as clients do, and returns the token, or the errcode.
func signInAt(t *testing.T, m *realserver.MAS, id api.UserID, secret string) (api.Secret, string) {
	t.Helper()
	var out struct {
		Token api.Secret `json:"access_token"`
	}
	_, err := matrix.New(m.URL, 20*time.Second).Do(t.Context(), matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/login"), Body: map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": id}, "password": secret,
	}}, &out)
	if err == nil {
		return out.Token, ""
	}
	e, ok := matrix.As(err)
	if !ok {
		t.Fatal(err)
	}
	return api.Secret{}, e.Errcode
}

// works tells whether a token works at Synapse.
func works(t *testing.T, m *realserver.MAS, token api.Secret) bool {
	t.Helper()
	call := get(matrix.At("/_matrix/client/v3/account/whoami"))
	call.Token = token
	_, err := matrix.New(m.Synapse.URL, 20*time.Second).Do(t.Context(), call, nil)
	return err == nil
}

const goodPassword = "correct-horse-battery-staple-9"

// makeReal makes an account with a password.
func makeReal(t *testing.T, a *adapter, prefix string, more func(*api.UserCreate)) api.UserID {
	t.Helper()
	req := api.UserCreate{Localpart: api.Localpart(freshName(prefix)), Password: typed(goodPassword)}
	if more != nil {
		more(&req)
	}
	card, err := a.create(t.Context(), req)
	if err != nil || len(card.Left) > 0 {
		t.Fatalf("%+v, %v", card.Left, err)
	}
	return card.User.ID
}

func TestRealMASCheck(t *testing.T) {
	a, _ := realBench(t)
	r, err := a.check(t.Context(), api.ServerQuery{})
	if err != nil || !r.OK() || !strings.Contains(states(r), "mas_admin_api:passed mas_sign_in:passed") || !strings.Contains(states(r), "mas_session:passed") {
		t.Fatalf("%s, %v", states(r), err)
	}
	if !strings.Contains(r.Server.Version, " + MAS 1.") || r.Server.State != "up" {
		t.Errorf("%+v", r.Server)
	}
	for name, why := range r.Server.Unavailable {
		if why == reasonOfSynapse {
			t.Errorf("%s: %s", name, why)
		}
	}
	settings := a.settings
	settings.MAS.ClientSecret = api.NewSecret("wrong")
	wrong := build(settings, &memory{})
	if r, err := wrong.check(t.Context(), api.ServerQuery{}); err != nil || !strings.Contains(states(r), "mas_client_refused:failed") {
		t.Errorf("%s, %v", states(r), err)
	}
	settings = a.settings
	settings.MAS.AdminURL, settings.MAS.URL = a.settings.URL, a.settings.MAS.AdminURL
	elsewhere := build(settings, &memory{})
	if r, err := elsewhere.check(t.Context(), api.ServerQuery{}); err != nil || r.OK() {
		t.Errorf("%s, %v", states(r), err)
	}
}

func TestRealMASAccount(t *testing.T) {
	a, m := realBench(t)
	school := api.ExternalID{AuthProvider: "School", ExternalID: freshName("subject")}
	address := freshName("person") + "@example.org"
	id := makeReal(t, a, "alice", func(c *api.UserCreate) {
		c.DisplayName, c.UserType, c.Admin = "Alice", "support", true
		c.Threepids = []api.Threepid{{Medium: "email", Address: address}}
		c.ExternalIDs = []api.ExternalID{school}
	})
	u, err := a.get(t.Context(), api.UserRef{ID: id})
	if err != nil || u.DisplayName != "Alice" || u.UserType != "support" || !u.Admin || len(u.Drift) > 0 || len(u.Threepids) != 1 || !slices.Equal(u.ExternalIDs, []api.ExternalID{school}) {
		t.Fatalf("%+v, %v", u, err)
	}
	if _, code := signInAt(t, m, id, goodPassword); code != "" {
		t.Errorf("does not sign in: %s", code)
	}
	if who, err := a.verify(t.Context(), api.Credentials{Name: id.Localpart(), Password: api.NewSecret(goodPassword)}); err != nil || !who.Admin || who.ID != id {
		t.Errorf("%+v, %v", who, err)
	}
	if _, err := a.verify(t.Context(), api.Credentials{Name: id.Localpart(), Password: api.NewSecret("wrong")}); code(err) != "sign_in_wrong" {
		t.Errorf("%v", err)
	}
	// Taken names, addresses and identities.
	for want, req := range map[string]api.UserCreate{
		"name_in_use localpart:name_in_use":                             {Localpart: api.Localpart(id.Localpart())},
		"invalid_request threepids.0.address:threepid_taken":            {Localpart: "new", Threepids: []api.Threepid{{Medium: "email", Address: address}}},
		"invalid_request external_ids.0.external_id:external_id_taken":  {Localpart: "new", ExternalIDs: []api.ExternalID{school}},
		"invalid_request external_ids.0.auth_provider:no_such_provider": {Localpart: "new", ExternalIDs: []api.ExternalID{{AuthProvider: "x", ExternalID: "y"}}},
		"localpart_digits localpart:localpart_digits":                   {Localpart: "12345"},
		"too_long localpart:too_long":                                   {Localpart: api.Localpart(strings.Repeat("a", 250))},
	} {
		req.Password.Mode = api.PasswordNone
		if _, err := a.create(t.Context(), req); code(err) != want {
			t.Errorf("%s: %v", want, code(err))
		}
	}
	// An edit of everything, and back.
	after, err := a.update(t.Context(), api.UserUpdate{
		ID: id, DisplayName: &api.Change[string]{To: "Alice Two"}, Admin: &api.Change[bool]{To: false},
		Threepids: &api.Change[[]api.Threepid]{To: []api.Threepid{{Medium: "email", Address: "new-" + address}}}, ExternalIDs: &api.Change[[]api.ExternalID]{To: []api.ExternalID{}},
	})
	if err != nil || after.DisplayName != "Alice Two" || after.Admin || len(after.Drift) > 0 || after.Threepids[0].Address != "new-"+address || len(after.ExternalIDs) > 0 {
		t.Errorf("%+v, %v", after, err)
	}
	if found, err := a.find(t.Context(), api.UserFind{By: api.ByEmail, Value: "new-" + address}); err != nil || found.ID != id {
		t.Errorf("%+v, %v", found, err)
	}
	// Passwords.
	if _, err := a.resetPassword(t.Context(), api.PasswordReset{ID: id, Password: typed("password")}); code(err) != "mas_weak_password password.password:mas_weak_password" {
		t.Errorf("%v", err)
	}
	token, _ := signInAt(t, m, id, goodPassword)
	if !works(t, m, token) {
		t.Fatal("a fresh token does not work at Synapse")
	}
	card, err := a.resetPassword(t.Context(), api.PasswordReset{ID: id, Password: api.PasswordChoice{Mode: api.PasswordPassphrase}})
	if err != nil || !card.SignedOut || works(t, m, token) {
		t.Errorf("%+v, %v; the old device still works: %t", card, err, works(t, m, token))
	}
	if _, code := signInAt(t, m, id, card.Password.Reveal()); code != "" {
		t.Errorf("the new password: %s", code)
	}
	if _, code := signInAt(t, m, id, goodPassword); code != "M_FORBIDDEN" {
		t.Errorf("the old password: %q", code)
	}
}

func TestRealMASDeeds(t *testing.T) {
	a, m := realBench(t)
	id := makeReal(t, a, "deed", nil)
	u, err := a.lock(t.Context(), api.UserDeed{ID: id})
	if err != nil || !u.Locked || len(u.Drift) > 0 || atSynapse(t, a, id)["locked"] != true {
		t.Errorf("lock: %+v, %v", u, err)
	}
	if _, code := signInAt(t, m, id, goodPassword); code != "M_USER_LOCKED" {
		t.Errorf("a locked one signs in: %q", code)
	}
	if u, err = a.unlock(t.Context(), api.UserRef{ID: id}); err != nil || u.Locked || atSynapse(t, a, id)["locked"] != false {
		t.Errorf("unlock: %+v, %v", u, err)
	}
	token, _ := signInAt(t, m, id, goodPassword)
	if u, err = a.deactivate(t.Context(), api.UserDeed{ID: id}); err != nil || !u.Deactivated || u.Erased || len(u.Drift) > 0 {
		t.Errorf("deactivate: %+v, %v", u, err)
	}
	if u, err = a.deactivate(t.Context(), api.UserDeed{ID: id}); err != nil || u.Erased || atSynapse(t, a, id)["erased"] != false {
		t.Errorf("deactivate again: %+v, %v", u, err)
	}
	if works(t, m, token) {
		t.Error("its device still works")
	}
	card, err := a.reactivate(t.Context(), api.UserReactivation{ID: id, Password: api.PasswordChoice{Mode: api.PasswordNone}})
	if err != nil || card.User.Deactivated || len(card.User.Drift) > 0 {
		t.Errorf("reactivate: %+v, %v", card, err)
	}
	if _, code := signInAt(t, m, id, goodPassword); code != "" {
		t.Errorf("a reactivated one does not sign in: %s", code)
	}
	if u, err = a.erase(t.Context(), api.UserErasure{ID: id, ConfirmID: string(id)}); err != nil || !u.Deactivated || !u.Erased || atSynapse(t, a, id)["erased"] != true {
		t.Errorf("erase: %+v, %v", u, err)
	}
}

func TestRealMASSessions(t *testing.T) {
	a, m := realBench(t)
	id := makeReal(t, a, "sess", nil)
	first, _ := signInAt(t, m, id, goodPassword)
	second, _ := signInAt(t, m, id, goodPassword)
	as, err := a.signInAs(t.Context(), api.SignInAsUser{ID: id, Minutes: 5, Reason: "test"})
	if err != nil || !works(t, m, as.Token) || !works(t, m, first) {
		t.Fatalf("%+v, %v", as, err)
	}
	list, err := a.devices(t.Context(), api.UserRef{ID: id})
	if err != nil || len(list.Devices) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	kinds := map[string]int{}
	var compat api.DeviceID
	for _, d := range list.Devices {
		kinds[d.Kind]++
		if d.Kind == kindCompat {
			compat = d.ID
		}
	}
	if kinds[kindCompat] != 2 || kinds[kindPersonal] != 1 {
		t.Errorf("%v", kinds)
	}
	if out, err := a.signOut(t.Context(), api.DeviceSignOut{ID: id, Devices: []api.DeviceID{compat}}); err != nil || out.Count != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	out, err := a.signOut(t.Context(), api.DeviceSignOut{ID: id, All: true})
	if err != nil || out.Count != 2 || works(t, m, first) || works(t, m, second) {
		t.Errorf("%+v, %v", out, err)
	}
	if list, err := a.devices(t.Context(), api.UserRef{ID: id}); err != nil || len(list.Devices) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// Each difference is made at one side alone, seen, and repaired.
func TestRealMASDrift(t *testing.T) {
	a, _ := realBench(t)
	put := func(id api.UserID, body map[string]any) {
		t.Helper()
		if err := a.put(t.Context(), id, body); err != nil {
			t.Fatal(err)
		}
	}
	locked, admin, ended := makeReal(t, a, "drift", nil), makeReal(t, a, "drift", nil), makeReal(t, a, "drift", nil)
	put(locked, map[string]any{"locked": true})
	put(admin, map[string]any{"admin": true})
	call := post(matrix.At("/_synapse/admin/v1/deactivate/{}", string(ended)), map[string]any{"erase": false})
	if _, err := a.keys.Do(t.Context(), call, nil); err != nil {
		t.Fatal(err)
	}
	page, err := a.list(t.Context(), api.UserQuery{Drift: api.Only, System: api.With})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[api.UserID]string{locked: api.DriftLocked, admin: api.DriftAdmin, ended: api.DriftDeactivated} {
		i := slices.IndexFunc(page.Users, func(u api.User) bool { return u.ID == id })
		if i < 0 || !slices.Equal(page.Users[i].Drift, []string{want}) {
			t.Errorf("%s is not told to differ in %s", id, want)
			continue
		}
		u, err := a.repair(t.Context(), api.UserRepair{ID: id, Drift: want})
		if err != nil || len(u.Drift) > 0 {
			t.Errorf("%s: %+v, %v", want, u, err)
		}
	}
	if u, err := a.get(t.Context(), api.UserRef{ID: ended}); err != nil || !u.Deactivated || u.Erased {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestRealMASDemotion(t *testing.T) {
	a, m := realBench(t)
	id := makeReal(t, a, "boss", func(c *api.UserCreate) { c.Admin = true })
	p, err := a.look(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var made single[personal]
	call := post(pathPersonal, map[string]any{"actor_user_id": p.mas.ID, "human_name": "root", "scope": "urn:mas:admin " + scopesSynapse, "expires_in": 300})
	if _, err := a.mas.do(t.Context(), call, &made); err != nil {
		t.Fatal(err)
	}
	kept, _ := signInAt(t, m, id, goodPassword)
	if _, err := a.update(t.Context(), api.UserUpdate{ID: id, Admin: &api.Change[bool]{To: false}}); err != nil {
		t.Fatal(err)
	}
	asks := get(matrix.At("/api/admin/v1/version"))
	asks.Token = made.Data.Attributes.Token
	if _, err := a.mas.admin.Do(t.Context(), asks, nil); !matrix.Is(err, http.StatusUnauthorized, "") {
		t.Errorf("the administrator's token still works: %v", err)
	}
	if !works(t, m, kept) {
		t.Error("an ordinary session was ended, too")
	}
}

func TestRealMASTokens(t *testing.T) {
	a, _ := realBench(t)
	card, err := a.createToken(t.Context(), api.TokenCreate{Uses: 3, Expires: time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
	if err != nil || card.Token.State != api.TokenValid || card.Token.Uses != 3 {
		t.Fatalf("%+v, %v", card, err)
	}
	if after, err := a.updateToken(t.Context(), api.TokenUpdate{ID: card.Token.ID, Uses: &api.Change[int64]{To: 0}, Expires: &api.Change[string]{To: ""}}); err != nil || after.Uses != 0 || after.ExpiresMS != 0 {
		t.Errorf("%+v, %v", after, err)
	}
	if after, err := a.revokeToken(t.Context(), api.TokenRef{ID: card.Token.ID}); err != nil || after.State != api.TokenRevoked {
		t.Errorf("%+v, %v", after, err)
	}
	if after, err := a.unrevokeToken(t.Context(), api.TokenRef{ID: card.Token.ID}); err != nil || after.State != api.TokenValid {
		t.Errorf("%+v, %v", after, err)
	}
	if list, err := a.tokens(t.Context(), api.TokenQuery{}); err != nil || !slices.ContainsFunc(list.Tokens, func(t api.Token) bool { return t.ID == card.Token.ID }) {
		t.Errorf("%+v, %v", list, err)
	}
}

// The gate leaves no session of its client behind.
func TestRealMASGoodbye(t *testing.T) {
	a, _ := realBench(t)
	if _, err := a.version(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := a.mas.token
	(&Server{own: a}).Close(t.Context())
	call := get(matrix.At("/api/admin/v1/version"))
	call.Token = token
	if _, err := a.mas.admin.Do(t.Context(), call, nil); !matrix.Is(err, http.StatusUnauthorized, "") {
		t.Errorf("the token still works: %v", err)
	}
}
