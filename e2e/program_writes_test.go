// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dialogButton is the button of an open dialog that does the deed.
const dialogButton = "dialog[open] button[type=submit]:not([name])"

// ask opens the question of a link that has a text: a dialog over the page.
func (d *desk) ask(link, title string) {
	d.t.Helper()
	if slices.Contains([]string{"Lock…", "Suspend…", "Shadow-ban…", "Deactivate…", "Erase…"}, link) {
		d.click("[popovertarget=account-menu]")
		d.follow("#account-menu a", link)
	} else {
		d.follow("main a", link)
	}
	d.dialog(title)
}

// confirm clicks the button of the dialog twice and waits for what was done to be
// said, on the page that the dialog was over or another.
func (d *desk) confirm(notice string) {
	d.t.Helper()
	d.doubleClick(dialogButton)
	d.noDialog()
	d.until(`document.querySelector("main [role=status]")?.innerText.includes(` + quote(notice) + `)`)
}

// posts are the writes among requests.
func posts(requests []string) []string {
	var list []string
	for _, r := range requests {
		if rest, ok := strings.CutPrefix(r, "POST "); ok && strings.Contains(rest, "/api/") {
			list = append(list, rest[strings.LastIndexByte(rest, '/')+1:])
		}
	}
	return list
}

// TestProgramCreates makes accounts on Synapse with the program.
func TestProgramCreates(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	taken, _, _ := d.account("taken", "a password of theirs")
	name := unique("fresh")
	once := []string{"intent", "outcome done"}

	d.start("accounts")
	same := d.same()
	d.follow("main a", "Create account")
	d.heading("Create account")
	d.fill("#f-localpart", "Upper")
	d.faulty("f-localpart", "Capital letters")
	d.fill("#f-localpart", taken)
	d.until(`document.querySelector("#f-localpart-error")?.innerText.includes("taken")`)
	d.fill("#f-localpart", name)
	d.until(`document.querySelector("#f-localpart-good")?.innerText.includes("is free")`)

	// Rows come and go in place, and nothing typed is lost, the password neither.
	d.tick("#f-password-mode-2", true)
	d.fill("#f-password-password", "typed and kept 1")
	d.fill("#f-display_name", "Fresh Face")
	d.fill("#f-threepids-0-address", "no address")
	d.click("button[name=_add][value=threepids]")
	d.fill("#f-threepids-1-address", name+"@example.org")
	d.tick("#f-admin", true)
	asked := d.requests()
	d.click(mainButton)
	d.faulty("f-threepids-0-address", "not an e-mail address")
	d.until(`document.activeElement.id === "f-threepids-0-address"`)
	if made := posts(asked()); len(made) > 0 {
		t.Errorf("what is wrong was sent: %q", made)
	}
	d.click("button[name=_remove][value='threepids.0']")
	d.until(`document.querySelectorAll("[name^='threepids.'][name$='.address']").length === 1`)
	if got, want := []string{d.value("#f-localpart"), d.value("#f-display_name"), d.value("[name$='.address']"), d.value("#f-password-password")},
		[]string{name, "Fresh Face", name + "@example.org", "typed and kept 1"}; !cmp.Equal(got, want) {
		t.Errorf("after a mistake and other rows the form holds %q, want %q", got, want)
	}
	g.keepSecret(hs.UserID(name), "typed and kept 1")
	eval[bool](d.page, `(navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve() }, true)`)
	d.doubleClick(mainButton)
	c := d.card()
	if c.id != hs.UserID(name) || c.password != "typed and kept 1" {
		t.Errorf("the card is for %q with the password %q", c.id, c.password)
	}
	d.until(`document.activeElement.id === "title"`)
	if diff := cmp.Diff([]string{"users.create"}, posts(asked())); diff != "" {
		t.Errorf("writes after a double click (-want +got):\n%s", diff)
	}
	canSignIn(t, hs, name, c.password)
	u := lookUp(t, hs, c.id)
	if u.DisplayName != "Fresh Face" || !u.Admin || !slices.Equal(u.addresses(), []string{"email " + name + "@example.org"}) {
		t.Errorf("the account at the homeserver is %+v", u)
	}
	d.follow("main button", "Copy everything")
	d.until(`window.copied?.includes(` + quote(c.password) + `) && window.copied.includes(` + quote(c.id) + `)`)
	d.until(`[...document.querySelectorAll("main [role=status]")].some(e => e.innerText === "Copied")`)

	// Back, Forward and a reload show the card, and make nothing.
	d.back()
	d.heading("Accounts")
	d.forward()
	if got := d.card(); got != c {
		t.Errorf("after Back and Forward the card is %+v, want %+v", got, c)
	}
	same()
	d.reload()
	d.running()
	if got := d.card(); got != c {
		t.Errorf("after a reload the card is %+v, want %+v", got, c)
	}
	d.follow("main a", "Create another")
	d.heading("Create account")
	if strings.Contains(d.html(), c.password) || d.value("#f-localpart") != "" {
		t.Error("the next form holds something of the one before")
	}
	if diff := cmp.Diff(once, g.audit("users.create", name)); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}

	// A name that is taken by now is said by the server, at its field.
	late := unique("late")
	d.fill("#f-localpart", late)
	d.until(`document.querySelector("#f-localpart-good")`)
	register(t, hs, late, "somebody was faster", false)
	d.click(mainButton)
	d.until(`document.querySelector("#f-localpart")?.getAttribute("aria-invalid") === "true" && document.activeElement.id === "f-localpart"`)
	d.faulty("f-localpart", "taken")
	canSignIn(t, hs, late, "somebody was faster")

	// A random one.
	another := unique("another")
	d.fill("#f-localpart", another)
	d.until(`document.querySelector("#f-localpart-good")`) // until then a line comes or goes above the choice
	d.tick("#f-password-mode-1", true)
	d.click(mainButton)
	c = d.card()
	canSignIn(t, hs, another, c.password)
	d.follow("main a", "Create another")
	d.until(`document.querySelector("#f-localpart")?.value === ""`)
}

