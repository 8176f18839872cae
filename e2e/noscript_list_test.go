// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"gatehouse/tools/homeserver"
)

// crowd is how many accounts TestNoscriptList makes: more than a page has room for.
const crowd = 105

// TestNoscriptList reads the list of accounts of Synapse without scripts: pages, order,
// filters and search are links and forms, and the address holds them.
func TestNoscriptList(t *testing.T) { eachStore(t, testNoscriptList) }

func testNoscriptList(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	prefix := unique("crowd")
	name := func(i int) string { return fmt.Sprintf("%s-%03d", prefix, i) }
	var all []string
	for i := range crowd {
		all = append(all, hs.UserID(name(i)))
	}
	makeCrowd(t, hs, name)

	t.Run("pages", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		d.visit("accounts", "search", prefix)
		if diff := cmp.Diff(all[:100], d.listed()); diff != "" {
			t.Errorf("the first page (-want +got):\n%s", diff)
		}
		if got := d.text(".gh-pager"); !strings.Contains(got, fmt.Sprintf("1–100 of %d", crowd)) {
			t.Errorf("the foot says %q", got)
		}
		d.link("Next page")
		second := d.url()
		if diff := cmp.Diff(all[100:], d.listed()); diff != "" {
			t.Errorf("the second page (-want +got):\n%s", diff)
		}
		d.link("Previous page")
		if diff := cmp.Diff(all[:100], d.listed()); diff != "" {
			t.Errorf("back on the first page (-want +got):\n%s", diff)
		}
		d.open(second) // as sent to a colleague
		if diff := cmp.Diff(all[100:], d.listed()); diff != "" {
			t.Errorf("the second page by its address (-want +got):\n%s", diff)
		}
		d.link("First page")
		if diff := cmp.Diff(all[:100], d.listed()); diff != "" {
			t.Errorf("the first page again (-want +got):\n%s", diff)
		}
	})

	t.Run("search", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		for search, want := range map[string][]string{
			name(7):               {all[7]},
			"Person 42 " + prefix: {all[42]},
		} {
			d.visit("accounts")
			d.fill("#search", search)
			d.press(kb.Enter)
			d.until(`new URLSearchParams(location.search).get("search")`)
			d.wait("tbody tr")
			if diff := cmp.Diff(want, d.listed()); diff != "" {
				t.Errorf("searching for %q (-want +got):\n%s", search, diff)
			}
			if got := d.value("#search"); got != search {
				t.Errorf("the field holds %q after searching for %q", got, search)
			}
		}
		d.visit("accounts", "search", `<b>"nobody"`)
		if got := d.text("main"); !strings.Contains(got, "No account matches") || !strings.Contains(got, `<b>"nobody"`) {
			t.Errorf("a search without a match says %q", got)
		}
		d.link("Remove search and filters")
		if len(d.listed()) == 0 {
			t.Error("without the search there is still no account")
		}
	})

	t.Run("order", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		d.visit("accounts", "search", prefix)
		d.link("Account")
		backwards := slices.Clone(all)
		slices.Reverse(backwards)
		if diff := cmp.Diff(backwards[:100], d.listed()); diff != "" {
			t.Errorf("by name, backwards (-want +got):\n%s", diff)
		}
		if got := d.attribute("th[aria-sort]", "aria-sort"); got != "descending" {
			t.Errorf("the head of the column says %q", got)
		}
		d.link("Next page")
		if diff := cmp.Diff(backwards[100:], d.listed()); diff != "" {
			t.Errorf("the second page, backwards (-want +got):\n%s", diff)
		}
		d.link("Created")
		if got := d.attribute("th[aria-sort]", "aria-sort"); got != "descending" || len(d.listed()) != 100 {
			t.Errorf("by time the order is %q", got)
		}
		times := eval[[]string](d.page, `[...document.querySelectorAll("tbody tr")].map(r => [...r.querySelectorAll("time")].at(-1).dateTime)`)
		if !slices.IsSortedFunc(times, func(a, b string) int { return strings.Compare(b, a) }) {
			t.Errorf("the times are not in order: %q", times)
		}
	})

	t.Run("filters", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		for view, want := range map[string][]string{
			"Administrators": {all[1], all[2]},
			"Locked":         {all[3]},
			"Deactivated":    {all[4], all[5]},
		} {
			d.visit("accounts", "search", prefix)
			d.link(view)
			if diff := cmp.Diff(want, d.listed()); diff != "" {
				t.Errorf("the view %s (-want +got):\n%s", view, diff)
			}
			if got := d.text("nav.gh-views [aria-current=page]"); !strings.Contains(got, view) {
				t.Errorf("the view %s is named %q", view, got)
			}
		}
		d.visit("accounts", "search", prefix)
		d.click("[popovertarget=filters]")
		d.choose("#filter-admins", "without")
		d.choose("#filter-deactivated", "without")
		d.choose("#filter-locked", "without")
		d.clickAndLoad("#filters button[type=submit]")
		if diff := cmp.Diff(slices.Concat(all[:1], all[6:]), d.listed()); diff != "" {
			t.Errorf("without administrators, locked and deactivated ones (-want +got):\n%s", diff)
		}
		if got := d.texts(".gh-chip"); len(got) != 3 {
			t.Errorf("the filters that are on: %q", got)
		}
		d.clickAndLoad(".gh-chip")
		if got := d.texts(".gh-chip"); len(got) != 2 || !slices.Contains(d.listed(), all[1]) {
			t.Errorf("after removing the first filter, administrators, there are %q", got)
		}
	})

	t.Run("bridges are hidden", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, startGatehouse(t, homeservers(hs)+"    hide_accounts: ['bridged-*']\n"), hs)
		local := unique("bridged")
		register(t, hs, local, "a bridge's own", false)
		d.visit("accounts", "search", local)
		if got := d.listed(); len(got) != 0 {
			t.Errorf("hidden accounts are shown: %q", got)
		}
		d.visit("accounts", "search", local, "system", "with")
		if diff := cmp.Diff([]string{hs.UserID(local)}, d.listed()); diff != "" {
			t.Errorf("with hidden accounts (-want +got):\n%s", diff)
		}
	})

	t.Run("a wrong address", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		for path, want := range map[string]int{
			"accounts?sort=nonsense":                     http.StatusUnprocessableEntity,
			"accounts?cursor=nonsense":                   http.StatusUnprocessableEntity,
			"account?id=@nobody-at-all:" + hs.ServerName: http.StatusNotFound,
			"account?id=nonsense":                        http.StatusUnprocessableEntity,
			"nothing":                                    http.StatusNotFound,
		} {
			if got := d.open(g.URL + "/" + hs.Kind + "/" + path); got != want {
				t.Errorf("%s: status %d, want %d", path, got, want)
			}
			if d.count("nav.gh-nav a") == 0 || d.text("h1") == "" {
				t.Errorf("%s: the problem stands alone, without navigation or a title", path)
			}
		}
	})
}

// makeCrowd makes the accounts of TestNoscriptList at the homeserver: two administrators,
// a locked one and two deactivated ones among them.
func makeCrowd(t *testing.T, hs *homeserver.Server, name func(int) string) {
	t.Helper()
	var workers errgroup.Group
	workers.SetLimit(8)
	prefix := name(0)[:strings.LastIndexByte(name(0), '-')]
	for i := range crowd {
		workers.Go(func() error {
			_, err := hs.RegisterAccount(t.Context(), homeserver.Registration{
				Username: name(i), Password: "one of many", Admin: i == 1 || i == 2, NoLogin: true, DisplayName: fmt.Sprintf("Person %d %s", i, prefix),
			})
			return err
		})
	}
	if err := workers.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, change := range map[int]map[string]any{3: {"locked": true}, 4: {"deactivated": true}, 5: {"deactivated": true}} {
		alter(t, hs, hs.UserID(name(i)), change)
	}
}

// listed are the Matrix IDs of the accounts in the list that the browser shows, in order.
func (d *desk) listed() []string {
	d.t.Helper()
	return eval[[]string](d.page, `[...document.querySelectorAll("tbody tr")].map(r => r.querySelector("bdi[title]").title)`)
}
