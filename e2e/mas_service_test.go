// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// personalSession is one as MAS tells it.
type personalSession struct {
	Data struct {
		Attributes struct {
			Revoked *string   `json:"revoked_at"`
			Expires time.Time `json:"expires_at"`
			Scope   string    `json:"scope"`
		} `json:"attributes"`
	} `json:"data"`
}

// TestMASServiceCLI calls what only a homeserver with MAS has from the command line, and looks at MAS what came of it.
func TestMASServiceCLI(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := prepareGatehouse(t, w.config())
	name := unique("robot")
	w.make(name, "", false)
	id := "@" + name + ":localhost"
	if status, answer := w.try(http.MethodPost, w.url+"/api/admin/v1/policy-data", w.token, map[string]any{"data": map[string]any{"note": "of tests"}}); status != http.StatusCreated {
		t.Fatalf("policy data: %d %s", status, answer)
	}
	type card struct {
		Session struct {
			ID, State, Scope string
			Actor            string
			Ours             bool
			Expires          int64 `json:"expires_ms"`
		} `json:"session"`
		Token string `json:"token"`
	}
	at := func(id string) (s personalSession) {
		t.Helper()
		w.mas(http.MethodGet, "personal-sessions/"+id, nil, &s)
		return s
	}
	takes := func(token string) bool {
		t.Helper()
		status, _ := w.try(http.MethodGet, w.url+"/api/admin/v1/version", token, nil)
		return status == http.StatusOK
	}
	loud := func(t *testing.T, operation string, request, into any) {
		t.Helper()
		out, errs, code := g.command(encode(t, request), "call", operation)
		if err := json.Unmarshal([]byte(out), into); err != nil || code != 0 || !strings.Contains(errs, "to be noticed") || !strings.Contains(errs, "a ticket") {
			t.Fatalf("call %s: status %d, %v\n%s", operation, code, err, errs)
		}
	}
	var made, renewed card
	steps := []cliStep{
		{"providers.list", func(t *testing.T) {
			var list struct{ Providers []object }
			if g.call(t, "providers.list", "", &list); !slices.ContainsFunc(list.Providers, func(p object) bool { return p["name"] == "School" }) {
				t.Errorf("%v", list)
			}
		}},
		{"clients.list", func(t *testing.T) {
			var page struct {
				Clients []object
				Total   int
			}
			if g.call(t, "clients.list", "", &page); page.Total == 0 || !slices.ContainsFunc(page.Clients, func(c object) bool { return c["id"] == w.client }) {
				t.Errorf("%v", page)
			}
			if g.call(t, "clients.list", object{"search": "no client is called so"}, &page); page.Total != 0 {
				t.Errorf("%v", page)
			}
		}},
		{"clients.get", func(t *testing.T) {
			var c object
			if g.call(t, "clients.get", ask(w.client), &c); c["id"] != w.client || c["static"] != true {
				t.Errorf("%v", c)
			}
			if p := g.callFails(t, "clients.get", ask("01J44RKQYM4G3TNVANTMTDYTZZ")); p.Code != "no_such_client" {
				t.Errorf("%+v", p)
			}
		}},
		{"site.get", func(t *testing.T) {
			var s object
			if g.call(t, "site.get", "", &s); s["server_name"] != "localhost" || s["passwords"] != true {
				t.Errorf("%v", s)
			}
		}},
		{"policy.get", func(t *testing.T) {
			var p object
			if g.call(t, "policy.get", "", &p); p["data"] != "{\n  \"note\": \"of tests\"\n}" {
				t.Errorf("%v", p)
			}
		}},
		{"personal.create", func(t *testing.T) {
			request := object{"actor": id, "name": "Statistics", "scope": "urn:mas:admin", "days": 3, "reason": "a ticket"}
			loud(t, "personal.create", request, &made)
			s := at(made.Session.ID).Data.Attributes
			if left := time.Until(s.Expires); made.Session.Actor != id || !made.Session.Ours || s.Scope != "urn:mas:admin" || left < 2*24*time.Hour || left > 3*24*time.Hour || !takes(made.Token) {
				t.Errorf("%+v, at MAS %+v", made.Session, s)
			}
			request["scope"] = "urn:synapse:admin:*"
			if p := g.callFails(t, "personal.create", request); !slices.Equal(p.at(), []string{"scope scope_without_matrix"}) {
				t.Errorf("%+v", p)
			}
		}},
		{"personal.list", func(t *testing.T) {
			var page struct{ Sessions []object }
			if g.call(t, "personal.list", object{"actor": id}, &page); len(page.Sessions) != 1 || page.Sessions[0]["id"] != made.Session.ID {
				t.Errorf("%v", page)
			}
			g.call(t, "personal.list", object{"state": "active"}, &page)
			own := slices.IndexFunc(page.Sessions, func(s object) bool { return s["own"] == true })
			if own < 0 {
				t.Fatalf("Gatehouse's own session is not among %v", page.Sessions)
			}
			if p := g.callFails(t, "personal.revoke", ask(page.Sessions[own]["id"].(string), "actor", page.Sessions[own]["actor"])); p.Code != "own_personal" {
				t.Errorf("%+v", p)
			}
		}},
		{"personal.renew", func(t *testing.T) {
			loud(t, "personal.renew", ask(made.Session.ID, "actor", id, "days", 9, "reason", "a ticket"), &renewed)
			if left := time.Until(at(made.Session.ID).Data.Attributes.Expires); left < 8*24*time.Hour || takes(made.Token) || !takes(renewed.Token) {
				t.Errorf("it ends in %s; the old token works: %t, the new one: %t", left, takes(made.Token), takes(renewed.Token))
			}
		}},
		{"personal.revoke", func(t *testing.T) {
			var s object
			if g.call(t, "personal.revoke", ask(made.Session.ID, "actor", id), &s); s["state"] != "revoked" || at(made.Session.ID).Data.Attributes.Revoked == nil || takes(renewed.Token) {
				t.Errorf("%v", s)
			}
			if p := g.callFails(t, "personal.renew", ask(made.Session.ID, "actor", id, "reason", "a ticket")); p.Code != "personal_revoked" {
				t.Errorf("%+v", p)
			}
		}},
		{"personal.get", func(t *testing.T) {
			var s object
			if g.call(t, "personal.get", ask(made.Session.ID), &s); s["state"] != "revoked" || s["actor"] != id {
				t.Errorf("%v", s)
			}
		}},
		{"users.allow_key_reset", func(t *testing.T) {
			const password = "correct horse <battery> staple 9"
			w.make(name, password, false)
			token := w.signIn(name, password)
			upload := func(key string) int {
				t.Helper()
				public := strings.Repeat(key, 43)
				status, _ := w.try(http.MethodPost, w.synapse+"/_matrix/client/v3/keys/device_signing/upload", token, object{
					"master_key": object{"user_id": id, "usage": []string{"master"}, "keys": object{"ed25519:" + public: public}},
				})
				return status
			}
			if first, second := upload("a"), upload("b"); first != http.StatusOK || second != http.StatusUnauthorized {
				t.Fatalf("the first keys: %d; others: %d", first, second)
			}
			var reset struct {
				Until int64 `json:"until_ms"`
			}
			g.call(t, "users.allow_key_reset", ask(id), &reset)
			if status := upload("b"); status != http.StatusOK || reset.Until < time.Now().UnixMilli() {
				t.Errorf("others after that: %d, until %d", status, reset.Until)
			}
		}},
		{"users.repair", func(*testing.T) {}}, // TestMAS
	}
	done := map[string]bool{}
	for _, step := range steps {
		done[step.operation] = true
		if !t.Run(step.operation, step.do) {
			t.Fatalf("after %s the rest makes no sense", step.operation)
		}
	}
	for _, o := range operations(t) {
		only := o.Servers["mas"] == true && o.Servers["synapse"] != true && !strings.HasPrefix(o.Name, "tokens.")
		if only && !done[o.Name] {
			t.Errorf("%s, which only MAS has, was not called", o.Name)
		}
	}
	var actor, request string
	g.query(t, `SELECT actor, request FROM audit WHERE operation = 'personal.create' AND phase = 'intent'`, nil, &actor, &request)
	if !strings.HasPrefix(actor, "local:") || !strings.Contains(request, "a ticket") {
		t.Errorf("the audit log has %q by %q", request, actor)
	}
}

