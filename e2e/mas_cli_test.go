// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// masSession is one of devices.list on a homeserver with MAS.
type masSession struct {
	ID, Kind, Device string
	Admin            bool
}

// TestMASCLI does from the command line what a homeserver with MAS does in another way than one without, and looks at both sides.
func TestMASCLI(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := prepareGatehouse(t, w.config())
	const password = "correct horse <battery> staple 9"
	name := unique("cli")
	id := "@" + name + ":localhost"
	user := w.make(name, password, false)
	sessions := func(t *testing.T) []masSession {
		t.Helper()
		var list struct{ Devices []masSession }
		g.call(t, "devices.list", ask(id), &list)
		return list.Devices
	}
	owned := func(t *testing.T, what string) int {
		t.Helper()
		var page struct{ Data []object }
		w.mas(http.MethodGet, what+"?filter[user]="+user, nil, &page)
		return len(page.Data)
	}

	t.Run("one session of several ends", func(t *testing.T) {
		first := w.signIn(name, password)
		had := sessions(t)
		second := w.signIn(name, password)
		if len(had) != 1 || !w.lives(first) || !w.lives(second) {
			t.Fatalf("%+v", had)
		}
		var out struct{ Count int }
		if g.call(t, "devices.sign_out", object{"id": id, "devices": []string{had[0].ID}}, &out); out.Count != 1 || w.lives(first) || !w.lives(second) {
			t.Errorf("%d ended; the first works: %t, the second: %t", out.Count, w.lives(first), w.lives(second))
		}
		if p := g.callFails(t, "devices.sign_out", object{"id": id, "devices": []string{had[0].ID}}); p.Code != "no_such_device" {
			t.Errorf("again: %+v", p)
		}
	})

	t.Run("sessions of browsers and clients", func(t *testing.T) {
		if w.fake == nil {
			t.Skip("people make them, on the pages of a real MAS")
		}
		w.fake.SignIn("browser", name, "", "")
		w.fake.SignIn("oauth2", name, "urn:matrix:client:api:*", "PHONE12345")
		w.fake.SignIn("oauth2", name, "urn:mas:admin", "")
		kinds := map[string]int{}
		var browser string
		for _, s := range sessions(t) {
			if kinds[s.Kind]++; s.Kind == "browser" {
				browser = s.ID
			}
		}
		if kinds["browser"] != 1 || kinds["oauth2"] != 2 || kinds["compat"] != 1 {
			t.Errorf("%v", kinds)
		}
		g.call(t, "devices.sign_out", object{"id": id, "devices": []string{browser}}, &object{})
		if left := sessions(t); slices.ContainsFunc(left, func(s masSession) bool { return s.Kind == "browser" }) || len(left) != 3 {
			t.Errorf("%+v", left)
		}
		var out struct{ Count int }
		if g.call(t, "devices.sign_out", object{"id": id, "all": true}, &out); out.Count != 3 || len(sessions(t)) != 0 {
			t.Errorf("%d ended, %+v are left", out.Count, sessions(t))
		}
	})

	t.Run("an address and an identity come and go", func(t *testing.T) {
		address, identity := object{"medium": "email", "address": name + "@example.org"}, object{"auth_provider": "School", "external_id": name}
		g.call(t, "users.update", object{"id": id, "threepids": object{"to": []object{address}}, "external_ids": object{"to": []object{identity}}}, &object{})
		if owned(t, "user-emails") != 1 || owned(t, "upstream-oauth-links") != 1 {
			t.Fatal("they are not at MAS")
		}
		g.call(t, "users.update", object{"id": id, "threepids": object{"to": []object{}}, "external_ids": object{"to": []object{}}}, &object{})
		if owned(t, "user-emails") != 0 || owned(t, "upstream-oauth-links") != 0 {
			t.Error("they are at MAS still")
		}
	})

	t.Run("registration tokens", func(t *testing.T) {
		text := unique("token-of-mine")
		g.keepSecret("to", text)
		type token struct {
			ID, State string
			Uses      int
		}
		var made, shown struct {
			Token token  `json:"token"`
			Text  string `json:"text"`
		}
		g.call(t, "tokens.create", object{"token": text, "uses": 2}, &made)
		var list struct{ Tokens []token }
		g.call(t, "tokens.list", "", &list)
		if i := slices.IndexFunc(list.Tokens, func(o token) bool { return o.ID == made.Token.ID }); i < 0 || list.Tokens[i].Uses != 2 {
			t.Errorf("%+v", list.Tokens)
		}
		g.call(t, "tokens.update", object{"id": made.Token.ID, "uses": object{"to": 5}}, &object{})
		if g.call(t, "tokens.list", ask(made.Token.ID), &list); len(list.Tokens) != 1 || list.Tokens[0].Uses != 5 {
			t.Errorf("%+v", list.Tokens)
		}
		if g.call(t, "tokens.show", ask(made.Token.ID), &shown); shown.Text != text {
			t.Errorf("it reads %q", shown.Text)
		}
	})

	t.Run("the list is paged", func(t *testing.T) {
		several := unique("paged")
		for i := range 5 {
			w.make(fmt.Sprintf("%s-%d", several, i), "", false)
		}

		var seen []string
		query := object{"search": several, "limit": 2}
		for range 3 {
			var page struct {
				Users []struct{ ID string }
				Total int
				Next  string
			}
			g.call(t, "users.list", query, &page)
			for _, u := range page.Users {
				seen = append(seen, u.ID)
			}
			if page.Total != 5 {
				t.Errorf("%d in all", page.Total)
			}
			query["cursor"] = page.Next
		}
		if len(seen) != 5 || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != 5 || query["cursor"] != "" {
			t.Errorf("%v", seen)
		}
	})
}
