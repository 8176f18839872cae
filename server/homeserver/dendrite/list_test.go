// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gatehouse/app/api"
)

// locals returns the names on a page.
func locals(page api.UserPage) []string {
	var out []string
	for _, u := range page.Users {
		out = append(out, u.ID.Localpart())
	}
	return out
}

func TestList(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		// A tag that no other test's names have keeps a shared server apart.
		tag := strings.ReplaceAll(string(fresh("tag")), "-", "")
		made := map[string]api.UserID{}
		for _, a := range []struct {
			name, display string
			admin         bool
		}{{"a", "zoe " + tag, false}, {"b_x", "Älice", true}, {"bax", "100%", false}, {"c", "bob", false}} {
			out := must(t, w, api.CreateUser, api.UserCreate{Localpart: api.Localpart(tag + "." + a.name), DisplayName: a.display, Password: typed("a password"), Admin: a.admin})
			made[a.name] = out.User.ID
		}
		must(t, w, api.DeactivateUser, api.UserDeed{ID: made["c"]})
		w.signsIn(t, made["bax"], "a password")
		w.signsIn(t, made["a"], "a password")
		names := func(short ...string) []string {
			for i := range short {
				short[i] = tag + "." + short[i]
			}
			return short
		}
		for _, test := range []struct {
			name  string
			query api.UserQuery
			want  []string
		}{
			{"by name", api.UserQuery{}, names("a", "b_x", "bax", "c")},
			{"backwards", api.UserQuery{Sort: api.SortName, Descending: true}, names("c", "bax", "b_x", "a")},
			{"by display name", api.UserQuery{Sort: api.SortDisplay}, names("bax", "c", "a", "b_x")},
			{"by creation", api.UserQuery{Sort: api.SortCreated, Descending: true}, names("c", "bax", "b_x", "a")},
			{"by last seen", api.UserQuery{Sort: api.SortLastSeen, Descending: true, Deactivated: api.Without, Admins: api.Without}, names("a", "bax")},
			{"by administrator", api.UserQuery{Sort: api.SortAdmin, Descending: true}, names("b_x", "c", "bax", "a")},
			{"administrators", api.UserQuery{Admins: api.Only}, names("b_x")},
			{"no administrators", api.UserQuery{Admins: api.Without}, names("a", "bax", "c")},
			{"deactivated", api.UserQuery{Deactivated: api.Only}, names("c")},
			{"active", api.UserQuery{Deactivated: api.Without, Locked: api.Without}, names("a", "b_x", "bax")},
			{"guests", api.UserQuery{Guests: api.Only}, nil},
		} {
			t.Run(test.name, func(t *testing.T) {
				test.query.Search = tag + "."
				page := must(t, w, api.ListUsers, test.query)
				if diff := cmp.Diff(test.want, locals(page)); diff != "" {
					t.Errorf("(-want +got): %s", diff)
				}
				if *page.Total != int64(len(test.want)) || page.Next != "" || page.Previous != "" || len(page.Limits) != 0 {
					t.Errorf("total %d, next %q, previous %q, limits %v", *page.Total, page.Next, page.Previous, page.Limits)
				}
			})
		}
		for search, want := range map[string][]string{
			"@" + tag + ".a:localhost":     names("a"),
			strings.ToUpper(tag) + ".A":    names("a"),
			"ZOE " + tag:                   names("a"),
			tag + ".b_":                    names("b_x"), // _ stands for itself
			tag + ".%":                     nil,
			tag + `.\`:                     nil,
			tag + "' OR localpart LIKE '%": nil,
		} {
			if got := locals(must(t, w, api.ListUsers, api.UserQuery{Search: search})); !slices.Equal(got, want) {
				t.Errorf("searching %q found %v", search, got)
			}
		}
		for _, search := range []string{"älice", "ÄLICE", "Älice"} {
			if got := locals(must(t, w, api.ListUsers, api.UserQuery{Search: search})); !slices.Contains(got, tag+".b_x") {
				t.Errorf("searching %q found %v", search, got)
			}
		}
		first := must(t, w, api.ListUsers, api.UserQuery{Search: tag + ".", Limit: 3})
		second := must(t, w, api.ListUsers, api.UserQuery{Search: tag + ".", Limit: 3, Cursor: first.Next})
		back := must(t, w, api.ListUsers, api.UserQuery{Search: tag + ".", Limit: 3, Cursor: second.Previous})
		if diff := cmp.Diff([][]string{names("a", "b_x", "bax"), names("c"), names("a", "b_x", "bax")}, [][]string{locals(first), locals(second), locals(back)}); diff != "" {
			t.Errorf("pages (-want +got): %s", diff)
		}
		if second.Offset != 3 || second.Next != "" || first.Previous != "" || *second.Total != 4 {
			t.Errorf("the second page is %+v", second)
		}
		// A page of another size than that of its cursor still leads back.
		wide := must(t, w, api.ListUsers, api.UserQuery{Search: tag + ".", Limit: 3, Cursor: must(t, w, api.ListUsers, api.UserQuery{Search: tag + ".", Limit: 1}).Next})
		if got := locals(must(t, w, api.ListUsers, api.UserQuery{Search: tag + ".", Limit: 3, Cursor: wide.Previous})); !slices.Equal(got, locals(first)) {
			t.Errorf("back from the second account on: %v", got)
		}
		u := first.Users[1]
		if u.DisplayName != "Älice" || !u.Admin || time.Since(time.UnixMilli(u.CreatedMS)).Abs() > time.Minute {
			t.Errorf("a row is %+v", u)
		}
	})
}

func TestListHidesSystemAccounts(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		own, err := w.keys.Own(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// Brackets and underscores of the patterns bridge[1]_* and irc_* stand for themselves, so two of these are ordinary.
		bracket, underscore := w.make(t, "bridge1_x", "a password", false), w.make(t, "ircx", "a password", false)
		bridge := w.make(t, "irc_x", "a password", false)
		for filter, want := range map[api.Filter][5]bool{
			"": {false, false, true, true, false}, api.Without: {false, false, true, true, false},
			api.With: {true, true, true, true, true}, api.Only: {true, true, false, false, true},
		} {
			page := must(t, w, api.ListUsers, api.UserQuery{System: filter, Limit: 500})
			var got [5]bool
			for _, u := range page.Users {
				for i, id := range []api.UserID{own, "@_server:localhost", bracket, underscore, bridge} {
					got[i] = got[i] || u.ID == id
				}
				if (u.ID == own) != u.Own || (u.ID == "@_server:localhost" && !u.System) {
					t.Errorf("a row is %+v", u)
				}
			}
			if got != want {
				t.Errorf("system %q: own, _server, bridge1_, ircx, irc_ are %v, want %v", filter, got, want)
			}
			if *page.Total != int64(len(page.Users)) {
				t.Errorf("system %q: %d of %d", filter, len(page.Users), *page.Total)
			}
		}
	})
}

func TestListWithoutDatabase(t *testing.T) {
	everywhere(t, "no database", func(t *testing.T, w *world) {
		a, b := w.make(t, "listed", "a password", false), w.make(t, "listed", "a password", true)
		must(t, w, api.DeactivateUser, api.UserDeed{ID: b})
		page := must(t, w, api.ListUsers, api.UserQuery{})
		if diff := cmp.Diff([]string{a.Localpart(), b.Localpart()}, locals(page)); diff != "" {
			t.Fatalf("(-want +got): %s", diff)
		}
		if page.Total != nil || !slices.Equal(page.Limits, []string{"dendrite_no_list"}) || !slices.Contains(page.Unknown, "admin") {
			t.Errorf("the page says %+v", page)
		}
		if u := page.Users[0]; u.CreatedMS == 0 || u.Knows("admin") || u.Knows("display_name") || u.Deactivated || u.Knows("deactivated") {
			t.Errorf("a row is %+v", u)
		}
		if u := page.Users[1]; !u.Deactivated || !u.Knows("deactivated") {
			t.Errorf("what Gatehouse deactivated is %+v", u)
		}
		if got := locals(must(t, w, api.ListUsers, api.UserQuery{Search: strings.ToUpper(a.Localpart())})); !slices.Equal(got, []string{a.Localpart()}) {
			t.Errorf("searching found %v", got)
		}
		first := must(t, w, api.ListUsers, api.UserQuery{Limit: 1, Descending: true})
		next := must(t, w, api.ListUsers, api.UserQuery{Limit: 1, Descending: true, Cursor: first.Next})
		if diff := cmp.Diff([][]string{{b.Localpart()}, {a.Localpart()}}, [][]string{locals(first), locals(next)}); diff != "" || next.Next != "" {
			t.Errorf("pages (-want +got): %s", diff)
		}
		for field, q := range map[string]api.UserQuery{
			"admins": {Admins: api.Only}, "deactivated": {Deactivated: api.Without}, "guests": {Guests: api.Only},
			"sort": {Sort: api.SortLastSeen}, "locked": {Locked: api.Only},
		} {
			if _, err := do(t, w, api.ListUsers, q); code(err) != "not_supported" || !slices.Equal(at(err), []string{field}) {
				t.Errorf("%s: %v at %v", field, err, at(err))
			}
		}
	})
}

// Accounts of application services are system accounts whatever they are called.
func TestBridgesAreSystemAccounts(t *testing.T) {
	w := fakeWorld(t, true)
	id := w.make(t, "ghost", "a password", false)
	w.fake.Exec("UPDATE userapi_accounts SET account_type = 4, appservice_id = 'irc' WHERE localpart = $1", id.Localpart())
	if page := must(t, w, api.ListUsers, api.UserQuery{Search: "ghost"}); len(page.Users) != 0 {
		t.Errorf("listed: %+v", page.Users)
	}
	page := must(t, w, api.ListUsers, api.UserQuery{Search: "ghost", System: api.Only})
	if len(page.Users) != 1 || !page.Users[0].System || page.Users[0].AppService != "irc" {
		t.Errorf("listed: %+v", page.Users)
	}
}

// The directory also has accounts of other servers that share a room with ours.
func TestDirectoryOfOtherServers(t *testing.T) {
	w := fakeWorld(t, false)
	w.fake.List("@remote:elsewhere.example", "@local:localhost")
	if got := locals(must(t, w, api.ListUsers, api.UserQuery{})); !slices.Equal(got, []string{"local"}) {
		t.Errorf("the list is %v", got)
	}
}

// Those who share a room with the token's account are in the directory of a real Dendrite.
func TestListFromDirectory(t *testing.T) {
	everywhere(t, "no database", func(t *testing.T, w *world) {
		if w.fake != nil {
			t.Skip("the fake has no rooms")
		}
		id := w.make(t, "member", "a password", false)
		w.keeper.made = nil // as if somebody else had made it
		own, err := w.keys.Own(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var room struct {
			ID string `json:"room_id"`
		}
		w.raw(t, "POST", "/_matrix/client/v3/createRoom", w.keeper.account.Token.Reveal(), map[string]string{"preset": "public_chat"}, &room)
		w.raw(t, "POST", "/_matrix/client/v3/join/"+room.ID, w.signsIn(t, id, "a password"), struct{}{}, nil)
		page := must(t, w, api.ListUsers, api.UserQuery{System: api.With})
		if got := locals(page); !slices.Contains(got, id.Localpart()) || !slices.Contains(got, own.Localpart()) {
			t.Errorf("the list is %v", got)
		}
		for _, u := range page.Users {
			if u.ID == id && (u.DisplayName != id.Localpart() || !u.Knows("display_name") || u.Knows("created_ms")) {
				t.Errorf("a row is %+v", u)
			}
		}
	})
}

func TestCursor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.Int64Range(0, maxOffset).Draw(t, "offset")
		if got, err := readCursor(writeCursor(offset)); err != nil || got != offset {
			t.Fatalf("%d came back as %d, %v", offset, got, err)
		}
	})
	for _, bad := range []string{"x", "b", writeCursor(-1), writeCursor(maxOffset + 1), "bzE=", "YTE"} {
		if _, err := readCursor(bad); code(err) != "invalid_cursor" {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(writeCursor(100))
	f.Fuzz(func(t *testing.T, text string) {
		if offset, err := readCursor(text); err == nil && (offset < 0 || offset > maxOffset) {
			t.Errorf("%q is %d", text, offset)
		}
	})
}
