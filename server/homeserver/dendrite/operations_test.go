// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
)

func TestCreate(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		name := fresh("al/ice")
		out := must(t, w, api.CreateUser, api.UserCreate{Localpart: name, DisplayName: `Älice "><b>`, Password: api.PasswordChoice{Mode: api.PasswordPassphrase}, Admin: true})
		if out.User.ID != api.UserID("@"+string(name)+":localhost") || !out.User.Admin || out.User.DisplayName != `Älice "><b>` || out.User.CreatedMS == 0 || len(out.Left) != 0 {
			t.Errorf("created %+v, left %v", out.User, out.Left)
		}
		if out.Homeserver != w.settings.URL || out.ClientURL != "https://chat.example" {
			t.Errorf("the card leads to %q and %q", out.Homeserver, out.ClientURL)
		}
		if devices := must(t, w, api.ListDevices, api.UserRef{ID: out.User.ID}); len(devices.Devices) != 0 {
			t.Errorf("the session of the registration is left: %+v", devices)
		}
		token := w.signsIn(t, out.User.ID, out.Password.Reveal())
		if token == "" {
			t.Fatal("the new account cannot sign in with its password")
		}
		if w.raw(t, "GET", "/_matrix/client/v3/admin/whois/@_server:localhost", token, nil, nil) != 200 {
			t.Error("the new administrator is none")
		}
		made, _ := w.keeper.MadeAccounts(t.Context(), "here")
		if len(made) != 1 || made[0].ID != out.User.ID {
			t.Errorf("Gatehouse remembers %v", made)
		}
		if _, err := do(t, w, api.CreateUser, api.UserCreate{Localpart: name, Password: typed("another password")}); code(err) != "name_in_use" || !slices.Equal(at(err), []string{"localpart"}) {
			t.Errorf("a second account of the name: %v at %v", err, at(err))
		}
		if w.signsIn(t, out.User.ID, "another password") != "" {
			t.Error("the second creation changed the first account")
		}
	})
}

func TestCreateRefusesBeforeItSends(t *testing.T) {
	w := fakeWorld(t, false)
	must(t, w, api.ServerInfo, api.ServerQuery{}) // makes the service account
	for _, test := range []struct {
		name string
		ask  api.UserCreate
		code string
		at   []string
	}{
		{"all at once", api.UserCreate{UserType: "bot", Threepids: []api.Threepid{{Medium: "email", Address: "a@b.example"}},
			ExternalIDs: []api.ExternalID{{AuthProvider: "oidc", ExternalID: "1"}}, AvatarURL: "mxc://localhost/a"},
			"not_supported", []string{"user_type", "threepids", "external_ids", "avatar_url"}},
		{"no password", api.UserCreate{Password: api.PasswordChoice{Mode: api.PasswordNone}}, "not_supported", []string{"password.mode"}},
		{"the longest name of the catalogue", api.UserCreate{Localpart: api.Localpart(strings.Repeat("a", 240))}, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.fake.Calls()
			if test.ask.Localpart == "" {
				test.ask.Localpart = "someone"
			}
			if test.ask.Password.Mode == "" {
				test.ask.Password = typed("long enough")
			}
			_, err := do(t, w, api.CreateUser, test.ask)
			if code(err) != test.code || !slices.Equal(at(err), test.at) {
				t.Errorf("got %v at %v", err, at(err))
			}
			if calls := w.fake.Calls(); test.code != "" && len(calls) != 0 {
				t.Errorf("sent %v", calls)
			}
		})
	}
	if most := maxLocalpart("localhost"); most != 243 {
		t.Errorf("a name may have %d bytes", most)
	}
	w.settings.ServerName = strings.Repeat("b", 223)
	w.fake.Calls()
	for name, err := range map[string]error{
		"create":    second(do(t, w, api.CreateUser, api.UserCreate{Localpart: api.Localpart(strings.Repeat("a", 30)), Password: typed("long enough")})),
		"available": second(do(t, w, api.CheckName, api.NameQuery{Localpart: api.Localpart(strings.Repeat("a", 30))})),
	} {
		if code(err) != "too_long" || !slices.Equal(at(err), []string{"localpart"}) {
			t.Errorf("%s: a name that is too long with its server's: %v", name, err)
		}
	}
	if calls := w.fake.Calls(); len(calls) != 0 {
		t.Errorf("sent %v", calls)
	}
}

