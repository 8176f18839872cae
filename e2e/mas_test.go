// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestMAS works with a homeserver whose accounts are Matrix Authentication Service's, without scripts, and checks on both sides.
func TestMAS(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	d := w.desk(g)
	const password = "correct horse <battery> staple 9"
	name := unique("made")
	id := "@" + name + ":localhost"
	g.keepSecret(id, password)

	// Create, with everything that MAS keeps.
	d.visit("accounts/create")
	if text := d.text("main"); !strings.Contains(text, "asked for a verified e-mail address") {
		t.Error("the form does not say what people are asked for at their first sign-in")
	}
	d.shot("mas-create")
	d.warnsOfNoEmail(true)
	d.fill("#f-localpart", name)
	d.fill("#f-display_name", "Made by hand")
	d.fill("#f-threepids-0-address", name+"@example.org")
	d.warnsOfNoEmail(false)
	d.tick("#f-password-mode-2", true)
	d.fill("#f-password-password", password)
	d.tick("#f-admin", true)
	if c := d.handOut(id); c.password != password {
		t.Errorf("the card shows %q", c.password)
	}
	if u := w.user(name); !u.Data.Attributes.Admin {
		t.Error("it is no administrator at MAS")
	}
	if at := w.atSynapse(name); at["displayname"] != "Made by hand" || len(at["threepids"].([]any)) != 1 {
		t.Errorf("at Synapse: %v", at)
	}
	token := w.signIn(name, password)
	if token == "" || !w.lives(token) {
		t.Fatal("the new account does not sign in")
	}

	// Its sessions, and the end of all of them.
	d.visit("account/devices", "id", id)
	if text := d.text("main"); !strings.Contains(text, "signed in the old way") {
		t.Errorf("the session is not told: %s", text)
	}
	d.shot("mas-sessions")
	d.visit("account/sign-out", "id", id)
	if text := d.text("main"); !strings.Contains(text, "two minutes more") {
		t.Errorf("what lingers is not told: %s", text)
	}
	d.done("1 session was ended")
	if w.lives(token) {
		t.Error("its token still works")
	}

	// A password that MAS finds too weak, and one that it takes.
	d.visit("account/reset-password", "id", id)
	d.tick("#f-password-mode-2", true)
	g.keepSecret("", "qwerty123")
	d.fill("#f-password-password", "qwerty123")
	if status := d.submit(); status != http.StatusUnprocessableEntity {
		t.Errorf("a weak password: status %d", status)
	}
	if text := d.text("main"); !strings.Contains(text, "too easy to guess") {
		t.Errorf("a weak password: %s", text)
	}
	d.visit("account/reset-password", "id", id)
	if c := d.handOut(id); w.signIn(name, c.password) == "" {
		t.Error("the new password does not work")
	}

	// A lock, on both sides.
	d.visit("account/lock", "id", id)
	d.done("is locked")
	if w.user(name).Data.Attributes.Locked == nil || w.atSynapse(name)["locked"] != true {
		t.Error("it is not locked on both sides")
	}
	d.visit("account/unlock", "id", id)
	d.done("is unlocked")
	if w.user(name).Data.Attributes.Locked != nil || w.atSynapse(name)["locked"] != false {
		t.Error("it is not unlocked on both sides")
	}

	// A difference is seen in the list and on the page, and repaired.
	w.send(http.MethodPut, w.synapse+"/_synapse/admin/v2/users/"+id, w.admin, map[string]any{"locked": true}, nil)
	d.visit("account", "id", id)
	if text := d.text("main"); !strings.Contains(text, "The lock differs.") {
		t.Errorf("the page does not tell the difference: %s", text)
	}
	d.shot("mas-account-differs")
	d.link("Repair…")
	if text := d.text("main"); !strings.Contains(text, "The lock at Synapse ends.") {
		t.Errorf("what the repair does: %s", text)
	}
	d.shot("mas-repair")
	d.done("is the same on both sides again")
	if w.atSynapse(name)["locked"] != false {
		t.Error("it is still locked at Synapse")
	}

	// Deactivated without being erased, back, and erased.
	d.visit("account/deactivate", "id", id)
	d.done("is deactivated")
	if at := w.atSynapse(name); at["deactivated"] != true || at["erased"] != false || w.user(name).Data.Attributes.Deactivated == nil {
		t.Errorf("deactivated: %v", at)
	}
	d.visit("account/reactivate", "id", id)
	if c := d.handOut(id); w.signIn(name, c.password) == "" {
		t.Error("it does not sign in again")
	}
	d.visit("account/erase", "id", id)
	d.fill("#f-confirm_id", id)
	d.done("is erased")
	if at := w.atSynapse(name); at["erased"] != true {
		t.Errorf("erased: %v", at)
	}
}

// warnsOfNoEmail demands of the form of an account that it warns of one without an e-mail address, or that it does not.
func (d *desk) warnsOfNoEmail(want bool) {
	d.t.Helper()
	if got := strings.Contains(d.text("#form"), "Without an address,"); got != want {
		d.t.Errorf("the form warns of an account without an address: %t", got)
	}
}

// TestMASDifferences lists what is on one side only.
func TestMASDifferences(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	name := unique("drift")
	w.make(name, "", false)
	w.send(http.MethodPut, w.synapse+"/_synapse/admin/v2/users/@"+name+":localhost", w.admin, map[string]any{"admin": true}, nil)
	d := w.desk(g) // after that: the list is held for some seconds
	d.visit("accounts", "drift", "only")
	rows := eval[[]string](d.page, `[...document.querySelectorAll("main tbody tr")].map(r => r.textContent)`) // also of those that are not drawn yet
	if text := strings.Join(rows, "\n"); !strings.Contains(text, "@"+name) || !strings.Contains(text, "Role differs") {
		t.Errorf("the list of differences: %s", text)
	}
	d.shot("mas-list-differences")
	d.visit("server")
	if text := d.text("main"); !strings.Contains(text, "The admin API of Matrix Authentication Service") {
		d.visit("server", "check", "1")
		if text = d.text("main"); !strings.Contains(text, "MAS 1.") {
			t.Errorf("the page of the server: %s", text)
		}
	}
}
