// SPDX-License-Identifier: Apache-2.0

package users

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatehouse/app/api"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

// withMAS is a homeserver whose accounts are Matrix Authentication Service's.
func withMAS() (ui.Env, api.Server) {
	env := screentest.Env()
	env.Homeservers[0].MAS = true
	server := synapse()
	server.Unavailable = map[string]string{"users.create.threepids.phone": "mas_no_phones", "users.update.threepids.phone": "mas_no_phones"}
	return env, server
}

func providers() api.ProviderList {
	return api.ProviderList{Providers: []api.Provider{{ID: "01A", Name: "School"}, {ID: "01B", Name: "Old school", Disabled: true}}}
}

// begun is an account whose making stopped.
func begun() api.User {
	u := mix()[2]
	u.Begun = &api.Begun{
		Left: []api.FieldProblem{
			{Field: "password", Code: "mas_weak_password", Params: map[string]string{"quality": "3"}}, {Field: "threepids", Code: "mas_taken", Params: map[string]string{"value": "f@uni-lindau.example"}},
			{Field: "external_ids", Code: "interrupted"}, {Field: "admin", Code: "interrupted"},
		},
		Asked: api.Wanted{
			DisplayName: "F", Admin: true, PasswordMode: "typed", Threepids: []api.Threepid{{Medium: "email", Address: "is-there@uni-lindau.example"}, {Medium: "email", Address: "f@uni-lindau.example"}},
			ExternalIDs: []api.ExternalID{{AuthProvider: "School", ExternalID: "f"}},
		},
	}
	return u
}

func continuing(u api.User, server api.Server) screentest.Caller {
	return screentest.NewCaller(screentest.Answers{"users.get": u, "server.info": server, "providers.list": providers()})
}

// The form sends what is left, as it was asked for, and what is done already it does not send.
func TestContinueRequest(t *testing.T) {
	env, server := withMAS()
	u := begun()
	s := submit(t, open(t, NewCreate(), env, continuing(u, server), about("accounts/create", u), ui.FormState{Key: "k"}))
	s.values.Set("password.password", "correct horse")
	want := api.UserCreate{
		Localpart: "f.benyoussef", Continue: true, Admin: true, Password: api.PasswordChoice{Mode: "typed", Password: api.NewSecret("correct horse")},
		Threepids: []api.Threepid{{Medium: "email", Address: "f@uni-lindau.example"}}, ExternalIDs: u.Begun.Asked.ExternalIDs,
	}
	if diff := cmp.Diff(want, decode(t, api.CreateUser, s), cmpopts.EquateEmpty(), secrets()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	u.Begun.Left = u.Begun.Left[3:]
	s = submit(t, open(t, NewCreate(), env, continuing(u, server), about("accounts/create", u), ui.FormState{Key: "k"}))
	want = api.UserCreate{Localpart: "f.benyoussef", Continue: true, Admin: true, Password: api.PasswordChoice{Mode: "none"}}
	if diff := cmp.Diff(want, decode(t, api.CreateUser, s), cmpopts.EquateEmpty(), secrets()); diff != "" {
		t.Errorf("only the right is left (-want +got):\n%s", diff)
	}
}

func TestContinueGolden(t *testing.T) {
	env, server := withMAS()
	screentest.Golden(t, "continue", screentest.Draw(t, NewCreate, env, continuing(begun(), server), about("accounts/create", begun())))
	screentest.Golden(t, "continue-german", screentest.Draw(t, NewCreate, screentest.In(env, "de"), continuing(begun(), server), about("accounts/create", begun())))
	screentest.Golden(t, "continue-nothing", screentest.Draw(t, NewCreate, env, continuing(mix()[2], server), about("accounts/create", mix()[2])))
	screentest.Golden(t, "account-begun", screentest.Draw(t, NewAccount, env, showing(begun()), about("account", begun())))
	screentest.Golden(t, "create-mas", screentest.Draw(t, NewCreate, env, continuing(begun(), server), createAddress))
	screentest.Golden(t, "edit-mas", screentest.Draw(t, NewEdit, env, continuing(rich(), server), about("account/edit", rich())))
}

// On the card is the way on, in place of the single operations.
func TestHandoutBegun(t *testing.T) {
	env, _ := withMAS()
	c := card()
	c.User, c.Password = begun(), api.Secret{}
	c.Left = c.User.Begun.Left
	page := ui.HTML(after(t, NewCreate, api.CreateUser, env, c))
	if !strings.Contains(page, "/uni/accounts/create?id=%40f.benyoussef") || strings.Contains(page, "account/reset-password") {
		t.Error("the card does not lead to the form that finishes the account")
	}
	screentest.Golden(t, "handout-begun", page)
	c.Left, c.Continued, c.User.Begun = nil, true, nil
	if page := ui.HTML(after(t, NewCreate, api.CreateUser, env, c)); !strings.Contains(page, "A password that it got before is not shown again") || strings.Contains(page, "has no password") {
		t.Error("the card says the wrong thing of a password that was set before")
	}
}

// A name that was begun leads to the form that finishes it.
func TestCreateBegunName(t *testing.T) {
	env, server := withMAS()
	refused := ui.FormState{Typed: url.Values{"localpart": {"f.benyoussef"}}, Problem: api.NewProblem(api.StatusConflict, "name_begun", "id", string(begun().ID)).At("localpart")}
	page := open(t, NewCreate(), env, continuing(begun(), server), createAddress, refused)
	if !strings.Contains(page, `href="/uni/accounts/create?id=%40f.benyoussef`) {
		t.Error("no way on")
	}
}

// Without MAS's phone numbers no kind can be chosen, and one that is there is sent as it is.
func TestNoPhones(t *testing.T) {
	env, server := withMAS()
	u := rich()
	u.Threepids = []api.Threepid{{Medium: "msisdn", Address: "49754112345"}, {Medium: "email", Address: "a@b.example"}}
	page := open(t, NewEdit(), env, continuing(u, server), about("account/edit", u), ui.FormState{Key: "k"})
	if strings.Contains(page, `<select id="f-threepids`) {
		t.Error("a kind is offered")
	}
	s := submit(t, page)
	s.values.Set("threepids.to.1.address", "c@d.example")
	got := decode(t, api.UpdateUser, s).(api.UserUpdate)
	if diff := cmp.Diff([]api.Threepid{u.Threepids[0], {Medium: "email", Address: "c@d.example"}}, got.Threepids.To); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
