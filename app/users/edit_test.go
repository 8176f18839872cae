// SPDX-License-Identifier: Apache-2.0

package users

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"gatehouse/app/api"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

func editing(u api.User, server api.Server) screentest.Caller {
	return screentest.NewCaller(screentest.Answers{"users.get": u, "server.info": server})
}

// A form that nothing was typed into changes nothing, whatever the account has and the homeserver takes.
func TestEditUnchanged(t *testing.T) {
	hostile := rich()
	hostile.DisplayName = `"><b onclick=alert(1)>'&amp;` + "\u202e\u2066" + strings.Repeat("x", 300)
	hostile.UserType = `"><script>`
	hostile.ExternalIDs = []api.ExternalID{{AuthProvider: `"'<>&`, ExternalID: " true "}, {AuthProvider: "a", ExternalID: "b"}}
	for _, u := range append(mix(), rich(), hostile) {
		for _, server := range []api.Server{synapse(), dendriteServer()} {
			for _, role := range []api.Role{api.Owner, api.Registrar} {
				env := screentest.As(screentest.Env(), role)
				if why(env, u, api.UpdateUser) != "" {
					continue
				}
				page := open(t, NewEdit(), env, editing(u, server), about("account/edit", u), ui.FormState{Key: "k"})
				req := decode(t, api.UpdateUser, submit(t, page)).(api.UserUpdate)
				if !req.Empty() || req.ID != u.ID {
					t.Errorf("%s, %s as %s: %+v", u.ID, server.Kind, role, req)
				}
			}
		}
	}
}

// The same of accounts of any kind. HTML cannot carry NUL and lone surrogates, and the line of a field has no line ends.
func TestEditUnchangedProperty(t *testing.T) {
	line := rapid.Custom(func(t *rapid.T) string {
		s := rapid.String().Draw(t, "line")
		s = strings.Map(func(r rune) rune {
			if r < ' ' || (r >= 0x7f && r < 0xa0) || r == '\ufffd' {
				return -1
			}
			return r
		}, s)
		return strings.TrimSpace(s)
	})
	filled := rapid.Custom(func(t *rapid.T) string { return "x" + line.Draw(t, "filled") })
	rapid.Check(t, func(rt *rapid.T) {
		u := api.User{
			ID: "@a:uni-lindau.example", DisplayName: line.Draw(rt, "name"), Admin: rapid.Bool().Draw(rt, "admin"), UserType: line.Draw(rt, "type"),
			AvatarURL: api.MXC(line.Draw(rt, "avatar")),
		}
		for range rapid.IntRange(0, 3).Draw(rt, "threepids") {
			medium := rapid.SampledFrom([]string{"email", "msisdn"}).Draw(rt, "medium")
			address := "4912345"
			if medium == "email" {
				address = filled.Draw(rt, "address")
			}
			u.Threepids = append(u.Threepids, api.Threepid{Medium: medium, Address: address, ValidatedMS: rapid.Int64().Draw(rt, "ms")})
		}
		for range rapid.IntRange(0, 3).Draw(rt, "identities") {
			u.ExternalIDs = append(u.ExternalIDs, api.ExternalID{AuthProvider: filled.Draw(rt, "provider"), ExternalID: filled.Draw(rt, "id")})
		}
		page := open(t, NewEdit(), screentest.Env(), editing(u, synapse()), about("account/edit", u), ui.FormState{Key: "k"})
		if req := decode(t, api.UpdateUser, submit(t, page)).(api.UserUpdate); !req.Empty() {
			rt.Fatalf("%+v became %+v", u, req)
		}
	})
}

func ptr[T any](v T) *T { return &v }

