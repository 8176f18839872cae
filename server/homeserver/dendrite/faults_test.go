// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"database/sql"
	"slices"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakedendrite"
)

const (
	routeRegister   = "POST /_synapse/admin/v1/register"
	routeReset      = "POST /_dendrite/admin/resetPassword/{id}"
	routeLogin      = "POST /_matrix/client/v3/login"
	routeLogout     = "POST /_matrix/client/v3/logout"
	routeDeactivate = "POST /_matrix/client/v3/account/deactivate"
	routeWhois      = "GET /_matrix/client/v3/admin/whois/{id}"
)

// faulty runs a test on fakes, with the database and without it. The service account is there already.
func faulty(t *testing.T, test func(*testing.T, *world)) {
	t.Helper()
	for name, database := range map[string]bool{"without database": false, "with database": true} {
		t.Run(name, func(t *testing.T) {
			w := fakeWorld(t, database)
			must(t, w, api.ServerInfo, api.ServerQuery{})
			test(t, w)
		})
	}
}

func TestCreateWithoutAnswer(t *testing.T) {
	faulty(t, func(t *testing.T, w *world) {
		ask := func(name api.Localpart) (api.Handout, error) {
			return do(t, w, api.CreateUser, api.UserCreate{Localpart: name, Password: typed("a password")})
		}
		w.fake.Inject(routeRegister, fakedendrite.Lost)
		out, err := ask("made")
		if err != nil || out.User.ID != "@made:localhost" || len(out.Left) != 0 {
			t.Errorf("it was made: %+v, %v", out, err)
		}
		if n := w.fake.Devices("made"); n != 0 {
			t.Errorf("%d sessions are left, whose tokens nobody has", n)
		}
		for _, fault := range []fakedendrite.Fault{fakedendrite.Cut, fakedendrite.Broken} {
			w.fake.Inject(routeRegister, fault)
			if _, err := ask("unmade"); code(err) != "not_done" {
				t.Errorf("fault %d: it was not made: %v", fault, err)
			}
		}
		w.fake.Inject(routeRegister, fakedendrite.Cut)
		token := w.signsIn(t, "@made:localhost", "a password")
		// So is the session that Dendrite's own tool leaves with an account that it makes.
		w.fake.Exec("UPDATE userapi_devices SET device_id = $1, last_seen_ts = 1 WHERE localpart = 'made'", registrationDevice)
		if _, err := ask("made"); code(err) != "name_in_use" || !w.alive(t, token) {
			t.Errorf("an older account with the same password: %v", err)
		}
		if n := w.fake.Devices("made"); n != 1 {
			t.Errorf("it has %d sessions", n)
		}
		w.fake.Inject(routeRegister, fakedendrite.Failed)
		if out, err := ask("trouble"); err != nil || out.User.ID != "@trouble:localhost" {
			t.Errorf("Dendrite said 500 and did it: %v", err)
		}
		w.fake.Exec("UPDATE userapi_accounts SET password_hash = 'of somebody else' WHERE localpart = 'made'")
		w.fake.Inject(routeRegister, fakedendrite.Cut)
		if _, err := ask("made"); code(err) != "name_in_use" || !slices.Equal(at(err), []string{"localpart"}) {
			t.Errorf("somebody else's: %v", err)
		}
		w.fake.Inject(routeRegister, fakedendrite.Lost)
		w.fake.Inject(routeLogin, fakedendrite.Broken, fakedendrite.Broken)
		if _, err := ask("perhaps"); code(err) != "outcome_unknown" {
			t.Errorf("nobody knows: %v", err)
		}
	})
}

func TestCreateWithAnEndThatFails(t *testing.T) {
	faulty(t, func(t *testing.T, w *world) {
		w.fake.Inject(routeLogout, fakedendrite.Broken)
		out := must(t, w, api.CreateUser, api.UserCreate{Localpart: "one", Password: typed("a password")})
		if w.fake.Devices("one") != 0 || len(out.Left) != 0 {
			t.Errorf("signing out was not tried twice: %+v", out)
		}
		w.fake.Inject(routeLogout, fakedendrite.Broken, fakedendrite.Broken)
		out = must(t, w, api.CreateUser, api.UserCreate{Localpart: "two", Password: typed("a password")})
		if len(out.Left) != 1 || out.Left[0].Code != "dendrite_device_left" || out.Password.IsZero() {
			t.Errorf("the session that is left: %+v", out)
		}
	})
}

