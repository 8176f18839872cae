// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// tabTo presses Tab until an element that matches has the focus. The limit is that of
// a person: somebody who needs more keys than that has been left alone.
func (p *page) tabTo(selector string) {
	p.t.Helper()
	for range 60 {
		p.press(kb.Tab)
		if eval[bool](p, `!!document.activeElement.matches(`+quote(selector)+`)`) {
			return
		}
	}
	p.t.Fatalf("Tab does not lead to %s\n%s", selector, p.whereabouts())
}

// has waits until an element that matches has the focus.
func (p *page) has(selector string) {
	p.t.Helper()
	p.until(`document.activeElement.matches(` + quote(selector) + `)`)
}

// answered waits until the page that answers an action stands with its notice and has put the focus on the title: what is heard of a job may have drawn the
// same page before.
func (p *page) answered(notice string) {
	p.t.Helper()
	p.until(`[...document.querySelectorAll("main [role=status]")].some(e => e.innerText.includes(` + quote(notice) + `))`)
	eval[bool](p, `new Promise(then => requestAnimationFrame(() => requestAnimationFrame(() => then(true))))`)
	p.has("#title")
}

// TestProgramKeys does without a mouse.
func TestProgramKeys(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	prefix := unique("keys")
	var ids []string
	for _, n := range []string{".a", ".b", ".c"} {
		ids = append(ids, register(t, hs, prefix+n, "a password of theirs", false).UserID)
	}

	t.Run("create", func(t *testing.T) {
		d.t = t
		d.start("accounts", "search", prefix)
		same := d.same()
		d.press(kb.Tab)
		d.has(".gh-skip")
		d.press(kb.Enter)
		d.has("#main")
		d.press("c")
		d.heading("Create account")
		d.has("#title")
		name := unique("bykey")
		d.tabTo("#f-localpart")
		d.press(name)
		d.until(`document.querySelector("#f-localpart-good")`)
		d.press("/jkceg") // letters are letters in a field
		if got := d.value("#f-localpart"); got != name+"/jkceg" {
			t.Errorf("the field holds %q", got)
		}
		d.press(strings.Repeat(kb.Backspace, 6))
		d.tabTo("[name='password.mode']")
		d.press(kb.ArrowDown)
		d.until(`document.querySelector("[name='password.mode']:checked").value === "random"`)
		d.chord(kb.Enter, kb.ModifierCtrl)
		c := d.card()
		canSignIn(t, hs, name, c.password)
		d.has("#title")
		d.press("g")
		d.press("a")
		d.heading("Accounts")
		d.press("g")
		d.press("o")
		d.heading("Overview")
		d.addressBar("/")
		same()
	})

	t.Run("rows", func(t *testing.T) {
		d.t = t
		d.start("accounts", "search", prefix)
		same := d.same()
		d.press("/")
		d.has("#search")
		d.press(kb.Tab)
		row := func(i int) string {
			return `a.gh-account__link[href*="` + strings.TrimPrefix(prefix, "@") + "." + string(rune('a'+i)) + `"]`
		}
		d.press("j")
		d.has(row(0))
		d.press("j")
		d.press("j")
		d.has(row(2))
		d.press("k")
		d.has(row(1))
		d.press(kb.Enter)
		d.heading(prefix + ".b")
		d.press("e")
		d.heading("Edit account")
		d.addressBar(strings.TrimPrefix(d.address("account/edit", "id", ids[1]), g.URL))
		same()
	})

	t.Run("menus and dialogs", func(t *testing.T) {
		d.t = t
		d.start("accounts", "search", prefix)
		same := d.same()
		d.focus("tbody tr:nth-child(2) .gh-dots")
		d.press(kb.Enter)
		d.until(`document.activeElement.closest(":popover-open")`)
		d.press(kb.Escape)
		d.gone(":popover-open")
		d.has("tbody tr:nth-child(2) .gh-dots")

		d.start("account", "id", ids[1])
		same = d.same()
		d.tabTo("main a[href*='reset-password']")
		d.press(kb.Enter)
		d.dialog("Reset the password?")
		d.until(`document.activeElement.closest("dialog")`)
		seen := map[string]bool{}
		for range 20 {
			d.press(kb.Tab)
			where := eval[string](d.page, `document.activeElement === document.body ? "browser" : document.activeElement.closest("dialog") ? "dialog" : "page"`)
			seen[where] = true
		}
		if seen["page"] || !seen["dialog"] {
			t.Errorf("Tab in a dialog leads to %v", seen)
		}
		d.press("c") // no shortcut works over a dialog
		d.press(kb.Escape)
		d.noDialog()
		d.has("main a[href*='reset-password']")
		d.focus("[popovertarget=account-menu]")
		d.press(kb.Enter)
		d.wait("#account-menu a")
		d.tabTo("#account-menu a[href*='account/lock']")
		d.press(kb.Enter)
		d.dialog("Lock this account?")
		d.gone(":popover-open")
		d.press(kb.Escape)
		d.noDialog()
		d.has("[popovertarget=account-menu]")
		same()
	})

	t.Run("letters off", func(t *testing.T) {
		d.t = t
		d.start("accounts", "search", prefix)
		d.click("[popovertarget=person]")
		d.tick("#person [type=checkbox][name=letter_keys]", false)
		d.clickAndLoad("#person form[action='/preferences'] button")
		d.running()
		if got := d.url(); got != d.address("accounts", "search", prefix) {
			t.Errorf("after saving preferences the browser is at %s", got)
		}
		for _, key := range []string{"/", "j", "c", "g", "a"} {
			d.press(key)
		}
		asked := d.requests()
		d.follow("nav a", "Homeservers")
		d.heading("Homeservers")
		for _, r := range asked() {
			if strings.Contains(r, "users.") {
				t.Errorf("a letter that is off asked for %s", r)
			}
		}
		if d.count("kbd") != 0 {
			t.Error("keys that are off are shown")
		}
		d.focus("[popovertarget=person]")
		d.press(kb.Enter) // buttons work all the same
		d.wait("#person")
	})
}

