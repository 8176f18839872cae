// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"encoding/json"
	"flag"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

var _ = flag.Bool("update", false, "write the golden files")

const secret = "Kw-the-token-of-the-school"

func in(days int) int64 {
	return screentest.Now.Add(time.Duration(days) * 24 * time.Hour).UnixMilli()
}

func list() api.TokenList {
	unknown := []string{"created_ms", "last_used_ms"}
	return api.TokenList{Tokens: []api.Token{
		{ID: "Kw~1f", Start: "Kw", State: api.TokenValid, Uses: 30, Completed: 3, Pending: 1, ExpiresMS: in(9), Unknown: unknown},
		{ID: "~2a", State: api.TokenValid, Completed: 1204, Unknown: unknown},
		{ID: "su~3b", Start: "su", State: api.TokenUsedUp, Uses: 1, Completed: 1, Unknown: unknown},
		{ID: "xx~4c", Start: "xx", State: api.TokenExpired, Uses: 5, ExpiresMS: in(-2), Unknown: unknown},
	}}
}

func caller(l any) screentest.Caller {
	return screentest.NewCaller(screentest.Answers{"tokens.list": l})
}

// unable is what Synapse has not got, and what else is asked for.
func unable(env ui.Env, more map[string]string) ui.Env {
	env.Unavailable = map[string]string{"tokens.revoke": "synapse_no_revoke", "tokens.unrevoke": "synapse_no_revoke"}
	for name, why := range more {
		env.Unavailable[name] = why
	}
	return env
}

func TestGolden(t *testing.T) {
	synapse := unable(screentest.Env(), nil)
	demand := func(d api.TokenDemand) api.TokenList {
		l := list()
		l.Demand = d
		return l
	}
	// A server like MAS: it revokes, deletes nothing, and knows when a token was made and used.
	mas := screentest.Env()
	mas.Unavailable = map[string]string{"tokens.delete": "mas"}
	dated := api.Token{ID: "01JRVTOKEN", Start: "Kw", State: api.TokenRevoked, Uses: 3, Completed: 1, CreatedMS: in(-30), LastUsedMS: in(-1), Unknown: []string{"pending"}}
	for _, c := range []struct {
		name    string
		open    func() screen.Screen
		env     ui.Env
		answer  any
		address string
	}{
		{"list", NewList, synapse, demand(api.TokenRequired), "/uni/registration-tokens"},
		{"list-closed", NewList, synapse, demand(api.TokenClosed), "/uni/registration-tokens"},
		{"list-not-asked", NewList, screentest.In(synapse, "de"), demand(api.TokenNotAsked), "/uni/registration-tokens"},
		{"list-optional", NewList, synapse, demand(api.TokenOptional), "/uni/registration-tokens"},
		{"list-some", NewList, mas, api.TokenList{Tokens: []api.Token{dated}, Total: 2311}, "/uni/registration-tokens"},
		{"list-empty", NewList, synapse, api.TokenList{}, "/uni/registration-tokens"},
		{"list-dendrite", NewList, unable(screentest.Env(), map[string]string{"tokens.list": "dendrite_no_tokens"}), nil, "/uni/registration-tokens"},
		{"list-auditor", NewList, screentest.As(synapse, api.Auditor), nil, "/uni/registration-tokens"},
		{"token", NewToken, synapse, list(), "/uni/registration-tokens/token?id=Kw~1f"},
		{"token-revoked", NewToken, mas, api.TokenList{Tokens: []api.Token{dated}}, "/uni/registration-tokens/token?id=01JRVTOKEN"},
		{"create", NewCreate, synapse, nil, "/uni/registration-tokens/create"},
		{"create-missing", NewCreate, unable(screentest.Env(), map[string]string{"tokens.create": "mas"}), nil, "/uni/registration-tokens/create"},
		{"edit", NewEdit, synapse, list(), "/uni/registration-tokens/edit?id=Kw~1f"},
		{"edit-endless", NewEdit, screentest.In(synapse, "de"), list(), "/uni/registration-tokens/edit?id=~2a"},
		{"delete", NewDelete, synapse, list(), "/uni/registration-tokens/delete?id=Kw~1f"},
		{"revoke", NewRevoke, mas, list(), "/uni/registration-tokens/revoke?id=Kw~1f"},
		{"revoke-missing", NewRevoke, synapse, list(), "/uni/registration-tokens/revoke?id=Kw~1f"},
		{"unrevoke", NewUnrevoke, mas, api.TokenList{Tokens: []api.Token{dated}}, "/uni/registration-tokens/unrevoke?id=01JRVTOKEN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			screentest.Golden(t, c.name, screentest.Draw(t, c.open, c.env, caller(c.answer), c.address))
		})
	}
}

