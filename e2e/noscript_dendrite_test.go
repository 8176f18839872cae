// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// withoutDatabase is the section of a configuration that connects to a Dendrite by its
// APIs alone.
func withoutDatabase(hs *homeserver.Server) string {
	return fmt.Sprintf("homeservers:\n  %s:\n    url: %s\n    registration_shared_secret: %q\n", hs.Kind, hs.URL, hs.SharedSecret)
}

// administers reports whether a token is an administrator's: only those may ask about
// somebody else.
func administers(t *testing.T, hs *homeserver.Server, token string) bool {
	t.Helper()
	err := hs.Call(timeout(t), http.MethodGet, "/_matrix/client/v3/admin/whois/"+hs.UserID("somebody-else"), token, nil, nil)
	if e := errorOf(err); e != nil && e.Status == http.StatusForbidden {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

// dendriteDevices are the IDs of the devices of an account at Dendrite.
func dendriteDevices(t *testing.T, hs *homeserver.Server, id string) []string {
	t.Helper()
	var answer struct {
		Devices map[string]any `json:"devices"`
	}
	if err := hs.Admin(timeout(t), http.MethodGet, "/_matrix/client/v3/admin/whois/"+id, nil, &answer); err != nil {
		t.Fatal(err)
	}
	var list []string
	for device := range answer.Devices {
		list = append(list, device)
	}
	slices.Sort(list)
	return list
}

// TestNoscriptDendrite does without scripts what can be done on a Dendrite whose
// database may be written.
func TestNoscriptDendrite(t *testing.T) {
	t.Parallel()
	hs := dendrite(t)
	g := startGatehouse(t, homeservers(hs))
	const password = "the owner's own"
	once := []string{"intent", "outcome done"}

	t.Run("list", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		prefix := unique("crowd")
		var all []string
		for i := range 5 {
			name := fmt.Sprintf("%s-%d", prefix, i)
			register(t, hs, name, password, i == 1)
			all = append(all, hs.UserID(name))
		}
		d.visit("account/deactivate", "id", all[3])
		d.done("is deactivated")
		g.keepServiceToken(t, hs)

		d.visit("accounts", "search", prefix, "limit", "3")
		if diff := cmp.Diff(all[:3], d.listed()); diff != "" {
			t.Errorf("the first page (-want +got):\n%s", diff)
		}
		if got := d.text(".gh-pager"); !strings.Contains(got, "1–3 of 5") {
			t.Errorf("the foot says %q", got)
		}
		d.link("Next page")
		if diff := cmp.Diff(all[3:], d.listed()); diff != "" {
			t.Errorf("the second page (-want +got):\n%s", diff)
		}
		d.link("Account")
		if diff := cmp.Diff([]string{all[4], all[3], all[2]}, d.listed()); diff != "" {
			t.Errorf("backwards (-want +got):\n%s", diff)
		}
		d.link("Created")
		if diff := cmp.Diff([]string{all[4], all[3], all[2]}, d.listed()); diff != "" {
			t.Errorf("the latest first (-want +got):\n%s", diff)
		}
		for view, want := range map[string][]string{"Administrators": {all[1]}, "Deactivated": {all[3]}} {
			d.visit("accounts", "search", prefix)
			d.link(view)
			if diff := cmp.Diff(want, d.listed()); diff != "" {
				t.Errorf("the view %s (-want +got):\n%s", view, diff)
			}
		}
		d.visit("accounts", "search", hs.UserID("_server"))
		if got := d.listed(); len(got) != 0 {
			t.Errorf("the homeserver's own account is shown: %q", got)
		}
	})

	t.Run("create", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		taken, _, _ := d.account("taken", password)
		name := unique("made")
		id := hs.UserID(name)
		d.visit("accounts/create")
		for _, want := range []string{"Dendrite has no account types.", "no e-mail addresses", "Dendrite makes no accounts without a password."} {
			if !strings.Contains(d.html(), want) {
				t.Errorf("the form does not say %q", want)
			}
		}
		d.fill("#f-localpart", taken)
		d.refused(http.StatusConflict, "f-localpart", "is taken")
		canSignIn(t, hs, taken, password)
		d.fill("#f-localpart", "Large Letters")
		d.refused(http.StatusUnprocessableEntity, "f-localpart", "small letters")
		d.fill("#f-localpart", name)
		d.fill("#f-display_name", hostile)
		d.tick("#f-admin", true)
		typed := "typed for <Dendrite> & " + name
		g.keepSecret(id, typed)
		d.tick("#f-password-mode-2", true)
		d.fill("#f-password-password", typed)
		d.doubleClick(mainButton)
		if c := d.card(); c.id != id || c.password != typed {
			t.Errorf("the card is %+v", c)
		}
		if left := dendriteDevices(t, hs, id); len(left) != 0 {
			t.Errorf("the account has the devices %q: the token of its registration was not logged out", left)
		}
		if display, err := hs.DisplayName(timeout(t), id); err != nil || display != hostile {
			t.Errorf("the display name is %q (%v), want %q", display, err, hostile)
		}
		session, err := hs.Login(timeout(t), name, typed)
		if err != nil || !administers(t, hs, session.AccessToken) {
			t.Errorf("the account is no administrator, or cannot sign in: %v", err)
		}
		if diff := cmp.Diff(once, g.audit("users.create", `"`+name+`"`)); diff != "" {
			t.Errorf("the audit log after a double click (-want +got):\n%s", diff)
		}
	})

	for _, signOut := range []bool{true, false} {
		t.Run(fmt.Sprintf("reset, signing out %t", signOut), func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, g, hs)
			name, id, token := d.account("reset", password)
			d.visit("account/reset-password", "id", id)
			d.tick("#f-sign_out", signOut)
			c := d.handOut(id)
			if lives(t, hs, token) == signOut {
				t.Errorf("the old device is signed in: %t", !signOut)
			}
			canSignIn(t, hs, name, c.password)
			cannotSignIn(t, hs, name, password)
		})
	}

	t.Run("deactivate and reactivate", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name, id, token := d.account("leave", password)
		d.visit("account", "id", id)
		d.link("Deactivate")
		d.doneTwice("is deactivated")
		if lives(t, hs, token) {
			t.Error("the old device is still signed in")
		}
		cannotSignIn(t, hs, name, password)
		if diff := cmp.Diff(once, g.audit("users.deactivate", id)); diff != "" {
			t.Errorf("the audit log after a double click (-want +got):\n%s", diff)
		}
		d.link("Reactivate")
		c := d.handOut(id)
		canSignIn(t, hs, name, c.password)
		cannotSignIn(t, hs, name, password)
	})

	t.Run("promote and demote", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		_, id, token := d.account("rise", password)
		for _, admin := range []bool{true, false} {
			d.visit("account", "id", id)
			d.link("Edit")
			d.tick("#f-admin-to", admin)
			d.doneTwice("The changes are saved")
			if got := administers(t, hs, token); got != admin {
				t.Errorf("at the homeserver it is an administrator: %t, want %t", got, admin)
			}
		}
	})

	t.Run("devices can be seen, not signed out", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		_, id, token := d.account("devices", password)
		d.visit("account/devices", "id", id)
		if n := d.count("tbody tr"); n != 1 {
			t.Errorf("the list has %d devices, want 1", n)
		}
		for path, why := range map[string]string{
			"account/sign-out": "Dendrite cannot sign out devices of others.",
			"account/lock":     "Dendrite has no lock.",
			"account/erase":    "Dendrite cannot erase accounts.",
		} {
			d.visit(path, "id", id)
			if got := d.text("main"); !strings.Contains(got, why) || d.count(mainButton) != 0 {
				t.Errorf("%s says %q", path, got)
			}
		}
		resp, _ := g.post(d, "/do/"+hs.Kind+"/users.lock", "id", id, "_key", unique("0123456789abcdef"), "_screen", "/"+hs.Kind+"/account/lock?id="+id)
		if resp.StatusCode != http.StatusNotImplemented || !lives(t, hs, token) {
			t.Errorf("locking all the same: status %d", resp.StatusCode)
		}
	})
}

