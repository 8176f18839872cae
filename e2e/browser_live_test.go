// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// form is a site of one page with a form that is posted to it, a cookie, and a
// script that writes "ran" where it may.
func form(t *testing.T) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "visited", Value: "yes", HttpOnly: true})
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprintf(w, "<h1 id=done>%s/%s/%s/%s</h1>", html.EscapeString(r.FormValue("name")), r.FormValue("kind"), r.FormValue("admin"), r.FormValue("empty"))
			return
		}
		w.Header().Set("Content-Security-Policy", "script-src 'nonce-x'")
		fmt.Fprint(w, `<p id=script></p><ul><li>one<li> two </ul><script nonce=x>
			document.getElementById("script").textContent = "ran";
			setTimeout(() => document.getElementById("script").title = "later", 50);
		</script><form method=post>
			<input id=name name=name value=before aria-label=Name>
			<input id=empty name=empty value=full>
			<select id=kind name=kind><option>a<option>b</select>
			<input id=admin name=admin type=checkbox value=yes>
			<button id=send>Send</button></form><a id=self href="?again">again</a>`)
	}))
	t.Cleanup(server.Close)
	return server
}

// TestPage shows that the steps of a page work, with scripts and without them.
func TestPage(t *testing.T) {
	t.Parallel()
	for _, javascript := range []bool{true, false} {
		t.Run(fmt.Sprintf("javascript %t", javascript), func(t *testing.T) {
			t.Parallel()
			site := form(t)
			p := newPage(t, javascript)
			if status := p.open(site.URL); status != http.StatusOK {
				t.Fatalf("opening the page: status %d", status)
			}
			if ran := p.text("#script") == "ran"; ran != javascript {
				t.Errorf("the page's script ran: %t", ran)
			}
			if diff := cmp.Diff([]string{"one", "two"}, p.texts("li")); diff != "" {
				t.Errorf("texts (-want +got):\n%s", diff)
			}
			if got := p.attribute("#name", "aria-label") + p.attribute("#name", "nothing"); got != "Name" {
				t.Errorf("attributes: %q", got)
			}
			if javascript {
				p.until(`document.getElementById("script").title === "later"`)
			}
			p.clickAndLoad("#self")
			if got := p.url(); got != site.URL+"/?again" {
				t.Errorf("after the link the browser is at %s", got)
			}
			p.back()
			p.wait("form")
			if got := p.url(); got != site.URL+"/" {
				t.Errorf("after Back the browser is at %s", got)
			}
			p.fill("#name", `Zoë "<b>" مرحبا`)
			if got := p.focused(); got != "name" {
				t.Errorf("the focus is on %q", got)
			}
			p.fill("#empty", "")
			p.choose("#kind", "b")
			p.tick("#admin", true)
			p.tick("#admin", true)
			if status := p.clickAndLoad("#send"); status != http.StatusUnprocessableEntity {
				t.Errorf("posting the form: status %d", status)
			}
			if got, want := p.text("#done"), `Zoë "<b>" مرحبا/b/yes/`; got != want {
				t.Errorf("the server got %q, want %q", got, want)
			}
			p.gone("form")
			cookies := p.cookies()
			if len(cookies) != 1 || cookies[0].Name != "visited" || !cookies[0].HTTPOnly {
				t.Errorf("cookies: %+v", cookies)
			}
			p.open(site.URL)
			p.fill("#name", "by key")
			p.press(kb.Enter)
			if got, want := p.text("#done"), "by key/a//full"; got != want {
				t.Errorf("the server got %q, want %q", got, want)
			}
		})
	}
	t.Run("complaints", func(t *testing.T) {
		t.Parallel()
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "script-src 'nonce-x'; require-trusted-types-for 'script'")
			fmt.Fprint(w, `<script>no()</script><div id=d></div><script nonce=x>setTimeout(() => {throw new Error("thrown")})
				try { document.getElementById("d").innerHTML = "<i>" } catch {}</script>`)
		}))
		t.Cleanup(site.Close)
		p := newPage(t, true)
		p.open(site.URL)
		p.exists("#d")
		p.open("about:blank")
		p.expectProblem("thrown")
		p.expectProblem("TrustedHTML")
		p.expectProblem("Content Security Policy")
	})
	t.Run("lines", func(t *testing.T) {
		t.Parallel()
		site := form(t)
		p := newPage(t, true)
		p.open(site.URL)
		p.connect(line{offline: true})
		if eval[bool](p, `fetch("/").then(() => true, () => false)`) || eval[bool](p, `navigator.onLine`) {
			t.Error("the page reaches the server while it is offline")
		}
		p.connect(line{latency: 300 * time.Millisecond})
		if took := eval[float64](p, `(async () => { const t = performance.now(); await fetch("/"); return performance.now() - t })()`); took < 250 {
			t.Errorf("a request took %.0f ms on a line of 300 ms", took)
		}
		p.connect(line{})
		if !eval[bool](p, `fetch("/").then(() => true, () => false)`) {
			t.Error("the page does not reach the server after it is connected again")
		}
	})
	t.Run("look", func(t *testing.T) {
		t.Parallel()
		p := newPage(t, true)
		p.open(form(t).URL)
		p.resize(320, 500)
		p.prefer("prefers-color-scheme", "dark")
		if got := eval[string](p, `innerWidth + " " + matchMedia("(prefers-color-scheme: dark)").matches`); got != "320 true" {
			t.Errorf("the page sees %q", got)
		}
		p.shot("harness-look")
	})
}
