// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hostile is a display name that would break out of any text or attribute that is not
// escaped, and that runs from right to left.
const hostile = `"><b onmouseover=x>Zoë 'مريم' & ` + "\u202eco</b>"

// TestNoscriptCreate makes accounts on Synapse without scripts.
func TestNoscriptCreate(t *testing.T) { eachStore(t, testNoscriptCreate) }

func testNoscriptCreate(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))

	t.Run("everything filled in", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name := unique("full")
		phone := fmt.Sprintf("+49 7541 %05d", names.Add(1))
		const password = `Tröt & <b>"9'</b>`
		g.keepSecret(hs.UserID(name), password)
		d.visit("accounts")
		d.clickAndLoad("a[href='/synapse/accounts/create']")
		d.fill("#f-localpart", name)
		d.fill("#f-display_name", hostile)
		d.fill("#f-threepids-0-address", strings.ToUpper(name)+"@Example.ORG")
		d.clickAndLoad("button[name=_add][value=threepids]")
		d.choose("#f-threepids-1-medium", "msisdn")
		d.fill("#f-threepids-1-address", phone)
		d.clickAndLoad("button[name=_add][value=threepids]")
		d.fill("#f-threepids-2-address", "one-too-many@example.org")
		d.clickAndLoad("button[name=_remove][value='threepids.2']")
		d.gone("#f-threepids-2-address")
		if got := []string{d.value("#f-localpart"), d.value("#f-display_name"), d.value("#f-threepids-1-address")}; !cmp.Equal(got, []string{name, hostile, phone}) {
			t.Errorf("after adding and removing rows the form holds %q", got)
		}
		d.tick("#f-password-mode-2", true)
		d.fill("#f-password-password", password)
		d.tick("#f-admin", true)
		d.click("details summary")
		d.choose("#f-user_type", "bot")
		d.clickAndLoad("button[name=_add][value=external_ids]")
		if got := d.value("#f-user_type") + " " + d.value("#f-password-password"); got != "bot " {
			t.Errorf("type and password after the form was drawn again: %q; the type stays, the password does not", got)
		}
		d.fill("#f-external_ids-0-auth_provider", "oidc-school")
		d.fill("#f-external_ids-0-external_id", name+"@school")
		d.fill("#f-password-password", password)
		c := d.handOut(hs.UserID(name))
		if c.password != password {
			t.Errorf("the card shows the password %q, want %q", c.password, password)
		}
		if got := d.text("h1"); !strings.Contains(got, hostile[:20]) { // a long name is cut there
			t.Errorf("the card is headed %q", got)
		}
		if d.count("main b") != 0 {
			t.Error("a display name became an element of the page")
		}
		canSignIn(t, hs, name, password)
		u := lookUp(t, hs, hs.UserID(name))
		want := synapseUser{
			DisplayName: hostile, Admin: true, UserType: "bot",
			ExternalIDs: []map[string]string{{"auth_provider": "oidc-school", "external_id": name + "@school"}},
		}
		if diff := cmp.Diff([]string{"email " + name + "@example.org", "msisdn " + strings.NewReplacer("+", "", " ", "").Replace(phone)}, u.addresses()); diff != "" {
			t.Errorf("addresses at the homeserver (-want +got):\n%s", diff)
		}
		u.Threepids = nil
		if diff := cmp.Diff(want, u); diff != "" {
			t.Errorf("the account at the homeserver (-want +got):\n%s", diff)
		}
		if n := deviceCount(t, hs, hs.UserID(name)); n != 1 {
			t.Errorf("the account has %d devices; only the one that was just signed in is the account's own", n)
		}
	})

	for mode, shape := range map[string]string{
		"f-password-mode-0": `^[a-z]{3,}([- .][a-z]{3,}){4,}$`,
		"f-password-mode-1": `^[A-Za-z0-9]{20}$`,
	} {
		t.Run("generated "+mode, func(t *testing.T) {
			t.Parallel()
			d := signedIn(t, g, hs)
			name := unique("made")
			d.visit("accounts/create")
			d.fill("#f-localpart", name)
			d.tick("#"+mode, true)
			c := d.handOut(hs.UserID(name))
			if !regexp.MustCompile(shape).MatchString(c.password) {
				t.Errorf("the password is %q", c.password)
			}
			canSignIn(t, hs, name, c.password)
			if u := lookUp(t, hs, hs.UserID(name)); u.Admin || u.DisplayName != name {
				t.Errorf("the account at the homeserver is %+v", u)
			}
		})
	}

	t.Run("without a password", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name := unique("none")
		d.visit("accounts/create")
		d.fill("#f-localpart", name)
		d.fill("#f-display_name", "No Password")
		d.tick("#f-password-mode-3", true)
		if status := d.submit(); status != http.StatusOK || d.count("#handout-password") != 0 {
			t.Errorf("status %d\n%s", status, d.whereabouts())
		}
		if u := lookUp(t, hs, hs.UserID(name)); u.DisplayName != "No Password" {
			t.Errorf("the account at the homeserver is %+v", u)
		}
		cannotSignIn(t, hs, name, "anything at all")
	})

	t.Run("taken", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name, id, token := d.account("taken", "the owner's own")
		before := lookUp(t, hs, id)
		d.visit("accounts/create")
		d.fill("#f-localpart", name)
		d.fill("#f-display_name", "Somebody else")
		d.tick("#f-admin", true)
		d.refused(http.StatusConflict, "f-localpart", "is taken")
		if got := d.value("#f-display_name"); got != "Somebody else" {
			t.Errorf("what was typed came back as %q", got)
		}
		if diff := cmp.Diff(before, lookUp(t, hs, id)); diff != "" || !lives(t, hs, token) {
			t.Errorf("the account that was there is another now:\n%s", diff)
		}
		canSignIn(t, hs, name, "the owner's own")
	})

	t.Run("mistakes stand at their fields", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		d.visit("accounts/create")
		d.refused(http.StatusUnprocessableEntity, "f-localpart", "needed")
		d.fill("#f-localpart", "Große Namen")
		d.fill("#f-threepids-0-address", "nobody")
		d.tick("#f-password-mode-2", true)
		d.fill("#f-password-password", "short 1")
		d.tick("#f-admin", true)
		d.refused(http.StatusUnprocessableEntity, "f-localpart", "small letters")
		d.faulty("f-threepids-0-address", "not an e-mail address")
		d.faulty("f-password-password", "at least 8 characters")
		if got := d.value("#f-localpart") + " " + d.value("#f-threepids-0-address") + " " + d.value("#f-password-password"); got != "Große Namen nobody " {
			t.Errorf("the form came back with %q", got)
		}
		if !eval[bool](d.page, find("#f-admin")+".checked") || !eval[bool](d.page, find("#f-password-mode-2")+".checked") {
			t.Error("the boxes that were ticked are not any more")
		}
		if got := d.texts("[role=alert] li a"); len(got) != 3 {
			t.Errorf("the list of mistakes is %q", got)
		}
		for name, sentence := range map[string]string{"123456": "digits only", "_x": "starts with _"} {
			d.fill("#f-localpart", name)
			d.fill("#f-threepids-0-address", "")
			d.tick("#f-password-mode-0", true)
			d.refused(http.StatusUnprocessableEntity, "f-localpart", sentence)
		}
	})

	t.Run("twice, again, and back", func(t *testing.T) {
		t.Parallel()
		createTwice(signedIn(t, g, hs))
	})
}

