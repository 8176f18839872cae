// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakedendrite"
	"gatehouse/server/homeserver/matrix"
)

var update = flag.Bool("update", false, "write the golden files")

func TestAdapterIsComplete(t *testing.T) {
	if err := New(homeserver.Settings{URL: "http://127.0.0.1:1"}, &keeper{}).Complete(); err != nil {
		t.Error(err)
	}
}

// What cannot be done is a list that people read, for each way to configure it.
func TestUnavailable(t *testing.T) {
	fake := fakedendrite.New(t)
	got := map[string]map[string]string{}
	for name, settings := range map[string]homeserver.Settings{
		"api":                       settingsOf(fake.URL, fake.Secret, "", false),
		"database":                  {URL: fake.URL, Secret: api.NewSecret(fake.Secret), Database: api.NewSecret(fake.Database)},
		"database_writes":           settingsOf(fake.URL, fake.Secret, fake.Database, true),
		"database_without_a_secret": {URL: fake.URL, Token: api.NewSecret("none"), Database: api.NewSecret(fake.Database)},
	} {
		w := build(t, settings, fake)
		got[name] = must(t, w, api.ServerInfo, api.ServerQuery{}).Unavailable
	}
	data, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "unavailable.golden.json")
	if *update {
		if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(data)+"\n"); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

func TestInfo(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		s := must(t, w, api.ServerInfo, api.ServerQuery{})
		if s.Name != "here" || s.Kind != "dendrite" || s.ServerName != "localhost" || s.Version != "0.15.2" || s.State != "up" || s.MaxLocalpart != 243 || s.LatencyMS == 0 {
			t.Errorf("got %+v", s)
		}
	})
	w := build(t, homeserver.Settings{URL: "http://127.0.0.1:1", Secret: api.NewSecret("a secret")}, nil)
	if s := must(t, w, api.ServerInfo, api.ServerQuery{}); s.State != "down" || s.Problem == nil || s.Problem.Code != "homeserver_down" {
		t.Errorf("a server that is down is %+v", s)
	}
}

func TestCheck(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		w.settings.ForwardedFor = true
		report := must(t, w, api.CheckServer, api.ServerQuery{})
		want := []string{"reachable", "version", "clock", "secret", "service_account", "dendrite_forwarded", "dendrite_database", "dendrite_database_writes"}
		if w.db == nil {
			want = append(want[:6], "dendrite_database_none")
		}
		var got []string
		for _, c := range report.Checks {
			got = append(got, c.Code)
			if c.State != api.CheckPassed && c.Code != "dendrite_database_none" {
				t.Errorf("%+v", c)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || !report.OK() {
			t.Errorf("(-want +got): %s", diff)
		}
		w.settings.ForwardedFor = false
		report = must(t, w, api.CheckServer, api.ServerQuery{})
		if c := find(report, "dendrite_forwarded_off"); c.State != api.CheckWarning || find(report, "dendrite_forwarded").Code != "" || !report.OK() {
			t.Errorf("the address is not sent: %+v", report.Checks)
		}
	})
}

// SETTLED 21: a token that cannot be opened is told, and another account takes its place at once.
func TestCheckTellsALockedToken(t *testing.T) {
	everywhere(t, "no database", func(t *testing.T, w *world) {
		late := build(t, homeserver.Settings{URL: w.settings.URL, Secret: w.settings.Secret}, w.fake)
		late.keeper.account = &homeserver.ServiceAccount{ID: "@gatehouse-lost:localhost"}
		for _, locked := range []bool{true, false} {
			report := must(t, late, api.CheckServer, api.ServerQuery{})
			if c := find(report, "service_account_locked"); (c.Params["id"] == "@gatehouse-lost:localhost") != locked || !report.OK() || find(report, "service_account").Code == "" {
				t.Errorf("locked %t: %+v", locked, report.Checks)
			}
		}
		if late.keeper.account.Reason != homeserver.ReasonSealed {
			t.Errorf("it is there because %q", late.keeper.account.Reason)
		}
	})
}

func TestCheckFindsWrongKeys(t *testing.T) {
	everywhere(t, "no database", func(t *testing.T, w *world) {
		person := w.signsIn(t, w.make(t, "person", "a password", false), "a password")
		for name, test := range map[string]struct {
			settings homeserver.Settings
			want     map[string]string // code → problem
		}{
			"wrong secret":      {homeserver.Settings{Secret: api.NewSecret("wrong"), Token: w.keeper.account.Token}, map[string]string{"secret_failed": "homeserver_secret_wrong", "token": ""}},
			"wrong secret only": {homeserver.Settings{Secret: api.NewSecret("wrong")}, map[string]string{"secret_failed": "homeserver_secret_wrong", "service_account_failed": "homeserver_secret_wrong"}},
			"dead token":        {homeserver.Settings{Token: api.NewSecret("dead")}, map[string]string{"secret_none": "", "token_failed": "homeserver_token_dead"}},
			// A person's own whois works; that of another account must be what proves an administrator.
			"a person's token": {homeserver.Settings{Token: api.NewSecret(person)}, map[string]string{"secret_none": "", "token_failed": "homeserver_not_admin"}},
		} {
			test.settings.URL = w.settings.URL
			report := must(t, build(t, test.settings, w.fake), api.CheckServer, api.ServerQuery{})
			for code, problem := range test.want {
				if c := find(report, code); c.Code == "" || c.Params["problem"] != problem || (c.State == api.CheckPassed) != (code == "token") {
					t.Errorf("%s: %s is not in %+v", name, code, report.Checks)
				}
			}
			if report.OK() {
				t.Errorf("%s: the report is good", name)
			}
		}
	})
}

