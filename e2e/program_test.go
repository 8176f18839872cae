// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/google/go-cmp/cmp"
)

// tree writes the page as its elements, attributes in the order of their names, and
// texts, one a line. Left out is what means the same to a browser: what was filled in
// and ticked is written as it is now, because a page has it in attributes and a program
// in properties; of an attribute that is on by being there only the name; a text
// without a character; and the data block, which nobody sees.
const tree = `(() => {
	const lines = []
	const flags = ["autofocus", "disabled", "formnovalidate", "novalidate", "open", "readonly", "required"]
	const walk = (node, depth) => {
		const pad = "  ".repeat(depth)
		if (node.nodeType === Node.TEXT_NODE) { if (node.data) lines.push(pad + JSON.stringify(node.data)); return }
		if (node.nodeType !== Node.ELEMENT_NODE || node.id === "data") return
		const names = node.getAttributeNames().filter(n => !["value", "checked", "selected"].includes(n)).sort()
		let line = pad + node.localName
		for (const n of names) line += " " + n + (flags.includes(n) ? "" : "=" + JSON.stringify(node.getAttribute(n)))
		if (["input", "select", "textarea", "option", "button"].includes(node.localName)) line += " now=" + JSON.stringify(node.value)
		if (node.checked || node.selected) line += " on"
		lines.push(line)
		for (const child of node.childNodes) walk(child, depth + 1)
	}
	walk(document.documentElement, 0)
	return lines.join("\n")
})()`

// elements returns the lines of a tree without the words that say how long ago something
// was: between two pages a minute may have begun.
func elements(tree string) []string {
	var kept []string
	clock := -1 // how deep the time is that is being left out
	for line := range strings.Lines(tree) {
		depth := len(line) - len(strings.TrimLeft(line, " "))
		if clock >= 0 && depth > clock {
			continue
		}
		clock = -1
		if strings.HasPrefix(line[depth:], "time ") {
			clock = depth
		}
		kept = append(kept, line)
	}
	return kept
}

// TestProgramTakesOver shows that the page that the server wrote and the one that the
// program draws are the same tree, on every screen, and that nobody notices when the
// one takes the place of the other.
func TestProgramTakesOver(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs, dendrite(t)))
	d := atProgram(t, g, hs)
	_, id, _ := d.account("taken", "a password of theirs")
	about := []string{"id", id}
	screens := []struct {
		path  string
		query []string
	}{
		{"accounts", nil}, {"accounts", []string{"search", "taken", "deactivated", "only", "sort", "created"}}, {"accounts/create", nil}, {"account", about},
		{"account/devices", about}, {"account/edit", about}, {"account/reset-password", about}, {"account/lock", about}, {"account/deactivate", about},
		{"account/sign-out", about}, {"server", nil},
	}
	addresses := []string{g.URL + "/", g.URL + "/servers", g.URL + "/keys", g.URL + "/" + hs.Kind + "/account?id=@nobody:" + hs.ServerName}
	for _, s := range screens {
		addresses = append(addresses, d.address(s.path, s.query...))
	}
	asked := d.requests()
	for _, address := range addresses {
		wasm := d.stop("*.wasm")
		d.open(address)
		before := eval[string](d.page, tree)
		eval[bool](d.page, `(window.shifts = [], new PerformanceObserver(l => shifts.push(...l.getEntries().map(e => e.value))).observe({type: "layout-shift", buffered: true}), true)`)
		wasm.arrived()
		wasm.lift()
		d.until(`window.gatehouse.running`)
		// The program has drawn twice by then, and the browser as well.
		eval[bool](d.page, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
		if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(eval[string](d.page, tree), "\n")); diff != "" {
			t.Errorf("%s (-server +program):\n%.3000s", address, diff)
		}
		if moved := eval[float64](d.page, `shifts.reduce((a, b) => a + b, 0)`); moved > 0.001 {
			t.Errorf("%s: a layout shift of %f", address, moved)
		}
	}
	for _, request := range asked() {
		if strings.Contains(request, "/api/") {
			t.Errorf("a first screen asked for %s", request)
		}
	}
}

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
