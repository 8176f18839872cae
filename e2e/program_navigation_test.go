// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// ids are the Matrix IDs in the rows of the list.
func (p *page) ids() []string {
	p.t.Helper()
	return eval[[]string](p, `[...document.querySelectorAll("tbody .gh-id")].map(e => e.title)`)
}

// forward does what the Forward button does.
func (p *page) forward() {
	p.t.Helper()
	history := result(p, "history", chromedp.NavigationEntries())
	send(p, cdpage.NavigateToHistoryEntry, cdpage.NavigateToHistoryEntryParams{
		EntryID: history.Entries[history.CurrentIndex+1].ID,
	})
}

// TestProgramNavigation walks through the panel without a page load.
func TestProgramNavigation(t *testing.T) {
	t.Parallel()
	hs, other := synapse(t), dendrite(t)
	g := startGatehouse(t, homeservers(hs, other))
	d := atProgram(t, g, hs)
	const crowd = 25
	prefix := unique("walk")
	var all []string
	for i := range crowd {
		all = append(all, register(t, hs, fmt.Sprintf("%s.%02d", prefix, i), "a password of theirs", false).UserID)
	}

	t.Run("links, Back and Forward", func(t *testing.T) {
		d.t = t
		d.resize(1280, 500)
		d.start("accounts", "search", prefix)
		same := d.same()
		list := d.url()
		if diff := cmp.Diff(all, d.ids()); diff != "" {
			t.Fatalf("the list (-want +got):\n%s", diff)
		}
		far := `a[href*="` + prefix + `.20"].gh-account__link`
		d.middle(far)
		down := eval[float64](d.page, `scrollY`)
		if down < 100 {
			t.Fatalf("the list is scrolled by %f pixels", down)
		}
		d.click(far)
		d.until(`document.activeElement.id === "title" && location.pathname.endsWith("/account")`)
		if got, want := d.url(), d.address("account", "id", all[20]); got != want {
			t.Errorf("the browser is at %s, want %s", got, want)
		}
		if got := eval[string](d.page, `document.title`); !strings.HasPrefix(got, prefix+".20") || !strings.HasSuffix(got, " · Gatehouse") {
			t.Errorf("the title is %q", got)
		}
		if got := eval[float64](d.page, `scrollY`); got != 0 {
			t.Errorf("a new page begins %f pixels down", got)
		}
		d.follow("a", "Devices")
		d.until(`location.pathname.endsWith("/account/devices")`)
		d.back()
		d.until(`document.querySelector(".gh-views [aria-current], [aria-current=page]") && location.pathname.endsWith("/account") && document.querySelector("dl")`)
		d.back()
		d.until(`document.querySelectorAll("tbody tr").length === ` + fmt.Sprint(crowd))
		if got := d.url(); got != list {
			t.Errorf("Back leads to %s, want %s", got, list)
		}
		d.until(fmt.Sprintf(`scrollY === %f`, down))
		d.forward()
		d.until(`location.pathname.endsWith("/account") && document.querySelector("dl")`)
		d.back()
		d.until(fmt.Sprintf(`document.querySelectorAll("tbody tr").length === %d && scrollY === %f`, crowd, down))
		d.follow("nav a", "Homeservers")
		d.heading("Homeservers")
		d.click("a.gh-logo")
		d.addressBar("/")
		d.heading("Overview")
		d.follow("nav a", "Accounts")
		d.wait("tbody tr")
		same()
	})

	t.Run("pages, order, filters and search", func(t *testing.T) {
		d.t = t
		d.resize(1280, 800)
		d.start("accounts", "search", prefix, "limit", "10")
		same := d.same()
		d.follow("a", "Next")
		d.until(`document.querySelector("tbody .gh-id")?.title === ` + quote(all[10]))
		if diff := cmp.Diff(all[10:20], d.ids()); diff != "" {
			t.Errorf("the second page (-want +got):\n%s", diff)
		}
		second := d.url()
		d.follow("th a", "Account")
		d.until(`document.querySelector("tbody .gh-id")?.title === ` + quote(all[24]))
		if got := d.attribute("th[aria-sort]", "aria-sort"); got != "descending" {
			t.Errorf("the list is sorted %q", got)
		}
		d.back()
		d.until(`document.querySelector("tbody .gh-id")?.title === ` + quote(all[10]))
		if d.url() != second {
			t.Errorf("Back leads to %s, want %s", d.url(), second)
		}
		d.fill("#search", prefix+".07")
		d.press(kb.Enter)
		d.until(`document.querySelectorAll("tbody tr").length === 1`)
		if got := d.focused(); got != "search" {
			t.Errorf("after a search the focus is on %q", got)
		}
		d.press("x")
		if got := d.value("#search"); got != prefix+".07x" {
			t.Errorf("the field of the search holds %q after one more letter", got)
		}
		d.back()
		d.until(`document.querySelectorAll("tbody tr").length === 10`)
		if got := d.value("#search"); got != prefix {
			t.Errorf("the field of the search holds %q, want %q", got, prefix)
		}
		d.follow(".gh-views a, nav[aria-label] a", "Deactivated")
		d.until(`location.search.includes("deactivated=only") && document.querySelector("main").innerText.includes("No account")`)
		same()
		before := d.text("main")
		d.reload()
		d.running()
		if diff := cmp.Diff(before, d.text("main")); diff != "" {
			t.Errorf("reloading shows another page (-before +after):\n%s", diff)
		}
	})

	t.Run("late answers", func(t *testing.T) {
		d.t = t
		d.start("accounts", "search", prefix, "limit", "10")
		same := d.same()
		slow := d.stop("*/users.get?*")
		d.click("tbody .gh-account__link")
		slow.arrived()
		d.wait(`main .pf-v6-c-skeleton`)
		if got := d.attribute("main", "aria-busy"); got != "true" {
			t.Errorf("aria-busy is %q while a page is being loaded", got)
		}
		d.follow("nav a", "Homeservers")
		d.heading("Homeservers")
		d.back()
		d.until(`document.querySelectorAll("tbody tr").length === 10`)
		d.follow("tbody .gh-account__link", prefix+".01")
		slow.arrived()
		slow.lift()
		d.heading(prefix + ".01")
		d.addressBar(strings.TrimPrefix(d.address("account", "id", all[1]), g.URL))
		same()
	})

	t.Run("the browser's own", func(t *testing.T) {
		d.t = t
		d.start("accounts", "search", prefix, "limit", "10")
		same := d.same()
		eval[bool](d.page, `(addEventListener("click", e => { window.taken = e.defaultPrevented; e.preventDefault() }), true)`)
		add := func(id, href, target string) {
			eval[bool](d.page, fmt.Sprintf(`(() => { const a = document.createElement("a"); a.id = %q; a.href = %q; a.target = %q; a.textContent = "go";
				document.querySelector("main").prepend(a); return true })()`, id, href, target))
		}
		add("screen", "/servers", "")
		add("tab", "/servers", "_blank")
		add("api", "/api/openapi.json", "")
		add("elsewhere", "https://elsewhere.example/servers", "")
		add("stranger", "/nowhere/accounts", "")
		for _, id := range []string{"tab", "api", "elsewhere", "stranger"} {
			d.click("#" + id)
			if eval[bool](d.page, `window.taken`) {
				t.Errorf("the program takes the link %s", id)
			}
		}
		for name, key := range map[string]kb.Modifier{"Ctrl": kb.ModifierCtrl, "Shift": kb.ModifierShift, "Alt": kb.ModifierAlt, "Meta": kb.ModifierMeta} {
			at := d.middle("#screen")
			result(d.page, "click", chromedp.MouseClickXY(at[0], at[1], chromedp.ButtonModifiers(key)))
			if eval[bool](d.page, `window.taken`) {
				t.Errorf("the program takes a click with %s", name)
			}
		}
		same()
		d.click("#screen")
		if !eval[bool](d.page, `window.taken`) {
			t.Error("the program leaves a link of its own to the browser")
		}
		d.heading("Homeservers")
	})

	t.Run("places in the page", func(t *testing.T) {
		d.t = t
		d.start("accounts", "search", prefix, "limit", "10")
		asked := d.requests()
		same := d.same()
		d.focus(".gh-skip")
		d.press(kb.Enter)
		d.until(`location.hash === "#main" && document.activeElement.id === "main"`)
		d.follow("a", "Next")
		d.until(`document.querySelector("tbody .gh-id")?.title === ` + quote(all[10]))
		d.back()
		d.until(`document.querySelector("tbody .gh-id")?.title === ` + quote(all[0]))
		d.back()
		d.until(`location.hash === ""`)
		// The rows of a list come in the page that the server writes.
		var pages, calls int
		for _, r := range asked() {
			if strings.Contains(r, "/accounts?") {
				pages++
			}
			if strings.Contains(r, "/api/") {
				calls++
			}
		}
		if pages != 2 || calls != 0 {
			t.Errorf("%d pages and %d calls of the API, want a page for the next one and one for the way back", pages, calls)
		}
		same()
	})

	t.Run("what is not there", func(t *testing.T) {
		d.t = t
		d.start("accounts", "search", prefix, "limit", "10")
		same := d.same()
		eval[bool](d.page, `(document.querySelector("tbody .gh-account__link").href = `+quote(d.address("account", "id", "@"+prefix+":"+hs.ServerName))+`, true)`)
		d.click("tbody .gh-account__link")
		d.wait(".gh-problem")
		d.until(`document.activeElement.id === "title" && location.pathname.endsWith("/account")`)
		d.back()
		d.until(`document.querySelectorAll("tbody tr").length === 10`)
		same()
		if status := d.open(g.URL + "/" + hs.Kind + "/nothing"); status != http.StatusNotFound {
			t.Errorf("status %d", status)
		}
	})

	t.Run("another homeserver", func(t *testing.T) {
		// An operator of the gate itself may see both.
		const password = "an operator's own words"
		g.keepSecret("the operator's password", password)
		if out, errs, code := g.command(password+"\n", "operator", "add", "olga"); code != 0 {
			t.Fatalf("operator add: %d\n%s%s", code, out, errs)
		}
		d := &desk{page: newPage(t, true), g: g, hs: hs}
		d.open(g.URL + "/sign-in")
		d.choose("#f-homeserver", "")
		d.fill("#f-name", "olga")
		d.fill("#f-password", password)
		d.clickAndLoad("#sign-in button[type=submit]")
		d.start("accounts", "search", prefix)
		same := d.same()
		d.click("[popovertarget=homeservers]")
		d.follow("#homeservers a", other.ServerName)
		d.until(`location.pathname.startsWith("/dendrite/accounts") && document.querySelector("tbody tr")`)
		if got := d.text(".gh-switch__name"); got != other.ServerName {
			t.Errorf("the switcher says %q", got)
		}
		d.gone(":popover-open")
		same()
		program := eval[string](d.page, tree)
		d.reload()
		d.running()
		// Written by the server it is the same page: the other homeserver's abilities too.
		if diff := cmp.Diff(elements(eval[string](d.page, tree)), elements(program)); diff != "" {
			t.Errorf("the page that the program went to is not the server's (-server +program):\n%.3000s", diff)
		}
	})
}
