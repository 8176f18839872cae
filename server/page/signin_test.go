// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/app/panel"
	"gatehouse/server/gate/gatetest"
)

// The sign-in page is a plain form: no script, and who signs in goes on to where they wanted to.
func TestSignInPage(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	rec := s.get("/sign-in?next=/hs/accounts")
	if rec.Code != 200 {
		t.Fatal(rec.Code)
	}
	doc := parse(t, rec)
	if n := len(all(doc, "script", "", "")); n > 0 {
		t.Errorf("%d scripts", n)
	}
	if n := one(doc, "input", "name", "password"); attr(n, "type") != "password" || attr(n, "autocomplete") != "current-password" || attr(n, "value") != "" {
		t.Errorf("the password's field: %v", n)
	}
	action, values := form(t, rec, "/sign-in")
	values.Set("name", "admin")
	values.Set("password", "wrong")
	rec = s.post(action, values)
	if rec.Code != 401 || strings.Contains(rec.Body.String(), "wrong\"") || len(rec.Result().Cookies()) > 0 {
		t.Fatalf("status %d: %v", rec.Code, rec.Result().Cookies())
	}
	_, values = form(t, rec, "/sign-in")
	if values.Get("name") != "admin" || values.Get("next") != "/hs/accounts" || values.Get("password") != "" {
		t.Errorf("came back as %v", values)
	}
	values.Set("password", gatetest.Password)
	if next := seeOther(t, s.post(action, values)); next != "/hs/accounts" {
		t.Error(next)
	}
	if page := s.get("/hs/accounts"); page.Code != 200 {
		t.Error(page.Code)
	}
	if next := seeOther(t, s.get("/sign-in?next=/hs/server")); next != "/hs/server" {
		t.Errorf("who is signed in is asked again: %s", next)
	}
	// Signed out, the page before is not shown again.
	rec = s.post("/sign-out", url.Values{})
	if next := seeOther(t, rec); next != "/sign-in" || rec.Header().Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("%s, Clear-Site-Data %q", next, rec.Header().Get("Clear-Site-Data"))
	}
	if next := seeOther(t, s.get("/hs/accounts")); !strings.HasPrefix(next, "/sign-in") {
		t.Error(next)
	}
}

// An unknown name and a wrong password get the same page.
func TestUnknownAndWrongLookAlike(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	try := func(name string) string {
		rec := s.post("/sign-in", url.Values{"homeserver": {"hs"}, "name": {name}, "password": {"wrong"}, "next": {"/"}})
		if rec.Code != 401 {
			t.Errorf("%s: %d", name, rec.Code)
		}
		return strings.ReplaceAll(strings.ReplaceAll(canonical(t, rec), `"`+name+`"`, "NAME"), rec.Header().Get("X-Request-Id"), "ID")
	}
	if try("admin") != try("nobody") {
		t.Error("two pages")
	}
}

// Too many attempts: a page with the status, the time to wait as a header, and in words.
func TestSignInLimited(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	var rec *httptest.ResponseRecorder
	for range 6 {
		rec = s.post("/sign-in", url.Values{"homeserver": {"hs"}, "name": {"admin"}, "password": {"wrong"}})
	}
	if rec.Code != 429 || rec.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", rec.Code, rec.Header().Get("Retry-After"))
	}
	form(t, rec, "/sign-in")
	if n := len(s.Stub.Calls("operators.verify")); n != 5 {
		t.Errorf("%d calls", n)
	}
}

// SETTLED 17: a link from another site comes without the session's cookie, which the browser keeps back. The page asks for
// itself once more, from here; only then it is sign-in.
func TestLinkFromAnotherSite(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	ask := func(site string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
		r := s.Request("GET", "/hs/accounts?search=a", "", cookies...)
		r.Header.Set("Sec-Fetch-Site", site)
		return s.Serve(r)
	}
	session := s.cookies[s.CookieName()]
	preferences := &http.Cookie{Name: "__Host-gatehouse-preferences", Value: "theme=dark"}
	for name, cookies := range map[string][]*http.Cookie{"no cookie": nil, "a cookie of another kind": {preferences}} {
		rec := ask("cross-site", cookies...)
		doc := parse(t, rec)
		refresh := one(doc, "meta", "http-equiv", "refresh")
		if rec.Code != 200 || attr(refresh, "content") != "0" || len(all(doc, "form", "", "")) > 0 {
			t.Errorf("%s: status %d: %.300s", name, rec.Code, rec.Body)
		}
		if next := seeOther(t, ask("same-origin", cookies...)); next != "/sign-in?next=%2Fhs%2Faccounts%3Fsearch%3Da" {
			t.Errorf("%s: then %q", name, next)
		}
	}
	if rec := ask("same-origin", session); rec.Code != 200 || !strings.Contains(rec.Body.String(), ann) {
		t.Errorf("with the cookie: %d", rec.Code)
	}
	if rec := ask("cross-site", session); rec.Code != 200 || !strings.Contains(rec.Body.String(), ann) {
		t.Errorf("where the browser sends it all the same: %d", rec.Code)
	}
	s.Clock.Advance(time.Hour)
	if next := seeOther(t, ask("cross-site", session)); !strings.HasPrefix(next, "/sign-in?") {
		t.Errorf("an old cookie: %q", next)
	}
	if next := seeOther(t, ask("none")); !strings.HasPrefix(next, "/sign-in?") {
		t.Errorf("typed into the address bar: %q", next)
	}
}

