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

// terms are what has to be accepted on the homeserver of the configuration's last section.
const terms = "    terms:\n      - Terms of use https://example.org/terms\n"

// invite fills in the form of an invitation, which is open, and returns the link that the card shows.
func (d *desk) invite(fields ...string) (link string) {
	d.t.Helper()
	for i := 0; i+1 < len(fields); i += 2 {
		d.fill("#f-"+fields[i], fields[i+1])
	}
	if status := d.submit(); status != http.StatusOK {
		d.t.Fatalf("status %d\n%s", status, d.whereabouts())
	}
	return d.shownLink()
}

// shownLink is the link on the card that is open.
func (d *desk) shownLink() string {
	d.t.Helper()
	d.wait("#handout-link")
	link := d.text("#handout-link")
	if !strings.HasPrefix(link, d.g.URL+"/join/") || len(link) != len(d.g.URL+"/join/")+22 {
		d.t.Fatalf("the link is %q", link)
	}
	d.exists(".gh-qr")
	d.g.keepLink(link)
	return link
}

// guest opens a link in a browser of its own, without scripts, that is signed in nowhere.
func guest(t *testing.T, link string) *page {
	t.Helper()
	p := newPage(t, false)
	if status := p.open(link); status != http.StatusOK {
		t.Fatalf("the link: status %d\n%s", status, p.whereabouts())
	}
	return p
}

const joinButton = "#join button[type=submit]:not([name])"

// unseen fails the test where the token of a link is in a file of the gate's: its log, its store.
func (g *gatehouse) unseen(link string) {
	g.t.Helper()
	_, token, _ := strings.Cut(link, "/join/")
	watch, err := newCanary(map[string]string{"the token of an invitation": token})
	if err != nil {
		g.t.Fatal(err)
	}
	found, err := watch.searchFiles(g.Dir, "gatehouse.yaml", "secret.key")
	if err != nil {
		g.t.Fatal(err)
	}
	for _, what := range append(found, watch.search([]byte(g.Log()))...) {
		g.t.Errorf("SECRET kept: %s", what)
	}
}

// An invitation is made in the panel and taken up by somebody without a session and without scripts; nobody but them knows the password.
func TestInvitation(t *testing.T) { eachStore(t, testInvitation) }

func testInvitation(t *testing.T) {
	t.Parallel()
	for kind, server := range map[string]func(*testing.T) *homeserver.Server{"synapse": synapse, "dendrite": dendrite} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			hs := server(t)
			g := startGatehouse(t, homeservers(hs)+terms)
			d := signedIn(t, g, hs)
			note := unique("note")
			d.visit("invitations")
			d.shot("invitations-empty-" + kind)
			d.link("Create invitation")
			d.shot("invitation-create-" + kind)
			if kind == "dendrite" { // what it cannot take is said, and there is no field for it
				d.click("details summary")
				if got := d.text("form details"); !strings.Contains(got, "Dendrite offers no way to make others members of rooms") || d.count("#f-email") != 0 || d.count("#f-rooms") != 0 {
					t.Errorf("the form says %q", got)
				}
			}
			link := d.invite("localpart", "class-*", "note", note, "uses", "1")
			d.shot("invitation-card-" + kind)

			p := guest(t, link)
			p.shot("join-" + kind)
			name := unique("class-zoe")
			const password = "known <to> \"me\" alone"
			g.keepSecret(hs.UserID(name), password)
			p.fill("#f-localpart", "somebody")
			if status := p.clickAndLoad(joinButton); status != http.StatusUnprocessableEntity {
				t.Errorf("a form with mistakes: status %d\n%s", status, p.whereabouts())
			}
			for _, sentence := range []string{"The name has to look like", "Read them, and tick the box"} {
				if !strings.Contains(p.text("main"), sentence) {
					t.Errorf("the page does not say %q\n%s", sentence, p.whereabouts())
				}
			}
			p.shot("join-mistakes-" + kind)
			p.fill("#f-localpart", name)
			if status := p.clickAndLoad("button[name=_check]"); status != http.StatusOK || !strings.Contains(p.text("main"), "is free") {
				t.Errorf("checking the name: status %d\n%s", status, p.whereabouts())
			}
			p.fill("#f-password-password", password)
			p.fill("#f-again", password)
			p.tick("#f-accepted", true)
			if status := p.clickAndLoad(joinButton); status != http.StatusOK || !strings.Contains(p.text("h1"), "Your account is ready") {
				t.Fatalf("status %d\n%s", status, p.whereabouts())
			}
			p.shot("join-done-" + kind)
			canSignIn(t, hs, name, password)
			// Loading it again sends the form again, and shows the card again.
			p.reload()
			if got := p.text("h1"); !strings.Contains(got, "Your account is ready") {
				t.Errorf("after loading it again: %q", got)
			}
			other := newPage(t, false)
			if status := other.open(link); status != http.StatusNotFound || !strings.Contains(other.text("h1"), "This invitation cannot be used") {
				t.Errorf("the link after: status %d\n%s", status, other.whereabouts())
			}
			other.shot("join-dead-" + kind)

			d.visit("invitations")
			d.shot("invitations-" + kind)
			if got := d.text("tbody"); !strings.Contains(got, "Used up") || !strings.Contains(got, "1 of 1") {
				t.Errorf("the list says %q", got)
			}
			d.link(note)
			d.shot("invitation-" + kind)
			if got := d.text("main"); !strings.Contains(got, hs.UserID(name)) || !strings.Contains(got, "https://example.org/terms") {
				t.Errorf("the invitation's page says %q", got)
			}
			if strings.Contains(d.text("html"), link[len(g.URL+"/join/"):]) {
				t.Error("the invitation's page holds the token")
			}
			g.unseen(link)
		})
	}
}