// The longest name is taken from Dendrite's source; here it says so itself.
func TestLongestName(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		for _, test := range []struct {
			length int
			status int
		}{{maxLocalpart("localhost"), 200}, {maxLocalpart("localhost") + 1, 400}} {
			if got := w.raw(t, "GET", "/_matrix/client/v3/register/available?username="+strings.Repeat("a", test.length), "", nil, nil); got != test.status {
				t.Errorf("a name of %d bytes: %d", test.length, got)
			}
		}
	})
}

func TestCheckName(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		taken := w.make(t, "taken", "a password", false)
		must(t, w, api.DeactivateUser, api.UserDeed{ID: w.make(t, "gone", "a password", false)})
		for name, want := range map[api.Localpart]api.Availability{
			api.Localpart(taken.Localpart()): {ID: taken, Code: "name_in_use"},
			"nobody-has-this":                {ID: "@nobody-has-this:localhost", Free: true},
			"1234":                           {ID: "@1234:localhost", Free: true},
		} {
			if got := must(t, w, api.CheckName, api.NameQuery{Localpart: name}); got != want {
				t.Errorf("%s is %+v", name, got)
			}
		}
	})
}

func TestGet(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		id := w.make(t, "per+son", "a password", false)
		w.signsIn(t, id, "a password")
		u := must(t, w, api.GetUser, api.UserRef{ID: id})
		if u.ID != id || u.DisplayName != id.Localpart() || u.LastSeenMS == 0 || u.CreatedMS == 0 || u.Deactivated || u.Admin || u.Own {
			t.Errorf("got %+v", u)
		}
		want := []string{"admin", "deactivated", "guest", "appservice_id", "threepids"}
		if w.db != nil {
			want = nil
		}
		if diff := cmp.Diff(want, u.Unknown); diff != "" {
			t.Errorf("unknown (-want +got): %s", diff)
		}
		own, err := w.keys.Own(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if u := must(t, w, api.GetUser, api.UserRef{ID: own}); !u.Own || !u.Admin || !u.System {
			t.Errorf("Gatehouse's own account is %+v", u)
		}
		for id, want := range map[api.UserID]string{"@nobody:localhost": "not_found", "@nobody:elsewhere.example": "not_local"} {
			for name, err := range map[string]error{
				"get":        second(do(t, w, api.GetUser, api.UserRef{ID: id})),
				"devices":    second(do(t, w, api.ListDevices, api.UserRef{ID: id})),
				"reset":      second(do(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: typed("a password")})),
				"deactivate": second(do(t, w, api.DeactivateUser, api.UserDeed{ID: id})),
			} {
				if code(err) != want {
					t.Errorf("%s %s: %v", name, id, err)
				}
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestGetCostsTwoRequests(t *testing.T) {
	for database, most := range map[bool]int{false: 2, true: 0} {
		w := fakeWorld(t, database)
		id := w.make(t, "person", "a password", false)
		w.fake.Calls()
		must(t, w, api.GetUser, api.UserRef{ID: id})
		if calls := w.fake.Calls(); len(calls) > most {
			t.Errorf("database %v: %v", database, calls)
		}
	}
}

func TestDevices(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		w.signsIn(t, id, "a password")
		w.signsIn(t, id, "a password")
		out := must(t, w, api.ListDevices, api.UserRef{ID: id})
		if len(out.Devices) != 2 || out.Devices[0].LastSeenMS < out.Devices[1].LastSeenMS {
			t.Fatalf("got %+v", out)
		}
		for _, d := range out.Devices {
			if d.ID == "" || d.LastSeenMS == 0 || d.LastSeenIP != "127.0.0.1" || !strings.HasPrefix(d.UserAgent, "Go-http-client") {
				t.Errorf("got %+v", d)
			}
		}
		if known := w.db != nil; known == slices.Contains(out.Unknown, "display_name") {
			t.Errorf("unknown: %v", out.Unknown)
		}
	})
}

func TestResetPassword(t *testing.T) {
	yes, no := true, false
	everywhere(t, "", func(t *testing.T, w *world) {
		id := w.make(t, "person", "first password", false)
		token := w.signsIn(t, id, "first password")
		out := must(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: typed("second password"), SignOut: &no})
		if out.SignedOut || !w.alive(t, token) || w.signsIn(t, id, "first password") != "" || w.signsIn(t, id, "second password") == "" {
			t.Errorf("a reset that leaves devices alone: %+v", out)
		}
		out = must(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: api.PasswordChoice{Mode: api.PasswordRandom}, SignOut: &yes})
		if !out.SignedOut || w.alive(t, token) || w.signsIn(t, id, "second password") != "" || len(out.Left) != 0 {
			t.Errorf("a reset that signs out: %+v", out)
		}
		if devices := must(t, w, api.ListDevices, api.UserRef{ID: id}); len(devices.Devices) != 0 {
			t.Errorf("devices are left: %+v", devices)
		}
		if w.signsIn(t, id, out.Password.Reveal()) == "" {
			t.Error("the new password is not one")
		}
		must(t, w, api.DeactivateUser, api.UserDeed{ID: id})
		if _, err := do(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: typed("third password"), SignOut: &yes}); code(err) != "deactivated_account" {
			t.Errorf("a reset of a deactivated account: %v", err)
		}
	})
}

