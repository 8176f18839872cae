// SPDX-License-Identifier: Apache-2.0

package invitations

import (
	"flag"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

var _ = flag.Bool("update", false, "write the golden files anew")

const link = "https://gate.example/join/AAAAAAAAAAAAAAAAAAAAAA"

func at(hours int64) int64 { return screentest.Now.UnixMilli() + hours*3600_000 }

func opened() api.Invitation {
	return api.Invitation{
		ID: "abc", State: api.InvitationOpen, Localpart: "class-*", DisplayName: "Pupil", Rooms: []string{"#hall:uni-lindau.example", "!abc:uni-lindau.example"},
		Note: "class 7b <b>", Uses: 25, Taken: 3, ExpiresMS: at(240), CreatedMS: at(-24), CreatedBy: "@nadia.okafor:uni-lindau.example",
	}
}

func withdrawn() api.Invitation {
	i := opened()
	i.ID, i.State, i.Note, i.Localpart, i.Email, i.Uses, i.Taken = "def", api.InvitationRevoked, "", "zoe", "zoe@uni-lindau.example", 1, 0
	i.RevokedMS, i.RevokedBy = at(-1), "operator:ann"
	return i
}

func usedUp() api.Invitation {
	i := opened()
	i.ID, i.State, i.Note, i.Localpart, i.Rooms, i.Uses, i.Taken = "ghi", api.InvitationUsedUp, "", "", nil, 5, 5
	i.Accounts = []api.InvitedAccount{
		{ID: "@c:uni-lindau.example", AtMS: at(-1), State: "reserved"},
		{ID: "@e:uni-lindau.example", AtMS: at(-2), State: "begun", Left: []api.FieldProblem{{Field: "password", Code: "mas_weak_password", Params: map[string]string{"quality": "3"}}}},
		{ID: "@b:uni-lindau.example", AtMS: at(-2), State: "unknown", Accepted: []string{"https://uni-lindau.example/terms"}},
		{ID: "@a:uni-lindau.example", AtMS: at(-3), State: "done", Accepted: []string{"https://uni-lindau.example/terms"}, Left: []api.FieldProblem{
			{Field: "rooms", Code: "room_closed", Params: map[string]string{"room": "#hall:uni-lindau.example"}}, {Field: "display_name", Code: "homeserver_down"},
		}},
		{ID: "@d:uni-lindau.example", AtMS: at(-4), State: "done"},
	}
	return i
}

func dendrite() ui.Env {
	env := screentest.Env()
	env.Homeservers = []ui.Homeserver{{Name: "uni", ServerName: "uni-lindau.example", Kind: "dendrite", Unavailable: map[string]string{
		"users.create.threepids": "dendrite_no_threepids", "users.join_rooms": "dendrite_no_join", "tokens.create": "dendrite_no_tokens",
	}}}
	return env.At("uni")
}

func TestGolden(t *testing.T) {
	env := screentest.Env()
	german, auditor := screentest.In(env, "de"), screentest.As(env, api.Auditor)
	page := api.InvitationPage{Invitations: []api.Invitation{opened(), usedUp(), withdrawn()}, Total: 3}
	more := page
	more.Total, more.Next = 700, "1.abc"
	get := func(i api.Invitation) screentest.Answers { return screentest.Answers{"invitations.get": i} }
	list := func(p api.InvitationPage) screentest.Answers { return screentest.Answers{"invitations.list": p} }
	for _, c := range []struct {
		name    string
		open    func() screen.Screen
		env     ui.Env
		answers screentest.Answers
		address string
	}{
		{"list", NewList, env, list(page), "/uni/invitations"},
		{"list-german", NewList, german, list(page), "/uni/invitations"},
		{"list-auditor", NewList, auditor, list(page), "/uni/invitations"},
		{"list-empty", NewList, env, list(api.InvitationPage{}), "/uni/invitations"},
		{"list-none-so", NewList, env, list(api.InvitationPage{}), "/uni/invitations?state=expired"},
		{"list-second-page", NewList, env, list(more), "/uni/invitations?state=open&cursor=2.x"},
		{"create", NewCreate, env, nil, "/uni/invitations/create"},
		{"create-german", NewCreate, german, nil, "/uni/invitations/create"},
		{"create-dendrite", NewCreate, dendrite(), nil, "/uni/invitations/create"},
		{"create-auditor", NewCreate, auditor, nil, "/uni/invitations/create"},
		{"invitation", NewInvitation, env, get(opened()), "/uni/invitation?id=abc"},
		{"invitation-auditor", NewInvitation, auditor, get(opened()), "/uni/invitation?id=abc"},
		{"invitation-used", NewInvitation, env, get(usedUp()), "/uni/invitation?id=ghi"},
		{"invitation-used-german", NewInvitation, german, get(usedUp()), "/uni/invitation?id=ghi"},
		{"invitation-revoked", NewInvitation, env, get(withdrawn()), "/uni/invitation?id=def"},
		{"edit", NewEdit, env, get(opened()), "/uni/invitation/edit?id=abc"},
		{"edit-auditor", NewEdit, auditor, get(opened()), "/uni/invitation/edit?id=abc"},
		{"revoke", NewRevoke, env, get(opened()), "/uni/invitation/revoke?id=abc"},
		{"revoke-german", NewRevoke, german, get(opened()), "/uni/invitation/revoke?id=abc"},
		{"revoke-auditor", NewRevoke, auditor, get(opened()), "/uni/invitation/revoke?id=abc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := screentest.Draw(t, c.open, c.env, screentest.NewCaller(c.answers), c.address)
			screentest.Golden(t, c.name, source)
			if strings.Contains(source, "<b>") {
				t.Error("a note became an element of the page")
			}
		})
	}
}

