// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

func typed(password string) api.PasswordChoice {
	return api.PasswordChoice{Mode: api.PasswordTyped, Password: api.NewSecret(password)}
}

// Everything that an account can be asked to have is there at the end, on the side that keeps it.
func TestCreate(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddProvider("Keycloak", "https://sso.example.org")
	card, err := b.create(t.Context(), api.UserCreate{
		Localpart: "alice", DisplayName: "Alice", Password: typed("correct horse battery"), Admin: true, UserType: "support", AvatarURL: "mxc://localhost/a",
		Threepids: []api.Threepid{{Medium: "email", Address: "alice@example.org"}}, ExternalIDs: []api.ExternalID{{AuthProvider: "Keycloak", ExternalID: "42"}},
	})
	if err != nil || len(card.Left) > 0 {
		t.Fatalf("%+v, %v", card.Left, err)
	}
	u := card.User
	if u.ID != id("alice") || u.DisplayName != "Alice" || !u.Admin || u.UserType != "support" || u.AvatarURL != "mxc://localhost/a" || len(u.Drift) > 0 {
		t.Errorf("%+v", u)
	}
	if len(u.Threepids) != 1 || u.Threepids[0].Address != "alice@example.org" || !slices.Equal(u.ExternalIDs, []api.ExternalID{{AuthProvider: "Keycloak", ExternalID: "42"}}) {
		t.Errorf("%+v %+v", u.Threepids, u.ExternalIDs)
	}
	if at := b.fake.User("alice"); at.Password != "correct horse battery" || !at.Admin {
		t.Errorf("at MAS: %+v", at)
	}
	if card.Password.Reveal() != "correct horse battery" || card.Homeserver != b.fake.Synapse.URL || card.ClientURL != "https://app.example.org" {
		t.Errorf("%+v", card)
	}
	list, err := b.list(t.Context(), api.UserQuery{})
	if err != nil || !slices.ContainsFunc(list.Users, func(u api.User) bool { return u.ID == id("alice") }) {
		t.Errorf("%+v, %v", list, err)
	}
}

// What cannot be taken is refused at its field, and nothing is made.
func TestCreateRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		options fakemas.Options
		req     api.UserCreate
		want    string
	}{
		"taken at MAS":         {req: api.UserCreate{Localpart: "taken"}, want: "name_in_use localpart:name_in_use"},
		"reserved":             {req: api.UserCreate{Localpart: "12345"}, want: "localpart_digits localpart:localpart_digits"},
		"too long":             {req: api.UserCreate{Localpart: api.Localpart(strings.Repeat("a", 250))}, want: "too_long localpart:too_long"},
		"a phone":              {req: api.UserCreate{Localpart: "new", Threepids: []api.Threepid{{Medium: "msisdn", Address: "491"}}}, want: "invalid_request threepids.0.medium:mas_no_phone"},
		"another's address":    {req: api.UserCreate{Localpart: "new", Threepids: []api.Threepid{{Medium: "email", Address: "Taken@example.org"}}}, want: "invalid_request threepids.0.address:threepid_taken"},
		"no such provider":     {req: api.UserCreate{Localpart: "new", ExternalIDs: []api.ExternalID{{AuthProvider: "x", ExternalID: "1"}}}, want: "invalid_request external_ids.0.auth_provider:no_such_provider"},
		"another's identity":   {req: api.UserCreate{Localpart: "new", ExternalIDs: []api.ExternalID{{AuthProvider: "https://sso.example.org", ExternalID: "1"}}}, want: "invalid_request external_ids.0.external_id:external_id_taken"},
		"MAS has no passwords": {options: fakemas.Options{NoPasswords: true}, req: api.UserCreate{Localpart: "new", Password: typed("correct horse")}, want: "password_disabled password.mode:password_disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, tt.options)
			b.fake.AddProvider("Keycloak", "https://sso.example.org")
			b.fake.AddUser("taken", nil)
			taken := api.UserUpdate{ID: id("taken"), Threepids: &api.Change[[]api.Threepid]{To: []api.Threepid{{Medium: "email", Address: "taken@example.org"}}},
				ExternalIDs: &api.Change[[]api.ExternalID]{To: []api.ExternalID{{AuthProvider: "Keycloak", ExternalID: "1"}}}}
			if _, err := b.update(t.Context(), taken); err != nil {
				t.Fatal(err)
			}
			if tt.req.Password.Mode == "" {
				tt.req.Password.Mode = api.PasswordNone
			}
			_, err := b.create(t.Context(), tt.req)
			if code(err) != tt.want {
				t.Errorf("%v, want %s", code(err), tt.want)
			}
			if b.fake.User(string(tt.req.Localpart)) != nil && tt.req.Localpart != "taken" {
				t.Error("it was made")
			}
		})
	}
}