// Without the database an account that somebody else deactivated shows only when it does not let the new password in.
func TestResetFindsDeactivated(t *testing.T) {
	everywhere(t, "no database", func(t *testing.T, w *world) {
		id := w.make(t, "person", "first password", false)
		must(t, w, api.DeactivateUser, api.UserDeed{ID: id})
		w.keeper.steps = map[api.UserID]string{} // as if somebody else had done it
		if _, err := do(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: typed("another password")}); code(err) != "dendrite_found_deactivated" {
			t.Errorf("got %v", err)
		}
		if u := must(t, w, api.GetUser, api.UserRef{ID: id}); !u.Deactivated || !u.Knows("deactivated") {
			t.Errorf("it is not remembered: %+v", u)
		}
	})
}

func TestDeactivate(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		id := w.make(t, "per/son", "a password", false)
		token := w.signsIn(t, id, "a password")
		u := must(t, w, api.DeactivateUser, api.UserDeed{ID: id, Reason: "spam"})
		if !u.Deactivated || u.Step != "" || !u.Knows("deactivated") {
			t.Errorf("got %+v", u)
		}
		if w.alive(t, token) || w.signsIn(t, id, "a password") != "" {
			t.Error("the account can still be used")
		}
		if u := must(t, w, api.GetUser, api.UserRef{ID: id}); !u.Deactivated {
			t.Errorf("read back: %+v", u)
		}
		local := id.Localpart()
		last := local + "=deactivated"
		if w.db != nil {
			last = local + "="
		}
		if diff := cmp.Diff([]string{local + "=" + api.StepReplacing, local + "=" + api.StepReplaced, local + "=" + api.StepEnding, last}, w.keeper.history); diff != "" {
			t.Errorf("steps (-want +got): %s", diff)
		}
		if again, err := do(t, w, api.DeactivateUser, api.UserDeed{ID: id}); err != nil || !again.Deactivated {
			t.Errorf("a second time: %+v, %v", again, err)
		}
	})
}

func TestNoticesAccountIsLeftAlone(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		const id = "@_server:localhost"
		for name, err := range map[string]error{
			"reset":      second(do(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: typed("a password")})),
			"deactivate": second(do(t, w, api.DeactivateUser, api.UserDeed{ID: id})),
		} {
			if code(err) != "dendrite_notices_account" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
