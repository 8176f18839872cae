// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/google/go-cmp/cmp"
)

// TestProgramWaits shows what survives the moment when the program takes the page over,
// and that it does not come at a bad one.
func TestProgramWaits(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	prefix := unique("wait")
	for i := range 15 {
		register(t, hs, fmt.Sprintf("%s.%02d", prefix, i), "a password of theirs", false)
	}
	_, id, _ := d.account("waiting", "a password of theirs")
	// hold opens a screen and keeps the program away from it.
	hold := func(t *testing.T, path string, query ...string) *barrier {
		t.Helper()
		d.t = t
		wasm := d.stop("*.wasm")
		d.visit(path, query...)
		wasm.arrived()
		return wasm
	}
	// waits waits until the program has looked at the page and found it in use.
	waits := func() {
		d.t.Helper()
		d.until(`window.gatehouse.waits`)
	}

	t.Run("focus, selection, scroll position and what was typed", func(t *testing.T) {
		d.resize(1280, 500)
		defer d.resize(1280, 800)
		wasm := hold(t, "accounts", "search", prefix)
		d.fill("#search", "other words")
		d.focus("tbody tr:nth-child(12) .gh-account__link")
		eval[bool](d.page, `(scrollTo(0, 300), getSelection().setBaseAndExtent(document.querySelector("tbody tr:nth-child(10) .gh-name").firstChild, 1,
			document.querySelector("tbody tr:nth-child(11) .gh-name").firstChild, 3), true)`)
		state := `JSON.stringify([scrollY, getSelection().toString(), document.activeElement.href, document.querySelector("#search").value])`
		before := eval[string](d.page, state)
		if !strings.Contains(before, "300") || !strings.Contains(before, ".11") || !strings.Contains(before, "other words") {
			t.Fatalf("before: %s", before)
		}
		wasm.lift()
		d.until(`window.gatehouse.running`)
		if after := eval[string](d.page, state); after != before {
			t.Errorf("after %s, before %s", after, before)
		}
	})

	t.Run("the caret in the search", func(t *testing.T) {
		wasm := hold(t, "accounts", "search", prefix)
		d.focus("#search")
		eval[bool](d.page, `(document.querySelector("#search").setSelectionRange(2, 4), true)`)
		wasm.lift()
		d.until(`window.gatehouse.running`)
		if got := eval[string](d.page, `(e => [e.id, e.selectionStart, e.selectionEnd, e.value].join())(document.activeElement)`); got != "search,2,4,"+prefix {
			t.Errorf("the focus, and what is selected: %s", got)
		}
	})

	t.Run("waits while somebody types a search", func(t *testing.T) {
		wasm := hold(t, "accounts", "search", prefix)
		d.fill("#search", "half a wo")
		wasm.lift()
		waits()
		if eval[bool](d.page, `!!window.gatehouse.running`) {
			t.Error("the page was taken over under the fingers of a person")
		}
		d.press("rd")
		d.focus(".gh-logo")
		d.until(`window.gatehouse.running`)
		if got := d.value("#search"); got != "half a word" {
			t.Errorf("the field holds %q", got)
		}
	})

	t.Run("waits for a composition", func(t *testing.T) {
		wasm := hold(t, "accounts")
		d.focus("#search")
		send(d.page, input.ImeSetComposition, input.ImeSetCompositionParams{Text: "に", SelectionStart: 1, SelectionEnd: 1})
		wasm.lift()
		waits()
		if eval[bool](d.page, `!!window.gatehouse.running`) {
			t.Error("the page was taken over in a composition")
		}
		send(d.page, input.ImeSetComposition, input.ImeSetCompositionParams{}) // given up
		d.until(`window.gatehouse.running`)
	})

	t.Run("waits while a menu is open", func(t *testing.T) {
		wasm := hold(t, "accounts")
		d.click("[popovertarget=person]")
		wasm.lift()
		waits()
		if eval[bool](d.page, `!!window.gatehouse.running || !document.querySelector(":popover-open")`) {
			t.Error("the page was taken over with a menu open")
		}
		d.press("\x1b")
		d.until(`window.gatehouse.running`)
	})

	t.Run("leaves a touched form alone", func(t *testing.T) {
		wasm := hold(t, "account/edit", "id", id)
		d.fill("#f-display_name-to", "Typed before the program")
		wasm.lift()
		d.until(`window.gatehouse.left`)
		if got := d.value("#f-display_name-to"); got != "Typed before the program" {
			t.Errorf("the field holds %q", got)
		}
		d.done("The changes are saved") // by a page load
		d.running()
		if u := lookUp(t, hs, id); u.DisplayName != "Typed before the program" {
			t.Errorf("the account at the homeserver is %+v", u)
		}
	})

	t.Run("leaves a form alone that was sent", func(t *testing.T) {
		d.t = t
		both := d.stop("*.wasm", "*/do/*")
		d.visit("account/lock", "id", id)
		both.arrived()
		d.click(mainButton)
		both.arrived()
		both.nothing("/do/") // until it is answered the page says nothing, and then it would be gone
		both.lift()
		d.until(`window.gatehouse.left || window.gatehouse.running`)
		if eval[bool](d.page, `!!window.gatehouse.running`) {
			t.Error("the page was taken over though its form was sent")
		}
	})

	t.Run("waits for the texts of the page's language, and leaves it alone without them", func(t *testing.T) {
		d.t = t
		for _, there := range []bool{true, false} {
			texts := d.stop("*/language-*")
			d.visit("accounts", "search", prefix)
			texts.arrived()
			d.until(`performance.getEntriesByType("resource").some(r => r.name.endsWith(".wasm") && r.responseEnd > 0)`)
			before := eval[string](d.page, tree)
			if eval[bool](d.page, `!!window.gatehouse.running`) {
				t.Error("the page was taken over without texts")
			}
			if there {
				texts.lift()
				d.running()
				continue
			}
			texts.fail()
			d.until(`window.gatehouse.left || window.gatehouse.running`)
			if diff := cmp.Diff(elements(before), elements(eval[string](d.page, tree))); diff != "" || eval[bool](d.page, `!!window.gatehouse.running`) {
				t.Errorf("without its texts the page was taken over (-before +after):\n%.2000s", diff)
			}
			texts.lift()
			d.clickAndLoad("tbody tr .gh-account__link") // a link of the page's
			d.running()
		}
	})

	t.Run("leaves a card alone", func(t *testing.T) {
		wasm := hold(t, "account/reset-password", "id", id)
		d.submit()
		c := d.card()
		wasm.lift()
		d.until(`window.gatehouse.left`)
		if c != d.card() {
			t.Error("the card is gone")
		}
		eval[bool](d.page, `(navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve() }, true)`)
		d.follow("main button", "Copy everything")
		d.until(`window.copied?.includes("password: " + ` + quote(c.password) + `) && window.copied.includes(` + quote(c.id) + `) && [...document.querySelectorAll("main [role=status]")].some(e => e.textContent === "Copied")`)
		eval[bool](d.page, `(window.print = () => { window.printed = true }, true)`)
		d.follow("main button", "Print card")
		d.until(`window.printed`)
	})
}
