// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// hands is a desk whose forms are sent by the browser, or by the program.
type hands struct {
	*desk
	program bool
}

func (h hands) goes(path string, query ...string) {
	h.t.Helper()
	if h.visit(path, query...); h.program {
		h.running()
	}
}

// does sends the form and waits for what was done to be said.
func (h hands) does(notice string) {
	h.t.Helper()
	if !h.program {
		h.done(notice)
		return
	}
	h.click(mainButton)
	h.until(`document.querySelector("main [role=status]")?.innerText.includes(` + quote(notice) + `)`)
}

// reveals sends the form and returns the secret of the card that comes.
func (h hands) reveals(selector string) string {
	h.t.Helper()
	if h.program {
		h.click(mainButton)
	} else if status := h.submit(); status != http.StatusOK {
		h.t.Fatalf("status %d\n%s", status, h.whereabouts())
	}
	h.wait(selector)
	text := h.text(selector)
	whose := text[:2] // a registration token is told by its beginning
	if h.count(".gh-handout .gh-id") > 0 {
		whose = h.text(".gh-handout .gh-id")
	}
	h.g.keepSecret(whose, text)
	return text
}

// regTokenAtMAS is a registration token as MAS tells of it.
type regTokenAtMAS struct {
	ID         string `json:"id"`
	Attributes struct {
		Token   string  `json:"token"`
		Limit   *int    `json:"usage_limit"`
		Revoked *string `json:"revoked_at"`
	} `json:"attributes"`
}

// TestMASDeeds changes an account and looks at both sides, without scripts and with the program: an edit of all that MAS keeps, a token of the
// account, the end of its rights, of unused sessions; and registration tokens.
func TestMASDeeds(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	t.Run("without scripts", func(t *testing.T) {
		t.Parallel()
		w := w.in(t)
		masDeeds(t, w, hands{w.desk(g), false})
	})
	t.Run("program", func(t *testing.T) {
		t.Parallel()
		w := w.in(t)
		masDeeds(t, w, hands{w.program(g), true})
	})
}

func masDeeds(t *testing.T, w *masWorld, d hands) {
	const password = "correct horse <battery> staple 9"
	name := unique("deeds")
	id, subject := "@"+name+":localhost", "subject of "+name
	user := w.make(name, password, true)
	ordinary := w.signIn(name, password)
	var root struct {
		Data struct {
			Attributes struct {
				Token string `json:"access_token"`
			} `json:"attributes"`
		} `json:"data"`
	}
	w.mas(http.MethodPost, "personal-sessions", map[string]any{"actor_user_id": user, "human_name": "root", "scope": "urn:mas:admin", "expires_in": 3600}, &root)
	admin := func() bool {
		t.Helper()
		status, _ := w.try(http.MethodGet, w.url+"/api/admin/v1/version", root.Data.Attributes.Token, nil)
		return status == http.StatusOK
	}
	if !w.lives(ordinary) || !admin() {
		t.Fatal("what is to be ended does not work")
	}

	// Name, address and identity, of which the service is chosen from those that MAS has; and no phone.
	d.goes("account/edit", "id", id)
	if d.count("select[name$='.medium']") != 0 {
		t.Error("a phone number is offered")
	}
	d.fill("#f-display_name-to", "Changed by hand")
	d.adds("button[name=_add][value='threepids.to']", "#f-threepids-to-0-address")
	d.fill("#f-threepids-to-0-address", name+"@example.org")
	d.adds("button[name=_add][value='external_ids.to']", "#f-external_ids-to-0-external_id")
	d.choose("#f-external_ids-to-0-auth_provider", "School")
	d.fill("#f-external_ids-to-0-external_id", subject)
	d.shot("mas-edit")
	d.does("The changes are saved")
	if at := w.atSynapse(name); at["displayname"] != "Changed by hand" {
		t.Errorf("at Synapse: %v", at)
	}
	if text := d.text("main"); !strings.Contains(text, name+"@example.org") || !strings.Contains(text, subject) {
		t.Errorf("the account's page: %s", text)
	}
	var links struct {
		Data []struct {
			Attributes struct{ Subject string } `json:"attributes"`
		} `json:"data"`
	}
	if w.mas(http.MethodGet, "upstream-oauth-links?filter[user]="+user, nil, &links); len(links.Data) != 1 || links.Data[0].Attributes.Subject != subject {
		t.Errorf("links at MAS: %+v", links)
	}

	// It is found by both.
	d.goes("accounts/find", "value", name+"@example.org")
	if text := d.text("main"); !strings.Contains(text, "Changed by hand") {
		t.Errorf("by its address: %s", text)
	}
	d.goes("accounts/find", "by", "identity", "auth_provider", "School", "value", subject)
	if text := d.text("main"); !strings.Contains(text, "Changed by hand") {
		t.Errorf("by its identity: %s", text)
	}

	// A token of it.
	d.goes("account/sign-in-as", "id", id)
	d.fill("#f-reason", "a ticket")
	token := d.reveals("#handout-password")
	if !w.lives(token) {
		t.Error("the token does not work")
	}

	// No administrator any more: what carries such rights ends, and nothing else.
	d.goes("account/edit", "id", id)
	d.tick("#f-admin-to", false)
	d.does("The changes are saved")
	if w.user(name).Data.Attributes.Admin || admin() {
		t.Errorf("an administrator at MAS: %t; the token with such rights works: %t", w.user(name).Data.Attributes.Admin, admin())
	}
	if !w.lives(ordinary) || !w.lives(token) {
		t.Error("an ordinary session was ended, too")
	}

	// Sessions that were never used.
	unused := w.signIn(name, password)
	d.goes("account/prune-devices", "id", id)
	d.tick("#f-never", true)
	d.shot("mas-prune")
	d.does("signed out")
	if w.lives(unused) {
		t.Error("an unused session works still")
	}

	// A registration token, revoked and allowed again.
	d.goes("registration-tokens/create")
	d.fill("#f-uses", "2")
	text := d.reveals("#handout-token")
	at := func() (found regTokenAtMAS) {
		t.Helper()
		var page struct {
			Data []regTokenAtMAS `json:"data"`
		}
		w.mas(http.MethodGet, "user-registration-tokens?page[first]=1000", nil, &page)
		for _, one := range page.Data {
			if one.Attributes.Token == text {
				return one
			}
		}
		return found
	}
	made := at()
	if made.ID == "" || made.Attributes.Limit == nil || *made.Attributes.Limit != 2 {
		t.Fatalf("at MAS: %+v", made)
	}
	d.goes("registration-tokens/revoke", "id", made.ID)
	d.does("is revoked")
	if at().Attributes.Revoked == nil {
		t.Error("it is not revoked at MAS")
	}
	d.goes("registration-tokens/unrevoke", "id", made.ID)
	d.does("can be used again")
	if at().Attributes.Revoked != nil {
		t.Error("it is revoked still")
	}
}