// What fails after the account is there is left, named, and done by the operations that do it alone.
func TestCreateLeaves(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	req := api.UserCreate{Localpart: "alice", DisplayName: "Alice", Password: typed("12345678"), Admin: true}
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		if strings.HasSuffix(r.URL.Path, "/set-admin") {
			return &http.Response{StatusCode: 400, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, true
		}
		return nil, nil, false
	})
	card, err := b.create(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(card.Left) != 2 || card.Left[0].Field != "password" || card.Left[0].Code != "mas_weak_password" || card.Left[1].Field != "admin" || !card.Password.IsZero() {
		t.Errorf("%+v", card)
	}
	b.sent.failing(nil)
	if _, err := b.resetPassword(t.Context(), api.PasswordReset{ID: id("alice"), Password: typed("correct horse battery")}); err != nil {
		t.Error(err)
	}
	after, err := b.update(t.Context(), api.UserUpdate{ID: id("alice"), Admin: &api.Change[bool]{To: true}})
	if err != nil || !after.Admin || len(after.Drift) > 0 || b.fake.User("alice").Password != "correct horse battery" {
		t.Errorf("%+v, %v", after, err)
	}
}

// Synapse down: MAS makes nothing. No answer: the account is found, or nobody knows.
func TestCreateUnanswered(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	if _, err := b.keys.Own(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.fake.Alone(true)
	if _, err := b.create(t.Context(), api.UserCreate{Localpart: "alice", Password: api.PasswordChoice{Mode: api.PasswordNone}}); code(err) != "mas_synapse_down" {
		t.Errorf("%v", err)
	}
	b.fake.Alone(false)
	lose := func(arrives bool) {
		b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
			if r.Method != http.MethodPost || r.URL.Path != "/api/admin/v1/users" {
				return nil, nil, false
			}
			if arrives {
				resp, err := http.DefaultTransport.RoundTrip(r)
				if err == nil {
					resp.Body.Close()
				}
			}
			return &http.Response{StatusCode: 504, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, true
		})
	}
	lose(true)
	card, err := b.create(t.Context(), api.UserCreate{Localpart: "alice", Password: typed("correct horse battery")})
	if err != nil || card.User.ID != id("alice") || len(card.Left) > 0 {
		t.Errorf("%+v, %v", card, err)
	}
	lose(false)
	if _, err := b.create(t.Context(), api.UserCreate{Localpart: "bob", Password: typed("correct horse battery")}); code(err) != "outcome_unknown" {
		t.Errorf("%v", err)
	}
}

