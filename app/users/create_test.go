// SPDX-License-Identifier: Apache-2.0

package users

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/net/html"

	"gatehouse/app/api"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

const createAddress = "/uni/accounts/create"

func creating(server api.Server) screentest.Caller {
	return screentest.NewCaller(screentest.Answers{"server.info": server})
}

func secrets() cmp.Option {
	return cmp.Comparer(func(a, b api.Secret) bool { return a.Reveal() == b.Reveal() })
}

func TestCreateRequests(t *testing.T) {
	for _, c := range []struct {
		name   string
		server api.Server
		role   api.Role
		fill   url.Values
		want   api.UserCreate
	}{
		{"least", synapse(), api.Owner, url.Values{"localpart": {"lars"}},
			api.UserCreate{Localpart: "lars", Password: api.PasswordChoice{Mode: "passphrase"}}},
		{"registrar", synapse(), api.Registrar, url.Values{"localpart": {"lars"}, "password.mode": {"random"}},
			api.UserCreate{Localpart: "lars", Password: api.PasswordChoice{Mode: "random"}}},
		{"dendrite", dendriteServer(), api.Owner, url.Values{"localpart": {"lars"}, "display_name": {"Lars"}},
			api.UserCreate{Localpart: "lars", DisplayName: "Lars", Password: api.PasswordChoice{Mode: "passphrase"}}},
		{"everything", synapse(), api.Owner, url.Values{
			"localpart": {"lars"}, "display_name": {"Lars Bjørnstad "}, "password.mode": {"typed"}, "password.password": {"correct horse"},
			"admin": {"false", "true"}, "user_type": {"bot"}, "threepids.0.address": {"Lars@Uni-Lindau.example"},
			"threepids.1.medium": {"msisdn"}, "threepids.1.address": {"+49 7541 12345"},
			"external_ids.0.auth_provider": {"oidc"}, "external_ids.0.external_id": {"lb"}, "avatar_url": {"mxc://a/b"},
		}, api.UserCreate{
			Localpart: "lars", DisplayName: "Lars Bjørnstad", Password: api.PasswordChoice{Mode: "typed", Password: api.NewSecret("correct horse")},
			Admin: true, UserType: "bot", AvatarURL: "mxc://a/b", ExternalIDs: []api.ExternalID{{AuthProvider: "oidc", ExternalID: "lb"}},
			Threepids: []api.Threepid{{Medium: "email", Address: "lars@uni-lindau.example"}, {Medium: "msisdn", Address: "49754112345"}},
		}},
	} {
		env := screentest.As(screentest.Env(), c.role)
		s := submit(t, open(t, NewCreate(), env, creating(c.server), createAddress, ui.FormState{Key: "k"}))
		if s.values.Get("_key") != "k" || s.values.Get("_screen") != createAddress {
			t.Errorf("%s: the form does not say its key and screen: %v", c.name, s.values)
		}
		for name, list := range c.fill {
			s.values[name] = list
		}
		if diff := cmp.Diff(c.want, decode(t, api.CreateUser, s), cmpopts.EquateEmpty(), secrets()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// A refused form has everything again but the password, in its page and in its data.
func TestCreateRefused(t *testing.T) {
	typed := url.Values{
		"localpart": {"taken"}, "display_name": {"T"}, "password.mode": {"typed"}, "password.password": {"correct horse"}, "admin": {"false", "true"},
		"threepids": {""}, "threepids.0.medium": {"email"}, "threepids.0.address": {""}, "threepids.1.medium": {"email"}, "threepids.1.address": {"lars@stud"},
		"external_ids": {""}, "external_ids.0.auth_provider": {"oidc"}, "external_ids.0.external_id": {""},
	}
	req, err := api.CreateUser.DecodeForm(typed)
	if err != nil {
		t.Fatal(err)
	}
	problem, ok := req.Validate().(*api.Problem)
	if !ok {
		t.Fatal("it is valid")
	}
	problem.At("localpart")
	s := NewCreate()
	page := open(t, s, screentest.Env(), creating(synapse()), createAddress, ui.FormState{Key: "k", Typed: typed, Problem: problem})
	again := submit(t, page)
	for name, want := range map[string]string{
		"localpart": "taken", "display_name": "T", "password.mode": "typed", "password.password": "", "admin": "true",
		"threepids.0.address": "lars@stud", "threepids.1.address": "", "external_ids.0.auth_provider": "oidc",
	} {
		if list := again.values[name]; len(list) == 0 || list[len(list)-1] != want {
			t.Errorf("%s is %q, want %q", name, list, want)
		}
	}
	for _, id := range []string{"f-threepids-0-address-error", "f-external_ids-0-external_id-error"} {
		if !strings.Contains(page, `id="`+id+`"`) {
			t.Errorf("no %s", id)
		}
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	if more := find(doc, func(n *html.Node) bool { return n.Data == "details" }); more == nil || !has(more, "open") {
		t.Error("a mistake is folded away")
	}
	if s.(*Create).State.Typed.Has("password.password") {
		t.Error("the password is in the page's data")
	}
	if typed.Get("password.password") == "" {
		t.Error("what was given to Refill was changed")
	}
	screentest.Golden(t, "create-refused", page)
}

func TestCreateGolden(t *testing.T) {
	env := screentest.Env()
	down, downMAS := synapse(), synapse()
	down.State, downMAS.State = "down", "down"
	downMAS.Problem = api.NewProblem(api.StatusBadGateway, "mas_down")
	for _, c := range []struct {
		name   string
		env    ui.Env
		server api.Server
	}{
		{"full", env, synapse()},
		{"registrar", screentest.As(env, api.Registrar), synapse()},
		{"auditor", screentest.As(env, api.Auditor), synapse()},
		{"dendrite", env, dendriteServer()},
		{"no-secret", unable(env, map[string]string{"users.create": "synapse_no_secret"}), synapse()},
		{"down", env, down},
		{"down-mas", env, downMAS},
		{"german", screentest.In(env, "de"), synapse()},
	} {
		t.Run(c.name, func(t *testing.T) {
			screentest.Golden(t, "create-"+c.name, screentest.Draw(t, NewCreate, c.env, creating(c.server), createAddress))
		})
	}
}

// Where nothing can be made, nothing is asked of the homeserver.
func TestCreateAsks(t *testing.T) {
	call := creating(synapse())
	screentest.Draw(t, NewCreate, screentest.As(screentest.Env(), api.Auditor), call, createAddress)
	if made := call.Made(); len(made) != 0 {
		t.Errorf("%+v", made)
	}
}

// An answer about a name is shown beside that name and no other.
func TestNameCheck(t *testing.T) {
	var n nameCheck
	first, ask := n.typed("lars")
	if !ask || !n.ask(first) || !n.waiting {
		t.Fatalf("%+v", n)
	}
	second, ask := n.typed("lars.b")
	if !ask || n.waiting {
		t.Fatalf("%+v", n)
	}
	n.answered(first, api.Availability{ID: "@lars:x", Free: true}, nil)
	if n.answer != nil || n.ask(first) {
		t.Errorf("a late answer counts: %+v", n)
	}
	n.ask(second)
	n.answered(second, api.Availability{ID: "@lars.b:x", Code: "name_in_use"}, nil)
	if n.answer == nil || n.answer.Free || n.waiting {
		t.Errorf("%+v", n)
	}
	third, _ := n.typed("lars.c")
	n.answered(third, api.Availability{}, errors.New("down"))
	if !n.notAsked || n.answer != nil {
		t.Errorf("%+v", n)
	}
	if _, ask = n.typed("Lars"); ask || n.mistake == nil || n.mistake.Code != "localpart_upper" {
		t.Errorf("%+v", n)
	}
	if _, ask = n.typed(""); ask || n.mistake != nil {
		t.Errorf("%+v", n)
	}
}

func TestNameShown(t *testing.T) {
	for _, c := range []struct {
		name  string
		check func(*nameCheck)
		want  string
	}{
		{"mistake", func(n *nameCheck) { n.typed("Lars") }, "Capital letters cannot be used."},
		{"checking", func(n *nameCheck) { r, _ := n.typed("lars"); n.ask(r) }, "Looking whether it is free"},
		{"free", func(n *nameCheck) {
			r, _ := n.typed("lars")
			n.answered(r, api.Availability{ID: "@lars:uni-lindau.example", Free: true}, nil)
		}, "is free. It cannot be changed later."},
		{"taken", func(n *nameCheck) {
			r, _ := n.typed("lars")
			n.answered(r, api.Availability{ID: "@lars:uni-lindau.example", Code: "name_in_use"}, nil)
		}, "This name is taken."},
		{"not asked", func(n *nameCheck) { r, _ := n.typed("lars"); n.answered(r, api.Availability{}, errors.New("")) }, "it is checked when you create the account"},
	} {
		s := NewCreate().(*Create)
		open(t, s, screentest.Env(), creating(synapse()), createAddress, ui.FormState{Key: "k"})
		c.check(&s.name)
		if page := ui.HTML(s); !strings.Contains(page, c.want) {
			t.Errorf("%s: %q is not said", c.name, c.want)
		}
	}
	// A mistake that the homeserver named is gone as soon as another name is typed.
	s := NewCreate().(*Create)
	refused := ui.FormState{Typed: url.Values{"localpart": {"lars"}}, Problem: api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")}
	if page := open(t, s, screentest.Env(), creating(synapse()), createAddress, refused); !strings.Contains(page, `id="f-localpart-error"`) {
		t.Error("the mistake is not at the name")
	}
	s.name.typed("lars2")
	if strings.Contains(ui.HTML(s), `id="f-localpart-error"`) {
		t.Error("the mistake stays with another name")
	}
}
