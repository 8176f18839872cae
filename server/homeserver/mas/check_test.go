// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// states are the checks of a report in a line.
func states(r api.Report) string {
	var list []string
	for _, c := range r.Checks {
		list = append(list, c.Code+":"+c.State)
	}
	return strings.Join(list, " ")
}

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct {
		options fakemas.Options
		want    []string
		ok      bool
	}{
		"all is well":        {fakemas.Options{}, []string{"mas_admin_api:passed", "mas_sign_in:passed", "mas_session:passed", "version:passed"}, true},
		"no admin API":       {fakemas.Options{NoAdminAPI: true}, []string{"mas_no_adminapi:failed"}, false},
		"not in the policy":  {fakemas.Options{NotAdminClient: true}, []string{"mas_not_admin_client:failed"}, false},
		"another homeserver": {fakemas.Options{ServerName: "example.org"}, []string{"mas_other_name:failed"}, false},
		"no passwords":       {fakemas.Options{NoPasswords: true}, []string{"mas_no_passwords:warning"}, true},
		"no compat":          {fakemas.Options{NoCompat: true}, []string{"mas_no_compat:warning"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, tt.options)
			r, err := b.check(t.Context(), api.ServerQuery{})
			if err != nil || r.OK() != tt.ok {
				t.Errorf("%s, %v", states(r), err)
			}
			for _, want := range tt.want {
				if !strings.Contains(states(r), want) {
					t.Errorf("%s has no %s", states(r), want)
				}
			}
			if strings.Contains(states(r), "secret_") || strings.Contains(states(r), " mas:") {
				t.Errorf("what Synapse alone would say: %s", states(r))
			}
		})
	}
	b := newBench(t, fakemas.Options{})
	b.fake.Down(true)
	r, err := b.check(t.Context(), api.ServerQuery{})
	if err != nil || r.OK() || r.Checks[0].Params["problem"] != "mas_down" || r.Server.State != "down" {
		t.Errorf("%s, %v", states(r), err)
	}
	b = newBench(t, fakemas.Options{})
	b.mas.basic.Password = api.NewSecret("canary-wrong")
	r, err = b.check(t.Context(), api.ServerQuery{})
	if err != nil || !strings.Contains(states(r), "mas_client_refused:failed") || r.Checks[0].Params["client"] != fakemas.ClientID {
		t.Errorf("%s, %v", states(r), err)
	}
}

func TestInfo(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	info, err := b.info(t.Context(), api.ServerQuery{})
	if err != nil || info.State != "up" || info.Version != "1.163.2 + MAS 1.22.0" || info.Kind != "synapse" || info.ServerName != "localhost" {
		t.Errorf("%+v, %v", info, err)
	}
	for name, why := range info.Unavailable {
		if why == reasonOfSynapse {
			t.Errorf("%s is not to be had because of MAS", name)
		}
	}
	b.fake.Down(true)
	if info, err = b.info(t.Context(), api.ServerQuery{}); err != nil || info.State != "down" || info.Problem.Code != "mas_down" || info.Unavailable["users.create.threepids.phone"] != reasonNoPhones {
		t.Errorf("%+v, %v", info, err)
	}
}

// An administrator is one who MAS lets sign in with a password and may ask for administrators' scopes; the sign-in leaves nothing.
func TestVerify(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	with := func(admin bool) func(*fakemas.User) {
		return func(u *fakemas.User) { u.Admin, u.Password = admin, "wonderland" }
	}
	b.fake.AddUser("root", with(true))
	b.fake.AddUser("alice", with(false))
	b.fake.AddUser("bob", func(u *fakemas.User) { with(true)(u); now := b.clock.Now(); u.Locked = &now })
	try := func(name, password string) (api.Identity, error) {
		return b.verify(t.Context(), api.Credentials{Name: name, Password: api.NewSecret(password)})
	}
	if who, err := try("root", "wonderland"); err != nil || !who.Admin || who.ID != id("root") {
		t.Errorf("%+v, %v", who, err)
	}
	if who, err := try("@alice:localhost", "wonderland"); err != nil || who.Admin {
		t.Errorf("%+v, %v", who, err)
	}
	for name, want := range map[string]string{"root": "sign_in_wrong", "nobody": "sign_in_wrong"} {
		if _, err := try(name, "wrong"); code(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := try("bob", "wonderland"); code(err) != "sign_in_locked" {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"root", "alice"} {
		if live := b.fake.Sessions(name); len(live) > 0 || len(b.fake.Synapse.Devices(name)) > 0 {
			t.Errorf("%s is still signed in: %+v", name, live)
		}
	}
	// An answer that is lost: the session is found and ended.
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		if !strings.HasSuffix(r.URL.Path, "/login") {
			return nil, nil, false
		}
		if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
			resp.Body.Close()
		}
		return &http.Response{StatusCode: 504, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, true
	})
	if _, err := try("root", "wonderland"); err == nil || len(b.fake.Sessions("root")) > 0 {
		t.Errorf("%v, %+v", err, b.fake.Sessions("root"))
	}
	for _, options := range []fakemas.Options{{NoCompat: true}, {NoPasswords: true}} {
		b := newBench(t, options)
		b.fake.AddUser("root", with(true))
		_, err := b.verify(t.Context(), api.Credentials{Name: "root", Password: api.NewSecret("wonderland")})
		if code(err) != "not_supported" || problem(err).Params["reason"] != "mas_no_passwords" {
			t.Errorf("%+v: %v", options, err)
		}
	}
}