// adds presses a button that draws the form again, and waits for what it adds.
func (h hands) adds(button, appears string) {
	h.t.Helper()
	if h.program {
		h.click(button)
	} else {
		h.clickAndLoad(button)
	}
	h.wait(appears)
}

// TestMASInvitation takes up an invitation on a homeserver with MAS: a password that it does not take is asked for again, and then the account is
// there, with the password that its person alone knows.
func TestMASInvitation(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	d := w.desk(g)
	d.visit("invitations/create")
	d.click("details summary")
	name := unique("joins")
	link := d.invite("localpart", "joins*", "email", name+"@example.org", "note", "for MAS", "uses", "1")

	p := guest(t, link)
	const weak, good = "qwerty123", "known <to> \"me\" alone, for long"
	g.keepSecret("", weak)
	g.keepSecret("@"+name+":localhost", good)
	try := func(password string) int {
		p.fill("#f-localpart", name)
		p.fill("#f-password-password", password)
		p.fill("#f-again", password)
		return p.clickAndLoad(joinButton)
	}
	if status := try(weak); status != http.StatusUnprocessableEntity || !strings.Contains(p.text("main"), "too easy to guess") {
		t.Fatalf("a weak password: status %d\n%s", status, p.whereabouts())
	}
	p.shot("mas-join-weak")
	if w.signIn(name, weak) != "" {
		t.Error("the weak password works")
	}
	if status := try(good); status != http.StatusOK || !strings.Contains(p.text("h1"), "Your account is ready") {
		t.Fatalf("status %d\n%s", status, p.whereabouts())
	}
	p.shot("mas-join-done")
	if token := w.signIn(name, good); token == "" || !w.lives(token) {
		t.Error("the account does not sign in")
	}
	if at := w.atSynapse(name); len(at["threepids"].([]any)) != 1 {
		t.Errorf("at Synapse: %v", at)
	}
	if status := newPage(t, false).open(link); status != http.StatusNotFound {
		t.Errorf("the link after: status %d", status)
	}
	g.unseen(link)
}
