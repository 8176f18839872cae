// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// TestNoscriptPassword resets passwords on Synapse without scripts.
func TestNoscriptPassword(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	const old = "the owner's own"

	for _, signOut := range []bool{true, false} {
		t.Run(map[bool]string{true: "signed out", false: "devices stay"}[signOut], func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, g, hs)
			name, id, token := d.account("reset", old)
			typed := "a typed & <new> one of " + name
			g.keepSecret(id, typed)
			d.visit("account", "id", id)
			d.link("Reset password")
			if got := d.text(mainButton); !strings.Contains(got, "Reset password and sign out 1 device") {
				t.Errorf("the button says %q", got)
			}
			if !signOut {
				d.tick("#f-sign_out", false)
				if got := d.text(mainButton); !strings.Contains(got, "keep devices signed in") {
					t.Errorf("the button says %q", got)
				}
			}
			d.tick("#f-password-mode-2", true)
			d.fill("#f-password-password", typed)
			if c := d.handOut(id); c.password != typed {
				t.Errorf("the card shows %q, want %q", c.password, typed)
			}
			if got := lives(t, hs, token); got == signOut {
				t.Errorf("the old device is signed in: %t", got)
			}
			canSignIn(t, hs, name, typed)
			cannotSignIn(t, hs, name, old)
		})
	}

	t.Run("generated, twice, again, and back", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name, id, _ := d.account("reset", old)
		d.visit("account/reset-password", "id", id)
		d.doubleClick(mainButton)
		c := d.card()
		d.reload()
		if again := d.card(); again != c {
			t.Errorf("loaded again the card shows %+v, it showed %+v", again, c)
		}
		d.backToForm()
		d.wait("#f-password-mode-0")
		if again := d.handOut(id); again != c {
			t.Errorf("after Back and sending it again the card shows %+v, it showed %+v", again, c)
		}
		canSignIn(t, hs, name, c.password)
		cannotSignIn(t, hs, name, old)
		if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("users.reset_password", id)); diff != "" {
			t.Errorf("the audit log (-want +got):\n%s", diff)
		}
	})

	t.Run("mistakes stand at their fields", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name, id, token := d.account("reset", old)
		d.visit("account/reset-password", "id", id)
		d.tick("#f-sign_out", false)
		d.tick("#f-password-mode-2", true)
		d.refused(http.StatusUnprocessableEntity, "f-password-password", "needed")
		if eval[bool](d.page, find("#f-sign_out")+".checked") {
			t.Error("the box that was cleared is ticked again")
		}
		d.fill("#f-password-password", "short 1")
		d.refused(http.StatusUnprocessableEntity, "f-password-password", "at least 8")
		if !lives(t, hs, token) {
			t.Error("the device was signed out")
		}
		canSignIn(t, hs, name, old)
	})
}

