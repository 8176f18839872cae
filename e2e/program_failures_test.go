// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestProgramSession ends a session in the middle of things.
func TestProgramSession(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	_, id, _ := d.account("meanwhile", "the owner's own")
	end := func() {
		t.Helper()
		g.post(d, "/sign-out") // from elsewhere: this tab does not notice
	}
	again := func(password string) {
		t.Helper()
		d.dialog("Your session has ended")
		d.until(`document.activeElement.id === "f-password"`)
		if got := d.text(dialogButton); got != "Sign in and go on" {
			t.Errorf("the button says %q", got)
		}
		d.press(password + "\r")
	}

	t.Run("a form goes on", func(t *testing.T) {
		d.t = t
		d.start("account/edit", "id", id)
		same := d.same()
		d.fill("#f-display_name-to", "After all")
		end()
		d.click(mainButton)
		again("not the password")
		d.faulty("f-password", "did not match")
		if u := lookUp(t, hs, id); u.DisplayName == "After all" {
			t.Error("it was saved without a session")
		}
		d.fill("#f-password", d.password)
		d.press("\r")
		d.heading("After all")
		d.noDialog()
		if u := lookUp(t, hs, id); u.DisplayName != "After all" {
			t.Errorf("the account at the homeserver is %+v", u)
		}
		same()
	})

	t.Run("a question goes on, and a page", func(t *testing.T) {
		d.t = t
		d.start("account", "id", id)
		same := d.same()
		d.ask("Lock…", "Lock this account?")
		d.fill("dialog #f-reason", "kept")
		end()
		d.click(dialogButton)
		d.dialog2("Your session has ended")
		d.press("\x1b") // not now
		d.until(`document.querySelectorAll("dialog").length === 1`)
		if got := d.value("dialog #f-reason"); got != "kept" {
			t.Errorf("the reason that was typed is %q", got)
		}
		d.click(dialogButton)
		d.dialog2("Your session has ended")
		d.press(d.password + "\r")
		d.until(`document.querySelector("main [role=status]")?.innerText.includes("is locked")`)
		d.noDialog()
		if !lookUp(t, hs, id).Locked {
			t.Error("the account is not locked at the homeserver")
		}
		end()
		d.follow("nav a", "Homeservers")
		again(d.password)
		d.heading("Homeservers")
		d.noDialog()
		same()
	})
}

// dialog2 waits until a dialog with a title is the upper one of two, and has the focus.
func (p *page) dialog2(title string) {
	p.t.Helper()
	p.until(`document.querySelectorAll("dialog[open]").length === 2 && document.activeElement.closest("dialog")?.querySelector("h2").innerText === ` + quote(title))
}

// TestProgramFailures loses the gate in the middle of things.
func TestProgramFailures(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	name, id, _ := d.account("steady", "the owner's own")
	once := []string{"intent", "outcome done"}

	t.Run("the gate is gone, and comes back", func(t *testing.T) {
		d.t = t
		d.start("account/edit", "id", id)
		same := d.same()
		d.fill("#f-display_name-to", "In the end")
		g.kill()
		d.click(mainButton)
		d.until(`document.querySelector("main [role=alert]")?.innerText.includes("did not answer")`)
		if got := d.value("#f-display_name-to"); got != "In the end" {
			t.Errorf("the form holds %q", got)
		}
		if strings.Contains(d.text("main"), "saved") {
			t.Error("it is said to be done")
		}
		d.follow("nav a", "Homeservers")
		d.until(`document.querySelector("main").innerText.includes("No connection to Gatehouse")`)
		d.heading("Edit account") // the page that stands is better than none
		g.start()
		d.click(mainButton)
		d.heading("In the end")
		d.until(`!document.querySelector("main").innerText.includes("No connection to Gatehouse")`)
		if diff := cmp.Diff(once, g.audit("users.update", id)); diff != "" {
			t.Errorf("the audit log (-want +got):\n%s", diff)
		}
		same()
	})

	t.Run("offline", func(t *testing.T) {
		d.t = t
		d.start("account", "id", id)
		same := d.same()
		d.connect(line{offline: true})
		d.until(`document.querySelector("main").innerText.includes("No connection to Gatehouse")`)
		d.follow("main a", "Edit")
		d.until(`document.querySelector("main").innerText.includes("No connection to Gatehouse")`)
		d.heading("In the end")
		d.connect(line{})
		d.until(`!document.querySelector("main").innerText.includes("No connection to Gatehouse")`)
		d.follow("main a", "Edit")
		d.heading("Edit account")
		d.connect(line{offline: true})
		d.back()
		d.wait(".gh-problem") // the address says another page than the one that stood
		d.connect(line{})
		d.heading("In the end")
		same()
	})

	t.Run("done, but the answer is lost", func(t *testing.T) {
		d.t = t
		fresh := unique("fresh")
		d.start("accounts/create")
		d.fill("#f-localpart", fresh)
		lost := d.stopAnswers("*/users.create")
		d.click(mainButton)
		lost.arrived()
		lost.fail()
		d.until(`document.querySelector("main [role=alert]")?.innerText.includes("did not answer")`)
		lost.lift()
		g.stop()
		g.start()
		d.click(mainButton)
		d.until(`document.querySelector("main [role=alert]")?.innerText.includes("already done")`)
		if diff := cmp.Diff(once, g.audit("users.create", fresh)); diff != "" {
			t.Errorf("the audit log (-want +got):\n%s", diff)
		}
		lookUp(t, hs, hs.UserID(fresh))

		// Sent again at once it is answered as it was the first time.
		d.start("account", "id", id)
		d.ask("Reset password…", "Reset the password?")
		lost = d.stopAnswers("*/users.reset_password")
		d.click(dialogButton)
		lost.arrived()
		lost.fail()
		d.until(`document.querySelector("dialog [role=alert]")?.innerText.includes("did not answer")`)
		lost.lift()
		d.click(dialogButton)
		c := d.card()
		canSignIn(t, hs, name, c.password)
		if diff := cmp.Diff(once, g.audit("users.reset_password", id)); diff != "" {
			t.Errorf("the audit log (-want +got):\n%s", diff)
		}
	})
}
