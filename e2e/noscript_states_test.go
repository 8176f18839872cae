// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// TestNoscriptStates suspends and shadow-bans accounts on Synapse without scripts, and takes that back from the note about it.
func TestNoscriptStates(t *testing.T) { eachStore(t, testNoscriptStates) }

func testNoscriptStates(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	for _, c := range []struct {
		begin, done, end, ended, operation, reverse string
		is                                          func(synapseUser) bool
	}{
		{"Suspend", "is suspended", "End suspension", "is no longer suspended", "users.suspend", "users.unsuspend", func(u synapseUser) bool { return u.Suspended }},
		{"Shadow-ban", "is shadow-banned", "End shadow-ban", "is no longer shadow-banned", "users.shadow_ban", "users.unshadow_ban", func(u synapseUser) bool { return u.ShadowBanned }},
	} {
		t.Run(c.begin, func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, g, hs)
			_, id, token := d.account("states", "the owner's own")
			d.visit("account", "id", id)
			d.click("[popovertarget=account-menu]")
			d.link(c.begin)
			d.fill("#f-reason", "spam in "+id)
			d.doneTwice(c.done)
			if !c.is(lookUp(t, hs, id)) || !lives(t, hs, token) {
				t.Errorf("the account at the homeserver is %+v", lookUp(t, hs, id))
			}
			if got := d.text("aside"); !strings.Contains(got, "by you") || !strings.Contains(got, "Reason: ") {
				t.Errorf("the history beside the account says %q", got)
			}
			d.link(c.end)
			d.doneTwice(c.ended)
			if c.is(lookUp(t, hs, id)) {
				t.Errorf("the account at the homeserver is %+v", lookUp(t, hs, id))
			}
			for _, operation := range []string{c.operation, c.reverse} {
				if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit(operation, id)); diff != "" {
					t.Errorf("the audit log of %s (-want +got):\n%s", operation, diff)
				}
			}
			d.link("History")
			if got := d.text("main ol[role=list]:not(nav ol)"); !strings.Contains(got, "Suspen") && !strings.Contains(got, "Shadow-ban") {
				t.Errorf("the history says %q", got)
			}
		})
	}
}

// TestNoscriptEditDevices creates, renames and prunes devices on Synapse without scripts.
func TestNoscriptEditDevices(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	_, id, _ := d.account("devices", "the owner's own")
	d.visit("account/devices", "id", id)
	d.link("Create device")
	d.fill("#f-name", "A <bot>")
	d.fill("#f-device", "BOT/1?")
	d.done("was created")
	if got := deviceName(t, hs, id, "BOT/1?"); got != "A <bot>" {
		t.Errorf("the device at the homeserver is called %q", got)
	}
	d.visit("account/create-device", "id", id)
	d.fill("#f-device", "BOT/1?")
	d.refused(http.StatusConflict, "f-device", "has a device with this ID")

	d.visit("account/devices", "id", id)
	d.clickAndLoad("a[href*='rename-device'][href*='BOT']")
	d.fill("#f-name", "Renamed")
	d.done("is saved")
	if got := deviceName(t, hs, id, "BOT/1?"); got != "Renamed" {
		t.Errorf("the device at the homeserver is called %q", got)
	}
	d.visit("account/devices", "id", id)
	d.link("Sign out unused")
	d.link("30 days")
	if got := d.text("main"); !strings.Contains(got, "Renamed BOT/1?") {
		t.Errorf("the question says %q", got)
	}
	d.tick("#f-never", true)
	d.submit()
	if left := devices(t, hs, id); slices.Contains(left, "BOT/1?") {
		t.Errorf("left are %q", left)
	}
	if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("devices.prune", id)); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
}

