// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"os/user"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// TestCLICall calls every operation that Synapse has from the command line, and looks at
// the homeserver what came of it.
func TestCLICall(t *testing.T) { eachStore(t, testCLICall) }

func testCLICall(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := prepareGatehouse(t, homeservers(hs))
	const password = "typed on a keyboard"
	name := unique("called")
	id := hs.UserID(name)
	g.keepSecret(id, password)

	// Each is a step in the life of one account, in order.
	steps := []cliStep{
		{"users.available", func(t *testing.T) {
			var a struct {
				ID   string `json:"id"`
				Free bool   `json:"free"`
				Code string `json:"code"`
			}
			g.call(t, "users.available", object{"localpart": name}, &a)
			if !a.Free || a.ID != id {
				t.Errorf("a free name: %+v", a)
			}
			taken := unique("taken")
			register(t, hs, taken, "the owner's own", false)
			g.call(t, "users.available", object{"localpart": taken}, &a)
			if a.Free || a.Code != "name_in_use" {
				t.Errorf("a taken name: %+v", a)
			}
		}},
		{"users.create", func(t *testing.T) {
			var c cliCard
			g.call(t, "users.create", object{
				"localpart": name, "display_name": "Called “by” <name>", "password": object{"password": password}, "admin": true, "user_type": "teacher",
				"threepids":    []object{{"medium": "email", "address": name + "@Example.org"}},
				"external_ids": []object{{"auth_provider": "oidc-x", "external_id": name}},
			}, &c)
			if c.User.ID != id || c.Password != password || len(c.Left) != 0 || !c.User.Admin || c.User.UserType != "teacher" {
				t.Errorf("the card is %+v", c)
			}
			canSignIn(t, hs, name, password)
			u := lookUp(t, hs, id)
			if !u.Admin || u.UserType != "teacher" || u.DisplayName != "Called “by” <name>" || len(u.ExternalIDs) != 1 {
				t.Errorf("the account at the homeserver is %+v", u)
			}
			if diff := cmp.Diff([]string{"email " + name + "@example.org"}, u.addresses()); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		}},
		{"users.get", func(t *testing.T) {
			var u cliUser
			g.call(t, "users.get", ask(id), &u)
			if u.ID != id || !u.Admin || u.DisplayName != "Called “by” <name>" || len(u.Threepids) != 1 {
				t.Errorf("the account is %+v", u)
			}
			if p := g.callFails(t, "users.get", ask(hs.UserID("nobody-at-all"))); p.Status != http.StatusNotFound {
				t.Errorf("an account that is not there: %+v", p)
			}
		}},
		{"users.list", func(t *testing.T) {
			var page struct {
				Users []cliUser `json:"users"`
				Total *int      `json:"total"`
			}
			g.call(t, "users.list", object{"search": name}, &page)
			if len(page.Users) != 1 || page.Users[0].ID != id {
				t.Errorf("the list is %+v", page)
			}
		}},
		{"users.update", func(t *testing.T) {
			var u cliUser
			g.call(t, "users.update", ask(id, "display_name", change("Called “by” <name>", "Renamed"), "admin", change(true, false)), &u)
			if u.DisplayName != "Renamed" || u.Admin {
				t.Errorf("the answer is %+v", u)
			}
			if u := lookUp(t, hs, id); u.DisplayName != "Renamed" || u.Admin || u.UserType != "teacher" || len(u.Threepids) != 1 {
				t.Errorf("the account at the homeserver is %+v", u)
			}
			p := g.callFails(t, "users.update", ask(id, "display_name", change("Called “by” <name>", "Too late")))
			if p.Code != "changed_meanwhile" || p.Status != http.StatusConflict {
				t.Errorf("an edit of an old version: %+v", p)
			}
		}},
		{"users.preview", func(t *testing.T) {
			var e struct {
				User    cliUser  `json:"user"`
				Happens []object `json:"happens"`
			}
			g.call(t, "users.preview", ask(id, "operation", "users.deactivate"), &e)
			if e.User.ID != id || len(e.Happens) == 0 {
				t.Errorf("the effects are %+v", e)
			}
		}},
		{"devices.list", func(t *testing.T) {
			var list struct {
				Devices []object `json:"devices"`
			}
			g.call(t, "devices.list", ask(id), &list)
			if want := deviceCount(t, hs, id); len(list.Devices) != want || want == 0 {
				t.Errorf("there are %d devices, want %d", len(list.Devices), want)
			}
		}},
		{"devices.sign_out", func(t *testing.T) {
			canSignIn(t, hs, name, password)
			all := devices(t, hs, id)
			var done struct {
				Count int `json:"count"`
			}
			g.call(t, "devices.sign_out", ask(id, "devices", all[:1]), &done)
			if left := devices(t, hs, id); done.Count != 1 || slices.Contains(left, all[0]) || len(left) != len(all)-1 {
				t.Errorf("%d signed out, left are %q of %q", done.Count, left, all)
			}
			g.call(t, "devices.sign_out", ask(id, "all", true), &done)
			if left := devices(t, hs, id); done.Count != len(all)-1 || len(left) != 0 {
				t.Errorf("%d signed out, left are %q", done.Count, left)
			}
		}},
		{"users.reset_password", func(t *testing.T) { cliReset(t, g, hs, name, password) }},
		{"users.lock", func(t *testing.T) {
			var u cliUser
			g.call(t, "users.lock", ask(id, "reason", "lent"), &u)
			if !u.Locked || !lookUp(t, hs, id).Locked {
				t.Errorf("the account is not locked: %+v", u)
			}
		}},
		{"users.unlock", func(t *testing.T) {
			var u cliUser
			g.call(t, "users.unlock", ask(id), &u)
			if u.Locked || lookUp(t, hs, id).Locked {
				t.Errorf("the account is still locked: %+v", u)
			}
		}},
		{"users.deactivate", func(t *testing.T) {
			var u cliUser
			g.call(t, "users.deactivate", ask(id), &u)
			if now := lookUp(t, hs, id); !u.Deactivated || u.Erased || !now.Deactivated || now.Erased {
				t.Errorf("the account is %+v, at the homeserver %+v", u, now)
			}
		}},
		{"users.reactivate", func(t *testing.T) {
			var c cliCard
			g.call(t, "users.reactivate", ask(id, "password", object{"mode": "passphrase"}), &c)
			g.keepSecret(id, c.Password)
			if c.User.Deactivated || lookUp(t, hs, id).Deactivated {
				t.Errorf("the account is still deactivated: %+v", c)
			}
			canSignIn(t, hs, name, c.Password)
		}},
		{"users.erase", func(t *testing.T) {
			if p := g.callFails(t, "users.erase", ask(id, "confirm_id", name)); !cmp.Equal(p.at(), []string{"confirm_id confirm_id"}) {
				t.Errorf("without the whole ID: %+v", p)
			}
			var u cliUser
			g.call(t, "users.erase", ask(id, "confirm_id", id), &u)
			if now := lookUp(t, hs, id); !u.Erased || !now.Erased || !now.Deactivated {
				t.Errorf("the account is %+v, at the homeserver %+v", u, now)
			}
		}},
		{"server.info", func(t *testing.T) {
			var s struct {
				Name, Kind, Version, State string
				ServerName                 string `json:"server_name"`
			}
			g.call(t, "server.info", "", &s)
			if s.Kind != hs.Kind || s.ServerName != hs.ServerName || s.Version != homeserver.SynapseVersion || s.State == "down" {
				t.Errorf("the server is %+v", s)
			}
		}},
		{"server.check", func(t *testing.T) {
			var r struct {
				Checks []object `json:"checks"`
			}
			g.call(t, "server.check", "{}", &r)
			if len(r.Checks) == 0 {
				t.Error("the report has no check")
			}
		}},
	}
	steps = append(steps, cliStates(g, hs)...)
	steps = append(steps, cliActivity(t, g, hs)...)
	steps = append(steps, cliFiles(t, g, hs)...)
	steps = append(steps, cliTokens(g, hs)...)
	steps = append(steps, cliInvitations(g)...)
	steps = append(steps, cliExport(g, hs))
	steps = append(append(steps, cliImport(g, hs)...), cliJoin(g, hs))
	done := map[string]bool{}
	for _, step := range steps {
		done[step.operation] = true
		if !t.Run(step.operation, step.do) {
			t.Fatalf("after %s the rest makes no sense", step.operation)
		}
	}
	for _, o := range operations(t) {
		if o.Servers[hs.Kind] == true && !done[o.Name] && !ofJobs(o) {
			t.Errorf("%s was not called", o.Name)
		}
	}

	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	var actor string
	g.query(t, `SELECT actor FROM audit WHERE operation = 'users.lock' AND phase = 'intent'`, nil, &actor)
	if actor != "local:"+me.Username {
		t.Errorf("the audit log names %q, want the user of the system", actor)
	}
	if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("users.create", name)); diff != "" {
		t.Errorf("the audit log of the creation (-want +got):\n%s", diff)
	}
}

