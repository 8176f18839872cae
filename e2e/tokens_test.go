// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// A regToken is a registration token as Synapse itself tells of it.
type regToken struct {
	Uses      int   `json:"uses_allowed"`
	Completed int   `json:"completed"`
	Expires   int64 `json:"expiry_time"`
}

// tokenAt asks Synapse for a registration token and whether there is one.
func tokenAt(t *testing.T, hs *homeserver.Server, text string) (regToken, bool) {
	t.Helper()
	var found regToken
	err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v1/registration_tokens/"+url.PathEscape(text), nil, &found)
	if e := errorOf(err); e != nil && e.Status == http.StatusNotFound {
		return found, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return found, true
}

// registerWith registers somebody as a client does: with a token, and reports whether
// the homeserver took it.
func registerWith(t *testing.T, hs *homeserver.Server, name, token string) bool {
	t.Helper()
	const path = "/_matrix/client/v3/register"
	body := map[string]any{"username": name, "password": "a password of their own"}
	var session struct {
		Session string `json:"session"`
	}
	err := hs.Call(timeout(t), http.MethodPost, path, "", body, nil)
	e := errorOf(err)
	if e == nil || e.Status != http.StatusUnauthorized {
		t.Fatalf("asking how to register: %v", err)
	}
	decode(t, e.Body, &session)
	for _, stage := range []map[string]any{
		{"type": "m.login.registration_token", "token": token, "session": session.Session},
		{"type": "m.login.dummy", "session": session.Session},
	} {
		body["auth"] = stage
		err = hs.Call(timeout(t), http.MethodPost, path, "", body, nil)
		if e := errorOf(err); e != nil && e.Status == http.StatusUnauthorized && e.Code == "" {
			continue // the next stage
		}
	}
	return err == nil
}

// theToken reads the card of a registration token.
func (d *desk) theToken() string {
	d.t.Helper()
	d.wait("#handout-token")
	text := d.text("#handout-token")
	d.g.keepSecret(text[:2], text)
	return text
}

// TestNoscriptTokens makes registration tokens without scripts, has people register with
// them, and changes, shows and deletes them.
func TestNoscriptTokens(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs)+"    client_url: https://chat.example\n")
	d := signedIn(t, g, hs)
	d.visit("accounts")
	d.link("Registration tokens")
	d.link("Create registration token")
	if uses := d.value("#f-uses"); uses != "1" {
		t.Errorf("a new token is good for %q accounts, want 1", uses)
	}
	d.fill("#f-uses", "-2")
	d.refused(http.StatusUnprocessableEntity, "f-uses", "out of range")
	d.fill("#f-uses", "2")
	d.doubleClick(mainButton)
	text := d.theToken()
	d.shot("token-card")
	if link := d.attribute(".gh-handout a", "href"); link != "https://chat.example/#/register" {
		t.Errorf("the card leads to %q", link)
	}
	d.exists(".gh-qr")
	if made, ok := tokenAt(t, hs, text); !ok || made.Uses != 2 || made.Expires == 0 {
		t.Errorf("at the homeserver: %+v, %t", made, ok)
	}
	if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("tokens.create", `"uses":2`)); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}

	// Two people come, and a third finds it used up.
	for i, want := range []bool{true, true, false} {
		if got := registerWith(t, hs, unique("newcomer"), text); got != want {
			t.Errorf("person %d registers: %t", i+1, got)
		}
	}
	d.link("To the list")
	row := func() string {
		for _, line := range d.texts("main tbody tr") {
			if strings.HasPrefix(line, text[:2]+"•") {
				return line
			}
		}
		t.Fatalf("the list has no %s…:\n%s", text[:2], d.whereabouts())
		return ""
	}
	if got := row(); !strings.Contains(got, "Used up") || !strings.Contains(got, "2 of 2") {
		t.Errorf("the list says %q", got)
	}
	if strings.Contains(d.html(), text) {
		t.Error("the list shows what the token reads")
	}
	d.shot("token-list")
	d.resize(390, 844)
	d.prefer("prefers-color-scheme", "dark")
	d.shot("token-list-390-dark")
	d.resize(1280, 800)
	d.prefer("prefers-color-scheme", "light")

	// One more use, then it is shown again, and deleted.
	d.link("Token that begins with \u2068" + text[:2] + "\u2069")
	d.shot("token-page")
	d.link("Change")
	d.fill("#f-uses-to", "3")
	d.fill("#f-expires-to", "")
	d.done("saved")
	if after, _ := tokenAt(t, hs, text); after.Uses != 3 || after.Expires != 0 {
		t.Errorf("at the homeserver: %+v", after)
	}
	if !registerWith(t, hs, unique("newcomer"), text) {
		t.Error("the third person cannot register")
	}
	if status := d.submit(); status != http.StatusOK {
		t.Fatalf("showing it: status %d\n%s", status, d.whereabouts())
	}
	if again := d.theToken(); again != text {
		t.Errorf("shown again it reads %q, want %q", again, text)
	}
	d.link("To the list")
	d.link("Token that begins with \u2068" + text[:2] + "\u2069")
	d.link("Delete")
	d.shot("token-delete")
	d.doneTwice("is deleted")
	if _, there := tokenAt(t, hs, text); there {
		t.Error("the token is still there")
	}
	if registerWith(t, hs, unique("newcomer"), text) {
		t.Error("somebody registers with a deleted token")
	}
	if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("tokens.delete", text[:2]+"~")); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
}

// TestProgramTokens does it with the program, with a text of its own.
func TestProgramTokens(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs)+"    client_url: https://chat.example\n")
	d := atProgram(t, g, hs)
	own := "Zq-own-text-of-" + d.name
	g.keepSecret("Zq", own)
	d.start("registration-tokens")
	same := d.same()
	d.follow("main a", "Create registration token")
	d.heading("Create registration token")
	d.fill("#f-uses", "")
	d.click(".gh-more summary")
	d.fill("#f-token", own+" ")
	d.click(mainButton)
	d.until(`document.querySelector("#f-token-error")?.innerText.includes("Only letters")`)
	d.fill("#f-token", own)
	d.doubleClick(mainButton)
	if got := d.theToken(); got != own {
		t.Errorf("the card shows %q", got)
	}
	if made, ok := tokenAt(t, hs, own); !ok || made.Uses != 0 {
		t.Errorf("at the homeserver: %+v, %t", made, ok)
	}
	d.follow("main a", "To the list")
	d.heading("Registration tokens")
	d.follow("main tbody a", "Zq••••••")
	d.heading("Token that begins with")
	d.follow("main button", "Show token")
	if got := d.theToken(); got != own {
		t.Errorf("shown again: %q", got)
	}
	d.back()
	d.heading("Registration tokens")
	d.follow("main tbody a", "Zq••••••")
	d.heading("Token that begins with")
	d.follow("main a", "Delete…")
	d.dialog("Delete this registration token?")
	d.confirm("is deleted")
	if _, there := tokenAt(t, hs, own); there {
		t.Error("the token is still there")
	}
	same()
}

// TestTokensWhereThereAreNone: a Dendrite has none, and a closed Synapse no use for them.
func TestTokensWhereThereAreNone(t *testing.T) {
	t.Parallel()
	hs := dendrite(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	d.visit("accounts")
	if got := strings.Join(d.texts("nav a"), " "); strings.Contains(got, "Registration tokens") {
		t.Errorf("the navigation offers %q", got)
	}
	d.visit("registration-tokens")
	if got := d.text("main"); !strings.Contains(got, "never asks for one") {
		t.Errorf("the page says %q", got)
	}
}
