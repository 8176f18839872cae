// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"

	"gatehouse/tools/homeserver"
)

// TestNoscriptSignIn signs people in, or not, without scripts.
func TestNoscriptSignIn(t *testing.T) { eachStore(t, testNoscriptSignIn) }

func testNoscriptSignIn(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))

	t.Run("right", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, g, hs)
		d.open(g.URL)
		if got, want := d.url(), g.URL+"/sign-in"; got != want {
			t.Errorf("who is not signed in comes to %s, want %s", got, want)
		}
		if n := d.count("script"); n != 0 {
			t.Errorf("the sign-in page has %d scripts", n)
		}
		before := deviceCount(t, hs, hs.UserID(d.name))
		if status := d.trySignIn(d.name, d.password); status != http.StatusOK {
			t.Fatalf("status %d\n%s", status, d.whereabouts())
		}
		if got, want := d.url(), g.URL+"/"; got != want {
			t.Errorf("the browser is at %s, want %s", got, want)
		}
		session := d.session()
		if session == nil || !session.HTTPOnly || session.SameSite != network.CookieSameSiteStrict || session.Path != "/" {
			t.Errorf("the session's cookie is %+v", session)
		}
		if after := deviceCount(t, hs, hs.UserID(d.name)); after != before {
			t.Errorf("the homeserver has %d devices of the administrator, it had %d: the token was not logged out", after, before)
		}
	})

	t.Run("with the Matrix ID", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, g, hs)
		d.open(g.URL)
		if status := d.trySignIn(hs.UserID(d.name), d.password); status != http.StatusOK {
			t.Errorf("status %d\n%s", status, d.whereabouts())
		}
	})

	t.Run("wrong and unknown", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, g, hs)
		d.open(g.URL)
		said := map[string]string{}
		for _, name := range []string{d.name, unique("nobody")} {
			if status := d.trySignIn(name, "not the password"); status != http.StatusUnauthorized {
				t.Errorf("%s: status %d, want 401", name, status)
			}
			if got := d.value("#f-name"); got != name {
				t.Errorf("the name that was typed is %q now, want %q", got, name)
			}
			if got := d.value("#f-password"); got != "" {
				t.Errorf("the password came back: %q", got)
			}
			d.faulty("f-name", "do not match")
			d.faulty("f-password", "do not match")
			said[requestID.ReplaceAllString(d.text("main"), "")] = name
		}
		if len(said) != 1 {
			t.Errorf("a wrong password and an unknown name are answered differently: %q", said)
		}
		if d.session() != nil {
			t.Error("there is a session")
		}
	})

	t.Run("not an administrator", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, g, hs)
		name, id, token := d.account("plain", "just a user 1")
		d.open(g.URL)
		if status := d.trySignIn(name, "just a user 1"); status != http.StatusForbidden {
			t.Errorf("status %d, want 403", status)
		}
		if got := d.text("[role=alert]"); !strings.Contains(got, "not an administrator") {
			t.Errorf("the page says %q", got)
		}
		if d.session() != nil {
			t.Error("there is a session")
		}
		if n := deviceCount(t, hs, id); n != 1 || !lives(t, hs, token) {
			t.Errorf("the account has %d devices, want its own one alone", n)
		}
	})

	t.Run("limited", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, g, hs)
		d.open(g.URL)
		for range 5 {
			if status := d.trySignIn(d.name, "not the password"); status != http.StatusUnauthorized {
				t.Fatalf("status %d, want 401", status)
			}
		}
		if status := d.trySignIn(d.name, d.password); status != http.StatusTooManyRequests {
			t.Errorf("the sixth try: status %d, want 429, though the password is right", status)
		}
		if got := d.text("[role=alert]"); !regexp.MustCompile(`Too many sign-ins failed\.\s+Wait 14\x{a0}min \d+\x{a0}s, then try again`).MatchString(got) {
			t.Errorf("the page says %q", got)
		}
		resp, _ := g.post(d, "/sign-in", "homeserver", hs.Kind, "name", d.name, "password", d.password)
		if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || after < 60 || after > 15*60 {
			t.Errorf("Retry-After is %q, want up to 900 seconds", resp.Header.Get("Retry-After"))
		}
		other := newDesk(t, g, hs)
		other.open(g.URL)
		if status := other.trySignIn(other.name, other.password); status != http.StatusOK {
			t.Errorf("another administrator at the same address: status %d, want 200", status)
		}
	})

	t.Run("next", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, g, hs)
		want := d.address("accounts", "search", d.name, "sort", "created")
		d.open(want)
		if !strings.HasPrefix(d.url(), g.URL+"/sign-in?next=") {
			t.Fatalf("the browser is at %s", d.url())
		}
		d.trySignIn(d.name, "a mistake first")
		if status := d.trySignIn(d.name, d.password); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		if got := d.url(); got != want {
			t.Errorf("after signing in the browser is at %s, want %s", got, want)
		}
	})

	t.Run("next leads nowhere else", func(t *testing.T) {
		t.Parallel()
		for _, next := range []string{"//evil.example/", "https://evil.example/", `/\evil.example/`, "/api/openapi.json", "/sign-out", "javascript:alert(1)"} {
			d := newDesk(t, g, hs)
			resp, _ := g.post(d, "/sign-in", "homeserver", hs.Kind, "name", d.name, "password", d.password, "next", next)
			if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != "/" {
				t.Errorf("next=%s in the form leads to %d %s", next, resp.StatusCode, got)
			}
			d.open(g.URL + "/sign-in?next=" + next)
			d.trySignIn(d.name, d.password)
			if got, want := d.url(), g.URL+"/"; got != want {
				t.Errorf("next=%s leads to %s", next, got)
			}
		}
	})

	t.Run("sign-out ends the session on the server", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		session := d.session()
		d.visit("accounts")
		d.click("[popovertarget=person]")
		d.clickAndLoad("#person form[action='/sign-out'] button")
		if got, want := d.url(), g.URL+"/sign-in"; got != want {
			t.Errorf("after signing out the browser is at %s, want %s", got, want)
		}
		if d.session() != nil {
			t.Error("the cookie is still there")
		}
		d.back() // the page is not kept, so it is asked for again
		d.wait("#f-name")
		req, _ := http.NewRequestWithContext(timeout(t), http.MethodGet, d.address("accounts"), nil)
		req.AddCookie(&http.Cookie{Name: session.Name, Value: session.Value})
		if resp, _ := g.send(req); resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), "/sign-in") {
			t.Errorf("with the old cookie: %d %s", resp.StatusCode, resp.Header.Get("Location"))
		}
	})

	t.Run("from another site", func(t *testing.T) { fromAnotherSite(t, g, hs) })
}

