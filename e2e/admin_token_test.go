// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// byToken is the configuration of a homeserver of which the gate has an administrator's
// token, and no shared secret. The canary watches the token.
func byToken(t *testing.T, hs *homeserver.Server) string {
	t.Helper()
	admin := register(t, hs, unique("holder"), "a password of the holder", true)
	return fmt.Sprintf("homeservers:\n  %s:\n    url: %s\n    admin_token: %q\n", hs.Kind, hs.URL, admin.AccessToken)
}

// TestAdminToken works without scripts where an administrator's token is the only key.
func TestAdminToken(t *testing.T) {
	t.Parallel()
	t.Run("Synapse", func(t *testing.T) {
		t.Parallel()
		hs := synapse(t)
		g := startGatehouse(t, byToken(t, hs))
		d := signedIn(t, g, hs)
		name := unique("token")
		id := hs.UserID(name)
		d.visit("accounts/create")
		d.fill("#f-localpart", name)
		d.fill("#f-display_name", "Made By Token")
		d.tick("#f-admin", true)
		c := d.handOut(id)
		session, err := hs.Login(timeout(t), name, c.password)
		if err != nil {
			t.Fatal(err)
		}
		if u := lookUp(t, hs, id); u.DisplayName != "Made By Token" || !u.Admin {
			t.Errorf("the account at the homeserver is %+v", u)
		}
		d.visit("accounts/create") // creating never edits
		d.fill("#f-localpart", name)
		d.refused(409, "f-localpart", "taken")
		canSignIn(t, hs, name, c.password)

		d.visit("accounts", "search", name)
		if diff := cmp.Diff([]string{id}, d.listed()); diff != "" {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
		d.visit("account/reset-password", "id", id)
		second := d.handOut(id)
		if lives(t, hs, session.AccessToken) {
			t.Error("the device is still signed in")
		}
		canSignIn(t, hs, name, second.password)
		cannotSignIn(t, hs, name, c.password)
		d.visit("account/deactivate", "id", id)
		d.done("is deactivated")
		if u := lookUp(t, hs, id); !u.Deactivated {
			t.Errorf("the account at the homeserver is %+v", u)
		}
		for _, operation := range []string{"users.reset_password", "users.deactivate"} {
			if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit(operation, id)); diff != "" {
				t.Errorf("the audit log of %s (-want +got):\n%s", operation, diff)
			}
		}
		if text, _, code := g.check(t); code != 0 {
			t.Errorf("the doctor's report: status %d\n%s", code, text)
		}
	})

	t.Run("Dendrite", func(t *testing.T) {
		t.Parallel()
		hs := dendrite(t)
		g := startGatehouse(t, byToken(t, hs))
		d := signedIn(t, g, hs)
		name, id, token := d.account("token", "the owner's own")
		d.visit("accounts/create")
		if got := d.text("main"); !strings.Contains(got, "Set registration_shared_secret in gatehouse.yaml.") || d.count(mainButton) != 0 {
			t.Errorf("the page of a creation says %q", got)
		}
		if p := g.callFails(t, "users.create", object{"localpart": unique("none"), "password": object{"mode": "random"}}); p.Code != "not_supported" {
			t.Errorf("creating: %+v", p)
		}
		d.visit("accounts", "search", name)
		if got := d.text("main"); !strings.Contains(got, "This is not every account.") {
			t.Errorf("the list does not say what it lacks: %q", got)
		}
		d.visit("account/reset-password", "id", id)
		c := d.handOut(id)
		if lives(t, hs, token) {
			t.Error("the device is still signed in")
		}
		canSignIn(t, hs, name, c.password)
		d.visit("account/deactivate", "id", id)
		if status := d.submit(); status != 409 {
			t.Errorf("deactivating somebody who may be an administrator: status %d", status)
		}
		d.tick("#f-confirm", true)
		d.done("is deactivated")
		cannotSignIn(t, hs, name, c.password)
	})
}
