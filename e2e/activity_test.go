// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNoscriptActivity looks at what an account does, without scripts: from where, in which rooms, what its clients keep.
func TestNoscriptActivity(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	k := newTalker(t, hs)
	pushKey := k.notified(t)
	k.keeps(t, object{"kept": "</script><b>bold"})
	d := signedIn(t, g, hs)

	d.visit("account", "id", k.id)
	d.link("Connections")
	if got := d.text("main"); !strings.Contains(got, "Element <X>") || !strings.Contains(got, "a-pu…tify") || !strings.Contains(got, "push.example") || strings.Contains(got, pushKey) {
		t.Errorf("the page of connections says %q", got)
	}
	d.shot("activity-connections")
	d.link("Rooms")
	if got := d.text("main"); !strings.Contains(got, roomName) || !strings.Contains(got, k.room) || !strings.Contains(got, "Member") || !strings.Contains(got, "1 room") {
		t.Errorf("the page of rooms says %q", got)
	}
	d.shot("activity-rooms")

	d.link("Account data")
	if got := d.text("main"); !strings.Contains(got, "private") || strings.Contains(got, "org.example.kept") {
		t.Errorf("the page of account data says %q before anybody looked", got)
	}
	if got := g.audit("users.account_data", k.id); len(got) != 0 {
		t.Errorf("before anybody looked, the audit log has %q", got)
	}
	d.link("Read account data")
	d.click("details:has(summary) > summary")
	if got := eval[string](d.page, `document.querySelector("main").textContent`); !strings.Contains(got, "org.example.kept") || !strings.Contains(got, "</script><b>bold") || !strings.Contains(got, "org.example.here") {
		t.Errorf("the page of account data says %q", got)
	}
	d.shot("activity-data")
	if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("users.account_data", k.id)); diff != "" {
		t.Errorf("the audit log of reading it (-want +got):\n%s", diff)
	}
}

// TestNoscriptRedact takes back what an account said, in a room that is chosen from the list, without scripts.
func TestNoscriptRedact(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	k := newTalker(t, hs)
	d := signedIn(t, g, hs)

	d.visit("account/rooms", "id", k.id)
	d.click("tbody input[type=checkbox]")
	d.clickAndLoad(".gh-bulk__actions button")
	if got := d.text("main"); !strings.Contains(got, "Redact its messages?") || strings.Contains(got, "rooms that it is in are") {
		t.Fatalf("the question says %q", got)
	}
	if got := eval[string](d.page, `document.querySelector("[name='rooms.0']").value`); got != k.room {
		t.Errorf("the room is %q, want %q", got, k.room)
	}
	d.shot("redact")
	d.fill("#f-reason", "spam <b>")
	d.refused(http.StatusUnprocessableEntity, "f-confirm_id", "Matrix ID")
	d.fill("#f-confirm_id", k.id)
	d.doneTwice("has begun")
	if got := d.text("h1"); got != "Redaction of messages" {
		t.Fatalf("what follows is %q", got)
	}
	d.shot("redaction")
	// The page loads itself again until it has ended; its address is kept.
	d.until(`document.querySelector("main").innerText.includes("The messages are redacted.")`)
	if got := d.url(); !strings.Contains(got, "redact_id=") {
		t.Errorf("the address is %q", got)
	}
	if !k.redacted(t, k.event) {
		t.Error("the message is still there")
	}
	if diff := cmp.Diff([]string{"intent", "outcome done"}, slices.DeleteFunc(g.audit("users.redact", k.id), func(s string) bool { return strings.Contains(s, "refused") })); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}

	d.visit("account/redact", "id", k.id, "room", "!nosuch")
	d.fill("#f-confirm_id", k.id)
	d.refused(http.StatusUnprocessableEntity, "f-rooms-0", "no such room")
}

