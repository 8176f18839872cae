// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/server/gate/gatetest"
)

// Files have an address that their content is in, may be kept for ever, and go out in the smallest encoding that is taken.
func TestAssets(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	page := parse(t, s.get("/sign-in"))
	css := attr(one(page, "link", "rel", "stylesheet"), "href")
	if !strings.HasPrefix(css, "/assets/gatehouse.") || !strings.HasSuffix(css, ".css") {
		t.Fatal(css)
	}
	for accepts, want := range map[string][2]string{"": {"", "body{}"}, "br, gzip": {"br", "brotli"}, "gzip, deflate": {"gzip", "gzip"}, "identity": {"", "body{}"}} {
		r := s.Request("GET", css, "")
		r.Header.Set("Accept-Encoding", accepts)
		rec := s.Serve(r)
		h := rec.Header()
		if rec.Code != 200 || h.Get("Content-Encoding") != want[0] || rec.Body.String() != want[1] || !strings.HasPrefix(h.Get("Content-Type"), "text/css") ||
			h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("Vary") != "Accept-Encoding" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: %d %v %s", accepts, rec.Code, h, rec.Body)
		}
	}
	for _, target := range []string{"/assets/gatehouse.css", "/assets/", "/assets/../web.go", "/assets/%2e%2e/web.go", "/assets/gatehouse.css.br", css + "x"} {
		if rec := s.get(target); rec.Code != 404 || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, %q", target, rec.Code, rec.Header().Get("Cache-Control"))
		}
	}
}

// The manifest and the service worker name the files of this version and are looked for again each time. The worker keeps no page and no answer.
func TestInstall(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	rec := s.get("/manifest.webmanifest")
	var manifest struct {
		Name  string `json:"name"`
		Start string `json:"start_url"`
		Icons []struct{ Src, Sizes, Type string }
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &manifest); err != nil || manifest.Name != "Gatehouse" || manifest.Start != "/" || len(manifest.Icons) == 0 {
		t.Errorf("%v: %s", err, rec.Body)
	}
	if rec.Header().Get("Content-Type") != "application/manifest+json" || rec.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("%v", rec.Header())
	}
	rec = s.get("/sw.js")
	text := rec.Body.String()
	if rec.Header().Get("Cache-Control") != "no-cache" || !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/javascript") || strings.Contains(text, "FILES") ||
		strings.Contains(text, "OFFLINE") {
		t.Errorf("%v %s", rec.Header(), text)
	}
	list := text[strings.Index(text, "["):][:strings.Index(text, "]")-strings.Index(text, "[")+1]
	var files []string
	if err := json.Unmarshal([]byte(list), &files); err != nil || len(files) < 5 {
		t.Fatalf("%v: %s", err, list)
	}
	for _, file := range files {
		if rec := s.get(file); !strings.HasPrefix(file, "/assets/") || rec.Code != 200 {
			t.Errorf("%s: %d", file, rec.Code)
		}
	}
}

