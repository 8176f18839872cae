// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store/storetest"
)

// What the guard asks and refuses: operation, whom it is about, who does it → the code, and what a confirmation changes.
func TestGuard(t *testing.T) { storetest.Each(t, testGuard) }

func testGuard(t *testing.T) {
	t.Parallel()
	const (
		ann, admin, own = "@ann:example.org", "@admin:example.org", "@gatehouse:example.org"
		last            = "@last:example.org" // the one administrator, where there is no other
	)
	deeds := map[string]string{
		"users.update":           `{"id":"ID","display_name":{"to":"A"}}`,
		"demote":                 `{"id":"ID","admin":{"from":true,"to":false}}`,
		"promote":                `{"id":"ID","admin":{"to":true}}`,
		"users.reset_password":   `{"id":"ID","password":{"mode":"random"}}`,
		"users.lock":             `{"id":"ID"}`,
		"users.unlock":           `{"id":"ID"}`,
		"users.deactivate":       `{"id":"ID"}`,
		"users.erase":            `{"id":"ID","confirm_id":"ID"}`,
		"users.reactivate":       `{"id":"ID","password":{"mode":"none"}}`,
		"devices.sign_out":       `{"id":"ID","all":true}`,
		"devices.sign_out some":  `{"id":"ID","devices":["A"]}`,
		"users.suspend":          `{"id":"ID"}`,
		"users.unsuspend":        `{"id":"ID"}`,
		"users.shadow_ban":       `{"id":"ID"}`,
		"users.unshadow_ban":     `{"id":"ID"}`,
		"devices.prune":          `{"id":"ID","days":90}`,
		"devices.rename":         `{"id":"ID","device":"A","name":"B"}`,
		"devices.create":         `{"id":"ID"}`,
		"limits.set":             `{"id":"ID","messages_per_second":1,"burst":1}`,
		"limits.remove":          `{"id":"ID"}`,
		"features.set":           `{"id":"ID","name":"a","on":true}`,
		"users.renew":            `{"id":"ID"}`,
		"users.allow_key_reset":  `{"id":"ID"}`,
		"users.sign_in_as":       `{"id":"ID","reason":"x"}`,
		"users.update addresses": `{"id":"ID","threepids":{"to":[{"medium":"email","address":"a@b.example"}]}}`,

		"users.update identities": `{"id":"ID","external_ids":{"to":[{"auth_provider":"oidc","external_id":"a"}]}}`,
	}
	cases := []struct {
		deed   string
		self   string // what an administrator hears who does it to themselves
		own    string // to the gate's own account
		last   string // to the last administrator
		others string // a role that may do it but not set administrators, to an administrator; "-": no such role
	}{
		{"users.update", "", "", "", "forbidden"},
		{"users.update addresses", "", "own_service_account", "", "forbidden"},
		{"users.update identities", "", "own_service_account", "", "forbidden"},
		{"demote", "confirm_self", "own_service_account", "confirm_last_admin", "forbidden"},
		{"promote", "", "", "", "forbidden"},
		{"users.reset_password", "confirm_self", "own_service_account", "", "forbidden"},
		{"users.lock", "confirm_self", "own_service_account", "confirm_last_admin", "forbidden"},
		{"users.unlock", "", "", "", "forbidden"},
		{"users.deactivate", "confirm_self", "own_service_account", "confirm_last_admin", "forbidden"},
		{"users.erase", "confirm_self", "own_service_account", "confirm_last_admin", "-"},
		{"users.reactivate", "", "", "", "forbidden"},
		{"devices.sign_out", "confirm_self", "own_service_account", "", "forbidden"},
		{"devices.sign_out some", "confirm_self", "own_service_account", "", "forbidden"},
		{"users.suspend", "confirm_self", "own_service_account", "", "forbidden"},
		{"users.unsuspend", "", "", "", "forbidden"},
		{"users.shadow_ban", "confirm_self", "own_service_account", "", "forbidden"},
		{"users.unshadow_ban", "", "", "", "forbidden"},
		{"devices.prune", "confirm_self", "own_service_account", "", "forbidden"},
		{"devices.rename", "", "", "", "forbidden"},
		{"devices.create", "", "", "", "forbidden"},
		{"limits.set", "", "", "", "-"},
		{"limits.remove", "", "", "", "-"},
		{"features.set", "", "", "", "-"},
		{"users.renew", "", "", "", "forbidden"},
		{"users.allow_key_reset", "", "", "", "forbidden"},
		{"users.sign_in_as", "confirm_self", "own_service_account", "", "-"},
	}
	if len(cases) != len(deeds) {
		t.Fatalf("%d cases for %d deeds", len(cases), len(deeds))
	}
	weak := map[string]api.Role{
		"users.update": api.Registrar, "users.update addresses": api.Helpdesk, "users.update identities": api.Helpdesk, "demote": api.Registrar, "promote": api.Registrar,
		"users.reset_password": api.Helpdesk, "users.lock": api.Moderator, "users.unlock": api.Moderator, "users.deactivate": api.Moderator,
		"users.reactivate": api.Moderator, "devices.sign_out": api.Helpdesk, "devices.sign_out some": api.Helpdesk,
		"users.suspend": api.Moderator, "users.unsuspend": api.Moderator, "users.shadow_ban": api.Moderator, "users.unshadow_ban": api.Moderator,
		"devices.prune": api.Helpdesk, "devices.rename": api.Helpdesk, "devices.create": api.Helpdesk, "users.renew": api.Registrar,
		"users.allow_key_reset": api.Helpdesk,
	}
	// unasked are operations about which nobody is ever asked again: their requests have no word for it.
	unasked := []string{"users.reactivate", "users.unlock", "users.unsuspend", "users.unshadow_ban", "devices.rename", "devices.create", "users.renew"}
	w := gatetest.New(t, gatetest.Options{})
	for _, c := range cases {
		operation, _, _ := strings.Cut(c.deed, " ")
		if operation == "demote" || operation == "promote" {
			operation = "users.update"
		}
		try := func(name, id string, role api.Role, onlyOne bool, code string) {
			t.Run(c.deed+"/"+name, func(t *testing.T) {
				w.Stub.Reset()
				begun, recorded := w.Intents(), len(w.Log())
				w.Stub.Put(api.User{ID: last, Admin: true})
				if onlyOne {
					for _, local := range []string{"root", "admin"} {
						w.Stub.Put(api.User{ID: w.Stub.ID(local)})
					}
				}
				cookie := w.Session(w.Person(role))
				body := strings.ReplaceAll(deeds[c.deed], "ID", id)
				rec := w.Call(cookie, operation, gate.NewKey(), body)
				if code == "" {
					if rec.Code != 200 || len(w.Stub.Calls(operation)) != 1 {
						t.Fatalf("status %d, calls %v: %s", rec.Code, w.Stub.Calls(), rec.Body)
					}
					return
				}
				status := 409
				if code == "forbidden" {
					status = 403
				}
				p := refused(t, rec, status, code)
				if len(w.Stub.Calls(operation)) > 0 || w.Intents() > begun {
					t.Errorf("calls %v, audit %v", w.Stub.Calls(), w.Phases())
				}
				rows := w.Log()[recorded:]
				if len(rows) != 1 || rows[0].String() != "event "+operation+" refused "+code {
					t.Errorf("audit: %v", w.Phases())
				}
				asks := strings.HasPrefix(code, "confirm_")
				if asks && (len(p.Fields) != 1 || p.Fields[0].Field != "confirm") {
					t.Errorf("the question stands at no field: %+v", p)
				}
				// A confirmation answers a question; it lifts no prohibition.
				if !strings.Contains(body, `"confirm"`) && !slices.Contains(unasked, operation) {
					body = strings.TrimSuffix(body, "}") + `,"confirm":true}`
					rec := w.Call(cookie, operation, gate.NewKey(), body)
					if asks && rec.Code != 200 {
						t.Errorf("confirmed, and still %d: %s", rec.Code, rec.Body)
					}
					if !asks {
						refused(t, rec, status, code)
					}
				}
			})
		}
		try("somebody", ann, api.Owner, false, "")
		try("another administrator", "@root:example.org", api.Owner, false, "")
		try("self", admin, api.Owner, false, c.self)
		try("own account", own, api.Owner, false, c.own)
		try("last administrator", last, api.Owner, true, c.last)
		if c.others != "-" {
			code := c.others
			if c.deed == "demote" || c.deed == "promote" {
				code = "forbidden"
			}
			try("an administrator by "+string(weak[c.deed]), "@root:example.org", weak[c.deed], false, code)
			if c.deed != "demote" && c.deed != "promote" {
				try("somebody by "+string(weak[c.deed]), ann, weak[c.deed], false, "")
			}
		}
	}
}