// A cliStep calls one operation and looks what came of it.
type cliStep struct {
	operation string
	do        func(t *testing.T)
}

// cliReset resets a password with the devices left alone, and then, as is the default,
// signed out.
func cliReset(t *testing.T, g *gatehouse, hs *homeserver.Server, name, old string) {
	t.Helper()
	id := hs.UserID(name)
	session, err := hs.Login(timeout(t), name, old)
	if err != nil {
		t.Fatal(err)
	}
	var first, second cliCard
	g.call(t, "users.reset_password", ask(id, "password", object{"mode": "random"}, "sign_out", false), &first)
	g.keepSecret(id, first.Password)
	if first.SignedOut || !lives(t, hs, session.AccessToken) {
		t.Errorf("the devices were signed out: %+v", first)
	}
	cannotSignIn(t, hs, name, old)
	canSignIn(t, hs, name, first.Password)
	g.call(t, "users.reset_password", ask(id, "password", object{"mode": "passphrase"}), &second)
	g.keepSecret(id, second.Password)
	if !second.SignedOut || lives(t, hs, session.AccessToken) || second.Password == first.Password {
		t.Errorf("the devices were not signed out: %+v", second)
	}
	canSignIn(t, hs, name, second.Password)
}

// TestCLICallProblems sends requests that cannot work. All of them end with status 1, a
// problem on standard error and nothing on standard output.
func TestCLICallProblems(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := prepareGatehouse(t, homeservers(hs))
	free := unique("free")
	random := object{"mode": "random"}
	tests := []struct {
		name, operation string
		request         any
		status          int
		code            string
		at              []string
	}{
		{"many mistakes", "users.create", object{"localpart": "große", "password": object{"password": "short"}, "threepids": []object{{"medium": "email", "address": "x"}}},
			422, "invalid_request", []string{"localpart invalid_localpart", "password.password weak_password", "threepids.0.address invalid_email"}},
		{"nothing given", "users.create", "", 422, "invalid_request", []string{"localpart missing", "password.mode missing"}},
		{"upper case", "users.create", object{"localpart": "Free", "password": random}, 422, "invalid_request", []string{"localpart localpart_upper"}},
		{"digits", "users.create", object{"localpart": "1234", "password": random}, 422, "localpart_digits", []string{"localpart localpart_digits"}},
		{"NUL in a password", "users.create", object{"localpart": free, "password": object{"password": "nul\x00in the middle"}}, 422, "invalid_request", []string{"password.password password_nul"}},
		{"long password", "users.create", object{"localpart": free, "password": object{"password": strings.Repeat("long ", 200)}}, 422, "invalid_request", []string{"password.password password_too_long"}},
		{"unknown field", "users.create", object{"localpart": free, "password": random, "colour": "red"}, 422, "invalid_request", []string{"colour unknown_field"}},
		{"not JSON", "users.create", `{"localpart": `, 400, "invalid_json", nil},
		{"two requests", "users.get", `{"id": "@a:b"} {"id": "@a:b"}`, 400, "invalid_json", nil},
		{"a list", "users.get", `[]`, 400, "invalid_json", nil},
		{"not an ID", "users.get", ask("nonsense"), 422, "invalid_request", []string{"id invalid_user_id"}},
		{"another server", "users.lock", ask("@somebody:elsewhere.example"), 0, "", nil},
		{"no such account", "users.lock", ask(hs.UserID("nobody-at-all")), 404, "", nil},
		{"no such operation", "users.explode", "", 404, "", nil},
		{"for nobody's use", "operators.verify", object{"name": "x", "password": "y"}, 404, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := g.callFails(t, tt.operation, tt.request)
			if tt.status != 0 && p.Status != tt.status || tt.code != "" && p.Code != tt.code {
				t.Errorf("status %d, code %q; want %d %q (%s)", p.Status, p.Code, tt.status, tt.code, p.Detail)
			}
			if tt.at != nil {
				if diff := cmp.Diff(tt.at, p.at()); diff != "" {
					t.Errorf("fields at fault (-want +got):\n%s", diff)
				}
			}
			for _, f := range p.Fields {
				if f.Detail == "" {
					t.Errorf("nothing is said about %s", f.Field)
				}
			}
		})
	}
	err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v2/users/"+hs.UserID(free), nil, nil)
	if e := errorOf(err); e == nil || e.Status != http.StatusNotFound {
		t.Errorf("an account was made in spite of the mistakes: %v", err)
	}
}

