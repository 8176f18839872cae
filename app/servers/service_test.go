// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

func withMAS() ui.Env {
	env := screentest.Env()
	env.Homeservers[0].MAS = true
	return env
}

const (
	first = "01J44RKQYM4G3TNVANTMTDYTX6"
	then  = "01J44RKQYM4G3TNVANTMTDYTX7"
)

func ago(d time.Duration) int64 {
	return time.UnixMilli(screentest.Env().Now).Add(-d).UnixMilli()
}

func sessions() api.PersonalPage {
	return api.PersonalPage{Total: 5, Next: first, Sessions: []api.PersonalSession{
		{ID: first, Name: "Statistics", Actor: "@robot:uni-lindau.example", Client: "Gatehouse", Scope: api.ScopeMAS, Admin: true, State: api.PersonalActive, CreatedMS: ago(time.Hour), ExpiresMS: ago(-720 * time.Hour), LastSeenMS: ago(time.Minute), Ours: true},
		{ID: then, Name: "Old \"<bot>\"", Actor: "@robot:uni-lindau.example", Owner: "@boss:uni-lindau.example", Scope: "urn:odd", State: api.PersonalExpired, CreatedMS: ago(9999 * time.Hour), ExpiresMS: ago(99 * time.Hour)},
		{ID: "01J44RKQYM4G3TNVANTMTDYTX8", Name: "Gone", Actor: "@robot:uni-lindau.example", Scope: api.ScopeMatrix, State: api.PersonalRevoked, CreatedMS: ago(9999 * time.Hour)},
		{ID: "01J44RKQYM4G3TNVANTMTDYTX9", Name: "Gatehouse", Actor: "@gatehouse-x:uni-lindau.example", Client: "Gatehouse", Scope: api.ScopeMatrix + " " + api.ScopeSynapse, State: api.PersonalActive, CreatedMS: ago(99 * time.Hour), Ours: true, Own: true},
	}}
}

func serviceAnswers() screentest.Caller {
	return screentest.NewCaller(screentest.Answers{
		"server.info": api.Server{Name: "uni", ServerName: "uni-lindau.example", Kind: "synapse", Version: "1.163.2 + MAS 1.22.0", State: "up"},
		"site.get":    api.Site{ServerName: "uni-lindau.example", Passwords: true, MinimumPasswordQuality: 3, EmailChange: true},
		"providers.list": api.ProviderList{Providers: []api.Provider{
			{ID: first, Name: "University", Issuer: "https://sso.uni-lindau.example", CreatedMS: ago(99 * time.Hour)}, {ID: then, Name: "Old", Disabled: true, CreatedMS: ago(999 * time.Hour)},
		}},
		"policy.get": api.Policy{CreatedMS: ago(time.Hour), Data: "{\n  \"admin_clients\": []\n}"},
		"clients.list": api.ClientPage{Total: 3, Next: then, Clients: []api.Client{
			{ID: first, Name: "Element Web", URL: "https://app.element.io/", Static: true}, {ID: then},
		}},
		"clients.get":   api.Client{ID: first, Name: "Element Web", URL: "https://app.element.io/", Static: true, GrantTypes: []string{"authorization_code", "refresh_token"}, RedirectURLs: []string{"https://app.element.io/a", "https://app.element.io/b"}},
		"personal.list": sessions(),
		"personal.get":  sessions().Sessions[0],
	})
}

func TestServiceGolden(t *testing.T) {
	env := withMAS()
	empty := screentest.NewCaller(screentest.Answers{"personal.list": api.PersonalPage{}, "clients.list": api.ClientPage{}, "site.get": api.Site{}, "providers.list": api.ProviderList{}, "policy.get": api.Policy{}})
	for _, c := range []struct {
		name, path, query string
		open              func() screen.Screen
		env               ui.Env
		call              screentest.Caller
	}{
		{"server-mas", route.ServerPath, "", NewServer, env, serviceAnswers()},
		{"site", route.SitePath, "", NewSite, env, serviceAnswers()},
		{"site-german", route.SitePath, "", NewSite, screentest.In(env, "de"), serviceAnswers()},
		{"site-empty", route.SitePath, "", NewSite, env, empty},
		{"site-helpdesk", route.SitePath, "", NewSite, screentest.As(env, api.Helpdesk), serviceAnswers()},
		{"clients", route.ClientsPath, "", NewClients, env, serviceAnswers()},
		{"clients-more", route.ClientsPath, "?search=e&cursor=" + first, NewClients, env, serviceAnswers()},
		{"clients-empty", route.ClientsPath, "?search=nobody", NewClients, env, empty},
		{"clients-helpdesk", route.ClientsPath, "", NewClients, screentest.As(env, api.Helpdesk), serviceAnswers()},
		{"client", route.ClientPath, "?id=" + first, NewClient, env, serviceAnswers()},
		{"personal", route.PersonalPath, "", NewPersonals, env, serviceAnswers()},
		{"personal-german", route.PersonalPath, "?state=active", NewPersonals, screentest.In(env, "de"), serviceAnswers()},
		{"personal-auditor", route.PersonalPath, "", NewPersonals, screentest.As(env, api.Auditor), serviceAnswers()},
		{"personal-helpdesk", route.PersonalPath, "", NewPersonals, screentest.As(env, api.Helpdesk), serviceAnswers()},
		{"personal-empty", route.PersonalPath, "", NewPersonals, env, empty},
		{"personal-one", route.OnePersonalPath, "?id=" + first, NewPersonal, env, serviceAnswers()},
		{"personal-create", route.CreatePersonalPath, "?actor=%40robot%3Auni-lindau.example", NewCreatePersonal, env, serviceAnswers()},
		{"personal-create-auditor", route.CreatePersonalPath, "", NewCreatePersonal, screentest.As(env, api.Auditor), serviceAnswers()},
		{"personal-renew", route.RenewPersonalPath, "?id=" + first, NewRenewPersonal, env, serviceAnswers()},
		{"personal-revoke", route.RevokePersonalPath, "?id=" + first, NewRevokePersonal, env, serviceAnswers()},
	} {
		t.Run(c.name, func(t *testing.T) {
			screentest.Golden(t, c.name, screentest.Draw(t, c.open, c.env, c.call, "/uni/"+c.path+c.query))
		})
	}
}