func TestUpdate(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	b.fake.AddProvider("Keycloak", "https://sso.example.org")
	set := func(req api.UserUpdate) (api.User, error) {
		req.ID = id("alice")
		return b.update(t.Context(), req)
	}
	u, err := set(api.UserUpdate{
		DisplayName: &api.Change[string]{To: "Alice"}, Threepids: &api.Change[[]api.Threepid]{To: []api.Threepid{{Medium: "email", Address: "a@example.org"}, {Medium: "email", Address: "b@example.org"}}},
		ExternalIDs: &api.Change[[]api.ExternalID]{To: []api.ExternalID{{AuthProvider: "Keycloak", ExternalID: "7"}}},
	})
	if err != nil || u.DisplayName != "Alice" || len(u.Threepids) != 2 || len(u.ExternalIDs) != 1 {
		t.Fatalf("%+v, %v", u, err)
	}
	if list := b.fake.Synapse.Account("alice")["threepids"].([]any); len(list) != 2 {
		t.Errorf("at Synapse: %v", list)
	}
	from := u.Threepids
	for i := range from {
		from[i].ValidatedMS = 0
	}
	u, err = set(api.UserUpdate{Threepids: &api.Change[[]api.Threepid]{From: &from, To: []api.Threepid{{Medium: "email", Address: "b@example.org"}}},
		ExternalIDs: &api.Change[[]api.ExternalID]{To: []api.ExternalID{}}})
	if err != nil || len(u.Threepids) != 1 || u.Threepids[0].Address != "b@example.org" || len(u.ExternalIDs) != 0 {
		t.Errorf("%+v, %v", u, err)
	}
	// Somebody else was faster.
	old := "Alicia"
	if _, err := set(api.UserUpdate{DisplayName: &api.Change[string]{From: &old, To: "A"}}); code(err) != "changed_meanwhile display_name.to:changed_meanwhile" {
		t.Errorf("%v", err)
	}
	// A field that cannot be taken, and nothing else is done.
	sent := b.sent.since(func() {
		_, err := set(api.UserUpdate{DisplayName: &api.Change[string]{To: "A"}, Threepids: &api.Change[[]api.Threepid]{To: []api.Threepid{{Medium: "msisdn", Address: "491234"}}}})
		if code(err) != "mas_no_phone threepids.to:mas_no_phone" {
			t.Errorf("%v", err)
		}
	})
	if count(sent, "PUT") > 0 || count(sent, "POST") > 0 {
		t.Errorf("something was sent: %v", sent)
	}
	// Nothing to do.
	if sent := b.sent.since(func() { _, _ = set(api.UserUpdate{DisplayName: &api.Change[string]{To: "Alice"}}) }); count(sent, "PUT") > 0 {
		t.Errorf("%v", sent)
	}
}

// Who is an administrator no more loses what carries administrators' scopes, and nothing else.
func TestDemotion(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", func(u *fakemas.User) { u.Admin = true })
	keep := b.fake.AddSession("oauth2", "alice", "urn:matrix:client:api:*", "PHONE12345")
	b.fake.AddSession("oauth2", "alice", "urn:mas:admin", "")
	b.fake.AddSession("oauth2", "alice", "urn:matrix:client:api:* urn:synapse:admin:*", "")
	b.fake.AddSession("personal", "alice", scopesSynapse, "")
	plain := b.fake.AddSession("personal", "alice", "urn:matrix:client:api:*", "")
	u, err := b.update(t.Context(), api.UserUpdate{ID: id("alice"), Admin: &api.Change[bool]{To: false}})
	if err != nil || u.Admin || len(u.Drift) > 0 {
		t.Fatalf("%+v, %v", u, err)
	}
	var left []string
	for _, s := range b.fake.Sessions("alice") {
		left = append(left, s.ID)
	}
	if !slices.Equal(left, []string{keep.ID, plain.ID}) {
		t.Errorf("left are %v", left)
	}
}

func TestPasswords(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	b.fake.AddSession("browser", "alice", "", "")
	b.fake.AddSession("compat", "alice", "urn:matrix:client:api:*", "OLDDEVICE1")
	if _, err := b.resetPassword(t.Context(), api.PasswordReset{ID: id("alice"), Password: typed("12345678")}); code(err) != "mas_weak_password password.password:mas_weak_password" {
		t.Errorf("%v", err)
	}
	no := false
	card, err := b.resetPassword(t.Context(), api.PasswordReset{ID: id("alice"), Password: api.PasswordChoice{Mode: api.PasswordPassphrase}, SignOut: &no})
	if err != nil || card.SignedOut || len(b.fake.Sessions("alice")) != 2 {
		t.Errorf("%+v, %v", card, err)
	}
	card, err = b.resetPassword(t.Context(), api.PasswordReset{ID: id("alice"), Password: api.PasswordChoice{Mode: api.PasswordRandom}})
	if err != nil || !card.SignedOut || len(b.fake.Sessions("alice")) != 0 || len(b.fake.Synapse.Devices("alice")) != 0 {
		t.Errorf("%+v, %v", card, err)
	}
	if b.fake.User("alice").Password != card.Password.Reveal() {
		t.Error("another password is set than shown")
	}
}

