// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
)

// people makes accounts of every sort whose names share a prefix, and returns the prefix.
func people(t *testing.T, b *bench) string {
	t.Helper()
	prefix := unique("list") + "-"
	make := func(name string, admin bool) api.UserID {
		card, err := b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(prefix + name), DisplayName: strings.ToUpper(name), Password: typed("wonderland"), Admin: admin})
		if err != nil {
			t.Fatal(err)
		}
		return card.User.ID
	}
	make("a_dmin", true)
	make("bob", false)
	make("bxb", false)
	locked := make("carol", false)
	dead := make("dave", false)
	make("irc_erin", false)
	if _, err := b.lock(t.Context(), api.UserDeed{ID: locked}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.deactivate(t.Context(), api.UserDeed{ID: dead}); err != nil {
		t.Fatal(err)
	}
	return prefix
}

func TestListFilters(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		prefix := people(t, b)
		b.settings.Hide = []string{"*irc_*"}
		for _, tt := range []struct {
			name  string
			query api.UserQuery
			want  string // what follows the prefix
			total int64  // -1: cannot be told
		}{
			{"default", api.UserQuery{}, "a_dmin bob bxb carol dave", 5},
			{"with system", api.UserQuery{System: api.With}, "a_dmin bob bxb carol dave irc_erin", 6},
			{"only system", api.UserQuery{System: api.Only}, "irc_erin", 1},
			{"administrators", api.UserQuery{Admins: api.Only, System: api.With}, "a_dmin", 1},
			{"no administrators", api.UserQuery{Admins: api.Without, System: api.With}, "bob bxb carol dave irc_erin", 5},
			{"deactivated", api.UserQuery{Deactivated: api.Only, System: api.With}, "dave", 1},
			{"not deactivated", api.UserQuery{Deactivated: api.Without, System: api.With}, "a_dmin bob bxb carol irc_erin", 5},
			{"locked", api.UserQuery{Locked: api.Only, System: api.With}, "carol", 1},
			{"not locked", api.UserQuery{Locked: api.Without, System: api.With}, "a_dmin bob bxb dave irc_erin", 5},
			{"guests", api.UserQuery{Guests: api.Only, System: api.With}, "", 0},
			{"no guests", api.UserQuery{Guests: api.Without, System: api.With}, "a_dmin bob bxb carol dave irc_erin", 6},
			{"descending", api.UserQuery{Descending: true, System: api.With}, "irc_erin dave carol bxb bob a_dmin", 6},
			{"by administrator", api.UserQuery{Sort: api.SortAdmin, Descending: true, System: api.With, Limit: 1}, "a_dmin", 6},
			{"by display name", api.UserQuery{Sort: api.SortDisplay, System: api.With}, "a_dmin bob bxb carol dave irc_erin", 6},
			{"several at once", api.UserQuery{Admins: api.Without, Deactivated: api.Without, Locked: api.Without}, "bob bxb", 2},
		} {
			t.Run(tt.name, func(t *testing.T) {
				tt.query.Search = prefix
				page, err := b.list(t.Context(), tt.query)
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.ReplaceAll(names(page.Users), prefix, ""); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				if page.Total == nil || *page.Total != tt.total {
					t.Errorf("total %v, want %d", page.Total, tt.total)
				}
			})
		}
	})
}

func TestListSearch(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		prefix := people(t, b)
		for search, want := range map[string]string{
			prefix + "b":                   "bob bxb",
			prefix + "B":                   "bob bxb",
			"@" + prefix + "b":             "bob bxb",
			"@" + prefix + "bob:localhost": "bob",
			"@" + prefix + "bob:elsewhere": "",
			prefix + "b_b":                 "", // not a wildcard
			prefix + "a_d":                 "a_dmin",
			prefix + "%":                   "",
		} {
			page, err := b.list(t.Context(), api.UserQuery{Search: search})
			if got := strings.ReplaceAll(names(page.Users), prefix, ""); err != nil || got != want {
				t.Errorf("%q: got %q, %v; want %q", search, got, err, want)
			}
		}
	})
}

