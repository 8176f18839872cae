// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCanaryOfPersons plants a password wherever it must not be, and expects it to be
// found there, and to be left alone on the card of its account.
func TestCanaryOfPersons(t *testing.T) {
	t.Parallel()
	const account, password = "@ann:example.org", `pass <word> & "more"`
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}, "Cache-Control": {"no-store"}}
	card := func(change func(e *exchange)) exchange {
		e := exchange{
			request: "POST /do/main/users.create", status: http.StatusOK, header: html.Clone(),
			body: []byte(`<a href="/main/account?id=` + url.QueryEscape(account) + `">x</a><bdi>pass &lt;word&gt; &amp; &#34;more&#34;</bdi>`),
		}
		change(&e)
		return e
	}
	tests := []struct {
		name   string
		found  bool
		change func(e *exchange)
	}{
		{"its own card", false, func(*exchange) {}},
		{"its own card, for a program", false, func(e *exchange) {
			e.request = "POST /api/main/users.reset_password"
			e.header.Set("Content-Type", "application/json")
			e.body = []byte(`{"user": {"id": "` + account + `"}, "password": "pass \u003cword\u003e \u0026 \"more\""}`)
		}},
		{"somebody else's card", true, func(e *exchange) { e.body = []byte(strings.ReplaceAll(string(e.body), "ann", "bob")) }},
		{"a card that the browser keeps", true, func(e *exchange) { e.header.Del("Cache-Control") }},
		{"the form again", true, func(e *exchange) { e.status = http.StatusUnprocessableEntity }},
		{"another page", true, func(e *exchange) { e.request = "GET /main/account" }},
		{"the answer to another operation", true, func(e *exchange) { e.request = "POST /do/main/users.update" }},
		{"a header", true, func(e *exchange) { e.header.Set("Location", "/?p="+url.QueryEscape(password)) }},
		{"the data block of the card", true, func(e *exchange) {
			e.body = append(e.body, `<script type="application/json">{"p": "pass \u003cword\u003e \u0026 \"more\""}</script>`...)
		}},
	}
	for _, tt := range tests {
		g := &gatehouse{t: t, Dir: t.TempDir(), URL: "http://nowhere.invalid"}
		g.keepSecret(account, password)
		if found := g.leaks([]exchange{card(tt.change)}); len(found) > 0 != tt.found {
			t.Errorf("%s: found %q", tt.name, found)
		}
	}
	nobody := &gatehouse{t: t, Dir: t.TempDir()}
	nobody.keepSecret("", password)
	if found := nobody.leaks([]exchange{card(func(*exchange) {})}); len(found) == 0 {
		t.Error("a password that belongs on no card was not found on one")
	}
}

// TestCanaryLive plants passwords in a real run: on a card as it really goes over the
// wire, in the log and in the store. All of them are found.
func TestCanaryLive(t *testing.T) { eachStore(t, testCanaryLive) }

func testCanaryLive(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	name := unique("planted")
	d.visit("accounts/create")
	d.fill("#f-localpart", name)
	c := d.handOut(hs.UserID(name))
	g.stop()
	g.wire.close()
	exchanges, err := g.wire.exchanges()
	if err != nil {
		t.Fatal(err)
	}
	watch, err := newCanary(map[string]string{"password": c.password})
	if err != nil {
		t.Fatal(err)
	}
	codings := map[string]bool{}
	var where []string
	for _, e := range exchanges {
		codings[e.header.Get("Content-Encoding")] = true
		if len(watch.searchExchange(e)) > 0 {
			where = append(where, e.request)
		}
	}
	if want := []string{"POST /do/" + hs.Kind + "/users.create"}; !slices.Equal(where, want) {
		t.Errorf("the password is in the answers to %q, want %q", where, want)
	}
	if !codings["br"] && !codings["gzip"] {
		t.Errorf("nothing was compressed: %v", codings)
	}
	if found := g.leaks(exchanges); len(found) != 0 {
		t.Errorf("before anything is planted: %q", found)
	}
	if g.database != "" {
		plantRow(t, g, c.password)
		if found := g.leaks(nil); len(found) != 1 || !strings.Contains(found[0], "the store: ") {
			t.Errorf("planted in a row: %q", found)
		}
		plantRow(t, g, "nothing")
	}
	for _, file := range []string{"gatehouse.log", "data/planted.db"} {
		path := filepath.Join(g.Dir, file)
		before, _ := os.ReadFile(path) // the second is not there
		if err := os.WriteFile(path, append(before, "level=INFO password="+c.password...), 0o600); err != nil {
			t.Fatal(err)
		}
		if found := g.leaks(nil); len(found) != 1 || !strings.Contains(found[0], filepath.Base(file)) {
			t.Errorf("planted in %s: %q", file, found)
		}
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// plantRow writes a text into the store of a gatehouse, as bytes.
func plantRow(t *testing.T, g *gatehouse, text string) {
	t.Helper()
	db := g.store()
	defer db.Close()
	_, err := db.Exec(`INSERT INTO drafts (person, homeserver, screen, sealed, expires_ms) VALUES ('planted', '', '', $1, 0)
		ON CONFLICT (person, homeserver, screen) DO UPDATE SET sealed = excluded.sealed`, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
}