// elsewhere reads addresses that must lead nowhere but home.
func elsewhere(t testing.TB) []string {
	t.Helper()
	f, err := os.Open("testdata/redirects.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "# ") {
			text, err := unescape(line)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, text)
		}
	}
	if len(list) < 50 {
		t.Fatalf("%d addresses", len(list))
	}
	return list
}

// unescape reads \t, \n, \r, \x00 and \\ of a line.
func unescape(line string) (string, error) {
	var out string
	_, err := fmt.Sscanf(`"`+strings.ReplaceAll(line, `"`, `\"`)+`"`, "%q", &out)
	return out, err
}

// Where a person is sent on to is never decided by somebody else: each line of the file is tried at every door that takes an address.
func TestOpenRedirects(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	owner := s.as(api.Owner)
	for _, address := range elsewhere(t) {
		t.Run(address, func(t *testing.T) {
			if next := seeOther(t, owner.get("/sign-in?next="+url.QueryEscape(address))); next != "/" {
				t.Errorf("signed in already: %q", next)
			}
			if _, values := form(t, s.get("/sign-in?next="+url.QueryEscape(address)), "/sign-in"); values.Get("next") != "/" {
				t.Errorf("the form goes on to %q", values.Get("next"))
			}
			who := &site{s.World, t, map[string]*http.Cookie{}, s.routes}
			rec := who.post("/sign-in", url.Values{"homeserver": {"hs"}, "name": {"admin"}, "password": {gatetest.Password}, "next": {address}})
			if next := seeOther(t, rec); next != "/" {
				t.Errorf("after signing in: %q", next)
			}
			if next := seeOther(t, owner.post("/preferences", url.Values{"theme": {"dark"}, "_screen": {address}})); next != "/" {
				t.Errorf("after preferences: %q", next)
			}
			rec = owner.post("/do/hs/users.lock", url.Values{"id": {ann}, "_key": {"0123456789abcdef"}, "_screen": {address}})
			if rec.Code != 400 {
				t.Errorf("a form that comes from there: %d", rec.Code)
			}
		})
	}
	if len(s.Stub.Calls("users.lock")) > 0 {
		t.Error("something was done")
	}
}

// Whatever the text, the address that somebody is sent on to is one of a screen, on this origin, as browsers read addresses.
func FuzzNext(f *testing.F) {
	for _, address := range elsewhere(f) {
		f.Add(address)
	}
	for _, address := range []string{"/", "/servers", "/hs/accounts?search=a#b", "/hs/account?id=%40ann%3Aexample.org", "/%5Cevil.example/accounts"} {
		f.Add(address)
	}
	s := newSite(f, gatetest.Options{}).as(api.Owner)
	base, err := url.Parse(s.Options.Public + "/sign-in")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, address string) {
		next := seeOther(t, s.get("/sign-in?next="+url.QueryEscape(address)))
		if next == "/" {
			return
		}
		// The URL Standard takes tabs and line ends out, and reads a backslash as a slash.
		seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", "\\", "/").Replace(strings.TrimFunc(next, func(r rune) bool { return r <= ' ' }))
		u, err := base.Parse(seen)
		if err != nil || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil || strings.HasPrefix(seen, "//") {
			t.Errorf("%q leads to %q, which is %v", address, next, u)
		}
		if local, err := url.Parse(next); err != nil {
			t.Error(err)
		} else if _, _, ok := panel.Find(local); !ok {
			t.Errorf("%q leads to %q, which is no screen", address, next)
		}
	})
}
