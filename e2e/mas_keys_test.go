// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestMASKeys does without a mouse what only a homeserver with MAS has: a personal session is made and revoked, and a difference repaired.
func TestMASKeys(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	d := w.program(g)
	name := unique("keyed")
	id := "@" + name + ":localhost"
	w.make(name, "", false)

	d.start("server")
	same := d.same()
	d.tabTo(`main a[href$="/server/personal-sessions"]`)
	d.press(kb.Enter)
	d.wait(`main a[href$="/server/personal-sessions/create"]`)
	d.tabTo(`main a[href$="/server/personal-sessions/create"]`)
	d.press(kb.Enter)
	d.heading("Make a personal session")
	d.tabTo("#f-actor")
	d.press(id)
	d.tabTo("#f-name")
	d.press("Made by keys")
	d.tabTo("[name=scope]")
	d.press(kb.ArrowDown)
	d.until(`document.querySelector("[name=scope]:checked").value.includes("synapse")`)
	d.tabTo("#f-reason")
	d.press("a ticket")
	d.press(kb.Enter)
	if c := d.card(); c.id != id || !w.lives(c.password) {
		t.Errorf("the card is of %q, or its token does not work", c.id)
	}
	d.has("#title")
	d.tabTo(`main a[href$="/server/personal-sessions"]`)
	d.press(kb.Enter)
	var made struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	w.mas(http.MethodGet, "personal-sessions?filter[actor_user]="+w.user(name).Data.ID, nil, &made) // other tests make some, too
	if len(made.Data) != 1 {
		t.Fatalf("%d sessions act as the account", len(made.Data))
	}
	row := `main table a[href*="` + made.Data[0].ID + `"]`
	d.wait(row)
	d.tabTo(row)
	d.press(kb.Enter)
	d.heading("Made by keys")
	revoke := `main a[href*="/personal-session/revoke"]`
	d.tabTo(revoke)
	d.press(kb.Enter)
	d.dialog("Revoke this personal session?")
	d.press(kb.Escape)
	d.noDialog()
	d.has(revoke)
	d.press(kb.Enter)
	d.dialog("Revoke this personal session?")
	d.tabTo(mainButton)
	d.press(kb.Enter)
	d.until(`document.querySelector("main [role=status]")?.innerText.includes("is revoked")`)
	same()

	w.send(http.MethodPut, w.synapse+"/_synapse/admin/v2/users/"+id, w.admin, map[string]any{"admin": true}, nil)
	d.start("account", "id", id)
	d.tabTo(`main a[href*="/account/repair"]`)
	d.press(kb.Enter)
	d.dialog("Repair this difference?")
	d.tabTo(mainButton)
	d.press(kb.Enter)
	d.until(`document.querySelector("main [role=status]")?.innerText.includes("is the same on both sides again")`)
	if w.atSynapse(name)["admin"] != false {
		t.Error("the difference is there still")
	}
}