func TestListRow(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		prefix := people(t, b)
		page, err := b.list(t.Context(), api.UserQuery{Search: prefix + "carol"})
		if err != nil || len(page.Users) != 1 {
			t.Fatalf("%+v, %v", page, err)
		}
		u := page.Users[0]
		one, err := b.get(t.Context(), api.UserRef{ID: u.ID})
		if err != nil {
			t.Fatal(err)
		}
		if !u.Locked || u.DisplayName != "CAROL" || u.CreatedMS != one.CreatedMS || u.CreatedMS < 1.6e12 || u.CreatedMS > 1e14 {
			t.Errorf("row %+v, alone %+v", u, one)
		}
		if want := []string{"suspended", "appservice_id", "threepids", "external_ids"}; !slices.Equal(page.Unknown, want) || u.Unknown != nil {
			t.Errorf("unknown %v and %v", page.Unknown, u.Unknown)
		}
	})
}

// Pages forward and back must show everybody once, in every way of paging.
func TestListPages(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		prefix := unique("page") + "-"
		var want []string
		for i := range 11 {
			name := fmt.Sprintf("%s%02d", prefix, i)
			if i%3 == 0 {
				name += "-bot"
			}
			b.person(t, name, false)
			want = append(want, name)
		}
		for _, tt := range []struct {
			name  string
			hide  []string
			query api.UserQuery
		}{
			{"by the server", nil, api.UserQuery{Limit: 3}},
			{"filtered here", []string{"*-bot"}, api.UserQuery{Limit: 3}},
			{"filtered here, one a page", []string{"*-bot"}, api.UserQuery{Limit: 1}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				b.settings.Hide = tt.hide
				tt.query.Search = prefix
				expect := slices.DeleteFunc(slices.Clone(want), func(n string) bool { return tt.hide != nil && strings.HasSuffix(n, "-bot") })
				var pages [][]api.User
				var all, previous []string
				for {
					page, err := b.list(t.Context(), tt.query)
					if err != nil {
						t.Fatal(err)
					}
					if tt.hide == nil && (*page.Total != 11 || page.Offset != int64(len(all))) {
						t.Errorf("total %d, offset %d after %d", *page.Total, page.Offset, len(all))
					}
					if tt.hide != nil && (page.Total != nil || page.Of != 11 || page.Scanned < 1) {
						t.Errorf("total %v, scanned %d of %d", page.Total, page.Scanned, page.Of)
					}
					pages = append(pages, page.Users)
					previous = append(previous, page.Previous)
					all = append(all, strings.Fields(names(page.Users))...)
					if page.Next == "" {
						break
					}
					if len(page.Users) != tt.query.Limit || len(all) > 20 {
						t.Fatalf("a page of %d that is not the last", len(page.Users))
					}
					tt.query.Cursor = page.Next
				}
				if !slices.Equal(all, expect) {
					t.Errorf("got %v, want %v", all, expect)
				}
				for i := len(pages) - 1; i > 0; i-- {
					tt.query.Cursor = previous[i]
					page, err := b.list(t.Context(), tt.query)
					if err != nil || names(page.Users) != names(pages[i-1]) || page.Previous != previous[i-1] {
						t.Errorf("back to page %d: %s, %v; want %s", i-1, names(page.Users), err, names(pages[i-1]))
					}
				}
				if previous[0] != "" {
					t.Error("the first page has one before it")
				}
			})
		}
	})
}

