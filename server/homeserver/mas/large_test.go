// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// newLarge is a server with one account more than are put together for a list; nobody has compared its sides yet.
func newLarge(t *testing.T) *bench {
	b := newBench(t, fakemas.Options{})
	b.hide = []string{"gatehouse-*"}
	b.adapter = b.another()
	t.Cleanup(b.comparison.close)
	crowd(b)
	b.fake.Synapse.Serve("irc_bob", "irc")
	if _, err := b.keys.Own(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, err := b.count(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.bounds.joined = n - 1
	b.comparison.next = time.Now().Add(time.Hour)
	return b
}

// compared has both sides compared.
func (b *bench) compared() {
	b.comparison.mu.Lock()
	b.comparison.next = time.Time{}
	b.comparison.mu.Unlock()
	_ = b.readLarge(b.t.Context())
	b.comparison.work.Wait()
}

// A server with one account more than can be held has another list, one with as many has not.
func TestThreshold(t *testing.T) {
	b := newLarge(t)
	page, err := b.list(t.Context(), api.UserQuery{})
	if err != nil || !slices.Equal(page.Limits, []string{reasonComparing}) || names(page) != "alice bob carol emil frank gina hugo irc_bob" {
		t.Errorf("one too many: %s %v, %v", names(page), page.Limits, err)
	}
	b = newLarge(t)
	b.bounds.joined++
	page, err = b.list(t.Context(), api.UserQuery{})
	if err != nil || len(page.Limits) > 0 || names(page) != "alice bob carol dora emil frank gina hugo irc_bob" {
		t.Errorf("just not too many: %s %v, %v", names(page), page.Limits, err)
	}
}

// What can be asked for on a large server is the same as on a small one, but that accounts which only MAS has are among the differences alone.
func TestLargeIsLikeSmall(t *testing.T) {
	large, small := newLarge(t), newLarge(t)
	small.bounds.joined++
	large.compared()
	for _, tt := range []struct {
		q      api.UserQuery
		beside string // what the small list has besides
	}{
		{q: api.UserQuery{Admins: api.Only}}, {q: api.UserQuery{Locked: api.Only}}, {q: api.UserQuery{Drift: api.Only}}, {q: api.UserQuery{Drift: api.Without}},
		{q: api.UserQuery{Drift: api.Only, Deactivated: api.Only}}, {q: api.UserQuery{Drift: api.Only, Admins: api.Only}}, {q: api.UserQuery{Drift: api.Only, Search: "MIL"}},
		{q: api.UserQuery{Admins: api.Only, Locked: api.Only}}, {q: api.UserQuery{Drift: api.Only, Sort: api.SortDisplay, Descending: true}},
		{q: api.UserQuery{}, beside: "dora"}, {q: api.UserQuery{Admins: api.Without}, beside: "dora"}, {q: api.UserQuery{Locked: api.Without}, beside: "dora"},
		// What Synapse's filter leaves out by Synapse's state is missing, and nobody is there who is otherwise at MAS.
		{q: api.UserQuery{Deactivated: api.Without}, beside: "dora gina"}, {q: api.UserQuery{Deactivated: api.Only}, beside: "frank"},
		{q: api.UserQuery{Deactivated: api.Without, Locked: api.Only}}, {q: api.UserQuery{Deactivated: api.Without, Drift: api.Only}},
	} {
		want, err := small.list(t.Context(), tt.q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := large.list(t.Context(), tt.q)
		if err != nil {
			t.Errorf("%+v: %v", tt.q, err)
			continue
		}
		want.Users = slices.DeleteFunc(want.Users, func(u api.User) bool { return slices.Contains(strings.Fields(tt.beside), u.ID.Localpart()) })
		if names(got) != names(want) {
			t.Errorf("%+v: %s, want %s", tt.q, names(got), names(want))
		}
		for i, u := range got.Users {
			if w := want.Users[i]; u.Admin != w.Admin || u.Locked != w.Locked || u.Deactivated != w.Deactivated || !slices.Equal(u.Drift, w.Drift) || u.DisplayName != w.DisplayName {
				t.Errorf("%+v: %+v, want %+v", tt.q, u, w)
			}
		}
		if alone := tt.beside == "" && tt.q.Drift != api.Without; alone != (len(got.Limits) == 0) || slices.Contains(got.Unknown, "admin") || slices.Contains(got.Unknown, "locked") {
			t.Errorf("%+v: limits %v, unknown %v", tt.q, got.Limits, got.Unknown)
		}
		if beside := tt.beside != "" && tt.q.Deactivated != ""; beside != slices.Contains(got.Limits, reasonEnded) {
			t.Errorf("%+v: limits %v", tt.q, got.Limits)
		}
	}
	// Its pages are pages.
	first, err := large.list(t.Context(), api.UserQuery{Drift: api.Only, Limit: 4})
	if err != nil || names(first) != "alice dora emil frank" || *first.Total != 6 {
		t.Fatalf("%s, %v", names(first), err)
	}
	if next, err := large.list(t.Context(), api.UserQuery{Drift: api.Only, Limit: 4, Cursor: first.Next}); err != nil || names(next) != "gina hugo" || next.Offset != 4 {
		t.Errorf("%s, %v", names(next), err)
	}
}

// What cannot be told is refused and named: before both sides were compared, and where they are not compared at all.
func TestLargeLacks(t *testing.T) {
	for name, tt := range map[string]struct {
		set   func(*bench)
		lacks map[string]string // reasons by field
	}{
		"not compared yet": {func(*bench) {}, map[string]string{"drift": reasonComparing}},
		"too many to compare": {func(b *bench) {
			b.bounds.compared = b.bounds.joined
			b.compared()
		}, map[string]string{"drift": reasonNotCompared}},
		"just not too many to compare": {func(b *bench) {
			b.bounds.compared = b.bounds.joined + 1
			b.compared()
		}, nil},
		"many administrators": {func(b *bench) {
			for i := range 12 {
				b.fake.AddUser(string(rune('k'+i)), func(u *fakemas.User) { u.Admin = true })
			}
		}, map[string]string{"drift": reasonComparing, "admins": reasonManySuch}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newLarge(t)
			if _, err := b.list(t.Context(), api.UserQuery{}); err != nil { // it is known how many there are
				t.Fatal(err)
			}
			b.large.until = time.Time{}
			tt.set(b)
			page, err := b.list(t.Context(), api.UserQuery{})
			if err != nil || slices.Contains(page.Unknown, "admin") != (tt.lacks["admins"] != "") {
				t.Errorf("%v, %v", page.Unknown, err)
			}
			for field, q := range map[string]api.UserQuery{"drift": {Drift: api.Without}, "admins": {Admins: api.Only}, "locked": {Locked: api.Only}} {
				want := ""
				if tt.lacks[field] != "" {
					want = "not_supported " + field + ":not_supported"
				}
				if _, err := b.list(t.Context(), q); code(err) != want {
					t.Errorf("%s: %q, want %q", field, code(err), want)
				}
			}
			if _, err := b.list(t.Context(), api.UserQuery{Sort: api.SortAdmin}); code(err) != "not_supported sort:not_supported" {
				t.Errorf("sorted by administrators: %v", err)
			}
			info, err := b.info(t.Context(), api.ServerQuery{})
			if err != nil || info.Unavailable["users.list.drift"] != tt.lacks["drift"] || info.Unavailable["users.list.admins"] != tt.lacks["admins"] {
				t.Errorf("%v, %v", info.Unavailable, err)
			}
		})
	}
}

// Of many that differ some are looked up for each page, in the order of their IDs, until all of them were; sorted otherwise the first are, which is
// said. A search finds the others.
func TestLargeLooksUpSome(t *testing.T) {
	b := newLarge(t)
	b.bounds.asked = 2
	b.compared()
	for _, tt := range []struct {
		q     api.UserQuery
		pages []string
	}{
		{api.UserQuery{Drift: api.Only}, []string{"alice dora", "emil frank", "gina hugo"}},
		{api.UserQuery{Drift: api.Only, Descending: true, Sort: api.SortName}, []string{"hugo gina", "frank emil", "dora alice"}},
		{api.UserQuery{Drift: api.Only, Limit: 1}, []string{"alice", "dora", "emil", "frank", "gina", "hugo"}},
		{api.UserQuery{Drift: api.Only, Deactivated: api.Only}, []string{"", "frank", ""}},
		{api.UserQuery{Drift: api.Only, Search: "I"}, []string{"alice", "emil", "gina"}}, // two are looked at for each
		{api.UserQuery{Drift: api.Only, Search: "@hugo"}, []string{"hugo"}},
	} {
		var pages, back []string
		q := tt.q
		for {
			page, err := b.list(t.Context(), q)
			if err != nil || len(page.Limits) > 0 {
				t.Fatalf("%+v: %v, %v", q, page.Limits, err)
			}
			pages = append(pages, names(page))
			if page.Next == "" {
				q.Cursor = page.Previous
				break
			}
			q.Cursor = page.Next
		}
		if !slices.Equal(pages, tt.pages) {
			t.Errorf("%+v: %q, want %q", tt.q, pages, tt.pages)
		}
		for q.Cursor != "" {
			page, err := b.list(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			back, q.Cursor = append(back, names(page)), page.Previous
		}
		slices.Reverse(back)
		if want := tt.pages[:len(tt.pages)-1]; !slices.Equal(back, want) {
			t.Errorf("%+v: back over %q, want %q", tt.q, back, want)
		}
	}
	page, err := b.list(t.Context(), api.UserQuery{Drift: api.Only, Sort: api.SortCreated})
	if err != nil || len(page.Users) != 2 || page.Next != "" || !slices.Contains(page.Limits, reasonFirst) {
		t.Errorf("%s %v, %v", names(page), page.Limits, err)
	}
}

// A job over all locked accounts gets all of them, however many are looked up for one call.
func TestLargeLockedAreAllListed(t *testing.T) {
	b := newLarge(t)
	b.bounds.asked = 2
	for _, name := range []string{"kim", "lena", "mia", "nora"} {
		b.fake.AddUser(name, func(u *fakemas.User) { now := b.clock.Now(); u.Locked = &now })
	}
	var all []string
	for q := (api.UserQuery{Locked: api.Only, Limit: api.MaxPage}); ; {
		page, err := b.list(t.Context(), q)
		if err != nil || len(page.Limits) > 0 {
			t.Fatal(page.Limits, err)
		}
		all = append(all, strings.Fields(names(page))...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if want := "bob kim lena mia nora"; strings.Join(all, " ") != want {
		t.Errorf("%v, want %s", all, want)
	}
}

// What is done to an account shows at once, and one that is repaired while both sides are compared is not told to differ.
func TestLargeAfterDeeds(t *testing.T) {
	b := newLarge(t)
	if _, err := b.list(t.Context(), api.UserQuery{}); err != nil {
		t.Fatal(err)
	}
	var repaired atomic.Bool
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		if strings.HasSuffix(r.URL.Path, "/@emil:localhost") && repaired.CompareAndSwap(false, true) { // the lists were read
			if _, err := b.repair(t.Context(), api.UserRepair{ID: id("hugo"), Drift: api.DriftLocked}); err != nil {
				t.Error(err)
			}
		}
		return nil, nil, false
	})
	b.compared()
	b.sent.failing(nil)
	if _, err := b.repair(t.Context(), api.UserRepair{ID: id("alice"), Drift: api.DriftAdmin}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.lock(t.Context(), api.UserDeed{ID: id("carol")}); err != nil {
		t.Fatal(err)
	}
	for want, q := range map[string]api.UserQuery{"dora emil frank gina": {Drift: api.Only}, "bob carol": {Locked: api.Only}} {
		if page, err := b.list(t.Context(), q); err != nil || names(page) != want {
			t.Errorf("%s, want %s, %v", names(page), want, err)
		}
	}
}

// A comparison that fails leaves what was known, and none is begun when the gate ends.
func TestComparisonFails(t *testing.T) {
	b := newLarge(t)
	b.compared()
	b.fake.Down(true)
	b.comparison.next = time.Time{}
	b.compareSoon(t.Context())
	b.comparison.work.Wait()
	b.fake.Down(false)
	if page, err := b.list(t.Context(), api.UserQuery{Drift: api.Only}); err != nil || len(page.Users) != 6 {
		t.Errorf("%s, %v", names(page), err)
	}
	b.comparison.close()
	b.comparison.next = time.Time{}
	if sent := b.sent.since(func() { b.compareSoon(t.Context()); b.comparison.work.Wait() }); len(sent) > 0 {
		t.Errorf("%v", sent)
	}
}