// TestProgramAsks does to an account on Synapse what the questions about it do.
func TestProgramAsks(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	name, id, token := d.account("subject", "the owner's own")
	once := []string{"intent", "outcome done"}
	d.start("account", "id", id)
	same := d.same()
	account := d.url()

	// Locked, and unlocked by the way back that the page offers.
	d.ask("Lock…", "Lock this account?")
	if got, want := d.url(), d.address("account/lock", "id", id); got != want {
		t.Errorf("the question's address is %s, want %s", got, want)
	}
	d.fill("dialog #f-reason", "lost telephone")
	d.confirm("is locked")
	if !lookUp(t, hs, id).Locked {
		t.Error("the account is not locked at the homeserver")
	}
	d.until(`location.href === ` + quote(account))
	d.ask("Unlock", "Unlock this account?")
	d.confirm("is unlocked")
	if lookUp(t, hs, id).Locked || !lives(t, hs, token) {
		t.Error("the account is locked still, or was signed out")
	}

	// Esc and the safe button close a question; so does Back, and Forward opens it.
	d.ask("Lock…", "Lock this account?")
	d.press("\x1b")
	d.noDialog()
	d.until(`location.href === ` + quote(account))
	d.ask("Lock…", "Lock this account?")
	d.follow("dialog button", "Leave it unlocked")
	d.noDialog()
	d.ask("Lock…", "Lock this account?")
	d.back()
	d.noDialog()
	d.until(`location.href === ` + quote(account))
	d.forward()
	d.dialog("Lock this account?")
	d.press("\x1b")
	d.noDialog()
	if lookUp(t, hs, id).Locked {
		t.Error("a question that was closed locked the account")
	}

	// A new password; the devices stay, and then they do not.
	d.ask("Reset password…", "Reset the password?")
	d.tick("dialog #f-sign_out", false)
	d.until(find(dialogButton) + `.innerText.includes("keep devices signed in")`)
	d.doubleClick(dialogButton)
	c := d.card()
	d.noDialog()
	canSignIn(t, hs, name, c.password)
	cannotSignIn(t, hs, name, "the owner's own")
	if !lives(t, hs, token) {
		t.Error("the device was signed out though it was to stay")
	}
	d.back()
	d.until(`location.href === ` + quote(account) + ` && !document.querySelector("#handout-password")`)
	d.ask("Reset password…", "Reset the password?")
	d.until(find(dialogButton) + `.innerText.includes("sign out")`)
	d.click(dialogButton)
	d.until(`document.querySelector("#handout-password") && !document.querySelector("#handout-password").innerText.includes(` + quote(c.password) + `)`)
	c = d.card()
	if lives(t, hs, token) {
		t.Error("the device is still signed in")
	}
	device, err := hs.Login(timeout(t), name, c.password)
	if err != nil {
		t.Fatal(err)
	}
	d.follow("main a", "I have handed it over")
	d.heading(name)

	// Devices: one, and all.
	more, err := hs.Login(timeout(t), name, c.password)
	if err != nil {
		t.Fatal(err)
	}
	d.follow("main a", "Devices")
	d.until(`location.pathname.endsWith("/devices")`)
	d.click(`main a[href*="sign-out"][href*="device=` + device.DeviceID + `"]`)
	d.dialog("Sign out 1 device?")
	d.confirm("1 device was signed out")
	if lives(t, hs, device.AccessToken) || !lives(t, hs, more.AccessToken) {
		t.Error("not the one device that was meant is signed out")
	}
	d.follow("main a", "Sign out all…")
	d.dialog("Sign out all devices?")
	d.confirm("signed out")
	if lives(t, hs, more.AccessToken) {
		t.Error("a device is still signed in")
	}

	// Ended, brought back, erased.
	d.start("account", "id", id)
	same = d.same()
	d.ask("Deactivate…", "Deactivate this account?")
	d.confirm("is deactivated")
	cannotSignIn(t, hs, name, c.password)
	if u := lookUp(t, hs, id); !u.Deactivated || u.Erased {
		t.Errorf("the account at the homeserver is %+v", u)
	}
	d.ask("Reactivate…", "Reactivate this account?")
	d.doubleClick(dialogButton)
	c = d.card()
	canSignIn(t, hs, name, c.password)
	d.follow("main a", "I have handed it over")
	d.heading(name)
	d.ask("Erase…", "Erase this account?")
	if d.attribute("dialog .gh-dialog__foot button[aria-disabled]", "aria-disabled") != "true" {
		t.Error("the account can be erased without its ID typed")
	}
	d.press("\r") // from the field
	d.fill("#f-confirm_id", id[:len(id)-1])
	d.exists("dialog .gh-dialog__foot button[aria-disabled=true]")
	d.fill("#f-confirm_id", id)
	d.wait(dialogButton)
	if u := lookUp(t, hs, id); u.Erased || u.Deactivated {
		t.Error("the account was erased before its ID was typed")
	}
	d.confirm("is erased")
	if u := lookUp(t, hs, id); !u.Erased || !u.Deactivated {
		t.Errorf("the account at the homeserver is %+v", u)
	}
	same()
	for operation, want := range map[string]int{
		"users.lock": 1, "users.unlock": 1, "users.reset_password": 2, "users.deactivate": 1, "users.reactivate": 1, "users.erase": 1,
	} {
		if diff := cmp.Diff(slices.Repeat(once, want), g.audit(operation, id)); diff != "" {
			t.Errorf("the audit log of %s (-want +got):\n%s", operation, diff)
		}
	}
}