// On Synapse an account gets what the invitation says: display name, e-mail, rooms. A password that is made is on the card.
func TestInvitationWithEverything(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	owner := register(t, hs, unique("host"), "the password of a host", false)
	room := func(preset string) string {
		var made struct {
			ID string `json:"room_id"`
		}
		if err := hs.Call(timeout(t), http.MethodPost, "/_matrix/client/v3/createRoom", owner.AccessToken, map[string]any{"preset": preset}, &made); err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	hall, closed := room("public_chat"), room("private_chat")
	name := unique("zoe")
	d.visit("invitations/create")
	d.click("details summary")
	link := d.invite("localpart", name, "display_name", hostile, "email", name+"@example.org", "rooms", hall+"\n"+closed, "note", "with everything")

	p := guest(t, link)
	if got := p.value("#f-localpart"); got != name || p.count("button[name=_check]") != 0 {
		t.Errorf("the name is %q", got)
	}
	p.tick("#f-password-mode-1", true)
	p.doubleClick(joinButton)
	p.wait("#handout-password")
	made := p.text("#handout-password")
	g.keepSecret(hs.UserID(name), made)
	canSignIn(t, hs, name, made)
	u := lookUp(t, hs, hs.UserID(name))
	if diff := cmp.Diff([]string{"email " + name + "@example.org"}, u.addresses()); diff != "" || u.DisplayName != hostile || u.Admin {
		t.Errorf("at the homeserver %+v\n%s", u, diff)
	}
	var in struct {
		Rooms []string `json:"joined_rooms"`
	}
	if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v1/users/"+hs.UserID(name)+"/joined_rooms", nil, &in); err != nil || !slices.Equal(in.Rooms, []string{hall}) {
		t.Errorf("it is in %q, %v", in.Rooms, err)
	}
	d.visit("invitations")
	d.link("with everything")
	if got := d.text("main"); !strings.Contains(got, "is not open to everybody") {
		t.Errorf("the invitation's page does not say which room was left: %q", got)
	}
	d.shot("invitation-left")
	g.unseen(link)
}

// With the program: made, shown again, extended, and revoked in a dialog; and two people race for the last use.
func TestInvitationWithTheProgram(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	d.start("invitations")
	same := d.same()
	d.follow("main a", "Create invitation")
	d.fill("#f-note", "a race")
	d.click(mainButton)
	link := d.shownLink()
	d.shot("program-invitation-card")

	// Where scripts run, a name is looked up while it is typed, and nothing else is done.
	typing := newPage(t, true)
	typing.open(link)
	for _, c := range []struct{ name, says string }{{unique("typed"), "is free"}, {d.name, "is taken"}, {"", "Others find you by it"}} {
		typing.fill("#f-localpart", c.name)
		typing.until(`document.querySelector("#join [role=status]").innerText.includes("` + c.says + `")`)
		if said, _ := strings.CutSuffix(typing.attribute("#f-localpart", "aria-describedby"), " f-localpart-after"); typing.count("#"+said) != 1 {
			t.Errorf("%q is described by %q", c.name, said)
		}
	}
	typing.fill("#f-localpart", unique("typed"))
	typing.until(`document.querySelector("#join [role=status]").innerText.includes("is free")`)
	typing.shot("join-typed")

	// Two browsers have the form open; the first that sends it gets the account.
	first, second := guest(t, link), guest(t, link)
	for _, p := range []*page{first, second} {
		p.fill("#f-localpart", unique("racer"))
		p.tick("#f-password-mode-1", true)
	}
	if status := first.clickAndLoad(joinButton); status != http.StatusOK {
		t.Errorf("the first: status %d\n%s", status, first.whereabouts())
	}
	if status := second.clickAndLoad(joinButton); status != http.StatusNotFound || !strings.Contains(second.text("h1"), "cannot be used") {
		t.Errorf("the second: status %d\n%s", status, second.whereabouts())
	}

	d.follow("main a", "To the invitation")
	d.until(`document.querySelector("main").innerText.includes("Used up")`)
	d.follow("main a", "Extend or change")
	d.fill("#f-uses", "3")
	d.fill("#f-days", "30")
	d.click(mainButton)
	d.heading("a race")
	d.until(`document.querySelector("main").innerText.includes("1 of 3")`)
	d.click("#form button[type=submit]")
	if again := d.shownLink(); again != link {
		t.Errorf("shown again: %q", again)
	}
	same()
	d.follow("main a", "To the invitation")
	d.ask("Revoke…", "Revoke this invitation?")
	d.shot("program-invitation-revoke")
	d.click(dialogButton)
	d.until(`document.querySelector("main").innerText.includes("Revoked by")`)
	dead := newPage(t, false)
	if status := dead.open(link); status != http.StatusNotFound {
		t.Errorf("a revoked link: status %d", status)
	}
	g.unseen(link)
}