func TestNoSuchToken(t *testing.T) {
	for address, want := range map[string]string{
		"/uni/registration-tokens/token?id=gone~1": "no_such_token",
		"/uni/registration-tokens/token":           "invalid_request [id: missing]",
		"/uni/registration-tokens/token?id=a/b":    "invalid_request [id: invalid_token_id]",
	} {
		for _, open := range []func() screen.Screen{NewToken, NewEdit, NewDelete} {
			if err := screentest.Load(open(), screentest.Env(), caller(list()), address); err == nil || err.Error() != want {
				t.Errorf("%s: %v, want %s", address, err, want)
			}
		}
	}
}

func card(client string) api.TokenCard {
	return api.TokenCard{Token: list().Tokens[0], Text: api.NewSecret(secret), Homeserver: "https://matrix.uni-lindau.example", ClientURL: client}
}

// after is the screen that follows a write.
func after(t *testing.T, open func() screen.Screen, result any) screen.Screen {
	t.Helper()
	w := open().(screen.Writer)
	w.Use(screentest.Env())
	next := w.After("", result)
	if next.Screen == nil || next.URL != "" {
		t.Fatalf("%+v", next)
	}
	next.Screen.Use(screentest.Env())
	return next.Screen
}

// The card shows the token, its link and a code of the link; the page's data block has none of it.
func TestCard(t *testing.T) {
	for name, open := range map[string]func() screen.Screen{"card": NewToken, "card-new": NewCreate} {
		s := after(t, open, card("https://chat.uni-lindau.example/"))
		drawn := ui.HTML(s)
		screentest.Golden(t, name, drawn)
		if !strings.Contains(drawn, secret) || !strings.Contains(drawn, "https://chat.uni-lindau.example/#/register") || !strings.Contains(drawn, "gh-qr") {
			t.Errorf("%s: %s", name, drawn)
		}
		if data, err := json.Marshal(s); err != nil || strings.Contains(string(data), secret) {
			t.Errorf("%s, %v", data, err)
		}
	}
	without := after(t, NewToken, card(""))
	screentest.Golden(t, "card-without-client", ui.HTML(without))
	if strings.Contains(ui.HTML(without), "gh-qr") {
		t.Error("there is a code of no link")
	}
}

func TestRegisterLink(t *testing.T) {
	for client, want := range map[string]string{
		"": "", "https://app.element.io": "https://app.element.io/#/register", "https://x.example/chat/": "https://x.example/chat/#/register",
		"https://x.example/#/own": "https://x.example/#/own", "https://x.example/?brand=lindau": "https://x.example/?brand=lindau",
		"https://mobile.element.io": "https://mobile.element.io/?hs_url=https%3A%2F%2Fmatrix.x.example", "https://mobile.element.io/element": "https://mobile.element.io/element?account_provider=x.example",
	} {
		if got := registerLink(api.TokenCard{ClientURL: client, Homeserver: "https://matrix.x.example"}, "x.example"); got != want {
			t.Errorf("%s: %s, want %s", client, got, want)
		}
	}
}

// A form that is sent untouched changes nothing.
func TestEditUntouched(t *testing.T) {
	drawn := screentest.Draw(t, NewEdit, screentest.Env(), caller(list()), "/uni/registration-tokens/edit?id=Kw~1f")
	for _, field := range []string{`name="uses.from"`, `name="uses.to"`, `name="expires.from"`, `name="expires.to"`} {
		if !strings.Contains(drawn, field) {
			t.Errorf("the form has no %s", field)
		}
	}
	expires := api.ExpiryText(list().Tokens[0].ExpiresMS)
	req, err := api.UpdateToken.DecodeForm(url.Values{"id": {"Kw~1f"}, "uses.from": {"30"}, "uses.to": {"30"}, "expires.from": {expires}, "expires.to": {expires[:10]}})
	if u := req.(api.TokenUpdate); err != nil || u.Uses != nil || u.Expires != nil {
		t.Errorf("%+v, %v", req, err)
	}
}

// What a token reads is on no page but its card.
func TestListAsksOnce(t *testing.T) {
	for _, open := range []func() screen.Screen{NewList, NewToken, NewEdit, NewDelete} {
		call := caller(list())
		screentest.Draw(t, open, screentest.Env(), call, "/uni/registration-tokens?id=Kw~1f")
		if made := call.Made(); len(made) != 1 || made[0].Operation != "tokens.list" {
			t.Errorf("%v", made)
		}
	}
}
