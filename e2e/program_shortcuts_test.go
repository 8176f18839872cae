// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// title waits until the browser's tab is called so. Names within it are isolated.
func (p *page) title(want string) {
	p.t.Helper()
	p.until(`document.title.replace(/[\u2068\u2069]/g, "") === ` + quote(want))
}

// shiftClick clicks an element while Shift is held down.
func (p *page) shiftClick(selector string) {
	p.t.Helper()
	at := p.middle(selector)
	result(p, "click "+selector+" with Shift", chromedp.MouseClickXY(at[0], at[1], chromedp.ButtonModifiers(kb.ModifierShift)))
}

// TestProgramShortcuts tries the list of keys, and what the keys of LOOK do to rows.
func TestProgramShortcuts(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	name, id, _ := d.account("rows", "a password of theirs")
	for range 3 {
		if _, err := hs.Login(timeout(t), name, "a password of theirs"); err != nil {
			t.Fatal(err)
		}
	}
	under := func(path string, query ...string) string { return strings.TrimPrefix(d.address(path, query...), g.URL) }

	t.Run("the list", func(t *testing.T) {
		d.t = t
		d.start("account", "id", id)
		same := d.same()
		d.press("?")
		d.dialog("Keyboard shortcuts")
		d.addressBar("/keys")
		d.title("Keyboard shortcuts · Gatehouse")
		if got := len(d.texts("dialog dl dt")); got < 12 {
			t.Errorf("%d keys are listed", got)
		}
		d.press("c") // no shortcut works over a dialog
		d.press(kb.Escape)
		d.noDialog()
		d.addressBar(under("account", "id", id))
		d.title(name + " · Gatehouse")
		d.heading(name)
		d.click(".gh-head__help")
		d.dialog("Keyboard shortcuts")
		d.back()
		d.noDialog()
		d.heading(name)

		// The switch works in place.
		d.press("?")
		d.dialog("Keyboard shortcuts")
		d.tick("dialog [type=checkbox][name=letter_keys]", false)
		d.click(dialogButton)
		d.noDialog()
		d.until(`document.querySelector("main [role=status]")?.innerText.includes("preferences are saved")`)
		d.press("?")
		d.press("c")
		d.follow("nav a", "Accounts")
		d.heading("Accounts")
		if n := d.count("dialog"); n != 0 || d.count("kbd") != 0 {
			t.Error("letters that are off open the list, or are shown at the search")
		}
		d.click(".gh-head__help")
		d.dialog("Keyboard shortcuts")
		if !strings.Contains(eval[string](d.page, `document.querySelector("dialog dl").textContent`), "switched off") {
			t.Error("the list does not say what is switched off")
		}
		same()
		d.press(kb.Escape)
		d.noDialog()
		d.reload()
		d.running()
		d.press("c")
		d.click(".gh-head__help")
		d.dialog("Keyboard shortcuts")
		d.tick("dialog [type=checkbox][name=letter_keys]", true)
		d.click(dialogButton)
		d.noDialog()
		d.wait("main kbd") // letters are on again
		d.press("c")
		d.heading("Create account")
	})

	t.Run("rows", func(t *testing.T) {
		d.t = t
		d.start("account/devices", "id", id)
		same := d.same()
		chosen := func(want string) {
			t.Helper()
			d.until(`[...document.querySelectorAll("tbody .gh-col-check input")].map(e => e.checked ? "x" : ".").join("") === ` + quote(want))
		}
		chosen("....")
		d.press("j")
		d.press("j")
		d.press("x")
		chosen(".x..")
		d.wait(".gh-bulk button")
		d.press("k")
		d.press("x")
		chosen("xx..")
		d.press("x")
		chosen(".x..")
		d.press(kb.Escape)
		chosen("....")
		d.click("tbody tr:nth-child(1) .gh-col-check input")
		chosen("x...")
		d.shiftClick("tbody tr:nth-child(3) .gh-col-check input")
		chosen("xxx.")
		d.shiftClick("tbody tr:nth-child(2) .gh-col-check input")
		chosen("x...")
		d.press(kb.Escape)
		chosen("....")
		same()
	})

	t.Run("tabs of the browser", func(t *testing.T) {
		d.t = t
		d.start("account", "id", id)
		same := d.same()
		d.title(name + " · Gatehouse")
		d.ask("Reset password…", "Reset the password?")
		d.title("Reset the password? · " + name + " · Gatehouse")
		d.press(kb.Escape)
		d.noDialog()
		d.title(name + " · Gatehouse")
		d.follow("main a", "Edit")
		d.heading("Edit account")
		d.title("Edit account · " + name + " · Gatehouse")
		eval[bool](d.page, `(document.querySelector("nav a").href = `+quote(under("account", "id", "@nobody:"+hs.ServerName))+`, true)`)
		d.click("nav a")
		d.heading("There is no such account")
		d.title(d.text("main h1") + " · Gatehouse")
		same()
		d.open(g.URL + under("account/edit", "id", id))
		d.title("Edit account · " + name + " · Gatehouse")
		d.open(g.URL + "/nowhere")
		d.title("There is no such page · Gatehouse")
	})
	p := newPage(t, false)
	p.open(g.URL + "/sign-in")
	p.title("Sign in · Gatehouse")
}

// TestNoscriptShortcuts reads the list of keys without scripts, and switches letters off there.
func TestNoscriptShortcuts(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	d.visit("accounts")
	if d.count("kbd") == 0 {
		t.Error("the search does not say its key")
	}
	d.clickAndLoad(".gh-head__help")
	d.heading("Keyboard shortcuts")
	d.tick("main [type=checkbox][name=letter_keys]", false)
	d.clickAndLoad("main form button")
	d.addressBar("/keys")
	if eval[bool](d.page, `document.querySelector("main [type=checkbox][name=letter_keys]").checked`) {
		t.Error("the letters are on")
	}
	d.visit("accounts")
	if d.count("kbd") != 0 {
		t.Error("the search says a key that is off")
	}
	if got := d.text(".gh-zone"); got != "Times are in UTC until your time zone is known." {
		t.Errorf("the page says %q of its times", got)
	}
}