// TestProgramEdits changes an account on Synapse, and meets somebody else who does.
func TestProgramEdits(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	name, id, _ := d.account("edited", "the owner's own")
	alter(t, hs, id, map[string]any{"displayname": "Before"})
	d.start("account", "id", id)
	same := d.same()
	d.follow("main a", "Edit")
	d.heading("Edit account")
	asked := d.requests()
	d.fill("#f-display_name-to", "After")
	d.click("button[name=_add][value='threepids.to']")
	d.fill("[name='threepids.to.0.address']", name+"@example.org")
	d.doubleClick(mainButton)
	d.heading("After")
	d.until(`document.querySelector("main [role=status]")?.innerText.includes("The changes are saved")`)
	if u := lookUp(t, hs, id); u.DisplayName != "After" || fmt.Sprint(u.addresses()) != "[email "+name+"@example.org]" || u.Admin {
		t.Errorf("the account at the homeserver is %+v", u)
	}
	if diff := cmp.Diff([]string{"users.update"}, posts(asked())); diff != "" {
		t.Errorf("writes after a double click (-want +got):\n%s", diff)
	}
	d.back()
	// Not the form, which could be sent again. The page is there when the notice, which moves what is below it, is gone.
	d.until(`location.pathname.endsWith("/account") && !document.querySelector("main").innerText.includes("The changes are saved")`)
	d.heading("After")

	d.follow("main a", "Edit")
	d.heading("Edit account")
	alter(t, hs, id, map[string]any{"displayname": "Theirs", "user_type": "support"})
	d.fill("#f-display_name-to", "Mine")
	d.click(mainButton)
	d.wait("main table")
	table := d.text("main table")
	for _, want := range []string{"After", "Theirs", "Mine"} {
		if !strings.Contains(table, want) {
			t.Errorf("both versions are shown as %q; %q is missing", table, want)
		}
	}
	if got := d.value("#f-display_name-to") + " " + d.value("#f-user_type-to"); got != "Mine support" {
		t.Errorf("the form holds %q", got)
	}
	if u := lookUp(t, hs, id); u.DisplayName != "Theirs" {
		t.Errorf("the other's change was overwritten: %+v", u)
	}
	d.follow("main button", "Save mine")
	d.heading("Mine")
	if u := lookUp(t, hs, id); u.DisplayName != "Mine" || u.UserType != "support" {
		t.Errorf("the account at the homeserver is %+v", u)
	}
	same()
}