// A form that was refused opens what is folded away, and has what was typed.
func TestRefusedForm(t *testing.T) {
	c := NewCreate().(*Create)
	c.Use(screentest.Env())
	c.Refill(ui.FormState{Typed: map[string][]string{"rooms": {"hall"}, "uses": {"0"}}, Problem: &api.Problem{
		Status: 422, Code: "invalid_request", Fields: []api.FieldProblem{{Field: "rooms", Code: "invalid_room", Params: map[string]string{"room": "hall"}}},
	}})
	screentest.Golden(t, "create-refused", ui.HTML(c))
}

// The card holds the link; what the program would get of it does not.
func TestCard(t *testing.T) {
	env := screentest.Env()
	result := api.InvitationCard{Invitation: opened(), Link: api.NewSecret(link)}
	for name, writer := range map[string]screen.Writer{"card-new": NewCreate().(screen.Writer), "card": NewInvitation().(screen.Writer)} {
		writer.Use(env)
		next := writer.After("", result)
		next.Screen.Use(env)
		source := ui.HTML(next.Screen)
		screentest.Golden(t, name, source)
		if !strings.Contains(source, link) {
			t.Errorf("%s: the link is not there", name)
		}
	}
	for name, writer := range map[string]screen.Writer{"edit": NewEdit().(screen.Writer), "revoke": NewRevoke().(screen.Writer)} {
		writer.Use(env)
		if next := writer.After("", opened()); next.URL != "/uni/invitation?id=abc" || next.Notice == "" {
			t.Errorf("after %s: %+v", name, next)
		}
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"/uni/invitation", "/uni/invitation?id=../x", "/uni/invitation/edit", "/uni/invitation/revoke?id="} {
		for _, open := range []func() screen.Screen{NewInvitation, NewEdit, NewRevoke} {
			if err := screentest.Load(open(), screentest.Env(), screentest.NewCaller(nil), address); err == nil {
				t.Errorf("%s was loaded", address)
			}
		}
	}
	for _, query := range []string{"state=new", "colour=red", "limit=900"} {
		if err := screentest.Load(NewList(), screentest.Env(), screentest.NewCaller(nil), "/uni/invitations?"+query); err == nil {
			t.Errorf("%s was loaded", query)
		}
	}
}
