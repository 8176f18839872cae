// SPDX-License-Identifier: Apache-2.0

package users

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

const cardPassword = "anchor-velvet-tundra-mosaic-quill-ember"

func card() api.Handout {
	return api.Handout{
		User: mix()[2], Password: api.NewSecret(cardPassword), Homeserver: "https://matrix.uni-lindau.example", ClientURL: "https://chat.uni-lindau.example",
	}
}

func after(t *testing.T, open func() screen.Screen, op api.Op, env ui.Env, h api.Handout) screen.Screen {
	t.Helper()
	w := open().(screen.Writer)
	w.Use(env)
	next := w.After(op.Info().Name, h)
	if next.Screen == nil || next.URL != "" {
		t.Fatalf("%+v: an answer with a secret is no redirect", next)
	}
	next.Screen.Use(env)
	return next.Screen
}

func TestHandout(t *testing.T) {
	env := screentest.Env()
	none := card()
	none.Password = api.Secret{}
	partly := card()
	partly.Left = []api.FieldProblem{{Field: "threepids", Code: "threepid_taken", Params: map[string]string{"owner": "@other:uni-lindau.example"}}, {Field: "admin", Code: "outcome_unknown"}}
	without := card()
	without.Password, without.Left = api.Secret{}, []api.FieldProblem{{Field: "password", Code: "weak_password", Params: map[string]string{"min": "12"}}}
	noClient, element := card(), card()
	noClient.ClientURL, element.ClientURL = "", "https://app.element.io"
	for _, c := range []struct {
		name  string
		open  func() screen.Screen
		op    api.Op
		env   ui.Env
		card  api.Handout
		title string
	}{
		{"created", NewCreate, api.CreateUser, env, card(), "can sign in now"},
		{"created-german", NewCreate, api.CreateUser, screentest.In(env, "de"), card(), ""},
		{"no-password", NewCreate, api.CreateUser, env, none, "was created"},
		{"partly", NewCreate, api.CreateUser, env, partly, "can sign in now"},
		{"password-left", NewCreate, api.CreateUser, env, without, "was created"},
		{"no-client", NewCreate, api.CreateUser, env, noClient, "can sign in now"},
		{"element", NewCreate, api.CreateUser, env, element, "can sign in now"},
		{"reset", NewReset, api.ResetPassword, env, card(), "New password for"},
		{"reactivated", NewReactivate, api.ReactivateUser, env, none, "is active again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := after(t, c.open, c.op, c.env, c.card)
			page := ui.HTML(s)
			want := 1
			if c.card.Password.IsZero() {
				want = 0
			}
			if n := strings.Count(page, cardPassword); n != want {
				t.Errorf("the password is there %d times", n)
			}
			if !strings.Contains(s.Title(), c.title) {
				t.Errorf("title %q", s.Title())
			}
			data, err := json.Marshal(s)
			if err != nil || strings.Contains(string(data), cardPassword) {
				t.Errorf("%s %v", data, err)
			}
			screentest.Golden(t, "handout-"+c.name, page)
		})
	}
}

// What is copied is the whole card; what is in the code is the link without the password.
func TestHandoutText(t *testing.T) {
	h := after(t, NewCreate, api.CreateUser, screentest.Env(), card()).(*Handout)
	want := "Your Matrix ID: @f.benyoussef:uni-lindau.example\nYour password: " + cardPassword +
		"\nSign in at: https://chat.uni-lindau.example/#/login?defaultUsername=%40f.benyoussef%3Auni-lindau.example\nHomeserver: https://matrix.uni-lindau.example\n" +
		"If the sign-in page names another homeserver, choose this one there first.\n"
	if got := h.text(); got != want {
		t.Errorf("%q", got)
	}
}

// The app is offered where the card's client is Element's own; its link names the homeserver and nobody.
func TestAppLink(t *testing.T) {
	for client, want := range map[string]string{
		"":                                  "",
		"https://app.element.io":            "https://mobile.element.io/element?account_provider=x.example",
		"https://app.element.io/":           "https://mobile.element.io/element?account_provider=x.example",
		"https://chat.x.example":            "",
		"https://mobile.element.io/element": "",
		"https://app.element.io/#/own":      "",
	} {
		c := api.Handout{User: api.User{ID: "@a/b:x.example"}, Password: api.NewSecret(cardPassword), ClientURL: client, Homeserver: "https://matrix.x.example"}
		if got := appLink(c); got != want {
			t.Errorf("%s: %q, want %q", client, got, want)
		}
	}
}

func TestSignInLink(t *testing.T) {
	for client, want := range map[string]string{
		"":                                      "",
		"https://app.element.io":                "https://app.element.io/#/login?defaultUsername=%40a%2Fb%3Ax.example",
		"https://x.example/chat/":               "https://x.example/chat/#/login?defaultUsername=%40a%2Fb%3Ax.example",
		"https://x.example/#/own":               "https://x.example/#/own",
		"https://x.example/?brand=lindau":       "https://x.example/?brand=lindau",
		"https://mobile.element.io":             "https://mobile.element.io/?hs_url=https%3A%2F%2Fmatrix.x.example",
		"https://mobile.element.io/element":     "https://mobile.element.io/element?account_provider=x.example&login_hint=mxid%3A%40a%2Fb%3Ax.example",
		"https://mobile.element.io/element-pro": "https://mobile.element.io/element-pro?account_provider=x.example&login_hint=mxid%3A%40a%2Fb%3Ax.example",
		"https://mobile.element.io.example":     "https://mobile.element.io.example/#/login?defaultUsername=%40a%2Fb%3Ax.example",
	} {
		c := api.Handout{User: api.User{ID: "@a/b:x.example"}, ClientURL: client, Homeserver: "https://matrix.x.example"}
		got := signInLink(c)
		if chooses(c) != (client != "" && !strings.HasPrefix(client, "https://mobile.element.io/") && client != "https://mobile.element.io") {
			t.Errorf("%s: choose %t", client, chooses(c))
		}
		if got != want {
			t.Errorf("%s: %s, want %s", client, got, want)
		}
		if _, err := url.Parse(got); err != nil {
			t.Error(err)
		}
	}
}
