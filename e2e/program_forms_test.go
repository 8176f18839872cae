// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestProgramFormStandsStill shows that what is said about a name as it is typed moves nothing below it.
func TestProgramFormStandsStill(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	taken, _, _ := d.account("a.rather.long.name.that.is.taken", "a password of theirs")
	for _, width := range []int64{1280, 390} {
		d.resize(width, 800)
		d.start("accounts/create")
		below := func() float64 {
			return eval[float64](d.page, `document.querySelector("#f-display_name").getBoundingClientRect().top + scrollY`)
		}
		at := below()
		for _, c := range []struct{ typed, shows string }{
			{"Upper", `#f-localpart-error`}, {unique("free"), `#f-localpart-good`}, {taken, `#f-localpart-error`}, {unique("a.rather.long.name.that.is.free"), `#f-localpart-good`}, {"", `#f-localpart-help`},
		} {
			d.fill("#f-localpart", c.typed)
			d.wait(c.shows)
			if got := below(); got != at {
				t.Errorf("%d px, %q: the next field moved by %g px", width, c.typed, got-at)
			}
		}
	}
}

// TestNothingChanged saves a form in which nothing was changed, with the program and without.
func TestNothingChanged(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	const sentence = "Nothing was changed, so nothing was sent."

	t.Run("program", func(t *testing.T) {
		t.Parallel()
		d := atProgram(t, g, hs)
		_, id, _ := d.account("same", "a password of theirs")
		d.start("account/edit", "id", id)
		asked := d.requests()
		d.click(mainButton)
		d.until(`document.querySelector("main [role=alert]")?.innerText.includes(` + quote(sentence) + `)`)
		if made := posts(asked()); len(made) > 0 {
			t.Errorf("this was sent: %q", made)
		}
		d.fill("#f-display_name-to", "Another")
		d.click(mainButton)
		d.heading("Another")
		d.until(`document.querySelector("main [role=status]")?.innerText.includes("The changes are saved.")`)
	})

	t.Run("without scripts", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		_, id, _ := d.account("same", "a password of theirs")
		d.visit("account/edit", "id", id)
		if status := d.submit(); status != http.StatusUnprocessableEntity {
			t.Errorf("status %d", status)
		}
		if got := d.text("main [role=alert]"); !strings.Contains(got, sentence) {
			t.Errorf("the page says %q", got)
		}
		d.fill("#f-display_name-to", "Another")
		d.doneTwice("The changes are saved")
		if u := lookUp(t, hs, id); u.DisplayName != "Another" {
			t.Errorf("the account at the homeserver is %+v", u)
		}
	})
}

// TestUserTypes gives an account a type that the homeserver's configuration adds: it is offered where Gatehouse's names it too.
func TestUserTypes(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	if d := signedIn(t, startGatehouse(t, homeservers(hs)), hs); true {
		d.visit("accounts/create")
		if d.count("#f-user_type option") != 3 {
			t.Errorf("without configuration the types are %q", d.texts("#f-user_type option"))
		}
	}
	d := signedIn(t, startGatehouse(t, homeservers(hs)+"    user_types: [teacher]\n"), hs)
	d.visit("accounts/create")
	name := unique("typed")
	d.fill("#f-localpart", name)
	d.click(".gh-more > summary")
	d.choose("#f-user_type", "teacher")
	d.submit()
	d.card()
	if u := lookUp(t, hs, hs.UserID(name)); u.UserType != "teacher" {
		t.Errorf("the account at the homeserver is %+v", u)
	}
	d.visit("account/edit", "id", hs.UserID(name))
	if got := d.value("#f-user_type-to"); got != "teacher" {
		t.Errorf("the form has the type %q", got)
	}
	d.visit("server")
	if got := d.text("main dl"); !strings.Contains(got, "teacher") {
		t.Errorf("the homeserver's page says %q", got)
	}
}
