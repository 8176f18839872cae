// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestProgramStates goes through the life of an account on Synapse with the program: its states, devices, settings and a token of it, all
// in dialogs over one document.
func TestProgramStates(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	_, id, token := d.account("states", "the owner's own")
	both := func(name string) {
		t.Helper()
		d.resize(390, 800)
		d.shot(name + "-390")
		d.resize(1280, 800)
		d.shot(name + "-1280")
	}

	d.start("account", "id", id)
	same := d.same()
	d.ask("Suspend…", "Suspend this account?")
	both("suspend")
	d.fill("#f-reason", "spam")
	d.confirm("is suspended")
	if !lookUp(t, hs, id).Suspended {
		t.Error("the account is not suspended at the homeserver")
	}
	d.ask("Shadow-ban…", "Shadow-ban this account?")
	both("shadow-ban")
	d.confirm("is shadow-banned")
	both("account-states")
	d.ask("End shadow-ban", "End the shadow-ban")
	d.confirm("is no longer shadow-banned")
	d.ask("End suspension", "End the suspension")
	d.confirm("is no longer suspended")
	if u := lookUp(t, hs, id); u.Suspended || u.ShadowBanned || !lives(t, hs, token) {
		t.Errorf("the account at the homeserver is %+v", u)
	}

	d.follow("main nav a", "Devices")
	d.heading("states")
	d.ask("Create device…", "Create a device")
	d.fill("#f-device", "BOT1")
	d.confirm("was created.")
	both("devices")
	d.follow("main tr:has([href*=BOT1]) a", "Rename…")
	d.dialog("Rename this device")
	d.fill("#f-name", "A bot")
	d.confirm("is saved")
	if got := deviceName(t, hs, id, "BOT1"); got != "A bot" {
		t.Errorf("the device at the homeserver is called %q", got)
	}
	d.ask("Sign out unused…", "Sign out unused devices?")
	d.follow("dialog a", "365 days")
	d.until(`document.querySelector("dialog [aria-current=page]")?.innerText.includes("365")`)
	d.tick("#f-never", true)
	both("prune")
	d.confirm("signed out")
	if left := devices(t, hs, id); slices.Contains(left, "BOT1") {
		t.Errorf("left are %q", left)
	}

	d.follow("main nav a", "Settings")
	d.until(`location.pathname.endsWith("/account/settings")`)
	d.ask("Change limit…", "Change the rate limit")
	both("limit")
	d.fill("#f-messages_per_second", "0")
	d.fill("#f-burst", "0")
	d.confirm("No limit at all.")
	if at := rateLimit(t, hs, id); at["messages_per_second"] != 0. || at["burst_count"] != 0. {
		t.Errorf("the limit at the homeserver is %v", at)
	}
	d.ask("Switch on…", "Switch this feature on?")
	d.confirm("The feature is switched.")
	both("settings")

	d.follow("main a", "Sign in as this account…")
	d.dialog("Sign in as this account?")
	both("sign-in-as")
	d.click(dialogButton)
	d.until(`document.querySelector("dialog #f-reason[aria-invalid=true]")`)
	d.fill("#f-reason", "Ticket 4711")
	d.doubleClick(dialogButton)
	c := d.card()
	both("token")
	if who, err := hs.WhoAmI(timeout(t), c.password); err != nil || who != id {
		t.Errorf("the token is that of %q (%v)", who, err)
	}
	d.follow("main a", "Back to the account")
	d.until(`document.querySelector("aside")?.innerText.includes("Ticket 4711")`)
	both("account-history")
	d.follow("aside a", "All")
	d.until(`location.pathname.endsWith("/account/history")`)
	both("history")
	if got := d.text("main"); strings.Count(got, "by you") < 9 {
		t.Errorf("the history says %q", got)
	}
	same()
	if kept := eval[string](d.page, `JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`); strings.Contains(kept, c.password) {
		t.Error("the token is in the browser's storage")
	}
}