// SETTLED 11: language, theme, zone and letter keys live in one cookie, set by a plain form; what is not known in it counts for nothing.
func TestPreferences(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	rec := s.post("/preferences", url.Values{"language": {"de"}, "theme": {"dark"}, "zone": {"Asia/Tokyo"}, "letter_keys": {"false"}, "_screen": {"/hs/accounts?search=a"}})
	if next := seeOther(t, rec); next != "/hs/accounts?search=a" {
		t.Error(next)
	}
	var set *http.Cookie
	for _, c := range rec.Result().Cookies() {
		if c.Name == "__Host-gatehouse-preferences" {
			set = c
		}
	}
	if set == nil || !set.Secure || set.Path != "/" || set.Domain != "" {
		t.Fatalf("%v", set)
	}
	doc := parse(t, s.get("/hs/accounts"))
	root := one(doc, "html", "", "")
	if attr(root, "lang") != "de" || attr(one(doc, "meta", "name", "color-scheme"), "content") != "dark" || attr(root, "class") == "" {
		t.Errorf("%v", root.Attr)
	}
	data := content(one(doc, "script", "id", "data"))
	if !strings.Contains(data, `"zone":"Asia/Tokyo"`) {
		t.Errorf("%.500s", data)
	}
	for _, value := range []string{
		"", "language=xx&theme=pink&zone=Nowhere%2FCity", "language=%22%3E%3Cb%3E", "theme=%zz", "zone=..%2F..%2Fetc%2Fpasswd", strings.Repeat("a=b&", 500), "language",
	} {
		s.cookies["__Host-gatehouse-preferences"] = &http.Cookie{Name: "__Host-gatehouse-preferences", Value: value}
		rec := s.get("/hs/accounts")
		doc := parse(t, rec)
		if rec.Code != 200 || attr(one(doc, "html", "", ""), "lang") != "en" || attr(one(doc, "meta", "name", "color-scheme"), "content") != "light dark" {
			t.Errorf("%q: %d", value, rec.Code)
		}
	}
	// One that is not given stays as it was.
	delete(s.cookies, "__Host-gatehouse-preferences")
	s.post("/preferences", url.Values{"theme": {"dark"}})
	s.post("/preferences", url.Values{"zone": {"Europe/Berlin"}})
	if doc := parse(t, s.get("/")); attr(one(doc, "meta", "name", "color-scheme"), "content") != "dark" {
		t.Error("the zone's arrival changed the theme")
	}
	// Without a cookie the browser's languages count.
	delete(s.cookies, "__Host-gatehouse-preferences")
	r := s.Request("GET", "/sign-in", "")
	r.Header.Set("Accept-Language", "fr, de-CH;q=0.9, en;q=0.5")
	if lang := attr(one(parse(t, s.Serve(r)), "html", "", ""), "lang"); lang != "de" {
		t.Error(lang)
	}
}

// A form as fetch sends it, with a charset; the program stays where it is.
func TestFormsOfTheProgram(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	r := s.Request("POST", "/preferences", "zone=Asia%2FTokyo")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Mode", "cors")
	if rec := s.send(r); rec.Code != 204 || len(rec.Result().Cookies()) != 1 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	r = s.Request("POST", "/sign-in", url.Values{"homeserver": {"hs"}, "name": {"admin"}, "password": {gatetest.Password}}.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if rec := s.send(r); rec.Code != 303 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// Names that somebody chose to break a page: whatever they are, they are text, and the data block ends where it ends.
func TestHostileNames(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	for _, name := range []string{
		`"><b id=evil>`, `' onmouseover='alert(1)`, `</script><script>alert(1)</script>`, `<!--<script>`, "\u202e\u2066abc", "\u2028\u2029", "&lt;b&gt;",
		`]]>`, `{{7*7}}`, "%s%n%v", strings.Repeat("ü", 10_000), "\x01\x02", "",
	} {
		s.Stub.Put(api.User{ID: ann, DisplayName: name, Threepids: []api.Threepid{{Medium: "email", Address: name + "@b.example"}},
			ExternalIDs: []api.ExternalID{{AuthProvider: name, ExternalID: name}}, UserType: name, AppService: name})
		s.Stub.Put(api.User{ID: `@"><b id=evil>'&/:example.org`, DisplayName: name})
		for _, target := range []string{
			"/hs/accounts", "/hs/accounts?search=" + url.QueryEscape(name), route.Account("hs", route.AccountPath, ann), route.Account("hs", route.EditPath, ann),
			route.Account("hs", route.ErasePath, `@"><b id=evil>'&/:example.org`), route.Account("hs", route.AccountPath, `@"><b id=evil>'&/:example.org`),
		} {
			rec := s.get(target)
			if rec.Code != 200 && !(rec.Code == 422 && strings.Contains(target, "search=")) {
				t.Errorf("%.60q at %.60s: status %d", name, target, rec.Code)
			}
			doc := pageOf(t, rec.Body.String())
			for _, n := range append(all(doc, "", "id", "evil"), all(doc, "b", "", "")...) {
				t.Errorf("%.60q at %.60s became <%s>", name, target, n.Data)
			}
			for _, n := range all(doc, "", "onmouseover", "") {
				t.Errorf("%.60q at %.60s became an attribute of <%s>", name, target, n.Data)
			}
			scripts := all(doc, "script", "", "")
			if len(scripts) != 3 {
				t.Errorf("%.60q at %.60s: %d scripts", name, target, len(scripts))
			}
			if data := content(one(doc, "script", "id", "data")); !json.Valid([]byte(data)) {
				t.Errorf("%.60q at %.60s: the data block is cut: %.200s", name, target, data)
			}
		}
	}
}