// createTwice clicks Create twice, loads the card again, and goes back to send the form
// once more: there is one account, one pair in the audit log, and the card is seen.
func createTwice(d *desk) {
	t := d.t
	name := unique("twice")
	once := []string{"intent", "outcome done"}
	d.visit("accounts/create")
	d.fill("#f-localpart", name)
	d.doubleClick(mainButton)
	c := d.card()
	canSignIn(t, d.hs, name, c.password)
	if diff := cmp.Diff(once, d.g.audit("users.create", name)); diff != "" {
		t.Errorf("the audit log after a double click (-want +got):\n%s", diff)
	}

	d.reload()
	if again := d.card(); again != c {
		t.Errorf("loaded again the card shows %+v, it showed %+v", again, c)
	}
	canSignIn(t, d.hs, name, c.password)
	if diff := cmp.Diff(once, d.g.audit("users.create", name)); diff != "" {
		t.Errorf("the audit log after loading the card again (-want +got):\n%s", diff)
	}

	d.backToForm()
	d.wait("#f-localpart")
	if got := d.value("#f-localpart"); got != name {
		d.t.Errorf("after Back the form holds %q, want %q", got, name)
	}
	if again := d.handOut(c.id); again != c {
		d.t.Errorf("after Back and another Create the card shows %+v, it showed %+v", again, c)
	}
	if diff := cmp.Diff(once, d.g.audit("users.create", name)); diff != "" {
		d.t.Errorf("the audit log after Back (-want +got):\n%s", diff)
	}

	// With another name it is another wish, and so another form.
	d.back()
	d.wait("#f-localpart")
	d.fill("#f-localpart", name+"-2")
	if status := d.submit(); status != http.StatusConflict {
		d.t.Errorf("the same form with another name: status %d, want 409", status)
	}
	if got := d.text("main [role=alert]"); !strings.Contains(got, "already sent with other values") {
		d.t.Errorf("the same form with another name says %q", got)
	}
	if c := d.handOut(c.id[:1] + name + "-2" + c.id[1+len(name):]); c.password == "" {
		d.t.Error("a new form with the other name has no password")
	}
}