func TestVerifyOperator(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		admin, person, gone := w.make(t, "boss", "a password", true), w.make(t, "person", "a password", false), w.make(t, "gone", "a password", true)
		must(t, w, api.DeactivateUser, api.UserDeed{ID: gone})
		for name, want := range map[string]api.Identity{
			string(admin):      {ID: admin, DisplayName: admin.Localpart(), Admin: true},
			admin.Localpart():  {ID: admin, DisplayName: admin.Localpart(), Admin: true},
			person.Localpart(): {ID: person, DisplayName: person.Localpart()},
		} {
			got, err := do(t, w, api.VerifyOperator, api.Credentials{Name: name, Password: api.NewSecret("a password")})
			if err != nil || got != want {
				t.Errorf("%s is %+v, %v", name, got, err)
			}
		}
		for name, password := range map[string]string{
			admin.Localpart(): "another password", "nobody": "a password", gone.Localpart(): "a password", "@nobody:elsewhere.example": "a password", "@a b:localhost": "x",
		} {
			if _, err := do(t, w, api.VerifyOperator, api.Credentials{Name: name, Password: api.NewSecret(password)}); code(err) != "sign_in_wrong" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, id := range []api.UserID{admin, person} {
			if devices := must(t, w, api.ListDevices, api.UserRef{ID: id}); len(devices.Devices) != 0 {
				t.Errorf("%s is still signed in: %+v", id, devices.Devices)
			}
		}
	})
}

func TestVerifyOperatorAlwaysSignsOut(t *testing.T) {
	for name, faults := range map[string]map[string][]fakedendrite.Fault{
		"whois broken": {routeWhois: {fakedendrite.Broken}},
		"logout lost":  {routeLogout: {fakedendrite.Lost}},
		"logout cut":   {routeLogout: {fakedendrite.Cut}},
		"login lost":   {routeLogin: {fakedendrite.Lost}},
	} {
		t.Run(name, func(t *testing.T) {
			w := fakeWorld(t, true)
			admin := w.make(t, "boss", "a password", true)
			for route, list := range faults {
				w.fake.Inject(route, list...)
			}
			_, err := do(t, w, api.VerifyOperator, api.Credentials{Name: string(admin), Password: api.NewSecret("a password")})
			if (err != nil) != (name == "whois broken") {
				t.Error(err)
			}
			if n := w.fake.Devices(admin.Localpart()); n != 0 {
				t.Errorf("%d sessions are left", n)
			}
		})
	}
	w := fakeWorld(t, true)
	admin := w.make(t, "boss", "a password", true)
	w.fake.Inject(routeLogin, fakedendrite.Limited)
	if _, err := do(t, w, api.VerifyOperator, api.Credentials{Name: string(admin), Password: api.NewSecret("a password")}); code(err) != "homeserver_limited" {
		t.Errorf("a limited sign-in: %v", err)
	}
}

// The person's address goes with a sign-in where the configuration says so, and with nothing else.
func TestForwardedFor(t *testing.T) {
	fake := fakedendrite.New(t)
	for _, told := range []bool{true, false} {
		sent := map[string]string{}
		settings := settingsOf(fake.URL, fake.Secret, "", false)
		settings.ForwardedFor = told
		s := newServer(settings, &keeper{steps: map[api.UserID]string{}}, matrix.WithTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
			sent[r.URL.Path] = r.Header.Get("X-Forwarded-For")
			return http.DefaultTransport.RoundTrip(r)
		})))
		_, _ = s.verifyOperator(t.Context(), api.Credentials{Name: "somebody", Password: api.NewSecret("x"), Address: "192.0.2.7"})
		for path, address := range sent {
			if want := told && path == "/_matrix/client/v3/login"; (address == "192.0.2.7") != want {
				t.Errorf("told %v: %s carries %q", told, path, address)
			}
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Every reason, effect and code that this package says has a text.
func TestCodesAreStable(t *testing.T) {
	fake := fakedendrite.New(t)
	w := build(t, settingsOf(fake.URL, fake.Secret, "", false), fake)
	reasons := map[string]bool{}
	for _, why := range maps.All(must(t, w, api.ServerInfo, api.ServerQuery{}).Unavailable) {
		reasons[why] = true
	}
	want := []string{
		"dendrite_needs_database", "dendrite_needs_password", "dendrite_no_account_data", "dendrite_no_avatar", "dendrite_no_device_edit", "dendrite_no_devices_sign_out",
		"dendrite_no_display_name", "dendrite_no_erase", "dendrite_no_external_ids", "dendrite_no_features", "dendrite_no_join", "dendrite_no_key_reset",
		"dendrite_no_lock", "dendrite_no_media", "dendrite_no_pushers", "dendrite_no_rate_limit", "dendrite_no_redact", "dendrite_no_rooms", "dendrite_no_shadow_ban", "dendrite_no_sign_in_as", "dendrite_no_suspension",
		"dendrite_no_threepids", "dendrite_no_tokens", "dendrite_no_user_type", "dendrite_no_validity", "no_mas",
	}
	if diff := cmp.Diff(want, sortedKeys(reasons)); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}
