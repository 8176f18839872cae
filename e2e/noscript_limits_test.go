// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// TestNoscriptLimits signs administrators in at a Synapse that has its own limits: the
// sixth sign-in from one address within minutes is refused, right or wrong. Where it
// believes X-Forwarded-For, each person has an address of their own.
func TestNoscriptLimits(t *testing.T) {
	t.Parallel()
	const password = "an administrator's own"
	const admins = 8

	t.Run("each person alone", func(t *testing.T) {
		t.Parallel()
		hs := ownSynapse(t, homeserver.SynapseOptions{SharedSecret: "a secret of its own", DefaultLimits: true, XForwarded: true})
		g := startGatehouse(t, "trusted_proxies: [127.0.0.1]\n"+homeservers(hs)+"    x_forwarded_for: true\n")
		for i := range admins {
			name := fmt.Sprint("admin", i)
			register(t, hs, name, password, true)
			if status, page := g.signInFrom(t, fmt.Sprintf("198.51.100.%d", i+1), hs, name, password); status != http.StatusSeeOther {
				t.Errorf("administrator %d: status %d\n%s", i+1, status, page)
			}
		}
		// What the homeserver counts is the person's own: five more at one address, and it is full.
		var status int
		for range 6 {
			status, _ = g.signInFrom(t, "198.51.100.1", hs, "admin0", password)
		}
		if status != http.StatusTooManyRequests {
			t.Errorf("the seventh sign-in of one person: status %d, want 429", status)
		}
		if status, page := g.signInFrom(t, "198.51.100.200", hs, "admin1", password); status != http.StatusSeeOther {
			t.Errorf("another person after that: status %d\n%s", status, page)
		}
	})

	t.Run("a sentence with the time left", func(t *testing.T) {
		t.Parallel()
		hs := ownSynapse(t, homeserver.SynapseOptions{SharedSecret: "a secret of its own", DefaultLimits: true})
		g := startGatehouse(t, homeservers(hs))
		register(t, hs, "admin", password, true)
		for range 6 {
			_, err := hs.Login(timeout(t), "admin", password)
			if e := errorOf(err); e != nil && e.Status == http.StatusTooManyRequests {
				break
			}
		}
		p := newPage(t, false)
		p.open(g.URL + "/sign-in")
		p.fill("#f-name", "admin")
		p.fill("#f-password", password)
		if status := p.clickAndLoad("#sign-in button[type=submit]"); status != http.StatusTooManyRequests {
			t.Errorf("status %d, want 429\n%s", status, p.whereabouts())
		}
		said := p.text("[role=alert]")
		if !regexp.MustCompile(`The homeserver wants fewer requests for now\.\s+Nothing was changed; wait \d+\x{a0}(min|s)`).MatchString(said) {
			t.Errorf("the page says %q", said)
		}
		resp, body := g.send(signInRequest(t, g, "127.0.0.1", hs, "admin", password))
		if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || after < 1 || after > 3600 {
			t.Errorf("status %d, Retry-After %q\n%.300s", resp.StatusCode, resp.Header.Get("Retry-After"), body)
		}
	})

	t.Run("check tells", func(t *testing.T) {
		t.Parallel()
		hs := synapse(t) // believes the header
		for setting, want := range map[string]string{
			"    x_forwarded_for: true\n":  "its sign-in limit counts each person alone",
			"    x_forwarded_for: false\n": "all administrators share one sign-in limit",
		} {
			text, _, code := prepareGatehouse(t, homeservers(hs)+setting).check(t)
			if code != 0 || !strings.Contains(text, want) {
				t.Errorf("with%s: status %d, %q is not said\n%s", setting, code, want, text)
			}
		}
	})
}

// signInFrom signs a person in who comes through a reverse proxy from an address, and
// returns the status and the page.
func (g *gatehouse) signInFrom(t *testing.T, address string, hs *homeserver.Server, name, password string) (int, string) {
	t.Helper()
	resp, body := g.send(signInRequest(t, g, address, hs, name, password))
	return resp.StatusCode, body
}

// signInRequest is the form of the sign-in page, as a proxy passes it on.
func signInRequest(t *testing.T, g *gatehouse, address string, hs *homeserver.Server, name, password string) *http.Request {
	t.Helper()
	form := url.Values{"homeserver": {hs.Kind}, "name": {name}, "password": {password}}
	req, err := http.NewRequestWithContext(timeout(t), http.MethodPost, g.URL+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", g.URL)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("X-Forwarded-For", address)
	return req
}