// Where the server cannot list its administrators nobody can tell who is the last one, so the question is always asked.
func TestLastAdministratorUnknown(t *testing.T) { storetest.Each(t, testLastAdministratorUnknown) }

func testLastAdministratorUnknown(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Stub.Lack(api.ListUsers, "no_list")
	cookie := w.Session(w.Person(api.Owner))
	refused(t, w.Call(cookie, "users.lock", gate.NewKey(), `{"id":"@root:example.org"}`), 409, "confirm_last_admin")
	if rec := w.Call(cookie, "users.lock", gate.NewKey(), `{"id":"@root:example.org","confirm":true}`); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// Where the server lists accounts, but does not say which of them are administrators, the question is asked in those words.
func TestLastAdministratorUntold(t *testing.T) { storetest.Each(t, testLastAdministratorUntold) }

func testLastAdministratorUntold(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.ListUsers, func(context.Context, api.UserQuery) (api.UserPage, error) {
		return api.UserPage{}, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", "dendrite_needs_database").At("admins")
	})
	gatetest.On(w.Stub, api.GetUser, func(_ context.Context, r api.UserRef) (api.User, error) {
		return api.User{ID: r.ID, Unknown: []string{"admin"}}, nil
	})
	cookie := w.Session(w.Person(api.Owner))
	refused(t, w.Call(cookie, "users.deactivate", gate.NewKey(), `{"id":"@ann:example.org"}`), 409, "confirm_perhaps_admin")
	if rec := w.Call(cookie, "users.deactivate", gate.NewKey(), `{"id":"@ann:example.org","confirm":true}`); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// More than a page of administrators: somebody among those who are not shown is left.
func TestLastAdministratorOfMany(t *testing.T) { storetest.Each(t, testLastAdministratorOfMany) }

func testLastAdministratorOfMany(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.ListUsers, func(_ context.Context, q api.UserQuery) (api.UserPage, error) {
		if q.Admins != api.Only || q.Deactivated != api.Without || q.Locked != api.Without || q.System != api.With {
			t.Errorf("asked with %+v", q)
		}
		return api.UserPage{Users: []api.User{{ID: "@root:example.org", Admin: true}}, Next: "more"}, nil
	})
	if rec := w.Call(w.Session(w.Person(api.Owner)), "users.lock", gate.NewKey(), `{"id":"@root:example.org"}`); rec.Code != 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// The command line goes through the same corridor: it is guarded, needs a key, and stands in the log as local:<user>.
func TestCommandLine(t *testing.T) { storetest.Each(t, testCommandLine) }

func testCommandLine(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	person := operator.Local("alice")
	call := func(key, id string) error {
		_, err := w.Gate.Do(t.Context(), gate.Visit{
			Person: &person, Homeserver: "hs", Operation: "users.lock", Key: key, RequestID: "r",
			Decode: func(op api.Op) (api.Request, error) { return op.DecodeJSON([]byte(`{"id":"` + id + `"}`)) },
		})
		return err
	}
	if err := call(gate.NewKey(), "@ann:example.org"); err != nil {
		t.Error(err)
	}
	if got := gatetest.Code(call("", "@ann:example.org")); got != "request_key_missing" {
		t.Error(got)
	}
	if got := gatetest.Code(call(gate.NewKey(), "@gatehouse:example.org")); got != "own_service_account" {
		t.Error(got)
	}
	if r := w.Log()[0]; r.Actor != "local:alice" || r.Role != "owner" || r.Targets != `["@ann:example.org"]` {
		t.Errorf("%+v", r)
	}
}