// TestProgramRedact takes back what an account said with the program: the question is a dialog, and the page follows by itself.
func TestProgramRedact(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	k := newTalker(t, hs)
	d := atProgram(t, g, hs)
	d.start("account", "id", k.id)
	same := d.same()
	d.click("[popovertarget=account-menu]")
	d.follow("a", "Redact messages")
	d.dialog("Redact its messages?")
	d.fill("dialog #f-confirm_id", k.id)
	d.click("dialog button[type=submit]:not([name])")
	d.heading("Redaction of messages")
	d.until(`document.querySelector("main").innerText.includes("The messages are redacted.")`)
	same()
	if !k.redacted(t, k.event) {
		t.Error("the message is still there")
	}
	d.shot("redaction-complete")
}

// TestNoscriptFind finds accounts by what they have, and moves an identity from one to another, without scripts.
func TestNoscriptFind(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	name, id, _ := d.account("found", "a password of theirs")
	_, other, _ := d.account("other", "a password of theirs")
	mail := name + "@example.org"
	fields := emails(mail)
	fields["external_ids"] = []object{{"auth_provider": "oidc-x", "external_id": name}, {"auth_provider": "saml", "external_id": name}}
	alter(t, hs, id, fields)

	d.visit("accounts", "search", strings.ToUpper(mail))
	d.link("Find who has it")
	if got := d.text("main"); !strings.Contains(got, id) {
		t.Errorf("finding by e-mail says %q", got)
	}
	d.shot("find")
	d.fill("#address-value", "+49 30 "+"000000")
	d.clickAndLoad("#find-address button[type=submit]")
	if got := d.text("main [role=status]"); !strings.Contains(got, "Nobody has +4930000000") && !strings.Contains(got, "Nobody has") {
		t.Errorf("finding nobody says %q", got)
	}
	d.fill("#identity-auth_provider", "oidc-x")
	d.fill("#identity-value", name)
	d.clickAndLoad("#find-identity button[type=submit]")
	d.link("Open")
	if got := d.text("main .gh-id"); got != id {
		t.Errorf("it leads to %q, want %q", got, id)
	}

	d.visit("account/edit", "id", other)
	d.clickAndLoad("button[name=_add][value='external_ids.to']")
	d.fill("#f-external_ids-to-0-auth_provider", "oidc-x")
	d.fill("#f-external_ids-to-0-external_id", name)
	d.refused(http.StatusConflict, "f-external_ids-to-0-external_id", id)
	if got := lookUp(t, hs, id); len(got.ExternalIDs) != 2 {
		t.Errorf("refused, and still it has %v", got.ExternalIDs)
	}
	d.shot("edit-move")
	d.tick("input[name=move_from]", true)
	d.done("saved")
	if got := lookUp(t, hs, other); len(got.ExternalIDs) != 1 || got.ExternalIDs[0]["external_id"] != name {
		t.Errorf("the identity is not at %s: %v", other, got.ExternalIDs)
	}
	if got := lookUp(t, hs, id); len(got.ExternalIDs) != 1 || got.ExternalIDs[0]["auth_provider"] != "saml" {
		t.Errorf("left is %v", got.ExternalIDs)
	}
}

// TestNoscriptActivityDendrite says on a Dendrite what can be had there, and why the rest cannot.
func TestNoscriptActivityDendrite(t *testing.T) {
	t.Parallel()
	hs := dendrite(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	_, id, token := d.account("busy", "a password of theirs")
	if !lives(t, hs, token) {
		t.Fatal("the account is not signed in")
	}
	d.visit("account/connections", "id", id)
	if got := d.text("main"); !strings.Contains(got, "127.0.0.1") || !strings.Contains(got, "Dendrite does not tell where notifications go.") {
		t.Errorf("the page of connections says %q", got)
	}
	for path, want := range map[string]string{
		"account/rooms": "Dendrite does not tell which rooms", "account/data": "Dendrite does not show account data", "account/redact": "Dendrite cannot redact",
	} {
		d.visit(path, "id", id)
		if got := d.text("main"); !strings.Contains(got, want) {
			t.Errorf("%s says %q", path, got)
		}
	}
}
