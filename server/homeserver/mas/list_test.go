// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// crowd puts accounts there with every difference that there can be.
func crowd(b *bench) {
	b.fake.AddUser("alice", func(u *fakemas.User) { u.Admin = true })
	b.fake.AddUser("bob", func(u *fakemas.User) { now := b.clock.Now(); u.Locked = &now })
	b.fake.AddUser("carol", nil)
	b.fake.AddHere("dora")
	b.fake.Synapse.Provision("emil", false, nil, "Emil", "")
	b.fake.AddUser("frank", func(u *fakemas.User) { now := b.clock.Now(); u.Deactivated = &now })
	b.fake.AddUser("gina", nil)
	b.fake.Synapse.End("gina", false)
	b.fake.AddUser("hugo", nil)
	b.fake.Synapse.Provision("hugo", true, nil, "", "")
}

func names(p api.UserPage) string {
	var list []string
	for _, u := range p.Users {
		list = append(list, u.ID.Localpart())
	}
	return strings.Join(list, " ")
}

// The list has both sides, with what differs, and asks about no single account but the one that only Synapse has.
func TestList(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.settings.Hide = []string{"gatehouse-*"}
	crowd(b)
	var page api.UserPage
	ask := func(q api.UserQuery) api.UserPage {
		t.Helper()
		p, err := b.list(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if _, err := b.info(t.Context(), api.ServerQuery{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.keys.Own(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := b.sent.since(func() { page = ask(api.UserQuery{}) })
	if names(page) != "alice bob carol dora emil frank gina hugo" || *page.Total != 8 || page.Next != "" || page.Previous != "" {
		t.Errorf("%s of %d", names(page), *page.Total)
	}
	if len(sent) > 5 || count(sent, "GET /_synapse/admin/v2/users/") > 1 || count(sent, "GET /api/admin/v1/users/") > 0 {
		t.Errorf("%d requests: %v", len(sent), sent)
	}
	want := map[string][]string{
		"alice": {api.DriftAdmin}, "dora": {api.DriftMASOnly}, "emil": {api.DriftSynapseOnly}, "frank": {api.DriftDeactivated},
		"gina": {api.DriftDeactivated}, "hugo": {api.DriftLocked},
	}
	for _, u := range page.Users {
		if !slices.Equal(u.Drift, want[u.ID.Localpart()]) {
			t.Errorf("%s differs in %v", u.ID, u.Drift)
		}
	}
	if sent := b.sent.since(func() { ask(api.UserQuery{Descending: true}) }); len(sent) > 0 {
		t.Errorf("asked again at once: %v", sent)
	}
	for want, q := range map[string]api.UserQuery{
		"alice":                               {Admins: api.Only},
		"bob":                                 {Locked: api.Only},
		"frank":                               {Deactivated: api.Only},
		"bob carol":                           {Drift: api.Without},
		"alice dora emil frank gina hugo":     {Drift: api.Only},
		"emil":                                {Search: "MIL"},
		"hugo gina frank emil":                {Descending: true, Limit: 4},
		"carol":                               {Search: "@carol:local"},
		"":                                    {Search: "nobody"},
		"bob carol dora emil frank gina hugo": {Admins: api.Without},
	} {
		if got := names(ask(q)); got != want {
			t.Errorf("%+v: %s, want %s", q, got, want)
		}
	}
	if p := ask(api.UserQuery{System: api.Only}); len(p.Users) != 1 || !p.Users[0].Own {
		t.Errorf("%s", names(p))
	}
}

// Pages go forward and back over the same accounts, in every order, while others come and go.
func TestListPages(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.settings.Hide = []string{"gatehouse-*"}
	crowd(b)
	for _, sort := range []api.UserSort{"", api.SortName, api.SortDisplay, api.SortCreated, api.SortLastSeen, api.SortAdmin} {
		for _, down := range []bool{false, true} {
			q := api.UserQuery{Sort: sort, Descending: down, Limit: 3}
			var seen, back []string
			var page api.UserPage
			for {
				p, err := b.list(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				page = p
				if int(p.Offset) != len(seen) {
					t.Errorf("%s: offset %d after %d", sort, p.Offset, len(seen))
				}
				seen = append(seen, strings.Fields(names(p))...)
				if q.Cursor = p.Next; q.Cursor == "" {
					break
				}
			}
			if len(seen) != 8 {
				t.Errorf("%s: %v", sort, seen)
			}
			back = strings.Fields(names(page))
			for q.Cursor = page.Previous; q.Cursor != ""; q.Cursor = page.Previous {
				p, err := b.list(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				page = p
				back = append(strings.Fields(names(p)), back...)
			}
			if !slices.Equal(seen, back) {
				t.Errorf("%s: forward %v, back %v", sort, seen, back)
			}
		}
	}
	first, err := b.list(t.Context(), api.UserQuery{Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	b.whole.note(api.User{ID: id("aaron")}) // somebody new before the page
	next, err := b.list(t.Context(), api.UserQuery{Limit: 3, Cursor: first.Next})
	if err != nil || names(next) != "dora emil frank" {
		t.Errorf("%s, %v", names(next), err)
	}
	for _, cursor := range []string{"x", "e30", first.Next + "x"} {
		if _, err := b.list(t.Context(), api.UserQuery{Limit: 3, Cursor: cursor}); code(err) != "invalid_cursor cursor:invalid_cursor" {
			t.Errorf("%s: %v", cursor, err)
		}
	}
	if _, err := b.list(t.Context(), api.UserQuery{Limit: 3, Cursor: first.Next, Search: "a"}); code(err) != "invalid_cursor cursor:invalid_cursor" {
		t.Errorf("another query's cursor: %v", err)
	}
}

// Every field of a query is looked at. A new one has to be added to matches or to ordering, and to fingerprint.
func TestEveryFieldOfAQuery(t *testing.T) {
	known := []string{"Search", "Admins", "Deactivated", "Locked", "Guests", "Drift", "System", "Sort", "Descending", "Limit", "Cursor"}
	typ := reflect.TypeFor[api.UserQuery]()
	for i := range typ.NumField() {
		if !slices.Contains(known, typ.Field(i).Name) {
			t.Errorf("nothing is known here of api.UserQuery.%s", typ.Field(i).Name)
		}
	}
}

// Some thousand accounts are read page by page, from both sides.
func TestListOfMany(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	const n = 2*joinPage + 200
	for i := range n {
		b.fake.AddUser(fmt.Sprintf("user%04d", i), nil)
	}
	page, err := b.list(t.Context(), api.UserQuery{Limit: 50, Sort: api.SortName, Descending: true})
	if err != nil || *page.Total != n+1 || page.Users[0].ID != id(fmt.Sprintf("user%04d", n-1)) {
		t.Fatalf("%v, %v", page.Total, err)
	}
	if n := count(b.fake.Requests(), "GET /api/admin/v1/users?"); n != 4 { // one to count, three to read
		t.Errorf("%d pages of MAS's", n)
	}
}

func TestListFails(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	crowd(b)
	b.fake.Down(true)
	if _, err := b.list(t.Context(), api.UserQuery{}); code(err) != "mas_down" {
		t.Errorf("%v", err)
	}
	b.fake.Down(false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.list(ctx, api.UserQuery{}); err == nil {
		t.Error("a cancelled list answers")
	}
	if _, err := b.list(t.Context(), api.UserQuery{}); err != nil {
		t.Errorf("a failure is remembered: %v", err)
	}
}

func TestGet(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	crowd(b)
	for name, want := range map[string]string{"alice": "admin", "dora": "mas_only", "emil": "synapse_only", "carol": ""} {
		u, err := b.get(t.Context(), api.UserRef{ID: id(name)})
		if err != nil || strings.Join(u.Drift, " ") != want || u.ID != id(name) {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
	if u, _ := b.get(t.Context(), api.UserRef{ID: id("dora")}); u.Knows("display_name") || !u.Knows("threepids") {
		t.Errorf("%v is not known of one that Synapse has not got", u.Unknown)
	}
	for _, wrong := range []api.UserID{id("nobody"), id("Alice"), id("..")} {
		if _, err := b.get(t.Context(), api.UserRef{ID: wrong}); code(err) != "not_found" && code(err) != "invalid_request" {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