func TestEditChanges(t *testing.T) {
	u := rich()
	from := []api.Threepid{{Medium: "email", Address: "lars@stud.uni-lindau.example"}, {Medium: "msisdn", Address: "49754112345"}}
	for _, c := range []struct {
		name string
		fill func(url.Values)
		want api.UserUpdate
	}{
		{"name", func(v url.Values) { v.Set("display_name.to", " Lars ") },
			api.UserUpdate{DisplayName: &api.Change[string]{From: ptr("Lars Bjørnstad"), To: "Lars"}}},
		{"no name", func(v url.Values) { v.Set("display_name.to", "") },
			api.UserUpdate{DisplayName: &api.Change[string]{From: ptr("Lars Bjørnstad")}}},
		{"rights", func(v url.Values) { v["admin.to"] = []string{"false"} }, // the box unticked leaves its companion
			api.UserUpdate{Admin: &api.Change[bool]{From: ptr(true)}}},
		{"type", func(v url.Values) { v.Set("user_type.to", "") },
			api.UserUpdate{UserType: &api.Change[string]{From: ptr("support")}}},
		{"picture", func(v url.Values) { v.Set("avatar_url.to", "mxc://a/b") },
			api.UserUpdate{AvatarURL: &api.Change[api.MXC]{From: ptr(u.AvatarURL), To: "mxc://a/b"}}},
		{"address", func(v url.Values) { v.Set("threepids.to.1.address", "+49 7541 99") },
			api.UserUpdate{Threepids: &api.Change[[]api.Threepid]{From: &from, To: []api.Threepid{from[0], {Medium: "msisdn", Address: "49754199"}}}}},
		{"no address", func(v url.Values) {
			for name := range v {
				if strings.HasPrefix(name, "threepids.to.") {
					v.Del(name)
				}
			}
		}, api.UserUpdate{Threepids: &api.Change[[]api.Threepid]{From: &from, To: []api.Threepid{}}}},
		{"identity", func(v url.Values) {
			v.Set("external_ids.to.1.auth_provider", "saml")
			v.Set("external_ids.to.1.external_id", "x")
		}, api.UserUpdate{ExternalIDs: &api.Change[[]api.ExternalID]{From: &u.ExternalIDs, To: append(slices.Clone(u.ExternalIDs), api.ExternalID{AuthProvider: "saml", ExternalID: "x"})}}},
	} {
		page := open(t, NewEdit(), screentest.Env(), editing(u, synapse()), about("account/edit", u), ui.FormState{Key: "k"})
		s := submit(t, page)
		c.fill(s.values)
		c.want.ID = u.ID
		if diff := cmp.Diff(c.want, decode(t, api.UpdateUser, s), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// What the box for the rights says is sent only by those who may say it.
func TestEditRights(t *testing.T) {
	u := mix()[1]
	page := open(t, NewEdit(), screentest.As(screentest.Env(), api.Helpdesk), editing(u, synapse()), about("account/edit", u), ui.FormState{})
	s := submit(t, page)
	for name := range s.values {
		if strings.HasPrefix(name, "admin") {
			t.Errorf("%s is sent", name)
		}
	}
	if !strings.Contains(page, "may not give or take away administrator rights") {
		t.Error("the reason is missing")
	}
}

// A form that was refused is what it was: what it was opened with, what was typed, its mistakes at their fields.
func TestEditRefused(t *testing.T) {
	u := rich()
	first := submit(t, open(t, NewEdit(), screentest.Env(), editing(u, synapse()), about("account/edit", u), ui.FormState{Key: "k"}))
	typed := first.values
	typed.Set("display_name.to", "Other")
	typed.Set("threepids.to.0.address", "")            // nothing in it: no part of the request,
	typed.Set("threepids.to.1.address", "not a phone") // so this is the request's first
	problem := api.NewProblem(api.StatusUnprocessable, "invalid_request")
	req := decode(t, api.UpdateUser, first).(api.UserUpdate)
	if p, ok := req.Validate().(*api.Problem); !ok || len(p.Fields) != 1 || p.Fields[0].Field != "threepids.to.0.address" {
		t.Fatalf("%v", req.Validate())
	} else {
		problem.Fields = p.Fields
	}

	now := u
	now.DisplayName = "Somebody else's idea" // meanwhile; it must not be taken for what the form was opened with
	state := ui.FormState{Key: "k2", Typed: typed, Problem: problem}
	page := open(t, NewEdit(), screentest.Env(), editing(now, synapse()), about("account/edit", u), state)
	again := submit(t, page)
	if diff := cmp.Diff(req, decode(t, api.UpdateUser, again), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if again.values.Get("display_name.from") != "Lars Bjørnstad" || again.values.Get("_key") != "k2" {
		t.Errorf("%v", again.values)
	}
	if !strings.Contains(page, `id="f-threepids-to-0-address-error"`) || again.values.Get("threepids.to.0.address") != "not a phone" {
		t.Error("the mistake is not at its field")
	}
	screentest.Golden(t, "edit-refused", page)
}

// Where somebody else changed the account meanwhile, both versions are shown; what the person had left alone follows the account, and
// saving again says that it was seen.
func TestEditConflict(t *testing.T) {
	u := rich()
	typed := submit(t, open(t, NewEdit(), screentest.Env(), editing(u, synapse()), about("account/edit", u), ui.FormState{Key: "k"})).values
	typed.Set("display_name.to", "Mine")
	typed.Set("user_type.to", "bot")
	now := u
	now.DisplayName, now.Admin = "Theirs", false
	now.Threepids = []api.Threepid{{Medium: "email", Address: "new@uni-lindau.example"}}
	problem := api.NewProblem(api.StatusConflict, "changed_meanwhile").At("display_name.to")
	problem.Conflict = &now
	page := open(t, NewEdit(), screentest.Env(), editing(now, synapse()), about("account/edit", u), ui.FormState{Key: "k2", Typed: typed, Problem: problem})
	want := api.UserUpdate{
		ID: u.ID, DisplayName: &api.Change[string]{From: ptr("Theirs"), To: "Mine"}, UserType: &api.Change[string]{From: ptr("support"), To: "bot"},
	}
	if diff := cmp.Diff(want, decode(t, api.UpdateUser, submit(t, page))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	screentest.Golden(t, "edit-conflict", page)
}

// "Add another" and "Remove" draw the form again, and lose nothing.
func TestEditRows(t *testing.T) {
	u := rich()
	typed := submit(t, open(t, NewEdit(), screentest.Env(), editing(u, synapse()), about("account/edit", u), ui.FormState{Key: "k"})).values
	typed.Set("threepids.to.7._", "")
	s := submit(t, open(t, NewEdit(), screentest.Env(), editing(u, synapse()), about("account/edit", u), ui.FormState{Key: "k", Typed: typed}))
	if _, ok := s.values["threepids.to.7.address"]; !ok || s.values.Get("threepids.to.7.medium") != "email" {
		t.Errorf("there is no new row: %v", s.values)
	}
	if req := decode(t, api.UpdateUser, s).(api.UserUpdate); !req.Empty() {
		t.Errorf("a new row alone is a change: %+v", req)
	}
}

func TestEditGolden(t *testing.T) {
	env := screentest.Env()
	for _, c := range []struct {
		name   string
		env    ui.Env
		user   api.User
		server api.Server
	}{
		{"full", env, rich(), synapse()},
		{"dendrite", env, mix()[1], dendriteServer()},
		{"helpdesk", screentest.As(env, api.Helpdesk), mix()[1], synapse()},
		{"administrator-as-helpdesk", screentest.As(env, api.Helpdesk), rich(), synapse()},
		{"own", env, mix()[15], synapse()},
		{"auditor", screentest.As(env, api.Auditor), mix()[1], synapse()},
		{"german", screentest.In(env, "de"), rich(), synapse()},
	} {
		t.Run(c.name, func(t *testing.T) {
			screentest.Golden(t, "edit-"+c.name, screentest.Draw(t, NewEdit, c.env, editing(c.user, c.server), about("account/edit", c.user)))
		})
	}
}
