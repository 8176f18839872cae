// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
)

// TestMASAccessible tries with axe what only a homeserver with MAS has, as TestAccessible does for all else.
func TestMASAccessible(t *testing.T) {
	t.Parallel()
	script := axe(t)
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	d := w.program(g)
	name := unique("access")
	id := "@" + name + ":localhost"
	g.keepSecret("", "qwerty123")
	d.start("accounts/create")
	d.accessible(script, "the form of an account")
	d.warnsOfNoEmail(true)
	d.fill("#f-threepids-0-address", "somebody@example.org")
	d.warnsOfNoEmail(false)
	d.click("button[name=_remove]")
	d.until(`!document.querySelector("#f-threepids-0-address")`)
	d.warnsOfNoEmail(true)
	d.fill("#f-localpart", name)
	d.tick("#f-password-mode-2", true)
	d.fill("#f-password-password", "qwerty123")
	d.click(mainButton)
	d.until(`document.querySelector("main")?.innerText.includes("Not everything could be done.")`)
	d.accessible(script, "the card of an account that is not finished")

	var made struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	w.mas("POST", "personal-sessions", map[string]any{"actor_user_id": w.user(name).Data.ID, "human_name": strings.Repeat("A long name ", 9), "scope": "urn:matrix:client:api:*", "expires_in": 3600}, &made)
	for _, address := range [][]string{
		{"account", "id", id}, {"accounts/create", "id", id}, {"account/edit", "id", id}, {"server"}, {"server/configuration"}, {"server/clients"}, {"server/client", "id", w.client},
		{"server/personal-sessions"}, {"server/personal-sessions/create"}, {"server/personal-session", "id", made.Data.ID}, {"server/personal-session/renew", "id", made.Data.ID},
		{"server/personal-session/revoke", "id", made.Data.ID},
	} {
		d.start(address[0], address[1:]...)
		d.accessible(script, address[0])
		d.resize(320, 800)
		d.shot("mas-320-" + strings.ReplaceAll(address[0], "/", "-"))
		d.resize(1280, 800)
	}
}
