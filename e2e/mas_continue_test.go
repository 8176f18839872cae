// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestMASContinue makes an account with a password that MAS does not take, is told what is left, and goes on with it: on the form, and from
// the command line.
func TestMASContinue(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	const weak, good = "qwerty123", "correct horse <battery> staple 9"

	t.Run("without scripts", func(t *testing.T) {
		t.Parallel()
		w := w.in(t)
		d := w.desk(g)
		name := unique("begun")
		id := "@" + name + ":localhost"
		g.keepSecret("", weak)
		g.keepSecret(id, good)
		d.visit("accounts/create")
		if d.count("#f-threepids-0-medium") != 0 {
			t.Error("a phone number is offered")
		}
		d.fill("#f-localpart", name)
		d.fill("#f-threepids-0-address", name+"@example.org")
		d.tick("#f-password-mode-2", true)
		d.fill("#f-password-password", weak)
		d.tick("#f-admin", true)
		if status := d.submit(); status != http.StatusOK {
			t.Fatalf("status %d\n%s", status, d.whereabouts())
		}
		if text := d.text("main"); !strings.Contains(text, "Not everything could be done.") || !strings.Contains(text, "too easy to guess") {
			t.Errorf("the card says: %s", text)
		}
		d.shot("mas-left")
		if w.signIn(name, weak) != "" || !w.user(name).Data.Attributes.Admin {
			t.Error("at MAS it is not as the card says")
		}
		// The name is taken, and the form leads on.
		d.visit("accounts/create")
		d.fill("#f-localpart", name)
		if status := d.submit(); status != http.StatusConflict {
			t.Errorf("again: status %d", status)
		}
		d.link("Continue…")
		d.visit("account", "id", id)
		if text := d.text("main"); !strings.Contains(text, "This account is not finished.") {
			t.Errorf("its page says: %s", text)
		}
		d.shot("mas-account-begun")
		d.link("Continue…")
		if d.count("#f-admin") != 0 || d.count("#f-threepids-0-address") != 0 {
			t.Error("what is done is asked for again")
		}
		d.shot("mas-continue")
		d.fill("#f-password-password", good)
		if c := d.handOut(id); c.password != good {
			t.Errorf("the card shows %q", c.password)
		}
		if w.signIn(name, good) == "" {
			t.Error("it does not sign in")
		}
		d.visit("accounts/create", "id", id)
		if text := d.text("main"); !strings.Contains(text, "Nothing is left to do") {
			t.Errorf("when all is done: %s", text)
		}
	})

	t.Run("command line", func(t *testing.T) {
		t.Parallel()
		w := w.in(t)
		name := unique("begun")
		const good = "another horse <battery> staple 9"
		g.keepSecret("", weak)
		g.keepSecret("@"+name+":localhost", good)
		request := object{"localpart": name, "password": object{"password": weak}, "threepids": []object{{"medium": "email", "address": name + "@example.org"}}}
		var c cliCard
		g.call(t, "users.create", request, &c)
		if len(c.Left) != 1 || c.Left[0]["field"] != "password" || c.Left[0]["code"] != "mas_weak_password" || c.Password != "" {
			t.Fatalf("%+v", c)
		}
		if p := g.callFails(t, "users.create", request); p.Code != "name_begun" {
			t.Errorf("again: %+v", p)
		}
		request["continue"], request["password"] = true, object{"password": good}
		var done cliCard
		if g.call(t, "users.create", request, &done); len(done.Left) != 0 || done.Password != good || w.signIn(name, good) == "" {
			t.Errorf("continued: %+v", done)
		}
		if p := g.callFails(t, "users.create", request); p.Code != "nothing_begun" || w.signIn(name, good) == "" {
			t.Errorf("once more: %+v", p)
		}
		stranger := unique("stranger")
		w.make(stranger, good, false)
		request["localpart"], request["password"] = stranger, object{"mode": "random"}
		if p := g.callFails(t, "users.create", request); p.Code != "nothing_begun" || w.signIn(stranger, good) == "" {
			t.Errorf("somebody else's account: %+v", p)
		}
	})
}
