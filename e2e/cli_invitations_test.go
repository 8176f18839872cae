// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// cliInvitations are the steps in the life of one invitation, made and ended from the
// command line.
func cliInvitations(g *gatehouse) []cliStep {
	type invitation struct {
		ID    string `json:"id"`
		State string `json:"state"`
		Note  string `json:"note"`
		Uses  int    `json:"uses"`
	}
	type card struct {
		Invitation invitation `json:"invitation"`
		Link       string     `json:"link"`
	}
	var made card
	expect := func(t *testing.T, got, want invitation) {
		t.Helper()
		if want.ID = made.Invitation.ID; got != want {
			t.Errorf("the invitation is %+v, want %+v", got, want)
		}
	}
	return []cliStep{
		{"invitations.create", func(t *testing.T) {
			g.call(t, "invitations.create", object{"uses": 1, "days": 7, "note": "for a friend"}, &made)
			g.keepSecret("an invitation", made.Link[strings.LastIndexByte(made.Link, '/')+1:])
			expect(t, made.Invitation, invitation{State: "open", Note: "for a friend", Uses: 1})
			if p := g.callFails(t, "invitations.create", object{"uses": 2, "days": 7, "localpart": "one.name"}); p.Status != http.StatusUnprocessableEntity {
				t.Errorf("two accounts of one name: %+v", p)
			}
		}},
		{"invitations.show", func(t *testing.T) {
			var again card
			if g.call(t, "invitations.show", ask(made.Invitation.ID), &again); again.Link != made.Link {
				t.Errorf("the link is %q, it was %q", again.Link, made.Link)
			}
		}},
		{"invitations.update", func(t *testing.T) {
			var changed invitation
			g.call(t, "invitations.update", ask(made.Invitation.ID, "uses", 3, "note", "for friends"), &changed)
			expect(t, changed, invitation{State: "open", Note: "for friends", Uses: 3})
		}},
		{"invitations.list", func(t *testing.T) {
			var page struct{ Invitations []invitation }
			if g.call(t, "invitations.list", object{"state": "open"}, &page); len(page.Invitations) != 1 {
				t.Fatalf("the list is %+v", page)
			}
			expect(t, page.Invitations[0], invitation{State: "open", Note: "for friends", Uses: 3})
		}},
		{"invitations.revoke", func(t *testing.T) {
			var ended invitation
			g.call(t, "invitations.revoke", ask(made.Invitation.ID), &ended)
			expect(t, ended, invitation{State: "revoked", Note: "for friends", Uses: 3})
			if p := g.callFails(t, "invitations.show", ask(made.Invitation.ID)); p.Status != http.StatusConflict {
				t.Errorf("the link of one that was revoked: %+v", p)
			}
		}},
		{"invitations.get", func(t *testing.T) {
			var found invitation
			g.call(t, "invitations.get", ask(made.Invitation.ID), &found)
			expect(t, found, invitation{State: "revoked", Note: "for friends", Uses: 3})
		}},
	}
}
