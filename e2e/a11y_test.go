// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"gatehouse/tools/homeserver"
)

// axe is the script of axe-core, a development dependency of web/.
func axe(t *testing.T) string {
	t.Helper()
	root, err := homeserver.Root()
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(root, "web", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Skipf("axe-core is not installed; npm ci in web/ installs it (%v)", err)
	}
	return string(script)
}

// violations is what axe finds on the page against WCAG 2.2 AA.
func (p *page) violations(script string) []string {
	p.t.Helper()
	if !eval[bool](p, `typeof axe === "object"`) {
		eval[bool](p, script+`;true`)
	}
	return eval[[]string](p, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(r =>
		!r.passes.length ? ["axe tried nothing"] : r.violations.flatMap(v => v.nodes.map(n => v.id + " at " + n.target.join(" ") + ": " + n.failureSummary)))`)
}

// accessible fails the test where axe finds something on what the browser shows, in
// both themes, wide and narrow, or where the page has to be scrolled sideways at any
// width.
func (p *page) accessible(script, what string) {
	p.t.Helper()
	for _, width := range []int64{1280, 390} {
		p.resize(width, 800)
		for _, scheme := range []string{"light", "dark"} {
			p.prefer("prefers-color-scheme", scheme)
			for _, f := range p.violations(script) {
				p.t.Errorf("%s, %s, %d px: %s", what, scheme, width, f)
			}
		}
	}
	for _, width := range []int64{320, 390, 1280, 3840} {
		p.resize(width, 800)
		if over := eval[float64](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			p.t.Errorf("%s is %.0f px wider than a window of %d px", what, over, width)
		}
	}
	p.resize(1280, 800)
	p.prefer("prefers-color-scheme", "light")
}

// TestAccessible tries every screen with axe, as the program draws it; what the server
// writes is the same (TestProgramTakesOver).
func TestAccessible(t *testing.T) {
	t.Parallel()
	script := axe(t)
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	name, id, _ := d.account("access", "a password of theirs")
	alter(t, hs, id, emails(name+"@example.org"))
	_, locked, _ := d.account("access-locked", "a password of theirs")
	alter(t, hs, locked, map[string]any{"locked": true, "displayname": "A Name That Is Long Enough To Be Cut Somewhere On A Telephone"})
	_, gone, _ := d.account("access-gone", "a password of theirs")
	alter(t, hs, gone, map[string]any{"deactivated": true})
	check := func(what string) { t.Helper(); d.accessible(script, what) }
	under := func(path string, query ...string) string { return strings.TrimPrefix(d.address(path, query...), g.URL) }

	eval[bool](d.page, `(document.querySelector("main").append(document.createElement("img")), true)`)
	if len(d.violations(script)) == 0 {
		t.Fatal("axe does not find a picture without a text")
	}
	for _, address := range []string{
		"/", "/servers", "/keys", under("server"), under("server", "check", "1"), under("accounts"), under("accounts", "search", "nobody at all"), under("accounts/create"),
		under("account", "id", id), under("account", "id", locked), under("account", "id", gone), under("account/devices", "id", id), under("account/edit", "id", id),
		under("account/settings", "id", id), under("account/history", "id", id), under("account/sign-in-as", "id", id), under("account/prune-devices", "id", id),
		under("account", "id", "@nobody:"+hs.ServerName), under("account/reset-password", "id", id), under("account/erase", "id", id),
		under("account/connections", "id", id), under("account/rooms", "id", id), under("account/data", "id", id), under("account/data", "id", id, "look", "1"),
		under("account/redact", "id", id, "room", "!a"), under("accounts/find"), under("accounts/find", "value", name+"@example.org"),
		under("jobs"), under("jobs/plan", "ids", id), under("jobs/plan", "ids", id, "operation", "users.reset_password"),
	} {
		d.open(g.URL + address)
		d.running()
		check(address)
	}

	d.start("accounts", "search", "access")
	d.click("tbody tr .gh-dots")
	d.wait(":popover-open a")
	check("a row's menu")
	d.press(kb.Escape)
	d.click("[popovertarget=person]")
	d.wait("#person")
	check("the person's menu")
	d.press(kb.Escape)
	d.press("?")
	d.dialog("Keyboard shortcuts")
	check("the list of keys")
	d.start("accounts/create")
	d.fill("#f-threepids-0-address", "no address")
	d.click(mainButton)
	d.wait("[aria-invalid=true]")
	check("a form with mistakes")
	for link, title := range map[string]string{
		"Reset password…": "Reset the password?", "Sign out devices…": "Sign out all devices?", "Lock…": "Lock this account?", "Erase…": "Erase this account?",
	} {
		d.start("account", "id", id)
		d.ask(link, title)
		check("the dialog " + title)
	}
	d.start("account/edit", "id", id)
	alter(t, hs, id, map[string]any{"displayname": "Theirs"})
	d.fill("#f-display_name-to", "Mine")
	d.click(mainButton)
	d.wait("main table")
	check("a conflict")
	d.start("account", "id", id)
	d.ask("Reset password…", "Reset the password?")
	d.click(dialogButton)
	d.card()
	check("a card")
	d.start("accounts")
	g.post(d, "/sign-out")
	d.click("tbody .gh-account__link")
	d.dialog("Your session has ended")
	check("the end of a session")

	p := newPage(t, true)
	p.open(g.URL + "/sign-in")
	p.accessible(script, "sign-in")
	p.fill("#f-name", "nobody")
	p.fill("#f-password", "nothing")
	p.clickAndLoad("#sign-in button[type=submit]")
	p.accessible(script, "sign-in with a mistake")
}

// TestForcedColours shows that what is told by colour has another mark as well, where a
// person's own colours replace the page's.
func TestForcedColours(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	d.prefer("forced-colors", "active")
	if !eval[bool](d.page, `matchMedia("(forced-colors: active)").matches`) {
		t.Fatal("the browser does not force colours")
	}
	for _, selector := range []string{".gh-dot", "a.pf-m-primary, button.pf-m-primary"} {
		d.wait(selector)
		if border := eval[string](d.page, `(s => s.borderTopStyle + " " + s.borderTopWidth)(getComputedStyle(`+find(selector)+`))`); strings.HasPrefix(border, "none") || strings.HasSuffix(border, " 0px") {
			t.Errorf("%s has no border (%s)", selector, border)
		}
	}
}

// A release is a reverse proxy that makes another version of what a gatehouse serves:
// the style sheet has another address.
type release struct{ old, name string }

func (r release) handler(g *gatehouse) http.Handler {
	target, err := url.Parse(g.URL)
	if err != nil {
		g.t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Header.Set("Accept-Encoding", "identity")
			if p.In.URL.Path == r.name {
				p.Out.URL.Path = r.old
			}
		},
		ModifyResponse: func(resp *http.Response) error {
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return err
			}
			if r.name != "" {
				body = bytes.ReplaceAll(body, []byte(r.old), []byte(r.name))
			}
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return nil
		},
		ErrorLog: log.New(io.Discard, "", 0), // a browser gives requests up at will
	}
}

// TestInstallable shows what makes the panel an app: its manifest, its icons, and a
// service worker that keeps files and nothing else.
func TestInstallable(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))

	var manifest struct {
		Name, ID, Display string
		StartURL          string `json:"start_url"`
		Icons             []struct{ Src, Sizes, Type, Purpose string }
	}
	resp, body := g.get("/manifest.webmanifest")
	if err := json.Unmarshal([]byte(body), &manifest); err != nil || resp.Header.Get("Content-Type") != "application/manifest+json" {
		t.Fatalf("the manifest is %s (%v)", body, err)
	}
	if manifest.Name == "" || manifest.Display != "standalone" || manifest.StartURL != "/" {
		t.Errorf("the manifest is %s", body)
	}
	d := atProgram(t, g, hs)
	sizes := map[string]bool{}
	for _, icon := range manifest.Icons {
		sizes[icon.Sizes+" "+icon.Purpose] = true
		resp, _ := g.get(icon.Src)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != icon.Type {
			t.Errorf("the icon %s: %d %s, want %s", icon.Src, resp.StatusCode, resp.Header.Get("Content-Type"), icon.Type)
		}
		size := eval[string](d.page, `new Promise((done, fail) => { const i = new Image(); i.onload = () => done(i.naturalWidth + "x" + i.naturalHeight); i.onerror = () => done("broken"); i.src = `+quote(icon.Src)+` })`)
		if size != icon.Sizes && icon.Sizes != "any" || size == "broken" {
			t.Errorf("the icon %s is %s, want %s", icon.Src, size, icon.Sizes)
		}
	}
	for _, want := range []string{"192x192 ", "512x512 ", "512x512 maskable"} {
		if !sizes[want] {
			t.Errorf("there is no icon %s", want)
		}
	}

	_, id, _ := d.account("kept", "a password of theirs")
	d.until(`navigator.serviceWorker.controller`)
	d.start("accounts")
	d.click("tbody .gh-account__link")
	d.wait("main dl")
	d.start("account", "id", id)
	kept := eval[[]string](d.page, `caches.keys().then(names => Promise.all(names.map(n => caches.open(n).then(c => c.keys())))).then(l => l.flat().map(r => new URL(r.url).pathname))`)
	if len(kept) < 3 {
		t.Errorf("the service worker keeps %q", kept)
	}
	for _, path := range kept {
		if !strings.HasPrefix(path, "/assets/") {
			t.Errorf("the service worker keeps %s", path)
		}
	}

	g.stop()
	d.open(d.address("accounts"))
	d.until(`document.querySelector("h1")?.innerText.includes("cannot be reached")`)
	if eval[string](d.page, `getComputedStyle(document.body).fontFamily`) == "" || d.count("script") != 0 {
		t.Error("the offline page has no style, or a script")
	}
	g.start()
	d.reload()
	d.running()
}

// TestNewVersion shows that a new version is there at the first reload, and that the
// files of the old one are then forgotten.
func TestNewVersion(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	_, body := g.get("/sign-in")
	_, rest, _ := strings.Cut(body, `rel="stylesheet" href="`)
	old, _, _ := strings.Cut(rest, `"`)
	if !strings.HasPrefix(old, "/assets/") {
		t.Fatalf("the style sheet is %q", old)
	}
	now := release{old: old}
	serve := make(chan release, 1)
	serve <- now
	front := newFront(t, func(w http.ResponseWriter, r *http.Request) {
		current := <-serve
		serve <- current
		current.handler(g).ServeHTTP(w, r)
	})
	d := newDesk(t, g, hs)
	d.page = newPage(t, true)
	d.open(front + "/sign-in")
	d.trySignIn(d.name, d.password)
	d.running()
	d.until(`navigator.serviceWorker.controller`)
	d.reload()
	d.running()
	caches := `caches.open("gatehouse-assets").then(c => c.keys()).then(l => l.map(r => new URL(r.url).pathname))`
	if kept := fmt.Sprint(eval[[]string](d.page, caches)); !strings.Contains(kept, old) {
		t.Fatalf("the style sheet is not kept: %s", kept)
	}

	<-serve
	next := release{old: old, name: strings.Replace(old, "gatehouse.", "gatehouse.next-", 1)}
	serve <- next
	d.reload()
	d.running()
	if got := d.attribute("link[rel=stylesheet]", "href"); got != next.name {
		t.Errorf("after the first reload the style sheet is %s, want %s", got, next.name)
	}
	if eval[string](d.page, `getComputedStyle(document.querySelector(".gh-head")).display`) != "flex" {
		t.Error("the new style sheet is not in force")
	}
	// The browser looks for a new worker a while after a page came to rest, and again with
	// a next page where it could not be installed.
	alone := `(async () => {
		for (let i = 0; i < 100; i++) {
			const kept = await ` + caches + `
			if (kept.includes(` + quote(next.name) + `) && !kept.includes(` + quote(old) + `)) return true
			await new Promise(done => setTimeout(done, 100))
		}
		return false
	})()`
	eventually(t, limit, func() bool {
		if eval[bool](d.page, alone) {
			return true
		}
		d.reload()
		d.running()
		return false
	}, func() string {
		worker := eval[string](d.page, `navigator.serviceWorker.ready.then(r => JSON.stringify([r.installing?.state, r.waiting?.state, r.active?.state]))`)
		return fmt.Sprintf("the service worker (installing, waiting, active: %s) keeps %q, want the new file alone", worker, eval[[]string](d.page, caches))
	})
}

// newFront starts a server on the loopback and returns its address.
func newFront(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	front := httptest.NewServer(handler)
	t.Cleanup(front.Close)
	return front.URL
}
