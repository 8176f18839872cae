// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/google/go-cmp/cmp"
)

// TestProgramKeepsCards leaves a card with the program by Back and Forward, loads it
// again, also while it is being made, and comes when it is gone.
func TestProgramKeepsCards(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	once := []string{"intent", "outcome done"}
	// still demands the card, however the browser came to it.
	still := func(c card, after string) {
		t.Helper()
		if got := d.card(); got != c {
			t.Errorf("after %s the card is %+v, want %+v", after, got, c)
		}
		d.noDialog()
	}
	create := func(name string) {
		t.Helper()
		d.follow("main a", "Create account")
		d.heading("Create account")
		d.fill("#f-localpart", name)
		d.until(`document.querySelector("#f-localpart-good")?.innerText.includes("is free")`)
	}

	name := unique("kept")
	d.start("accounts")
	same := d.same()
	create(name)
	d.doubleClick(mainButton)
	c := d.card()
	canSignIn(t, hs, name, c.password)
	d.back()
	d.heading("Accounts")
	d.gone("#handout-password")
	d.forward()
	still(c, "Back and Forward")
	same()
	d.reload()
	d.running()
	still(c, "a reload")
	eval[bool](d.page, `(location.hash = "title", true)`)
	d.reload()
	d.running()
	still(c, "a reload at a place in the page")

	// What is kept for that is no secret.
	kept := eval[string](d.page, browserStores+`.then(kept => kept + location.href)`)
	if !strings.Contains(kept, "users.create") || strings.Contains(kept, c.password) {
		t.Errorf("kept in the browser: %s", kept)
	}
	d.alone()

	// It answers a question about an account as well.
	d.start("account", "id", c.id)
	d.ask("Reset password…", "Reset the password?")
	d.doubleClick(dialogButton)
	d.noDialog()
	reset := d.card()
	d.back()
	d.heading(name)
	d.gone("#handout-password")
	d.forward()
	still(reset, "Back from a new password and Forward")
	d.reload()
	still(reset, "a reload of a new password")
	d.follow("main a", "I have handed it over")
	d.until(`location.pathname.endsWith("/account")`)
	d.back()
	still(reset, "Back to a new password")
	canSignIn(t, hs, name, reset.password)

	// The page is loaded again before its answer has come.
	early := unique("early")
	d.start("accounts")
	create(early)
	answers := d.stopAnswers("*/users.create")
	d.click(mainButton)
	answers.arrived()
	d.reload()
	answers.lift()
	made := d.card()
	canSignIn(t, hs, early, made.password)

	// After a minute, or here after a start of the gate, the page says how to make a new password.
	g.stop()
	g.start()
	d.reload()
	d.heading("This was already done")
	d.gone("#handout-password")
	d.shot("card-gone")
	d.follow("main a", "Reset password…")
	d.heading("Reset the password?")
	d.addressBar("/synapse/account/reset-password?id=" + strings.NewReplacer("@", "%40", ":", "%3A").Replace(made.id))
	d.back()
	d.heading("The card is no longer here")
	d.follow("main a", "Open the form again")
	d.until(`document.querySelector("#f-localpart")?.value === ""`)

	for _, w := range []struct{ operation, about string }{{"users.create", name}, {"users.reset_password", c.id}, {"users.create", early}} {
		if diff := cmp.Diff(once, g.audit(w.operation, w.about)); diff != "" {
			t.Errorf("the audit log of %s (-want +got):\n%s", w.operation, diff)
		}
	}
}

// alone demands that of a card's page the card alone is printed.
func (d *desk) alone() {
	d.t.Helper()
	media := func(name string) {
		send(d.page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: name})
	}
	media("print")
	defer media("")
	d.until(`document.querySelector("#handout-password").checkVisibility()`)
	printed := eval[[]string](d.page, `[...document.querySelectorAll("body *")].filter(e => {
		const r = e.getBoundingClientRect()
		return !e.closest(".gh-handout") && !e.querySelector(".gh-handout") && e.checkVisibility() && r.width > 1 && r.height > 1
	}).map(e => e.outerHTML.slice(0, 100))`)
	if len(printed) > 0 {
		d.t.Errorf("besides the card is printed: %q", printed)
	}
	if eval[bool](d.page, `[...document.querySelectorAll(".gh-handout button")].some(e => e.checkVisibility())`) {
		d.t.Error("buttons of the card are printed")
	}
}