// Without MAS there is nothing of all that, and no tabs.
func TestNoService(t *testing.T) {
	if page := screentest.Draw(t, NewServer, screentest.Env(), serviceAnswers(), "/uni/server"); strings.Contains(page, route.PersonalPath) || strings.Contains(page, route.SitePath) {
		t.Error("a homeserver without MAS has its tabs")
	}
}

// What cannot be done to a session is said, and cannot be pressed.
func TestPersonalWhy(t *testing.T) {
	env, all := withMAS(), sessions().Sessions
	for i, want := range [][2]string{
		{"", ""}, {env.T("problem.personal_not_ours"), ""}, {env.T("problem.personal_revoked"), env.T("problem.personal_revoked")},
		{env.T("problem.own_personal"), env.T("problem.own_personal")},
	} {
		if got := [2]string{renewing.why(env, all[i]), revoking.why(env, all[i])}; got != want {
			t.Errorf("%s: %q, want %q", all[i].Name, got, want)
		}
		page := ui.HTML(drawn(NewRevokePersonal(), env, screentest.NewCaller(screentest.Answers{"personal.get": all[i]}), "/uni/"+route.RevokePersonalPath+"?id="+first))
		if has := strings.Contains(page, `name="id"`); has != (want[1] == "") {
			t.Errorf("%s: the question can be answered: %t", all[i].Name, has)
		}
	}
}

func drawn(s screen.Screen, env ui.Env, call screentest.Caller, address string) screen.Screen {
	if err := screentest.Load(s, env, call, address); err != nil {
		panic(err)
	}
	return s
}

// The token is on the card that follows, once, and neither in the page's data nor at an address.
func TestPersonalCard(t *testing.T) {
	const token = "mpt_abcdefgh_12345"
	card := api.PersonalCard{Session: sessions().Sessions[0], Token: api.NewSecret(token), Homeserver: "https://matrix.uni-lindau.example"}
	for name, open := range map[string]func() screen.Screen{"created": NewCreatePersonal, "renewed": NewRenewPersonal} {
		s := open().(screen.Writer)
		s.Use(withMAS())
		next := s.After("", card)
		if next.Screen == nil || next.URL != "" {
			t.Fatalf("%s: %+v", name, next)
		}
		next.Screen.Use(withMAS())
		page := ui.HTML(next.Screen)
		if strings.Count(page, token) != 1 {
			t.Errorf("%s: the token is there %d times", name, strings.Count(page, token))
		}
		if data, err := json.Marshal(next.Screen); err != nil || strings.Contains(string(data), token) {
			t.Errorf("%s: %s, %v", name, data, err)
		}
		screentest.Golden(t, "personal-card", page)
	}
	s := NewRevokePersonal().(screen.Writer)
	s.Use(withMAS())
	if next := s.After("", sessions().Sessions[0]); next.Screen != nil || !strings.Contains(next.URL, route.OnePersonalPath) || next.Notice == "" {
		t.Errorf("revoked: %+v", next)
	}
}

// What the forms send is what the operations take.
func TestPersonalRequests(t *testing.T) {
	values := url.Values{"actor": {"@robot:uni-lindau.example"}, "name": {" Statistics "}, "scope": {api.ScopeMatrix}, "days": {"30"}, "reason": {"a ticket"}}
	req, err := api.CreatePersonal.DecodeForm(values)
	if err != nil || req.Validate() != nil {
		t.Fatal(err, req.Validate())
	}
	want := api.PersonalCreate{Actor: "@robot:uni-lindau.example", Name: "Statistics", Scope: api.ScopeMatrix, Days: 30, Reason: "a ticket"}
	if req != api.Request(want) {
		t.Errorf("%+v", req)
	}
	page := screentest.Draw(t, NewCreatePersonal, withMAS(), serviceAnswers(), "/uni/"+route.CreatePersonalPath)
	for name := range values {
		if !strings.Contains(page, `name="`+name+`"`) {
			t.Errorf("the form has no field %s", name)
		}
	}
}