// TestCLICreateTwice makes an account twice, with one request key and with two.
func TestCLICreateTwice(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := prepareGatehouse(t, homeservers(hs))
	name := unique("again")
	request := object{"localpart": name, "password": object{"mode": "random"}}
	var c cliCard
	g.call(t, "users.create", request, &c, "--key", "a-key-of-the-caller-0001")
	g.keepSecret(hs.UserID(name), c.Password)
	if p := g.callFails(t, "users.create", request, "--key", "a-key-of-the-caller-0001"); p.Code != "already_done_secret" {
		t.Errorf("the same key again: %+v", p)
	}
	other := object{"localpart": name + "x", "password": object{"mode": "random"}}
	if p := g.callFails(t, "users.create", other, "--key", "a-key-of-the-caller-0001"); p.Code != "key_reused" || p.Status != http.StatusConflict {
		t.Errorf("the same key for something else: %+v", p)
	}
	if p := g.callFails(t, "users.create", request); p.Status != http.StatusConflict || !cmp.Equal(p.at(), []string{"localpart name_in_use"}) {
		t.Errorf("another key: %+v", p)
	}
	canSignIn(t, hs, name, c.Password)
	if diff := cmp.Diff([]string{"intent", "outcome done", "intent", "outcome failed name_in_use"}, g.audit("users.create", `"`+name+`"`)); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
}

// TestCLIHomeservers names the homeserver that is meant where there are two.
func TestCLIHomeservers(t *testing.T) {
	t.Parallel()
	one, two := synapse(t), dendrite(t)
	g := prepareGatehouse(t, homeservers(one, two))
	out, errs, code := g.command("", "call", "server.info")
	if code != 1 || out != "" || !strings.Contains(errs, "--homeserver") || !strings.Contains(errs, two.Kind) {
		t.Errorf("without a name: status %d\n%s%s", code, out, errs)
	}
	if _, errs, code := g.command("", "call", "server.info", "--homeserver", "nothing"); code != 1 || !strings.Contains(errs, one.Kind) {
		t.Errorf("with a name that is not there: status %d\n%s", code, errs)
	}
	for _, hs := range []*homeserver.Server{one, two} {
		var s struct{ Kind string }
		if g.call(t, "server.info", "", &s, "-s", hs.Kind); s.Kind != hs.Kind {
			t.Errorf("%s is said to be %q", hs.Kind, s.Kind)
		}
	}
}