// TestNoscriptDeeds locks, deactivates, erases and reactivates accounts on Synapse
// without scripts.
func TestNoscriptDeeds(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	const password = "the owner's own"
	once := []string{"intent", "outcome done"}
	audited := func(t *testing.T, operation, id string) {
		t.Helper()
		if diff := cmp.Diff(once, g.audit(operation, id)); diff != "" {
			t.Errorf("the audit log of %s (-want +got):\n%s", operation, diff)
		}
	}

	t.Run("lock and unlock", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name, id, token := d.account("lock", password)
		d.visit("account", "id", id)
		d.click("[popovertarget=account-menu]")
		d.link("Lock")
		d.fill("#f-reason", "lent to a friend")
		d.doneTwice("is locked")
		if !lookUp(t, hs, id).Locked || lives(t, hs, token) {
			t.Error("the account is not locked at the homeserver")
		}
		audited(t, "users.lock", id)
		if got := g.audit("users.lock", "lent to a friend"); len(got) != 2 {
			t.Errorf("the reason is not in the audit log: %q", got)
		}
		d.link("Unlock")
		d.doneTwice("is unlocked")
		if lookUp(t, hs, id).Locked || !lives(t, hs, token) {
			t.Error("the account is still locked at the homeserver")
		}
		audited(t, "users.unlock", id)
		canSignIn(t, hs, name, password)
	})

	t.Run("deactivate and reactivate", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name, id, token := d.account("leave", password)
		d.visit("account", "id", id)
		d.link("Deactivate")
		d.doneTwice("is deactivated")
		u := lookUp(t, hs, id)
		if !u.Deactivated || u.Erased || lives(t, hs, token) {
			t.Errorf("the account at the homeserver is %+v", u)
		}
		cannotSignIn(t, hs, name, password)
		audited(t, "users.deactivate", id)

		d.link("Reactivate")
		d.tick("#f-password-mode-1", true)
		d.doubleClick(mainButton)
		c := d.card()
		if u := lookUp(t, hs, id); u.Deactivated {
			t.Errorf("the account at the homeserver is %+v", u)
		}
		canSignIn(t, hs, name, c.password)
		cannotSignIn(t, hs, name, password)
		audited(t, "users.reactivate", id)
	})

	t.Run("erase", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name, id, token := d.account("erase", password)
		alter(t, hs, id, map[string]any{"displayname": "To Forget"})
		d.visit("account/erase", "id", id)
		for _, wrong := range []string{"", name, strings.ToUpper(id), id + " "} {
			d.fill("#f-confirm_id", wrong)
			d.refused(http.StatusUnprocessableEntity, "f-confirm_id", "not the Matrix ID of the account")
			if got := d.value("#f-confirm_id"); got != wrong {
				t.Errorf("what was typed came back as %q", got)
			}
		}
		if u := lookUp(t, hs, id); u.Deactivated || u.Erased || !lives(t, hs, token) {
			t.Fatalf("the account at the homeserver is %+v, though its ID was not typed", u)
		}
		d.fill("#f-confirm_id", id)
		d.doneTwice("is erased")
		if u := lookUp(t, hs, id); !u.Deactivated || !u.Erased || u.DisplayName == "To Forget" {
			t.Errorf("the account at the homeserver is %+v", u)
		}
		cannotSignIn(t, hs, name, password)
		audited(t, "users.erase", id)
	})

	t.Run("asks again about oneself", func(t *testing.T) {
		t.Parallel()
		for _, deed := range []string{"lock", "deactivate", "erase", "sign-out"} {
			d := signedIn(t, g, hs)
			id := hs.UserID(d.name)
			d.visit("account/"+deed, "id", id)
			if deed == "erase" {
				d.fill("#f-confirm_id", id)
			}
			if status := d.submit(); status != http.StatusConflict {
				t.Errorf("%s: status %d, want 409\n%s", deed, status, d.whereabouts())
			}
			if got := d.text("[role=alert]"); !strings.Contains(got, "your own account") {
				t.Errorf("%s: the page says %q", deed, got)
			}
			d.wait("#f-confirm")
			if u := lookUp(t, hs, id); u.Locked || u.Deactivated || deviceCount(t, hs, id) == 0 {
				t.Errorf("%s was done without having been asked about: %+v", deed, u)
			}
		}
	})

	t.Run("never to the gate's own account", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		id := serviceAccount(t, g, hs)
		for _, deed := range []string{"edit", "reset-password", "lock", "deactivate", "erase", "sign-out"} {
			d.visit("account/"+deed, "id", id)
			if deed == "edit" {
				if d.count("#f-admin-to:not([disabled])") != 0 {
					t.Error("its rights can be taken away")
				}
				continue
			}
			if got := d.text("main"); !strings.Contains(got, "This is the account that Gatehouse works with.") || d.count(mainButton) != 0 {
				t.Errorf("%s: the page says %q", deed, got)
			}
		}
		for operation, fields := range map[string][]string{
			"users.lock": nil, "users.deactivate": nil, "users.erase": {"confirm_id", id}, "devices.sign_out": {"all", "true"},
			"users.reset_password": {"password.mode", "random", "sign_out", "true"},
			"users.update":         {"admin.from", "true", "admin.to", "false"},
		} {
			path := map[string]string{"users.lock": "lock", "users.deactivate": "deactivate", "users.erase": "erase", "devices.sign_out": "sign-out",
				"users.reset_password": "reset-password", "users.update": "edit"}[operation]
			resp, body := g.post(d, "/do/"+hs.Kind+"/"+operation, append([]string{"id", id, "_key", unique("0123456789abcdef"), "confirm", "true",
				"_screen", strings.TrimPrefix(d.address("account/"+path, "id", id), g.URL)}, fields...)...)
			if resp.StatusCode/100 != 4 {
				t.Errorf("%s: status %d\n%.500s", operation, resp.StatusCode, body)
			}
		}
		if u := lookUp(t, hs, id); u.Locked || u.Deactivated || !u.Admin {
			t.Errorf("the account at the homeserver is %+v", u)
		}
		d.visit("accounts") // the gate still works
	})
}