// TestNoscriptSettings changes what Synapse keeps for an account without scripts.
func TestNoscriptSettings(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	_, id, _ := d.account("settings", "the owner's own")
	d.visit("account", "id", id)
	d.link("Settings")
	d.link("Change limit")
	d.fill("#f-messages_per_second", "5")
	d.fill("#f-burst", "0")
	d.refused(http.StatusUnprocessableEntity, "f-burst", "could send nothing")
	if got := d.value("#f-messages_per_second"); got != "5" {
		t.Errorf("what was typed came back as %q", got)
	}
	d.fill("#f-burst", "25")
	d.done("5 messages a second, and up to 25 at once.")
	if at := rateLimit(t, hs, id); at["messages_per_second"] != 5. || at["burst_count"] != 25. {
		t.Errorf("the limit at the homeserver is %v", at)
	}
	d.link("Remove own limit")
	d.doneTwice("The homeserver’s own limits count.")
	if at := rateLimit(t, hs, id); len(at) != 0 {
		t.Errorf("the limit at the homeserver is %v", at)
	}
	d.clickAndLoad("a[href*='account/feature'][href*='msc3881']")
	d.doneTwice("The feature is switched.")
	if at := features(t, hs, id); !at["msc3881"] || at["msc3575"] {
		t.Errorf("the features at the homeserver are %v", at)
	}
	d.clickAndLoad("a[href*='account/feature'][href*='msc3881']")
	d.done("The feature is switched.")
	if at := features(t, hs, id); at["msc3881"] {
		t.Errorf("the features at the homeserver are %v", at)
	}
	// Accounts do not expire here: the first try finds that out, and from then on the page says so.
	d.link("Renew")
	if status := d.submit(); status != http.StatusNotImplemented || !strings.Contains(d.text("main"), "account_validity is not enabled") {
		t.Errorf("status %d\n%s", status, d.whereabouts())
	}
	d.visit("account/settings", "id", id)
	if got := d.text("main"); !strings.Contains(got, "account_validity is not enabled") || !strings.Contains(got, "always asks for the password") {
		t.Errorf("the page says %q", got)
	}
}

// TestNoscriptRenew renews an account on a Synapse where they expire.
func TestNoscriptRenew(t *testing.T) {
	t.Parallel()
	hs := ownSynapse(t, homeserver.SynapseOptions{
		ServerName: "expiring.example", SharedSecret: synapseSecret, ExtraYAML: "account_validity: {enabled: true, period: 6w}\n",
	})
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	_, id, token := d.account("expired", "the owner's own")
	if err := hs.Admin(timeout(t), http.MethodPost, "/_synapse/admin/v1/account_validity/validity", object{"user_id": id, "expiration_ts": 1}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := hs.WhoAmI(timeout(t), token); err == nil {
		t.Fatal("the account has not expired")
	}
	d.visit("account/renew", "id", id)
	pick := func(day string) { eval[string](d.page, find("#f-until")+".value = "+quote(day)) } // what keys write depends on the browser's language
	pick("2001-01-01")
	d.refused(http.StatusUnprocessableEntity, "f-until", "This day is over")
	pick("2999-12-31")
	d.doneTwice("can be used until 1 Jan 3000")
	if !lives(t, hs, token) {
		t.Error("the account is not alive again")
	}
}

// TestNoscriptSignInAs makes a token of an account without scripts: a reason is asked for, the card is seen once, the log says why and
// until when, and the token works as long as it should.
func TestNoscriptSignInAs(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	_, id, _ := d.account("borrowed", "the owner's own")
	d.visit("account", "id", id)
	d.click("[popovertarget=account-menu]")
	d.link("Sign in as this account")
	if got := d.text("main"); !strings.Contains(got, "reads everything that the account can read") || !strings.Contains(got, "The token has no device") || !strings.Contains(got, "sign out with it") {
		t.Errorf("the question says %q", got)
	}
	d.refused(http.StatusUnprocessableEntity, "f-reason", "needed")
	d.fill("#f-reason", "Ticket 4711")
	d.choose("#f-minutes", "15")
	d.doubleClick(mainButton)
	c := d.card()
	if c.id != id {
		t.Errorf("the card is for %q", c.id)
	}
	if who, err := hs.WhoAmI(timeout(t), c.password); err != nil || who != id {
		t.Errorf("the token is that of %q (%v)", who, err)
	}
	if d.count("main svg.gh-qr") != 0 {
		t.Error("the token is in a code that a camera can read")
	}
	if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("users.sign_in_as", id)); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
	var detail string
	g.query(t, `SELECT o.detail FROM audit o JOIN audit i ON i.id = o.intent_id WHERE i.operation = 'users.sign_in_as' AND i.request LIKE '%Ticket 4711%'`, nil, &detail)
	if !strings.Contains(detail, "ends by itself at 20") {
		t.Errorf("the outcome says %q", detail)
	}
	d.link("Back to the account")
	if got := d.text("aside"); !strings.Contains(got, "Signed in as the account by you") || !strings.Contains(got, "Ticket 4711") {
		t.Errorf("the history says %q", got)
	}
	own := serviceAccount(t, g, hs)
	d.visit("account/sign-in-as", "id", own)
	if got := d.text("main"); !strings.Contains(got, "This is the account that Gatehouse works with.") || d.count(mainButton) != 0 {
		t.Errorf("the gate's own account: %q", got)
	}
}
