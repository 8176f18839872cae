// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

func TestCreate(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		card, err := b.create(t.Context(), api.UserCreate{
			Localpart: api.Localpart(name), DisplayName: "Alice", Password: typed("wonderland"), Admin: true, UserType: "bot",
			Threepids:   []api.Threepid{{Medium: "email", Address: name + "@example.org"}},
			ExternalIDs: []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: name + "/..?#"}},
			AvatarURL:   "mxc://localhost/abc",
		})
		if err != nil || len(card.Left) != 0 {
			t.Fatalf("%+v, %v", card, err)
		}
		u := card.User
		if u.ID != b.id(name) || u.DisplayName != "Alice" || !u.Admin || u.UserType != "bot" || u.AvatarURL != "mxc://localhost/abc" ||
			len(u.Threepids) != 1 || len(u.ExternalIDs) != 1 || u.CreatedMS < 1e12 || card.Password.Reveal() != "wonderland" {
			t.Errorf("card %+v", card)
		}
		if code := b.signsIn(t, u.ID, "wonderland"); code != "" {
			t.Errorf("sign-in: %s", code)
		}
		// Registering must leave no session behind.
		if list, err := b.devices(t.Context(), api.UserRef{ID: u.ID}); err != nil || len(list.Devices) != 1 {
			t.Errorf("devices %+v, %v", list, err)
		}
	})
}

func TestCreateWithoutSecret(t *testing.T) {
	onBoth(t, func(t *testing.T, with *bench) {
		b := newBench(t, with.url, homeserver.Settings{Token: with.admin(t)})
		name := unique("alice")
		card, err := b.create(t.Context(), api.UserCreate{
			Localpart: api.Localpart(name), DisplayName: "Alice", Password: api.PasswordChoice{Mode: api.PasswordPassphrase}, Admin: true, UserType: "support",
		})
		if err != nil || len(card.Left) != 0 || card.User.DisplayName != "Alice" || !card.User.Admin || card.User.UserType != "support" {
			t.Fatalf("%+v, %v", card, err)
		}
		if code := with.signsIn(t, card.User.ID, card.Password.Reveal()); code != "" {
			t.Errorf("sign-in: %s", code)
		}
		// Twice: taken, and the account is as it was.
		_, err = b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(name), DisplayName: "Mallory", Password: typed("other password")})
		if got := problem(err); got != "name_in_use [localpart: name_in_use]" {
			t.Errorf("twice: %s", got)
		}
		if code := with.signsIn(t, card.User.ID, card.Password.Reveal()); code != "" {
			t.Errorf("sign-in after: %s", code)
		}
	})
}

// Somebody makes the account between the look and the PUT: Synapse answers 200, and nothing of it may have been changed.
func TestCreateWithoutSecretLosesTheRace(t *testing.T) {
	onBoth(t, func(t *testing.T, with *bench) {
		b := newBench(t, with.url, homeserver.Settings{Token: with.admin(t)})
		name := unique("alice")
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method == http.MethodPut {
				b.sent.fail = nil
				with.person(t, name, false)
			}
			return nil, nil, false
		}
		_, err := b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(name), DisplayName: "Mallory", Password: typed("other password"), Admin: true})
		if got := problem(err); got != "name_in_use [localpart: name_in_use]" {
			t.Errorf("%s", got)
		}
		u, err := b.get(t.Context(), api.UserRef{ID: b.id(name)})
		if err != nil || u.DisplayName != name || u.Admin || with.signsIn(t, u.ID, "wonderland") != "" {
			t.Errorf("%+v, %v", u, err)
		}
	})
}

func TestCreateRefusals(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		taken := unique("taken")
		identity := []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: taken}}
		address := []api.Threepid{{Medium: "email", Address: taken + "@example.org"}}
		if _, err := b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(taken), Password: typed("wonderland"), ExternalIDs: identity, Threepids: address}); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name string
			req  api.UserCreate
			want string
		}{
			{"taken", api.UserCreate{Localpart: api.Localpart(taken)}, "name_in_use [localpart: name_in_use]"},
			{"digits", api.UserCreate{Localpart: "12345"}, "localpart_digits [localpart: localpart_digits]"},
			{"long", api.UserCreate{Localpart: api.Localpart(strings.Repeat("a", 250))}, "too_long [localpart: too_long]"},
			{"type", api.UserCreate{Localpart: "newcomer", UserType: "owl"}, "invalid_user_type [user_type: invalid_user_type]"},
			{"address", api.UserCreate{Localpart: "newcomer", Threepids: append([]api.Threepid{{Medium: "email", Address: "free@example.org"}}, address...)}, "invalid_request [threepids.1.address: threepid_taken]"},
			{"identity", api.UserCreate{Localpart: "newcomer", ExternalIDs: identity}, "invalid_request [external_ids.0.external_id: identity_taken]"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				tt.req.Password = typed("wonderland")
				card, err := b.create(t.Context(), tt.req)
				if got := problem(err); got != tt.want || !card.Password.IsZero() {
					t.Errorf("%s, card %+v", got, card)
				}
			})
		}
		if _, err := b.get(t.Context(), api.UserRef{ID: b.id("newcomer")}); problem(err) != "not_found" {
			t.Errorf("a refused account exists: %v", err)
		}
	})
}

func TestCreateWithoutPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("silent")
		card, err := b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(name), DisplayName: "S", Password: api.PasswordChoice{Mode: api.PasswordNone}})
		if err != nil || !card.Password.IsZero() || card.User.DisplayName != "S" {
			t.Fatalf("%+v, %v", card, err)
		}
		if code := b.signsIn(t, card.User.ID, "wonderland"); code != "M_FORBIDDEN" {
			t.Errorf("sign-in: %q", code)
		}
	})
}

// The account is made and then something fails: the card is shown, and says what is left.
func TestCreateSaysWhatIsLeft(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if strings.Contains(r.URL.Path, "auth_providers") { // as if nobody had it
				return answer(r, http.StatusNotFound, `{"errcode":"M_NOT_FOUND","error":"User not found"}`), nil, true
			}
			return nil, nil, false
		}
		identity := []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: name}}
		if _, err := b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(unique("first")), Password: typed("wonderland"), ExternalIDs: identity}); err != nil {
			t.Fatal(err)
		}
		card, err := b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(name), Password: typed("wonderland"), ExternalIDs: identity, AvatarURL: "mxc://localhost/x"})
		if err != nil || len(card.Left) != 1 || card.Left[0].Field != "external_ids" || card.Left[0].Code != "external_id_taken" ||
			card.User.AvatarURL != "mxc://localhost/x" || card.Password.Reveal() != "wonderland" {
			t.Errorf("%+v, %v", card, err)
		}
	})
}

// The registration reaches the server and its answer is lost.
func TestCreateUnanswered(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		lose := func(arrives bool) func(*http.Request) (*http.Response, error, bool) {
			return func(r *http.Request) (*http.Response, error, bool) {
				if r.Method != http.MethodPost {
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
				return answer(r, http.StatusGatewayTimeout, "<html>"), nil, true
			}
		}
		if _, err := b.keys.Own(t.Context()); err != nil {
			t.Fatal(err)
		}
		name := unique("alice")
		b.sent.fail = lose(true)
		card, err := b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(name), Password: typed("wonderland")})
		if err != nil || card.User.ID != b.id(name) || b.signsIn(t, card.User.ID, card.Password.Reveal()) != "" {
			t.Errorf("it arrived: %+v, %v", card, err)
		}
		b.sent.fail = lose(false)
		_, err = b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(unique("bob")), Password: typed("wonderland")})
		if problem(err) != "outcome_unknown" {
			t.Errorf("it did not arrive: %v", err)
		}
	})
}

func TestAvailable(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		taken := unique("taken")
		b.person(t, taken, false)
		for name, want := range map[string]string{taken: "name_in_use", unique("free"): "", "12345": "localpart_digits", strings.Repeat("a", 250): "localpart_long"} {
			got, err := b.available(t.Context(), api.NameQuery{Localpart: api.Localpart(name)})
			if err != nil || got.Code != want || got.Free != (want == "") || got.ID != b.id(name) {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
	})
}

func TestGet(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		for id, want := range map[api.UserID]string{
			"@nobody:localhost":        "not_found",
			"@alice:elsewhere.example": "not_local [id: not_local]",
			"@a/../b?#%2F%:localhost":  "not_found",
			"@Ünïcode \"<b>:localhost": "not_found",
			"@..:localhost":            "not_found",
			"@" + "x:localhost:8448":   "not_local [id: not_local]",
		} {
			if _, err := b.get(t.Context(), api.UserRef{ID: id}); problem(err) != want {
				t.Errorf("%s: %s", id, problem(err))
			}
		}
		name := unique("alice/=+.")
		b.person(t, name, false)
		u, err := b.get(t.Context(), api.UserRef{ID: b.id(name)})
		if err != nil || u.ID != b.id(name) || len(u.Unknown) != 0 {
			t.Errorf("%+v, %v", u, err)
		}
		own, err := b.keys.Own(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if u, err := b.get(t.Context(), api.UserRef{ID: own}); err != nil || !u.Own || !u.Admin || u.DisplayName != "Gatehouse" {
			t.Errorf("own account: %+v, %v", u, err)
		}
	})
}

// Opening an account may cost three requests.
func TestAccountPageIsCheap(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		b.person(t, name, false)
		if _, err := b.info(t.Context(), api.ServerQuery{}); err != nil {
			t.Fatal(err)
		}
		b.sent.reset()
		ref := api.UserRef{ID: b.id(name)}
		_, err1 := b.get(t.Context(), ref)
		_, err2 := b.devices(t.Context(), ref)
		if n := len(b.sent.list()); err1 != nil || err2 != nil || n > 3 {
			t.Errorf("%d requests: %v; %v, %v", n, b.sent.list(), err1, err2)
		}
		if _, err := b.preview(t.Context(), api.DeedQuery{ID: ref.ID, Operation: "users.erase"}); err != nil {
			t.Error(err)
		}
	})
}

// With a token that is given no account is ever made; one that is dead says so.
func TestGivenTokenOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, with *bench) {
		b := newBench(t, with.url, homeserver.Settings{Token: with.person(t, unique("root"), true)})
		if _, err := b.list(t.Context(), api.UserQuery{}); err != nil {
			t.Fatal(err)
		}
		if _, err := with.raw.Do(t.Context(), matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/logout"), Token: b.settings.Token, Body: struct{}{}}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.list(t.Context(), api.UserQuery{}); problem(err) != "homeserver_token_dead" {
			t.Errorf("%v", err)
		}
		plain := newBench(t, with.url, homeserver.Settings{Token: with.person(t, unique("nobody"), false)})
		if _, err := plain.list(t.Context(), api.UserQuery{}); problem(err) != "homeserver_not_admin" {
			t.Errorf("%v", err)
		}
	})
}
