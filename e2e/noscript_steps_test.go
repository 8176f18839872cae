// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// A desk is an administrator of a homeserver, at work in a browser without scripts.
type desk struct {
	*page
	g        *gatehouse
	hs       *homeserver.Server
	name     string // localpart
	password string
}

// newDesk makes an administrator at the homeserver and opens a tab for them that
// is not signed in yet.
func newDesk(t *testing.T, g *gatehouse, hs *homeserver.Server) *desk {
	t.Helper()
	d := &desk{page: newPage(t, false), g: g, hs: hs, name: unique("desk"), password: "my own <password> & more"}
	register(t, hs, d.name, d.password, true)
	g.keepSecret("", d.password)
	return d
}

// signedIn is a newDesk that has signed in and sees the overview.
func signedIn(t *testing.T, g *gatehouse, hs *homeserver.Server) *desk {
	t.Helper()
	d := newDesk(t, g, hs)
	d.open(g.URL + "/sign-in")
	if status := d.trySignIn(d.name, d.password); status != http.StatusOK {
		t.Fatalf("signing in: status %d\n%s", status, d.whereabouts())
	}
	return d
}

// trySignIn fills in the sign-in page that is open, sends it and returns the status.
func (d *desk) trySignIn(name, password string) int {
	d.t.Helper()
	if d.count("select#f-homeserver") > 0 {
		d.choose("#f-homeserver", d.hs.Kind)
	}
	d.fill("#f-name", name)
	d.fill("#f-password", password)
	return d.clickAndLoad("#sign-in button[type=submit]")
}

// visit opens a screen under the homeserver, and fails the test unless it is there.
// The query is given as names and values in turn.
func (d *desk) visit(path string, query ...string) {
	d.t.Helper()
	if status := d.open(d.address(path, query...)); status != http.StatusOK {
		d.t.Fatalf("opening %s: status %d\n%s", path, status, d.whereabouts())
	}
}

// address is the address of a screen under the homeserver.
func (d *desk) address(path string, query ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	u := d.g.URL + "/" + d.hs.Kind + "/" + path
	if len(values) > 0 {
		u += "?" + values.Encode()
	}
	return u
}

// submit sends the form of the page with its main button and returns the status of
// what comes.
func (d *desk) submit() int {
	d.t.Helper()
	return d.clickAndLoad(mainButton)
}

// mainButton is the button of a form that does what the form is for: those that only
// draw it again have a name.
const mainButton = "#form button[type=submit]:not([name])"

// done submits the form and expects the account's page, or another screen, with a
// notice that says a part of a sentence.
func (d *desk) done(notice string) {
	d.t.Helper()
	if status := d.submit(); status != http.StatusOK {
		d.t.Fatalf("status %d\n%s", status, d.whereabouts())
	}
	if got := d.text("main [role=status]"); !strings.Contains(got, notice) {
		d.t.Fatalf("the page begins with %q, want %q", got, notice)
	}
}

// doneTwice is done with two clicks on the button, as impatient people do.
func (d *desk) doneTwice(notice string) {
	d.t.Helper()
	d.doubleClick(mainButton)
	d.wait("main [role=status]")
	if got := d.text("main [role=status]"); !strings.Contains(got, notice) {
		d.t.Fatalf("the page begins with %q, want %q", got, notice)
	}
}

// link clicks the first visible link with a text, or with a label of that text, and
// returns the status of the page that it leads to. Links to questions end with dots.
func (d *desk) link(text string) int {
	d.t.Helper()
	quoted, _ := json.Marshal(text) // strings can always be marshalled
	poll[bool](d.page, "find the link "+text, `(text => {
		const found = [...document.querySelectorAll("a[href]")].find(a => a.checkVisibility() &&
			[a.innerText.trim(), a.ariaLabel, a.innerText.trim().replace("…", "")].includes(text))
		found?.setAttribute("data-followed", "yes")
		return !!found
	})(`+string(quoted)+`)`)
	return d.clickAndLoad("[data-followed]")
}

// refused submits the form and expects it again, with a status, and with the sentence
// of a mistake at a field.
func (d *desk) refused(status int, field, sentence string) {
	d.t.Helper()
	if got := d.submit(); got != status {
		d.t.Fatalf("status %d, want %d\n%s", got, status, d.whereabouts())
	}
	d.faulty(field, sentence)
}

// faulty fails the test unless the field is marked as wrong and a sentence beside it,
// which its description names, says why.
func (d *desk) faulty(field, sentence string) {
	d.t.Helper()
	note := "#" + field + "-error"
	if got := d.text(note); !strings.Contains(got, sentence) {
		d.t.Errorf("at %s stands %q, want %q", field, got, sentence)
	}
	if d.attribute("#"+field, "aria-invalid") != "true" || !strings.Contains(d.attribute("#"+field, "aria-describedby"), field+"-error") {
		d.t.Errorf("%s is not marked as wrong, or not described by its mistake", field)
	}
}

// A card is what a hand-out card says.
type card struct{ id, password string }

// card reads the hand-out card that the browser shows. Its password may be in the
// answers that are cards of this account, and nowhere else.
func (d *desk) card() card {
	d.t.Helper()
	d.wait("#handout-password")
	c := card{id: d.text(".gh-handout .gh-id"), password: d.text("#handout-password")}
	d.g.keepSecret(c.id, c.password)
	return c
}

// handOut submits the form and expects the card of an account.
func (d *desk) handOut(id string) card {
	d.t.Helper()
	if status := d.submit(); status != http.StatusOK {
		d.t.Fatalf("status %d, want a card\n%s", status, d.whereabouts())
	}
	c := d.card()
	if c.id != id {
		d.t.Errorf("the card is for %q, want %q", c.id, id)
	}
	return c
}

// account makes an account at the homeserver itself and returns its localpart, its
// Matrix ID and a token of a device of its.
func (d *desk) account(prefix, password string) (name, id, token string) {
	d.t.Helper()
	name = unique(prefix)
	made := register(d.t, d.hs, name, password, false)
	return name, made.UserID, made.AccessToken
}

// lives reports whether a token is still good at the homeserver.
func lives(t *testing.T, hs *homeserver.Server, token string) bool {
	t.Helper()
	_, err := hs.WhoAmI(timeout(t), token)
	if e := errorOf(err); e != nil && e.Status == http.StatusUnauthorized {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

// A synapseUser is an account as Synapse's admin API tells of it.
type synapseUser struct {
	DisplayName  string              `json:"displayname"`
	Avatar       string              `json:"avatar_url"`
	Admin        bool                `json:"admin"`
	Deactivated  bool                `json:"deactivated"`
	Erased       bool                `json:"erased"`
	Locked       bool                `json:"locked"`
	Suspended    bool                `json:"suspended"`
	ShadowBanned bool                `json:"shadow_banned"`
	UserType     string              `json:"user_type"`
	Threepids    []map[string]any    `json:"threepids"`
	ExternalIDs  []map[string]string `json:"external_ids"`
}

// lookUp asks Synapse itself what an account is now.
func lookUp(t *testing.T, hs *homeserver.Server, id string) synapseUser {
	t.Helper()
	var u synapseUser
	if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v2/users/"+url.PathEscape(id), nil, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

// addresses are the e-mail addresses and phone numbers of an account, sorted.
func (u synapseUser) addresses() []string {
	var list []string
	for _, t := range u.Threepids {
		list = append(list, fmt.Sprint(t["medium"], " ", t["address"]))
	}
	slices.Sort(list)
	return list
}