func TestResetWithoutAnswer(t *testing.T) {
	faulty(t, func(t *testing.T, w *world) {
		id := w.make(t, "person", "first password", false)
		ask := func(password string) error {
			return second(do(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: typed(password)}))
		}
		w.signsIn(t, id, "first password")
		w.fake.Inject(routeReset, fakedendrite.Lost)
		if err := ask("second password"); err != nil {
			t.Errorf("it was done: %v", err)
		}
		if n := w.fake.Devices(id.Localpart()); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		w.fake.Inject(routeReset, fakedendrite.Cut)
		if err := ask("third password"); code(err) != "not_done" || w.signsIn(t, id, "second password") == "" {
			t.Errorf("it was not done: %v", err)
		}
		w.fake.Inject(routeReset, fakedendrite.Lost)
		w.fake.Inject(routeLogin, fakedendrite.Limited)
		if err := ask("fourth password"); code(err) != "outcome_unknown" {
			t.Errorf("nobody knows: %v", err)
		}
	})
}

// Each step of a deactivation is cut and lost; the account is either deactivated, or as it was, or says how far it got.
func TestDeactivateStepByStep(t *testing.T) {
	for _, test := range []struct {
		name   string
		inject map[string][]fakedendrite.Fault
		code   string
		step   string
	}{
		{"reset lost", map[string][]fakedendrite.Fault{routeReset: {fakedendrite.Lost}}, "", ""},
		{"reset cut", map[string][]fakedendrite.Fault{routeReset: {fakedendrite.Cut}}, "not_done", ""},
		{"reset limited", map[string][]fakedendrite.Fault{routeReset: {fakedendrite.Limited}}, "homeserver_limited", ""},
		{"reset lost, and nobody knows", map[string][]fakedendrite.Fault{routeReset: {fakedendrite.Lost}, routeLogin: {fakedendrite.Broken, fakedendrite.Lost}}, "outcome_unknown", api.StepReplacing},
		{"sign-in limited", map[string][]fakedendrite.Fault{routeLogin: {fakedendrite.Limited}}, "dendrite_deactivation_unfinished", api.StepReplaced},
		{"sign-in lost", map[string][]fakedendrite.Fault{routeLogin: {fakedendrite.Lost}}, "", ""},
		{"sign-in lost twice", map[string][]fakedendrite.Fault{routeLogin: {fakedendrite.Lost, fakedendrite.Lost}}, "dendrite_deactivation_unfinished", api.StepReplaced},
		{"end lost", map[string][]fakedendrite.Fault{routeDeactivate: {fakedendrite.Lost}}, "", ""},
		{"end cut", map[string][]fakedendrite.Fault{routeDeactivate: {fakedendrite.Cut}}, "dendrite_deactivation_unfinished", api.StepReplaced},
		{"end limited", map[string][]fakedendrite.Fault{routeDeactivate: {fakedendrite.Limited}}, "dendrite_deactivation_unfinished", api.StepReplaced},
	} {
		t.Run(test.name, func(t *testing.T) {
			faulty(t, func(t *testing.T, w *world) {
				id := w.make(t, "person", "a password", false)
				for route, faults := range test.inject {
					w.fake.Inject(route, faults...)
				}
				u, err := do(t, w, api.DeactivateUser, api.UserDeed{ID: id})
				if code(err) != test.code || (err == nil) != u.Deactivated {
					t.Fatalf("%+v, %v", u, err)
				}
				now := must(t, w, api.GetUser, api.UserRef{ID: id})
				if now.Step != test.step || now.Deactivated != (test.code == "") {
					t.Errorf("it shows %+v", now)
				}
				usable := test.code == "not_done" || test.code == "homeserver_limited"
				if (w.signsIn(t, id, "a password") != "") != usable {
					t.Error("the old password works or not, and that is wrong")
				}
				// Continuing is doing it again.
				if u := must(t, w, api.DeactivateUser, api.UserDeed{ID: id}); !u.Deactivated || u.Step != "" {
					t.Errorf("continued: %+v", u)
				}
				if n := w.fake.Devices(id.Localpart()); n != 0 {
					t.Errorf("%d sessions are left", n)
				}
			})
		})
	}
}