// TestMASService goes through the same on the pages of the homeserver, without scripts and with the program.
func TestMASService(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	life := func(t *testing.T, d *desk, name string, visit func(actor string), follow func(link string), ask func(link, title string), confirm func()) {
		id := "@" + name + ":localhost"
		d.fill("#f-actor", id)
		d.fill("#f-name", "Statistics of "+name)
		d.fill("#f-reason", "a ticket")
		confirm()
		first := d.card().password
		if !w.lives(first) {
			t.Error("the token does not work at Synapse")
		}
		d.shot("mas-personal-card")
		visit(id)
		if text := d.text("main table"); !strings.Contains(text, "Statistics of "+name) || !strings.Contains(text, "Use Matrix") {
			t.Errorf("the list: %s", text)
		}
		d.shot("mas-personal")
		follow("Statistics of " + name)
		d.shot("mas-personal-one")
		ask("Renew…", "Renew this personal session?")
		d.shot("mas-personal-renew")
		d.fill("#f-reason", "a ticket")
		confirm()
		if second := d.card().password; second == first || !w.lives(second) {
			t.Error("the new token does not work")
		}
		visit(id)
		follow("Statistics of " + name)
		ask("Revoke…", "Revoke this personal session?")
		confirm()
		d.until(`document.querySelector("main [role=status]")?.innerText.includes("is revoked")`)
		d.shot("mas-personal-revoked")
		if d.count(`a[href*="personal-session/revoke"]`) != 0 {
			t.Error("it can be revoked again")
		}
	}

	t.Run("without scripts", func(t *testing.T) {
		t.Parallel()
		w := w.in(t)
		d := w.desk(g)
		name := unique("robot")
		w.make(name, "", false)
		d.visit("server")
		d.shot("mas-server")
		d.link("Configuration")
		if text := d.text("main"); !strings.Contains(text, "School") || !strings.Contains(text, "Recover a forgotten password by e-mail") {
			t.Errorf("the configuration: %s", text)
		}
		d.shot("mas-site")
		d.link("Clients")
		d.shot("mas-clients")
		d.clickAndLoad("main table tbody a")
		if text := d.text("main"); !strings.Contains(text, w.client) {
			t.Errorf("the client: %s", text)
		}
		d.shot("mas-client")
		d.visit("server/personal-sessions")
		d.link("Make a personal session")
		d.shot("mas-personal-create")
		d.fill("#f-actor", "@nobody-at-all:localhost")
		d.fill("#f-name", "x")
		d.fill("#f-reason", "y")
		if status := d.submit(); status != http.StatusNotFound {
			t.Errorf("nobody: status %d", status)
		}
		if text := d.text("main [role=alert]"); !strings.Contains(text, "There is no such account") {
			t.Errorf("nobody: %s", text)
		}
		visit := func(actor string) { d.visit("server/personal-sessions", "actor", actor) }
		life(t, d, name, visit, func(link string) { d.link(link) }, func(link, _ string) { d.link(link) }, func() { d.submit() })
	})

	t.Run("program", func(t *testing.T) {
		t.Parallel()
		w := w.in(t)
		d := w.program(g)
		name := unique("robot")
		w.make(name, "", false)
		d.start("server/personal-sessions/create")
		visit := func(actor string) { d.start("server/personal-sessions", "actor", actor) }
		follow := func(link string) {
			d.follow("main table a", link)
			d.heading(link)
		}
		life(t, d, name, visit, follow, d.ask, func() { d.click(mainButton) })
	})
}

// program is a desk at a browser with scripts.
func (w *masWorld) program(g *gatehouse) *desk {
	w.t.Helper()
	d := &desk{page: newPage(w.t, true), g: g, hs: w.kind, name: unique("pilot"), password: "my own <password> & more"}
	w.make(d.name, d.password, true)
	g.keepSecret("", d.password)
	d.open(g.URL + "/sign-in")
	d.trySignIn(d.name, d.password)
	d.running()
	return d
}
