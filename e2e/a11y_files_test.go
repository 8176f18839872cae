// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"image/color"
	"strings"
	"testing"
)

// TestAccessibleFilesAndTokens tries the screens about files, registration tokens and
// notices with axe.
func TestAccessibleFilesAndTokens(t *testing.T) {
	t.Parallel()
	script := axe(t)
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs)+"    client_url: https://chat.example\n")
	d := atProgram(t, g, hs)
	_, id, token := d.account("access", "a password of theirs")
	file := upload(t, hs, token, "image/png", "A Name Of A File That Is Long Enough To Be Cut Somewhere On A Telephone, And More.png", painting(t, color.RGBA{90, 30, 130, 255}))
	text := upload(t, hs, token, "text/plain", "", []byte("text"))
	check := func(what string) { t.Helper(); d.accessible(script, what) }
	d.start("registration-tokens/create")
	check("the form of a new token")
	d.fill("#f-expires", "")
	d.click(mainButton)
	shown := d.theToken()
	check("a token's card")
	d.start("registration-tokens")
	check("the registration tokens")
	d.click("tbody tr .gh-dots")
	d.wait(":popover-open a")
	check("the menu of a token")
	d.start("registration-tokens")
	d.follow("main tbody a", shown[:2]+"••••••")
	d.heading("Token that begins with")
	check("a token's page")
	d.follow("main a", "Change…")
	d.heading("Change registration token")
	check("the form of a token")
	d.back()
	d.follow("main a", "Delete…")
	d.dialog("Delete this registration token?")
	check("the question whether to delete a token")
	for _, address := range []string{
		d.address("account/media", "id", id), d.address("account/media/file", "id", id, "media", file), d.address("account/media/file", "id", id, "media", text),
		d.address("account/media/quarantine-all", "id", id), d.address("account/media/delete-all", "id", id, "larger", "1"), d.address("account/notice", "id", id),
	} {
		d.open(address)
		d.running()
		check(strings.TrimPrefix(address, g.URL))
	}
	d.start("account/media/file", "id", id, "media", file)
	d.follow("main a", "Quarantine…")
	d.dialog("Quarantine this file?")
	check("the question whether to quarantine a file")
	d.confirm("is quarantined")
	check("a quarantined file")
}
