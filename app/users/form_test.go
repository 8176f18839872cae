// SPDX-License-Identifier: Apache-2.0

package users

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

// open draws a screen with a form as the server does: loaded, and filled again with a state.
func open(t testing.TB, s screen.Screen, env ui.Env, call client.Caller, address string, state ui.FormState) string {
	t.Helper()
	if err := screentest.Load(s, env, call, address); err != nil {
		t.Fatalf("Load(%s): %v", address, err)
	}
	s.(screen.Writer).Refill(state)
	return ui.HTML(s)
}

// A sent form is what a browser submits (HTML, "Constructing the entry list"), and where to.
type sent struct {
	action string
	values url.Values
}

// submit fills nothing in and presses the form's first button that submits it as it is.
func submit(t testing.TB, source string) sent {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	form := find(doc, func(n *html.Node) bool { return n.Data == "form" && attr(n, "method") == "post" })
	if form == nil {
		t.Fatalf("no form in %s", source)
	}
	out := sent{attr(form, "action"), url.Values{}}
	entries(form, out.values)
	return out
}

func entries(n *html.Node, values url.Values) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		name := attr(c, "name")
		switch {
		case c.Type != html.ElementNode || has(c, "disabled"):
		case name == "" || c.Data == "button":
		case c.Data == "input" && slices.Contains([]string{"checkbox", "radio"}, attr(c, "type")):
			if has(c, "checked") {
				values.Add(name, attr(c, "value"))
			}
		case c.Data == "input" && attr(c, "type") == "hidden":
			values.Add(name, crlf(attr(c, "value")))
		case c.Data == "input":
			values.Add(name, strings.NewReplacer("\r", "", "\n", "").Replace(attr(c, "value")))
		case c.Data == "textarea":
			values.Add(name, crlf(text(c)))
		case c.Data == "select":
			values.Add(name, chosen(c))
		}
		if c.Data != "select" {
			entries(c, values)
		}
	}
}

func crlf(s string) string {
	return strings.ReplaceAll(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s), "\n", "\r\n")
}

// chosen is the value of a menu: of the option that is selected, else of the first. An option without a value has its text.
func chosen(n *html.Node) string {
	value, first := "", true
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Data == "option" && (first || has(c, "selected")) {
			first = false
			value = text(c)
			if has(c, "value") {
				value = attr(c, "value")
			}
		}
	}
	return value
}

func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && is(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if f := find(c, is); f != nil {
			return f
		}
	}
	return nil
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(text(c))
	}
	return b.String()
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// decode reads a submitted form as the gate does. Nothing in it may be unknown.
func decode(t testing.TB, op api.Op, s sent) api.Request {
	t.Helper()
	if want := "/do/uni/" + op.Info().Name; s.action != want {
		t.Errorf("the form goes to %s, want %s", s.action, want)
	}
	req, err := op.DecodeForm(screen.Own(s.values))
	if err != nil {
		t.Fatalf("%s: %v in %v", op.Info().Name, err, s.values)
	}
	return req
}

// rich is an account that has something of everything.
func rich() api.User {
	return api.User{
		ID: "@lars.bjornstad:uni-lindau.example", DisplayName: "Lars Bjørnstad", AvatarURL: "mxc://uni-lindau.example/abcDEF123", Admin: true, UserType: "support",
		CreatedMS: ago(798), LastSeenMS: ago(3),
		Threepids: []api.Threepid{
			{Medium: "email", Address: "lars@stud.uni-lindau.example", ValidatedMS: ago(700)}, {Medium: "msisdn", Address: "49754112345"},
		},
		ExternalIDs: []api.ExternalID{{AuthProvider: "oidc-uni", ExternalID: "lb2291"}},
	}
}

func synapse() api.Server {
	return api.Server{Name: "uni", ServerName: "uni-lindau.example", Kind: "synapse", State: "up", UserTypes: []string{"support", "bot"}, MaxLocalpart: 235}
}

func dendriteServer() api.Server {
	return api.Server{Name: "uni", ServerName: "uni-lindau.example", Kind: "dendrite", State: "up", Unavailable: map[string]string{
		"users.create.user_type": "dendrite_no_user_type", "users.create.threepids": "dendrite_no_threepids",
		"users.create.external_ids": "dendrite_no_external_ids", "users.create.avatar_url": "dendrite_no_avatar",
		"users.create.password.none": "dendrite_needs_database", "users.update.display_name": "dendrite_no_display_name",
		"users.update.avatar_url": "dendrite_no_avatar", "users.update.user_type": "dendrite_no_user_type",
		"users.update.threepids": "dendrite_no_threepids", "users.update.external_ids": "dendrite_no_external_ids",
	}}
}

func about(path string, u api.User) string {
	return "/uni/" + path + "?id=" + url.QueryEscape(string(u.ID))
}

func mustParse(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}