// TestNoscriptDevices signs devices of accounts on Synapse out without scripts.
func TestNoscriptDevices(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	const password = "the owner's own"
	// devicesOf signs an account in on a number of devices.
	devicesOf := func(d *desk, n int) (id string, sessions []homeserver.Account) {
		d.t.Helper()
		name, id, token := d.account("devices", password)
		sessions = []homeserver.Account{{AccessToken: token}}
		for len(sessions) < n {
			session, err := hs.Login(timeout(d.t), name, password)
			if err != nil {
				d.t.Fatal(err)
			}
			sessions = append(sessions, session)
		}
		return id, sessions
	}
	alive := func(t *testing.T, sessions []homeserver.Account) string {
		t.Helper()
		var b strings.Builder
		for _, s := range sessions {
			b.WriteString(map[bool]string{true: "1", false: "0"}[lives(t, hs, s.AccessToken)])
		}
		return b.String()
	}

	t.Run("one", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		id, sessions := devicesOf(d, 3)
		d.visit("account/devices", "id", id)
		if n := d.count("tbody tr"); n != 3 {
			t.Errorf("the list has %d devices, want 3", n)
		}
		d.clickAndLoad("tbody a[href*='sign-out'][href*='device=" + sessions[1].DeviceID + "']")
		d.doneTwice("1 device was signed out")
		if got := alive(t, sessions); got != "101" {
			t.Errorf("the devices are signed in as %s, want 101", got)
		}
		if n := d.count("tbody tr"); n != 2 {
			t.Errorf("the list has %d devices now, want 2", n)
		}
	})

	t.Run("several", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		id, sessions := devicesOf(d, 4)
		d.visit("account/devices", "id", id)
		for _, s := range sessions[1:3] {
			d.tick("tbody input[value='"+s.DeviceID+"']", true)
		}
		d.clickAndLoad("#selected button[type=submit], button[form=selected]")
		if got := d.text("h1"); !strings.Contains(got, "2 devices") {
			t.Errorf("the question is %q", got)
		}
		d.done("2 devices were signed out")
		if got := alive(t, sessions); got != "1001" {
			t.Errorf("the devices are signed in as %s, want 1001", got)
		}
	})

	t.Run("all", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		id, sessions := devicesOf(d, 3)
		d.visit("account", "id", id)
		d.link("Sign out devices")
		d.doneTwice("3 devices were signed out")
		if got := alive(t, sessions); got != "000" {
			t.Errorf("the devices are signed in as %s, want 000", got)
		}
		if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("devices.sign_out", id)); diff != "" {
			t.Errorf("the audit log (-want +got):\n%s", diff)
		}
	})

	t.Run("none selected", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		id, sessions := devicesOf(d, 2)
		d.visit("account/sign-out", "id", id, "_selected", "1")
		if d.count(mainButton) != 0 {
			t.Errorf("nothing was selected, and yet there is a button\n%s", d.whereabouts())
		}
		if got := alive(t, sessions); got != "11" {
			t.Errorf("the devices are signed in as %s, want 11", got)
		}
	})
}
