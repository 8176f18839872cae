// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A counter is a reverse proxy in front of a homeserver that notes what is asked.
type counter struct {
	mu    sync.Mutex
	asked []string
}

func (c *counter) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.asked
	c.asked = nil
	return list
}

// TestAccountIsCheap opens an account, written by the server and by the program, and
// counts what that asks of the homeserver: three requests at most.
func TestAccountIsCheap(t *testing.T) {
	t.Parallel()
	real := synapse(t)
	target, err := url.Parse(real.URL)
	if err != nil {
		t.Fatal(err)
	}
	count := &counter{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.mu.Lock()
		count.asked = append(count.asked, r.Method+" "+r.URL.Path)
		count.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	config := strings.Replace(homeservers(real), real.URL, front.URL, 1)
	g := startGatehouse(t, config)
	d := atProgram(t, g, real)
	_, id, _ := d.account("cheap", "a password of theirs")
	about := func(asked []string) []string {
		return slices.DeleteFunc(asked, func(r string) bool {
			return strings.HasSuffix(r, "/versions") || strings.HasSuffix(r, "/server_version") // the watch's, by the clock
		})
	}
	d.start("accounts", "search", "cheap")
	count.take()
	d.click("tbody .gh-account__link")
	d.until(`location.pathname.endsWith("/account") && document.querySelector("main dl")`)
	if asked := about(count.take()); len(asked) == 0 || len(asked) > 3 {
		t.Errorf("the program's account costs %d requests to the homeserver: %q", len(asked), asked)
	}
	d.visit("account", "id", id)
	if asked := about(count.take()); len(asked) == 0 || len(asked) > 3 {
		t.Errorf("the server's account costs %d requests to the homeserver: %q", len(asked), asked)
	}
}

// TestProgramDendrite does on Dendrite, with the program, what most of a day's work is.
func TestProgramDendrite(t *testing.T) {
	t.Parallel()
	hs := dendrite(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	name := unique("rite")
	d.start("accounts/create")
	same := d.same()
	d.fill("#f-localpart", name)
	d.until(`document.querySelector("#f-localpart-good")`)
	d.doubleClick(mainButton)
	c := d.card()
	canSignIn(t, hs, name, c.password)
	d.follow("main a", "I have handed it over")
	d.heading(name)
	d.ask("Reset password…", "Reset the password?")
	d.click(dialogButton)
	d.until(`document.querySelector("#handout-password") && !document.querySelector("#handout-password").innerText.includes(` + quote(c.password) + `)`)
	c = d.card()
	canSignIn(t, hs, name, c.password)
	d.follow("main a", "I have handed it over")
	d.heading(name)
	d.ask("Deactivate…", "Deactivate this account?")
	d.confirm("is deactivated")
	cannotSignIn(t, hs, name, c.password)
	same()
}