func TestDeeds(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	at := func(field string) any { return b.fake.Synapse.Account("alice")[field] }
	u, err := b.lock(t.Context(), api.UserDeed{ID: id("alice")})
	if err != nil || !u.Locked || at("locked") != true || len(u.Drift) > 0 {
		t.Errorf("lock: %+v, %v", u, err)
	}
	if u, err = b.unlock(t.Context(), api.UserRef{ID: id("alice")}); err != nil || u.Locked || at("locked") != false {
		t.Errorf("unlock: %+v, %v", u, err)
	}
	if u, err = b.deactivate(t.Context(), api.UserDeed{ID: id("alice")}); err != nil || !u.Deactivated || u.Erased || at("deactivated") != true {
		t.Errorf("deactivate: %+v, %v", u, err)
	}
	// Once more: it must not erase.
	if u, err = b.deactivate(t.Context(), api.UserDeed{ID: id("alice")}); err != nil || u.Erased || at("erased") != false {
		t.Errorf("deactivate again: %+v, %v", u, err)
	}
	if _, err := b.lock(t.Context(), api.UserDeed{ID: id("alice")}); code(err) != "deactivated_account id:deactivated_account" {
		t.Errorf("lock of a deactivated one: %v", err)
	}
	if u, err = b.erase(t.Context(), api.UserErasure{ID: id("alice"), ConfirmID: string(id("alice"))}); err != nil || !u.Erased || at("erased") != true {
		t.Errorf("erase: %+v, %v", u, err)
	}
	card, err := b.reactivate(t.Context(), api.UserReactivation{ID: id("alice"), Password: typed("correct horse battery")})
	if err != nil || card.User.Deactivated || at("deactivated") != false || b.fake.User("alice").Password != "correct horse battery" {
		t.Errorf("reactivate: %+v, %v", card, err)
	}
	if _, err := b.reactivate(t.Context(), api.UserReactivation{ID: id("alice"), Password: api.PasswordChoice{Mode: api.PasswordNone}}); code(err) != "not_deactivated id:not_deactivated" {
		t.Errorf("reactivate again: %v", err)
	}
	for name, do := range map[string]func(api.UserID) error{
		"lock":       func(id api.UserID) error { _, err := b.lock(t.Context(), api.UserDeed{ID: id}); return err },
		"deactivate": func(id api.UserID) error { _, err := b.deactivate(t.Context(), api.UserDeed{ID: id}); return err },
		"reset": func(id api.UserID) error {
			_, err := b.resetPassword(t.Context(), api.PasswordReset{ID: id, Password: typed("correct horse battery")})
			return err
		},
	} {
		if err := do(id("nobody")); code(err) != "not_found" {
			t.Errorf("%s of nobody: %v", name, err)
		}
		if err := do("@alice:elsewhere"); code(err) != "not_local id:not_local" {
			t.Errorf("%s elsewhere: %v", name, err)
		}
	}
}

// A lock that Synapse has not heard of is a difference, and is told.
func TestLockThatDoesNotArrive(t *testing.T) {
	b := newBench(t, fakemas.Options{Held: true})
	b.fake.AddUser("alice", nil)
	u, err := b.lock(t.Context(), api.UserDeed{ID: id("alice")})
	if err != nil || !u.Locked || !slices.Equal(u.Drift, []string{api.DriftLocked}) {
		t.Errorf("%+v, %v", u, err)
	}
	b.fake.Run()
	if u, err = b.get(t.Context(), api.UserRef{ID: id("alice")}); err != nil || len(u.Drift) > 0 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestAvailable(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("both", nil)
	b.fake.AddHere("here")
	b.fake.Synapse.Provision("there", false, nil, "", "")
	for name, want := range map[api.Localpart]string{"free": "", "both": "name_in_use", "here": "name_in_use", "there": "name_in_use"} {
		a, err := b.available(t.Context(), api.NameQuery{Localpart: name})
		if err != nil || a.Code != want || a.Free != (want == "") || a.ID != id(string(name)) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

func TestUnansweredDeed(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		return &http.Response{StatusCode: 502, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, strings.HasSuffix(r.URL.Path, "/lock")
	})
	if _, err := b.lock(t.Context(), api.UserDeed{ID: id("alice")}); code(err) != "outcome_unknown" {
		t.Errorf("%v", err)
	}
}
