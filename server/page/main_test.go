// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"
	"go.uber.org/goleak"
	"golang.org/x/net/html"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/page"
	"gatehouse/server/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, func() error { return goleak.Find() }) }

// files stand for what the build makes, so that these tests need none.
var files = fstest.MapFS{
	"gatehouse.css": {Data: []byte("body{}")}, "gatehouse.css.br": {Data: []byte("brotli")}, "gatehouse.css.gz": {Data: []byte("gzip")},
	"gatehouse.wasm": {Data: []byte("\x00asm")}, "wasm_exec.js": {Data: []byte("exec")}, "boot.js": {Data: []byte("boot")}, "join.js": {Data: []byte("join")},
	"sw.js": {Data: []byte("const files = FILES, offline = OFFLINE;")}, "offline.html": {Data: []byte("<!doctype html><title>Offline</title>")},
	"gatehouse-icon.svg": {Data: []byte("<svg/>")}, "icon-192.png": {Data: []byte("png")}, "language-en.json": {Data: []byte("{}")}, "language-de.json": {Data: []byte("{}")},
}

// A site is the panel, as one browser sees it.
type site struct {
	*gatetest.World
	t       testing.TB
	cookies map[string]*http.Cookie
	routes  []*echo.Route
}

func newSite(t testing.TB, o gatetest.Options) *site {
	t.Helper()
	var door *echo.Echo
	o.Pages = func(w *gatetest.World) func(*echo.Echo) {
		assets, err := page.NewAssets(files)
		if err != nil {
			t.Fatal(err)
		}
		p := &page.Pages{
			Web: w.Web, Gate: w.Gate, Store: w.Store, Seal: w.Seal, Intake: w.Intake, Assets: assets, Log: w.Web.Log, Operators: func() bool { return true }, Now: w.Clock.Now,
		}
		return func(e *echo.Echo) {
			door = e
			p.Routes(e)
		}
	}
	w := gatetest.New(t, o)
	return &site{w, t, map[string]*http.Cookie{}, door.Routes()}
}

// as returns the same panel in the browser of somebody with a role.
func (s *site) as(role api.Role) *site {
	c := s.Session(s.Person(role))
	return &site{s.World, s.t, map[string]*http.Cookie{c.Name: c}, s.routes}
}

// send sends a request as a browser does, and keeps the cookies that come back.
func (s *site) send(r *http.Request) *httptest.ResponseRecorder {
	for _, c := range s.cookies {
		r.AddCookie(c)
	}
	rec := s.Serve(r)
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(s.cookies, c.Name)
		} else {
			s.cookies[c.Name] = &http.Cookie{Name: c.Name, Value: c.Value}
		}
	}
	return rec
}

func (s *site) get(target string) *httptest.ResponseRecorder {
	return s.send(s.Request(http.MethodGet, target, ""))
}

func (s *site) post(target string, values url.Values) *httptest.ResponseRecorder {
	r := s.Request(http.MethodPost, target, values.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", s.Options.Public)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return s.send(r)
}

// open gets a page and reads the form in it that is sent to an operation.
func (s *site) open(target, operation string) (action string, values url.Values) {
	s.t.Helper()
	rec := s.get(target)
	if rec.Code != 200 {
		s.t.Fatalf("%s: status %d: %.300s", target, rec.Code, rec.Body)
	}
	return form(s.t, rec, "/do/hs/"+operation)
}

// parse reads a page and demands what every page has.
func parse(t testing.TB, rec *httptest.ResponseRecorder) *html.Node {
	t.Helper()
	if kind := rec.Header().Get("Content-Type"); kind != "text/html; charset=UTF-8" {
		t.Fatalf("status %d, type %q: %.200s", rec.Code, kind, rec.Body)
	}
	text := rec.Body.String()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil || !strings.HasPrefix(text, "<!doctype html><html lang=") {
		t.Fatalf("no page: %v: %.200s", err, text)
	}
	if title := content(one(doc, "title", "", "")); !strings.HasSuffix(title, "Gatehouse") {
		t.Errorf("the title is %q", title)
	}
	for _, wrong := range []string{"%!", "<nil>", "0xc0", "&lt;nil&gt;", "[object"} {
		if strings.Contains(text, wrong) {
			t.Errorf("the page holds %q", wrong)
		}
	}
	each(doc, func(n *html.Node) {
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s %s=%q> is forbidden by the policy", n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "style" || (n.Data == "script" && attr(n, "src") == "" && attr(n, "type") != "application/json") {
			t.Errorf("<%s> in the page is forbidden by the policy", n.Data)
		}
	})
	return doc
}

// pageOf reads a page without looking for what a hostile text may well hold.
func pageOf(t testing.TB, text string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func each(n *html.Node, f func(*html.Node)) {
	if n.Type == html.ElementNode {
		f(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, f)
	}
}

// all returns the elements of a name whose attribute has a value; "" for any.
func all(n *html.Node, name, key, value string) []*html.Node {
	var list []*html.Node
	each(n, func(n *html.Node) {
		if (name == "" || n.Data == name) && (key == "" || (has(n, key) && (value == "" || attr(n, key) == value))) {
			list = append(list, n)
		}
	})
	return list
}

func one(n *html.Node, name, key, value string) *html.Node {
	if list := all(n, name, key, value); len(list) > 0 {
		return list[0]
	}
	return nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func content(n *html.Node) string {
	if n == nil {
		return ""
	}
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(content(c))
	}
	return b.String()
}

// form reads the form with an action as a browser would send it without a button being named.
func form(t testing.TB, rec *httptest.ResponseRecorder, action string) (string, url.Values) {
	t.Helper()
	for _, f := range all(parse(t, rec), "form", "action", action) {
		if !strings.EqualFold(attr(f, "method"), "post") {
			t.Errorf("the form to %s is sent by %q", action, attr(f, "method"))
		}
		values := url.Values{}
		each(f, func(n *html.Node) {
			name := attr(n, "name")
			if name == "" || has(n, "disabled") {
				return
			}
			switch n.Data {
			case "input":
				kind := attr(n, "type")
				if (kind == "checkbox" || kind == "radio") && !has(n, "checked") {
					return
				}
				values.Add(name, attr(n, "value"))
			case "textarea":
				values.Add(name, content(n))
			case "select":
				chosen := one(n, "option", "selected", "")
				if chosen == nil {
					chosen = one(n, "option", "", "")
				}
				if chosen != nil {
					values.Add(name, attr(chosen, "value"))
				}
			}
		})
		return action, values
	}
	t.Fatalf("status %d: no form to %s: %.500s", rec.Code, action, rec.Body)
	return "", nil
}

// seeOther demands a redirect.
func seeOther(t testing.TB, rec *httptest.ResponseRecorder) string {
	t.Helper()
	if rec.Code != http.StatusSeeOther {
		t.Fatalf("status %d, want 303: %.2000s", rec.Code, rec.Body)
	}
	return rec.Header().Get("Location")
}