// What is known of an account that is half-way stays known when the next attempt does not begin.
func TestStepStays(t *testing.T) {
	faulty(t, func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		w.fake.Inject(routeLogin, fakedendrite.Limited)
		w.fake.Inject(routeReset, fakedendrite.Lost, fakedendrite.Cut)
		for _, want := range []string{"outcome_unknown", "not_done"} {
			if _, err := do(t, w, api.DeactivateUser, api.UserDeed{ID: id}); code(err) != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if u := must(t, w, api.GetUser, api.UserRef{ID: id}); u.Step != api.StepReplacing {
				t.Errorf("after %s it shows %+v", want, u)
			}
		}
		if w.db != nil { // the database is believed more than our memory
			w.fake.Exec("UPDATE userapi_accounts SET is_deactivated = 1 WHERE localpart = $1", id.Localpart())
			if u := must(t, w, api.GetUser, api.UserRef{ID: id}); u.Step != "" || !u.Deactivated {
				t.Errorf("it shows %+v", u)
			}
		}
	})
}

func TestDeactivateNeedsTheStore(t *testing.T) {
	w := fakeWorld(t, true)
	id := w.make(t, "person", "a password", false)
	u := must(t, w, api.GetUser, api.UserRef{ID: id})
	w.keeper.setDown(true)
	w.fake.Calls()
	if _, err := w.deactivateUser(t.Context(), api.UserDeed{ID: u.ID}); err == nil {
		t.Error("it went on without a note")
	}
	if calls := w.fake.Calls(); len(calls) != 0 {
		t.Errorf("sent %v", calls)
	}
}

// A reset of an account whose deactivation stopped half-way takes the deactivation back.
func TestResetTakesBackADeactivation(t *testing.T) {
	faulty(t, func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		w.fake.Inject(routeLogin, fakedendrite.Limited)
		if _, err := do(t, w, api.DeactivateUser, api.UserDeed{ID: id}); code(err) != "dendrite_deactivation_unfinished" {
			t.Fatal(err)
		}
		out := must(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: typed("new password")})
		if out.User.Step != "" || len(out.Left) != 0 || w.signsIn(t, id, "new password") == "" {
			t.Errorf("got %+v", out)
		}
	})
}

// Dendrite looks for a name in small letters first. Where both spellings are accounts, the one that was asked for is ended.
func TestDeactivateHistoricalName(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		small := w.make(t, "person", "a password", false)
		// New accounts have small letters only; this one is as an old server made it.
		historical := api.UserID("@" + "P" + string(small[2:]))
		db, err := w.db.writer()
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, q := range []string{
			"INSERT INTO userapi_accounts (localpart, server_name, created_ts, password_hash, account_type) VALUES ($1, 'localhost', 1, '', 1)",
			"INSERT INTO userapi_profiles (localpart, server_name, display_name, avatar_url) VALUES ($1, 'localhost', '', '')",
		} {
			if _, err := db.ExecContext(t.Context(), q, historical.Localpart()); err != nil {
				t.Fatal(err)
			}
		}
		u := must(t, w, api.DeactivateUser, api.UserDeed{ID: historical})
		if u.ID != historical || !u.Deactivated || w.signsIn(t, small, "a password") == "" {
			t.Errorf("got %+v", u)
		}
	})
}