// TestNoscriptDendriteAlone does what a Dendrite offers without its database, and says
// what is missing.
func TestNoscriptDendriteAlone(t *testing.T) {
	t.Parallel()
	hs := dendrite(t)
	g := startGatehouse(t, withoutDatabase(hs))
	d := signedIn(t, g, hs)
	name := unique("alone")
	id := hs.UserID(name)
	d.visit("accounts/create")
	d.fill("#f-localpart", name)
	d.fill("#f-display_name", "All Alone")
	c := d.handOut(id)
	session, err := hs.Login(timeout(t), name, c.password)
	if err != nil {
		t.Fatal(err)
	}

	d.visit("accounts", "search", name)
	if diff := cmp.Diff([]string{id}, d.listed()); diff != "" {
		t.Errorf("the list of what was made here (-want +got):\n%s", diff)
	}
	if got := d.text("main"); !strings.Contains(got, "This is not every account.") {
		t.Errorf("the list does not say what it lacks: %q", got)
	}
	if status := d.open(d.address("accounts", "admins", "only")); status != http.StatusNotImplemented || !strings.Contains(d.text("main"), "database:") {
		t.Errorf("a filter that only the database can answer: status %d\n%s", status, d.whereabouts())
	}

	d.visit("account/edit", "id", id)
	if got := d.text("main"); !strings.Contains(got, "Set database: in gatehouse.yaml.") || d.count("#f-admin-to:not([disabled])") != 0 {
		t.Errorf("the form of an edit says %q", got)
	}

	d.visit("account/reset-password", "id", id)
	second := d.handOut(id)
	if lives(t, hs, session.AccessToken) {
		t.Error("the device is still signed in")
	}
	session, err = hs.Login(timeout(t), name, second.password)
	if err != nil {
		t.Fatal(err)
	}

	d.visit("account/deactivate", "id", id)
	if status := d.submit(); status != http.StatusConflict || !strings.Contains(d.text("[role=alert]"), "does not tell whether this is its last administrator") {
		t.Errorf("status %d\n%s", status, d.whereabouts())
	}
	d.tick("#f-confirm", true)
	d.doneTwice("is deactivated")
	if lives(t, hs, session.AccessToken) {
		t.Error("the device is still signed in after the deactivation")
	}
	cannotSignIn(t, hs, name, second.password)
	if got := d.text("main"); !strings.Contains(got, "Deactivated") && !strings.Contains(got, "deactivated") {
		t.Errorf("the account's page says %q", got)
	}
	d.visit("account/reactivate", "id", id)
	if got := d.text("main"); !strings.Contains(got, "Set database: in gatehouse.yaml.") || d.count(mainButton) != 0 {
		t.Errorf("reactivating says %q", got)
	}
}