// TestProgramPreferences tries theme, language and zone, on both sides.
func TestProgramPreferences(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	_, id, _ := d.account("timely", "a password of theirs")
	save := func(field, value string) {
		t.Helper()
		d.click("[popovertarget=person]")
		d.choose("#person [name="+field+"]", value)
		d.clickAndLoad("#person form[action='/preferences'] button")
		d.running()
	}
	background := func() string {
		return eval[string](d.page, `getComputedStyle(document.querySelector("main")).backgroundColor`)
	}

	t.Run("theme", func(t *testing.T) {
		d.t = t
		d.start("account", "id", id)
		light := background()
		d.prefer("prefers-color-scheme", "dark")
		dark := background()
		if light == dark {
			t.Errorf("the page is %s in both themes", light)
		}
		save("theme", "light")
		if got := background(); got != light {
			t.Errorf("the light theme on a dark system is %s, want %s", got, light)
		}
		d.prefer("prefers-color-scheme", "light")
		save("theme", "dark")
		if got := background(); got != dark {
			t.Errorf("the dark theme on a light system is %s, want %s", got, dark)
		}
		d.follow("nav a", "Homeservers")
		d.heading("Homeservers")
		if got := background(); got != dark {
			t.Errorf("the next page is %s, want %s", got, dark)
		}
		save("theme", "system")
		if got := background(); got != light {
			t.Errorf("the system's theme is %s, want %s", got, light)
		}
	})

	t.Run("zone", func(t *testing.T) {
		d.t = t
		send(d.page, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Pacific/Kiritimati"})
		created := func() string { return d.text("main dl time") + " " + d.attribute("main dl time", "title") }
		moment := `new Date(document.querySelector("main dl time").dateTime)`
		clock := func(zone string) string {
			return eval[string](d.page, moment+`.toLocaleTimeString("en-GB", {timeZone: "`+zone+`", hour: "2-digit", minute: "2-digit"})`)
		}
		d.start("account", "id", id)
		if got, want := created(), clock("UTC"); !strings.Contains(got, want) || !strings.Contains(got, "UTC") {
			t.Errorf("the first page says %q, want %q and that it is UTC", got, want)
		}
		d.follow("nav a", "Homeservers")
		d.heading("Homeservers")
		d.back()
		d.wait("main dl time")
		own := clock("Pacific/Kiritimati")
		if got := created(); !strings.Contains(got, own) || d.count(".gh-zone") != 0 {
			t.Errorf("the program's second page says %q, want %q, and not that it is UTC", got, own)
		}
		program := created()
		d.reload()
		d.running()
		if got := created(); got != program {
			t.Errorf("the server says %q, the program %q", got, program)
		}
		if ago := d.text("main dl"); !strings.Contains(ago, "Never") {
			t.Errorf("the facts are %q", ago)
		}
	})

	t.Run("a zone that is not the browser's any more", func(t *testing.T) {
		d.t = t
		send(d.page, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "America/St_Johns"})
		wasm := d.stop("*.wasm")
		d.visit("account", "id", id)
		before := eval[string](d.page, tree)
		if !strings.Contains(before, "UTC+14") {
			t.Errorf("the server does not write in the zone of the cookie:\n%.2000s", before)
		}
		wasm.arrived()
		wasm.lift()
		d.running()
		if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(eval[string](d.page, tree), "\n")); diff != "" {
			t.Errorf("the first page (-server +program):\n%.2000s", diff)
		}
		d.follow("nav a", "Homeservers")
		d.heading("Homeservers")
		d.back()
		d.wait("main dl time")
		if got := d.attribute("main dl time", "title"); !strings.Contains(got, "UTC-") {
			t.Errorf("the program's second page says %q", got)
		}
	})

	t.Run("German", func(t *testing.T) {
		d.t = t
		d.start("account", "id", id)
		save("language", "de")
		wasm := d.stop("*.wasm")
		d.visit("account", "id", id)
		before := eval[string](d.page, tree)
		wasm.arrived()
		wasm.lift()
		d.running()
		if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(eval[string](d.page, tree), "\n")); diff != "" {
			t.Errorf("in German (-server +program):\n%.2000s", diff)
		}
		if got := d.attribute("html", "lang"); got != "de" {
			t.Errorf("lang is %q", got)
		}
		same := d.same()
		d.follow("nav a", "Konten")
		d.heading("Konten")
		d.back()
		d.follow("main a", "Passwort zurücksetzen")
		d.dialog("Passwort")
		same()
	})
}