// fromAnotherSite follows a link that is on a page of another site, and sends a form
// from there. SameSite=Strict keeps the cookie back in both cases.
func fromAnotherSite(t *testing.T, g *gatehouse, hs *homeserver.Server) {
	t.Parallel()
	d := signedIn(t, g, hs)
	name := unique("smuggled")
	want := d.address("accounts", "search", d.name)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><a id=link href="%s">look</a>
			<form method=post action="%s/do/%s/users.create"><input name=_key value=0123456789abcdef0123456789abcdef>
			<input name=_screen value="/%[3]s/accounts/create"><input name=localpart value=%[4]s><input name=password.mode value=random>
			<button>free money</button></form>
			<form method=post action="%[2]s/sign-out"><button id=out>more</button></form>`, want, g.URL, hs.Kind, name)
	}))
	t.Cleanup(site.Close)
	// The same machine under another name is another site to the browser.
	elsewhere := strings.Replace(site.URL, "127.0.0.1", "localhost", 1)

	d.open(elsewhere)
	d.clickAndLoad("#link")
	d.wait("table") // behind the page that asks again
	if got := d.url(); got != want {
		t.Errorf("the link leads to %s, want %s", got, want)
	}

	for _, button := range []string{"form button", "#out"} {
		d.open(elsewhere)
		if status := d.clickAndLoad(button); status != http.StatusForbidden {
			t.Errorf("a form from another site: status %d, want 403\n%s", status, d.whereabouts())
		}
	}
	cannotSignIn(t, hs, name, "whatever it is")
	d.visit("accounts")

	stranger := newDesk(t, g, hs)
	stranger.open(elsewhere)
	stranger.clickAndLoad("#link")
	stranger.wait("#f-name")
	if status := stranger.trySignIn(stranger.name, stranger.password); status != http.StatusOK || stranger.url() != want {
		t.Errorf("a stranger who signs in comes to %s (%d), want %s", stranger.url(), status, want)
	}
}

// TestNoscriptOperator signs an operator in that the gate itself knows, while the
// homeserver is of no help.
func TestNoscriptOperator(t *testing.T) { eachStore(t, testNoscriptOperator) }

func testNoscriptOperator(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	const password = "an operator's own words"
	g.keepSecret("", password)
	if out, errs, code := g.command(password+"\n", "operator", "add", "olga"); code != 0 {
		t.Fatalf("operator add: %d\n%s%s", code, out, errs)
	}
	if out, _, _ := g.command("", "operator", "list"); !strings.Contains(out, "olga") {
		t.Errorf("operator list prints %q", out)
	}
	p := newPage(t, false)
	try := func(name, password string) int {
		t.Helper()
		p.open(g.URL + "/sign-in")
		p.choose("#f-homeserver", "")
		p.fill("#f-name", name)
		p.fill("#f-password", password)
		return p.clickAndLoad("#sign-in button[type=submit]")
	}
	if status := try("olga", "somebody else's words"); status != http.StatusUnauthorized {
		t.Errorf("a wrong password: status %d", status)
	}
	if status := try("oleg", password); status != http.StatusUnauthorized {
		t.Errorf("an unknown name: status %d", status)
	}
	if status := try("olga", password); status != http.StatusOK {
		t.Fatalf("status %d\n%s", status, p.whereabouts())
	}
	if status := p.open(g.URL + "/" + hs.Kind + "/accounts"); status != http.StatusOK || p.count("tbody tr") == 0 {
		t.Errorf("the list of accounts: status %d", status)
	}
	if _, errs, code := g.command("", "operator", "disable", "olga"); code != 0 {
		t.Fatalf("operator disable: %d\n%s", code, errs)
	}
	p.reload()
	if !strings.HasPrefix(p.url(), g.URL+"/sign-in") {
		t.Errorf("an operator who was disabled sees %s", p.url())
	}
}

// requestID is what stands on a page to name the call; it is another one each time.
var requestID = regexp.MustCompile(`Request\s+\S{22}`)

// session is the cookie of the session, or nil.
func (p *page) session() *network.Cookie {
	p.t.Helper()
	for _, c := range p.cookies() {
		if c.Name == "gatehouse" {
			return c
		}
	}
	return nil
}

// deviceCount is how many devices an account has at Synapse.
func deviceCount(t *testing.T, hs *homeserver.Server, id string) int {
	t.Helper()
	return len(devices(t, hs, id))
}

// devices are the IDs of the devices of an account at Synapse.
func devices(t *testing.T, hs *homeserver.Server, id string) []string {
	t.Helper()
	var answer struct {
		Devices []struct {
			ID string `json:"device_id"`
		} `json:"devices"`
	}
	if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v2/users/"+id+"/devices", nil, &answer); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, d := range answer.Devices {
		list = append(list, d.ID)
	}
	return list
}

// post sends a form as the browser of a desk would, and returns the answer.
func (g *gatehouse) post(d *desk, path string, fields ...string) (*http.Response, string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(timeout(g.t), http.MethodPost, g.URL+path, strings.NewReader(encoded(fields)))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", g.URL)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range d.cookies() {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return g.send(req)
}

// encoded is the body of a form of names and values in turn.
func encoded(fields []string) string {
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return values.Encode()
}