// A change whose commit failed is looked up before anything is said.
func TestSettledChange(t *testing.T) {
	w := fakeWorld(t, true)
	id := w.make(t, "person", "a password", false)
	for name, test := range map[string]struct {
		err  error
		done bool
		code string
	}{
		"committed":                   {nil, true, ""},
		"unsure, and done":            {errCommit, true, ""},
		"unsure, and not done":        {errCommit, false, "not_done"},
		"not as expected":             {errElse, false, "changed_meanwhile"},
		"committed, but changed back": {nil, false, "changed_meanwhile"},
		"no account":                  {sql.ErrNoRows, false, "not_found"},
	} {
		_, err := w.settledChange(t.Context(), api.User{ID: id}, test.err, func(api.User) bool { return test.done })
		if code(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
		if p, ok := err.(*api.Problem); ok && p.Code == "changed_meanwhile" && (p.Conflict == nil || p.Conflict.ID != id) {
			t.Errorf("%s does not show the account as it is", name)
		}
	}
}

// Dendrite holds its file for a moment at a time. A change that does not get it says so and does nothing.
func TestChangeMeetsALock(t *testing.T) {
	w := fakeWorld(t, true)
	id := w.make(t, "person", "a password", false)
	release := w.fake.Lock()
	_, err := do(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: change(false, true)})
	release()
	if p, ok := err.(*api.Problem); !ok || p.Code != "dendrite_database_down" || p.Params["cause"] != "locked" {
		t.Errorf("got %v", described(err))
	}
	if u := must(t, w, api.GetUser, api.UserRef{ID: id}); u.Admin {
		t.Error("it was done all the same")
	}
}

// Another answer than the account's own ends nothing: the session that was begun is ended and the account stays.
func TestDeactivateChecksWhoSignedIn(t *testing.T) {
	faulty(t, func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		w.fake.SignInAs("@somebody:else")
		if _, err := do(t, w, api.DeactivateUser, api.UserDeed{ID: id}); code(err) != "dendrite_deactivation_unfinished" {
			t.Errorf("got %v", err)
		}
		if calls := w.fake.Calls(); slices.Contains(calls, routeDeactivate) || !slices.Contains(calls, routeLogout) {
			t.Errorf("sent %v", calls)
		}
	})
}

func TestReactivateWithoutAnswer(t *testing.T) {
	w := fakeWorld(t, true)
	id := w.make(t, "person", "a password", false)
	must(t, w, api.DeactivateUser, api.UserDeed{ID: id})
	for _, fault := range []fakedendrite.Fault{fakedendrite.Lost, fakedendrite.Cut} {
		w.fake.Inject(routeReset, fault)
		if _, err := do(t, w, api.ReactivateUser, api.UserReactivation{ID: id, Password: typed("new password")}); code(err) != "not_done" {
			t.Errorf("fault %d: %v", fault, err)
		}
		if u := must(t, w, api.GetUser, api.UserRef{ID: id}); !u.Deactivated {
			t.Error("it was reactivated")
		}
	}
}

// A sign-in that is sent twice with one device leaves one session, that of the second answer. signIn relies on it.
func TestSecondSignInTakesTheDevice(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		var tokens [2]string
		for i := range tokens {
			var out struct {
				Token string `json:"access_token"`
			}
			proof := prove(string(id), api.NewSecret(""))
			w.raw(t, "POST", "/_matrix/client/v3/login", "", map[string]any{
				"type": proof.Type, "identifier": proof.Identifier, "password": "a password", "device_id": "GATEHOUSE_x",
			}, &out)
			tokens[i] = out.Token
		}
		if w.alive(t, tokens[0]) || !w.alive(t, tokens[1]) {
			t.Error("the first session goes on")
		}
	})
}

// A deletion of the gate's own session between two calls is healed, and the call is done once.
func TestServiceAccountIsRenewed(t *testing.T) {
	faulty(t, func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		w.fake.Exec("DELETE FROM userapi_devices")
		w.fake.Calls()
		must(t, w, api.ResetPassword, api.PasswordReset{ID: id, Password: typed("new password")})
		if w.signsIn(t, id, "new password") == "" {
			t.Error("the password was not replaced")
		}
	})
}
