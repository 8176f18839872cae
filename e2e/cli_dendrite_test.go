// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCLIDendrite calls every operation that Dendrite has from the command line, with
// its database, and looks at the homeserver what came of it.
func TestCLIDendrite(t *testing.T) {
	t.Parallel()
	hs := dendrite(t)
	g := prepareGatehouse(t, homeservers(hs))
	const password = "typed on a keyboard"
	name := unique("called")
	id := hs.UserID(name)
	g.keepSecret(id, password)
	done := map[string]bool{}
	call := func(operation string, request, result any) {
		t.Helper()
		done[operation] = true
		g.call(t, operation, request, result)
	}

	var free struct{ Free bool }
	if call("users.available", object{"localpart": name}, &free); !free.Free {
		t.Error("a free name is said to be taken")
	}
	var c cliCard
	call("users.create", object{"localpart": name, "display_name": "By “hand” <x>", "password": object{"password": password}}, &c)
	if c.User.ID != id || c.Password != password || len(c.Left) != 0 {
		t.Errorf("the card is %+v", c)
	}
	g.keepServiceToken(t, hs)
	if left := dendriteDevices(t, hs, id); len(left) != 0 {
		t.Errorf("the account has the devices %q: the token of its registration was not logged out", left)
	}
	session, err := hs.Login(timeout(t), name, password)
	if err != nil {
		t.Fatal(err)
	}
	if call("users.available", object{"localpart": name}, &free); free.Free {
		t.Error("a taken name is said to be free")
	}
	var u cliUser
	if call("users.get", ask(id), &u); u.DisplayName != "By “hand” <x>" || u.Admin || u.Deactivated {
		t.Errorf("the account is %+v", u)
	}
	var page struct{ Users []cliUser }
	if call("users.list", object{"search": name}, &page); len(page.Users) != 1 || page.Users[0].ID != id {
		t.Errorf("the list is %+v", page)
	}
	if call("users.update", ask(id, "admin", change(false, true)), &u); !u.Admin || !administers(t, hs, session.AccessToken) {
		t.Errorf("promoted, the account is %+v", u)
	}
	if call("users.update", ask(id, "admin", change(true, false)), &u); u.Admin || administers(t, hs, session.AccessToken) {
		t.Errorf("demoted, the account is %+v", u)
	}
	var list struct{ Devices []struct{ ID string } }
	if call("devices.list", ask(id), &list); len(list.Devices) != 1 || list.Devices[0].ID != session.DeviceID {
		t.Errorf("the devices are %+v, want %s", list, session.DeviceID)
	}
	var connections struct{ Connections []struct{ Device string } }
	if call("users.connections", ask(id), &connections); len(connections.Connections) != 1 || connections.Connections[0].Device != session.DeviceID {
		t.Errorf("the connections are %+v, want that of %s", connections, session.DeviceID)
	}
	var found struct{ ID string }
	if call("users.find", object{"by": "email", "value": "nobody@example.org"}, &found); found.ID != "" {
		t.Errorf("found %q", found.ID)
	}
	var first, second cliCard
	call("users.reset_password", ask(id, "password", object{"mode": "random"}, "sign_out", false), &first)
	g.keepSecret(id, first.Password)
	if first.SignedOut || !lives(t, hs, session.AccessToken) {
		t.Errorf("the device was signed out: %+v", first)
	}
	canSignIn(t, hs, name, first.Password)
	call("users.reset_password", ask(id, "password", object{"mode": "passphrase"}), &second)
	g.keepSecret(id, second.Password)
	if !second.SignedOut || lives(t, hs, session.AccessToken) {
		t.Errorf("the device was not signed out: %+v", second)
	}
	canSignIn(t, hs, name, second.Password)
	cannotSignIn(t, hs, name, password)
	var effects struct{ Happens []object }
	if call("users.preview", ask(id, "operation", "users.deactivate"), &effects); len(effects.Happens) == 0 {
		t.Error("deactivating is said to have no effects")
	}
	if call("users.deactivate", ask(id), &u); !u.Deactivated || u.Step != "" {
		t.Errorf("deactivated, the account is %+v", u)
	}
	cannotSignIn(t, hs, name, second.Password)
	call("users.reactivate", ask(id, "password", object{"mode": "random"}), &c)
	g.keepSecret(id, c.Password)
	canSignIn(t, hs, name, c.Password)
	var history struct{ Events []object }
	if call("users.history", ask(id), &history); len(history.Events) < 5 {
		t.Errorf("the history is %+v", history)
	}
	var server struct{ Kind string }
	if call("server.info", "", &server); server.Kind != hs.Kind {
		t.Errorf("the server is a %q", server.Kind)
	}
	var r report
	if call("server.check", "", &r); len(r.Checks) == 0 || len(r.failed()) != 0 {
		t.Errorf("the report is %+v", r)
	}

	more := append(cliInvitations(g), cliExport(g, hs), cliNotice(g, hs, register(t, hs, unique("reader"), "a password of theirs", false)))
	more = append(more, cliImport(g, hs)...)
	for _, step := range more {
		done[step.operation] = true
		if !t.Run(step.operation, step.do) {
			t.Fatalf("after %s the rest makes no sense", step.operation)
		}
	}

	for _, o := range operations(t) {
		if o.Servers[hs.Kind] == true {
			if !done[o.Name] && !ofJobs(o) {
				t.Errorf("%s was not called", o.Name)
			}
			continue
		}
		request := map[string]object{
			"users.erase": ask(id, "confirm_id", id), "devices.sign_out": ask(id, "all", true), "devices.prune": ask(id, "days", 90),
			"devices.rename": ask(id, "device", "A", "name", "B"), "features.set": ask(id, "name", "msc3881", "on", true),
			"users.sign_in_as": ask(id, "reason", "a ticket"), "users.repair": ask(id, "drift", "locked"),
			"users.redact": ask(id, "confirm_id", id, "scope", "all"), "users.redaction": ask(id, "redact_id", "none"),
			"providers.list": {}, "clients.list": {}, "site.get": {}, "policy.get": {}, "personal.list": {},
			"clients.get": ask("01J44RKQYM4G3TNVANTMTDYTX6"), "personal.get": ask("01J44RKQYM4G3TNVANTMTDYTX6"), "personal.revoke": ask("01J44RKQYM4G3TNVANTMTDYTX6", "actor", id),
			"personal.renew":   ask("01J44RKQYM4G3TNVANTMTDYTX6", "actor", id, "reason", "a ticket"),
			"personal.create":  {"actor": id, "name": "x", "scope": "urn:matrix:client:api:*", "reason": "a ticket"},
			"users.join_rooms": ask(id, "rooms", []string{"#a:example.org"}),
		}[o.Name]
		switch {
		case request != nil:
		case o.Name == "media.list", o.Name == "media.quarantine_all", o.Name == "media.delete_all":
			request = ask(id)
		case strings.HasPrefix(o.Name, "media."):
			request = ask(id, "media", "None")
		case o.Name == "tokens.list", o.Name == "tokens.create":
			request = object{}
		case strings.HasPrefix(o.Name, "tokens."):
			request = ask("Kw~1")
		default:
			request = ask(id)
		}
		if p := g.callFails(t, o.Name, request); p.Status != http.StatusNotImplemented || p.Code != "not_supported" {
			t.Errorf("%s, which Dendrite has not: %+v", o.Name, p)
		}
	}
	for field, request := range map[string]object{
		"user_type":    {"user_type": "bot"},
		"avatar_url":   {"avatar_url": "mxc://dendrite.example/x"},
		"threepids":    {"threepids": []object{{"medium": "email", "address": "x@example.org"}}},
		"external_ids": {"external_ids": []object{{"auth_provider": "x", "external_id": "y"}}},
		"password":     {"password": object{"mode": "none"}},
	} {
		whole := object{"localpart": unique("never"), "password": object{"mode": "random"}}
		for key, value := range request {
			whole[key] = value
		}
		p := g.callFails(t, "users.create", whole)
		if p.Code != "not_supported" || len(p.Fields) == 0 {
			t.Errorf("creating with %s, which Dendrite has not: %+v", field, p)
		}
		cannotSignIn(t, hs, whole["localpart"].(string), "whatever it is")
	}
	if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("users.create", `"`+name+`"`)); diff != "" {
		t.Errorf("the audit log of the creation (-want +got):\n%s", diff)
	}
}