func TestCursorBelongsToItsQuery(t *testing.T) {
	q := api.UserQuery{Search: "a", Sort: api.SortCreated}
	q.Cursor = cursor{Position: 100, Back: []int64{0}}.text(q)
	if c, err := openCursor(q); err != nil || c.Position != 100 {
		t.Fatalf("%+v, %v", c, err)
	}
	q.Limit = 7
	if _, err := openCursor(q); err != nil {
		t.Errorf("another size of page: %v", err)
	}
	other := q
	other.Descending = true
	for _, bad := range []api.UserQuery{other, {Cursor: "x"}, {Cursor: "!"}, {Cursor: cursor{Position: -1}.text(api.UserQuery{})}, {Cursor: cursor{Position: 5, Back: []int64{9}}.text(api.UserQuery{})}} {
		if _, err := openCursor(bad); problem(err) != "invalid_cursor [cursor: invalid_cursor]" {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	// Far into a list the cursor still fits where cursors go.
	c, text := cursor{}, ""
	for i := range int64(1000) {
		text = c.forward(q, (i+1)*500)
		q.Cursor = text
		var err error
		if c, err = openCursor(q); err != nil {
			t.Fatal(err)
		}
	}
	if len(text) > 4096 {
		t.Errorf("a cursor of %d characters", len(text))
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(cursor{Position: 100, Back: []int64{0, 50}}.text(api.UserQuery{}))
	f.Add("e30")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := openCursor(api.UserQuery{Cursor: text})
		if err == nil && (c.Position < 0 || slices.ContainsFunc(c.Back, func(p int64) bool { return p < 0 || p > c.Position })) {
			t.Errorf("%q gave %+v", text, c)
		}
	})
}

// A filter that finds next to nobody takes a bounded share a call and says how far it got.
func TestListScanIsBounded(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	const everybody = 6000
	for i := range everybody {
		f.AddUser(fmt.Sprintf("u%05d", i), func(u fakesynapse.Fields) { u["is_guest"] = i == 5900 })
	}
	b := newBench(t, f.URL, homeserver.Settings{})
	q := api.UserQuery{Guests: api.Only, Limit: 10}
	if _, err := b.keys.Own(t.Context()); err != nil { // it is one account more
		t.Fatal(err)
	}
	page, err := b.list(t.Context(), q)
	if err != nil || len(page.Users) != 0 || page.Next == "" || page.Of != everybody+1 || page.Scanned != 10+9*500 {
		t.Fatalf("%+v, %v", page, err)
	}
	calls := slices.DeleteFunc(b.sent.list(), func(s string) bool { return !strings.HasSuffix(s, "/users") })
	if len(calls) != scanPages {
		t.Errorf("%d requests", len(calls))
	}
	q.Cursor = page.Next
	page, err = b.list(t.Context(), q)
	if err != nil || names(page.Users) != "u05900" || page.Next != "" || page.Scanned != everybody+1 {
		t.Errorf("%+v, %v", page, err)
	}
}

// Before 1.103 there is the v2 list, whose `deactivated` means something else.
func TestListOfOldVersions(t *testing.T) {
	for _, version := range []string{"1.90.0", "1.93.0", "1.102.0rc1", "1.103.0 (b=develop,abc)"} {
		t.Run(version, func(t *testing.T) {
			f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Version: version})
			b := newBench(t, f.URL, homeserver.Settings{})
			f.AddUser("x-admin", func(u fakesynapse.Fields) { u["admin"] = true })
			f.AddUser("x-dead", func(u fakesynapse.Fields) { u["deactivated"] = true })
			f.AddUser("x-bob", func(fakesynapse.Fields) {})
			for want, q := range map[string]api.UserQuery{
				"x-admin x-bob x-dead": {},
				"x-dead":               {Deactivated: api.Only},
				"x-admin x-bob":        {Deactivated: api.Without},
				"x-admin":              {Admins: api.Only},
				"x-bob x-dead":         {Admins: api.Without},
			} {
				q.Search = "x-"
				page, err := b.list(t.Context(), q)
				if err != nil || names(page.Users) != want || page.Total == nil || *page.Total != int64(len(page.Users)) {
					t.Errorf("%+v: %s, %v", q, names(page.Users), err)
				}
			}
		})
	}
}
