// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// everyOperation is the table of operations as it is meant: its permission, and a request that a permitted person gets through with. It
// says again what the catalogue says, so that a change of a permission is made twice. An operation that is missing here fails.
var everyOperation = []struct {
	name       string
	kind       api.Kind
	permission api.Permission
	query      url.Values // of a read
	body       string     // of a write
	internal   bool
	recorded   bool           // a read that is in the audit log
	job        string         // the state of the job that JOB names
	also       api.Permission // what this very request takes besides
}{
	{name: "devices.create", kind: api.KindWrite, permission: "devices.edit", body: `{"id":"@ann:example.org","device":"BOT"}`},
	{name: "devices.list", kind: api.KindRead, permission: "devices.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "devices.prune", kind: api.KindWrite, permission: "devices.sign_out", body: `{"id":"@ann:example.org","days":90}`},
	{name: "devices.rename", kind: api.KindWrite, permission: "devices.edit", body: `{"id":"@ann:example.org","device":"PHONE","name":"A phone"}`},
	{name: "devices.sign_out", kind: api.KindWrite, permission: "devices.sign_out", body: `{"id":"@ann:example.org","all":true}`},
	{name: "features.list", kind: api.KindRead, permission: "users.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "features.set", kind: api.KindWrite, permission: "users.settings", body: `{"id":"@ann:example.org","name":"msc3881","on":true}`},
	{name: "limits.get", kind: api.KindRead, permission: "users.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "limits.remove", kind: api.KindWrite, permission: "users.settings", body: `{"id":"@ann:example.org"}`},
	{name: "limits.set", kind: api.KindWrite, permission: "users.settings", body: `{"id":"@ann:example.org","messages_per_second":5,"burst":20}`},
	{name: "invitations.create", kind: api.KindWrite, permission: "invitations.write", body: `{"uses":1,"days":7}`},
	{name: "invitations.get", kind: api.KindRead, permission: "invitations.read", query: url.Values{"id": {gatetest.Invitation}}},
	{name: "users.join_rooms", kind: api.KindWrite, permission: "users.create", body: `{"id":"@ann:example.org","rooms":["#a:example.org"]}`},
	{name: "invitations.list", kind: api.KindRead, permission: "invitations.read"},
	{name: "invitations.show", kind: api.KindWrite, permission: "invitations.write", body: `{"id":"` + gatetest.Invitation + `"}`},
	{name: "invitations.update", kind: api.KindWrite, permission: "invitations.write", body: `{"id":"` + gatetest.Invitation + `","days":3}`},
	{name: "invitations.revoke", kind: api.KindWrite, permission: "invitations.write", body: `{"id":"` + gatetest.Invitation + `"}`}, // the last one: those before take one that is open
	{name: "lists.export", kind: api.KindRead, permission: "users.read", query: url.Values{"operation": {"users.list"}, "format": {"csv"}}, recorded: true},
	{name: "imports.abandon", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "upload"},
	{name: "imports.left", kind: api.KindRead, permission: "jobs.run", query: url.Values{"id": {"JOB"}}, job: "done"},
	{name: "imports.look", kind: api.KindRead, permission: "jobs.run", query: url.Values{"id": {"JOB"}}, job: "upload"},
	{name: "imports.upload", kind: api.KindWrite, permission: "jobs.run", body: `{"name":"users.csv"}`, internal: true},
	{name: "imports.plan", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB","mode":"update","columns":[{"column":1,"field":"id"}]}`, job: "upload", also: "users.edit"},
	{name: "jobs.cancel", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "running"},
	{name: "jobs.cards", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "done"},
	{name: "jobs.get", kind: api.KindRead, permission: "users.read", query: url.Values{"id": {"JOB"}}, job: "done"},
	{name: "jobs.items", kind: api.KindRead, permission: "users.read", query: url.Values{"id": {"JOB"}}, job: "done"},
	{name: "jobs.list", kind: api.KindRead, permission: "users.read"},
	{name: "jobs.passwords", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "done"},
	{name: "jobs.pause", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "running"},
	{name: "jobs.plan", kind: api.KindWrite, permission: "jobs.run", body: `{"operation":"users.lock","ids":["@ann:example.org"]}`, also: "users.lock"},
	{name: "jobs.resume", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "paused"},
	{name: "jobs.retry", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "done"},
	{name: "jobs.start", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "planned"},
	{name: "jobs.wipe", kind: api.KindWrite, permission: "jobs.run", body: `{"id":"JOB"}`, job: "done"},
	{name: "media.delete", kind: api.KindWrite, permission: "media.delete", body: `{"id":"@ann:example.org","media":"Picture"}`},
	{name: "media.delete_all", kind: api.KindWrite, permission: "media.delete", body: `{"id":"@ann:example.org","before":"2026-01-31"}`},
	{name: "media.get", kind: api.KindRead, permission: "media.read", query: url.Values{"id": {"@ann:example.org"}, "media": {"Picture"}}},
	{name: "media.list", kind: api.KindRead, permission: "media.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "media.protect", kind: api.KindWrite, permission: "media.quarantine", body: `{"id":"@ann:example.org","media":"Picture"}`},
	{name: "media.quarantine", kind: api.KindWrite, permission: "media.quarantine", body: `{"id":"@ann:example.org","media":"Picture"}`},
	{name: "media.quarantine_all", kind: api.KindWrite, permission: "media.quarantine", body: `{"id":"@ann:example.org"}`},
	{name: "media.thumbnail", kind: api.KindRead, permission: "media.read", query: url.Values{"id": {"@ann:example.org"}, "media": {"Picture"}}},
	{name: "media.unprotect", kind: api.KindWrite, permission: "media.quarantine", body: `{"id":"@ann:example.org","media":"Picture"}`},
	{name: "media.unquarantine", kind: api.KindWrite, permission: "media.quarantine", body: `{"id":"@ann:example.org","media":"Picture"}`},
	{name: "operators.verify", kind: api.KindWrite, permission: "servers.read", body: `{"name":"admin","password":"x"}`, internal: true},
	{name: "providers.list", kind: api.KindRead, permission: "servers.read"},
	{name: "clients.list", kind: api.KindRead, permission: "service.read"},
	{name: "clients.get", kind: api.KindRead, permission: "service.read", query: url.Values{"id": {"01J44RKQYM4G3TNVANTMTDYTX6"}}},
	{name: "site.get", kind: api.KindRead, permission: "service.read"},
	{name: "policy.get", kind: api.KindRead, permission: "service.read"},
	{name: "personal.list", kind: api.KindRead, permission: "personal.read"},
	{name: "personal.get", kind: api.KindRead, permission: "personal.read", query: url.Values{"id": {"01J44RKQYM4G3TNVANTMTDYTX6"}}},
	{name: "personal.create", kind: api.KindWrite, permission: "personal.write", body: `{"actor":"@ann:example.org","name":"x","scope":"urn:matrix:client:api:*","reason":"a ticket"}`},
	{name: "personal.renew", kind: api.KindWrite, permission: "personal.write", body: `{"id":"01J44RKQYM4G3TNVANTMTDYTX6","actor":"@ann:example.org","reason":"a ticket"}`},
	{name: "personal.revoke", kind: api.KindWrite, permission: "personal.write", body: `{"id":"01J44RKQYM4G3TNVANTMTDYTX6","actor":"@ann:example.org"}`},
	{name: "server.check", kind: api.KindRead, permission: "servers.read"},
	{name: "server.info", kind: api.KindRead, permission: "servers.read"},
	{name: "tokens.create", kind: api.KindWrite, permission: "tokens.write", body: `{"uses":1}`},
	{name: "tokens.delete", kind: api.KindWrite, permission: "tokens.write", body: `{"id":"Kw~1"}`},
	{name: "tokens.list", kind: api.KindRead, permission: "tokens.read"},
	{name: "tokens.revoke", kind: api.KindWrite, permission: "tokens.write", body: `{"id":"Kw~1"}`},
	{name: "tokens.show", kind: api.KindWrite, permission: "tokens.read", body: `{"id":"Kw~1"}`},
	{name: "tokens.unrevoke", kind: api.KindWrite, permission: "tokens.write", body: `{"id":"Kw~1"}`},
	{name: "tokens.update", kind: api.KindWrite, permission: "tokens.write", body: `{"id":"Kw~1","uses":{"to":5}}`},
	{name: "users.account_data", kind: api.KindRead, permission: "users.account_data", query: url.Values{"id": {"@ann:example.org"}}, recorded: true},
	{name: "users.activity", kind: api.KindRead, permission: "rooms.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "users.allow_key_reset", kind: api.KindWrite, permission: "users.reset_password", body: `{"id":"@ann:example.org"}`},
	{name: "users.available", kind: api.KindRead, permission: "users.create", query: url.Values{"localpart": {"new"}}},
	{name: "users.connections", kind: api.KindRead, permission: "devices.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "users.create", kind: api.KindWrite, permission: "users.create", body: `{"localpart":"new","password":{"mode":"random"}}`},
	{name: "users.deactivate", kind: api.KindWrite, permission: "users.deactivate", body: `{"id":"@ann:example.org"}`},
	{name: "users.erase", kind: api.KindWrite, permission: "users.erase", body: `{"id":"@ann:example.org","confirm_id":"@ann:example.org"}`},
	{name: "users.find", kind: api.KindRead, permission: "users.read", query: url.Values{"by": {"email"}, "value": {"ann@example.org"}}},
	{name: "users.get", kind: api.KindRead, permission: "users.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "users.history", kind: api.KindRead, permission: "audit.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "users.list", kind: api.KindRead, permission: "users.read"},
	{name: "users.lock", kind: api.KindWrite, permission: "users.lock", body: `{"id":"@ann:example.org"}`},
	{name: "users.notice", kind: api.KindWrite, permission: "users.notice", body: `{"id":"@ann:example.org","text":"Tonight the server is updated."}`},
	{name: "users.preview", kind: api.KindRead, permission: "users.read", query: url.Values{"id": {"@ann:example.org"}, "operation": {"users.lock"}}},
	{name: "users.pushers", kind: api.KindRead, permission: "devices.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "users.reactivate", kind: api.KindWrite, permission: "users.deactivate", body: `{"id":"@ann:example.org","password":{"mode":"none"}}`},
	{name: "users.renew", kind: api.KindWrite, permission: "users.edit", body: `{"id":"@ann:example.org"}`},
	{name: "users.repair", kind: api.KindWrite, permission: "users.deactivate", body: `{"id":"@ann:example.org","drift":"deactivated"}`},
	{name: "users.reset_password", kind: api.KindWrite, permission: "users.reset_password", body: `{"id":"@ann:example.org","password":{"mode":"random"}}`},
	{name: "users.redact", kind: api.KindWrite, permission: "users.redact", body: `{"id":"@ann:example.org","confirm_id":"@ann:example.org","scope":"all"}`},
	{name: "users.redaction", kind: api.KindRead, permission: "users.redact", query: url.Values{"id": {"@ann:example.org"}, "redact_id": {"r1"}}},
	{name: "users.rooms", kind: api.KindRead, permission: "rooms.read", query: url.Values{"id": {"@ann:example.org"}}},
	{name: "users.shadow_ban", kind: api.KindWrite, permission: "users.shadow_ban", body: `{"id":"@ann:example.org"}`},
	{name: "users.sign_in_as", kind: api.KindWrite, permission: "users.sign_in_as", body: `{"id":"@ann:example.org","reason":"a ticket"}`},
	{name: "users.suspend", kind: api.KindWrite, permission: "users.suspend", body: `{"id":"@ann:example.org"}`},
	{name: "users.unlock", kind: api.KindWrite, permission: "users.lock", body: `{"id":"@ann:example.org"}`},
	{name: "users.unshadow_ban", kind: api.KindWrite, permission: "users.shadow_ban", body: `{"id":"@ann:example.org"}`},
	{name: "users.unsuspend", kind: api.KindWrite, permission: "users.suspend", body: `{"id":"@ann:example.org"}`},
	{name: "users.update", kind: api.KindWrite, permission: "users.edit", body: `{"id":"@ann:example.org","display_name":{"to":"A"}}`},
}

// everyRole is what each role may do, as it is meant.
var everyRole = map[api.Role]string{
	api.Owner: "servers.read users.read users.create users.edit users.set_admin users.reset_password users.lock users.deactivate users.erase devices.read devices.sign_out" +
		" users.notice media.read media.quarantine media.delete tokens.read tokens.write invitations.read invitations.write" +
		" devices.edit users.suspend users.shadow_ban users.settings users.sign_in_as audit.read rooms.read users.account_data users.redact jobs.run" +
		" service.read personal.read personal.write",
	api.Admin: "servers.read users.read users.create users.edit users.set_admin users.reset_password users.lock users.deactivate users.erase devices.read devices.sign_out" +
		" users.notice media.read media.quarantine media.delete tokens.read tokens.write invitations.read invitations.write" +
		" devices.edit users.suspend users.shadow_ban users.settings users.sign_in_as audit.read rooms.read users.account_data users.redact jobs.run" +
		" service.read personal.read personal.write",

	api.Moderator: "servers.read users.read users.lock users.deactivate devices.read devices.sign_out users.notice media.read media.quarantine" +
		" users.suspend users.shadow_ban audit.read rooms.read users.redact jobs.run",
	api.Registrar: "servers.read users.read users.create users.edit tokens.read tokens.write invitations.read invitations.write jobs.run",
	api.Helpdesk: "servers.read users.read users.edit users.reset_password users.lock devices.read devices.sign_out" +
		" devices.edit jobs.run",
	api.Auditor: "servers.read users.read devices.read invitations.read audit.read rooms.read service.read personal.read",
	api.Invited: "users.create", // no person has it: Gate.TakeUp alone makes its visits
	"no such":   "",
}

func TestTheTableIsWhole(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for _, o := range everyOperation {
		if named[o.name] {
			t.Errorf("%s is twice in the table", o.name)
		}
		named[o.name] = true
		op, ok := api.Find(o.name)
		if !ok {
			t.Errorf("%s is no operation any more", o.name)
			continue
		}
		if info := op.Info(); info.Kind != o.kind || info.Permission != o.permission || info.Internal != o.internal || info.Recorded != o.recorded {
			t.Errorf("%s is declared as %+v, the table says %s by %s, internal %t, recorded %t", o.name, info, o.kind, o.permission, o.internal, o.recorded)
		}
	}
	for _, op := range api.All() {
		if !named[op.Info().Name] {
			t.Errorf("%s is missing from the table", op.Info().Name)
		}
	}
	for _, role := range api.Roles() {
		if _, ok := everyRole[role]; !ok {
			t.Errorf("the role %s is missing from the table", role)
		}
	}
}

// Operation × identity × method → status; and what is refused reaches no homeserver and begins nothing.
func TestOperationIdentityMethod(t *testing.T) { storetest.Each(t, testOperationIdentityMethod) }

func testOperationIdentityMethod(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Invite(store.Invitation{})
	type identity struct {
		name   string
		cookie *http.Cookie
		may    string
		known  bool
	}
	identities := []identity{{name: "nobody"}}
	expired := w.Session(w.Person(api.Owner))
	w.Clock.Advance(16 * time.Minute)
	identities = append(identities, identity{name: "expired", cookie: expired})
	identities = append(identities, identity{name: "forged", cookie: &http.Cookie{Name: w.CookieName(), Value: "e30.e30.e30"}})
	for role, may := range everyRole {
		identities = append(identities, identity{name: string(role), cookie: w.Session(w.Person(role)), may: may, known: true})
	}
	methods := []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"}

	for _, o := range everyOperation {
		for _, who := range identities {
			for _, method := range methods {
				t.Run(o.name+"/"+who.name+"/"+method, func(t *testing.T) {
					may := strings.Contains(" "+who.may+" ", " "+string(o.permission)+" ") && (o.also == "" || strings.Contains(" "+who.may+" ", " "+string(o.also)+" "))
					want, code := expected(o.kind, o.internal, method, who.known, may)
					body, query := o.body, o.query.Encode()
					if o.job != "" && want == http.StatusOK {
						id := put(t, w, o.job)
						body, query = strings.ReplaceAll(body, "JOB", id), strings.ReplaceAll(query, "JOB", id)
					}
					w.Stub.Forget()
					before := w.Intents()
					target := "/api/hs/" + o.name
					if method == "GET" || method == "HEAD" {
						target += "?" + query
					}
					r := w.Request(method, target, body, who.cookie)
					r.Header.Set("Content-Type", "application/json")
					r.Header.Set(gate.KeyHeader, gate.NewKey())
					rec := w.Serve(r)
					if rec.Code != want {
						t.Fatalf("status %d, want %d: %s", rec.Code, want, rec.Body)
					}
					if want == http.StatusOK {
						asked := 1
						if op, _ := api.Find(o.name); op.Info().AtGate {
							asked = 0
						}
						if calls := w.Stub.Calls(o.name); len(calls) != asked {
							t.Errorf("%d calls reached the homeserver, not %d: %v", len(calls), asked, w.Stub.Calls())
						}
						if n := w.Intents() - before; (o.kind == api.KindWrite || o.recorded) != (n == 1) {
							t.Errorf("%d intents were recorded", n)
						}
						return
					}
					refused(t, rec, want, code)
					if calls := w.Stub.Calls(); len(calls) > 0 {
						t.Errorf("refused, and still the homeserver was asked: %v", calls)
					}
					if n := w.Intents() - before; n != 0 {
						t.Errorf("refused, and still %d intents were recorded", n)
					}
					if want == http.StatusMethodNotAllowed && rec.Header().Get("Allow") == "" {
						t.Error("405 does not say what is allowed")
					}
				})
				w.Stub.Reset()
			}
		}
	}
}

// put makes a job in a state, or an upload, and returns its ID.
func put(t *testing.T, w *gatetest.World, what string) string {
	if what != "upload" {
		return w.PutJob(w.Person(api.Owner), what)
	}
	id, err := w.Take(w.Person(api.Owner), "users.csv", strings.NewReader("id\nann\n"))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func expected(kind api.Kind, internal bool, method string, known, may bool) (int, string) {
	reads := method == "GET" || method == "HEAD"
	switch {
	case !reads && method != "POST":
		return 405, "method_not_allowed"
	case !known:
		return 401, "signed_out"
	case internal:
		return 404, "no_such_operation"
	case reads != (kind == api.KindRead):
		return 405, "method_not_allowed"
	case !may:
		return 403, "forbidden"
	}
	return 200, ""
}

// A write that a role may not do is recorded as refused; a read is not.
func TestRefusalsOfWritesAreRecorded(t *testing.T) {
	storetest.Each(t, testRefusalsOfWritesAreRecorded)
}

func testRefusalsOfWritesAreRecorded(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	auditor := w.Session(w.Person(api.Auditor))
	refused(t, w.Call(auditor, "users.lock", gate.NewKey(), `{"id":"@ann:example.org"}`), 403, "forbidden")
	rows := w.Log()
	if len(rows) != 1 || rows[0].String() != "event users.lock refused forbidden" || rows[0].Actor != "@admin:example.org" ||
		rows[0].Role != "auditor" || rows[0].Address != "192.0.2.1" || rows[0].RequestID == "" {
		t.Errorf("%+v", rows)
	}
	refused(t, w.Serve(w.Request("GET", "/api/hs/users.available?localpart=x", "", auditor)), 403, "forbidden")
	if len(w.Log()) != 1 {
		t.Error("a refused read was recorded")
	}
}

// A homeserver's administrators may look at their own homeserver and at no other.
func TestOtherHomeserver(t *testing.T) { storetest.Each(t, testOtherHomeserver) }

func testOtherHomeserver(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	refused(t, w.Serve(w.Request("GET", "/api/other/users.list", "", cookie)), 403, "other_homeserver")
	refused(t, w.Serve(w.Request("GET", "/api/none/users.list", "", cookie)), 404, "no_such_homeserver")
	if calls := w.Other.Calls(); len(calls) > 0 {
		t.Errorf("the other homeserver was asked: %v", calls)
	}
	everywhere := w.Person(api.Owner)
	everywhere.ID, everywhere.Homeserver = "operator:ann", ""
	if rec := w.Serve(w.Request("GET", "/api/other/users.list", "", w.Session(everywhere))); rec.Code != 200 {
		t.Errorf("an operator of the gate gets %d", rec.Code)
	}
}

// Making an administrator takes more than the operation's own permission.
func TestDemands(t *testing.T) { storetest.Each(t, testDemands) }

func testDemands(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Stub.Put(api.User{ID: "@carl:example.org"})
	for _, c := range []struct {
		operation, body string
		role            api.Role
		status          int
	}{
		{"users.create", `{"localpart":"new","password":{"mode":"none"},"admin":true}`, api.Registrar, 403},
		{"users.create", `{"localpart":"new","password":{"mode":"none"},"admin":false}`, api.Registrar, 200},
		{"users.create", `{"localpart":"new2","password":{"mode":"none"},"admin":true}`, api.Admin, 200},
		{"users.update", `{"id":"@ann:example.org","admin":{"from":false,"to":true}}`, api.Helpdesk, 403},
		{"users.update", `{"id":"@ann:example.org","display_name":{"to":"Ann B."},"admin":{"from":false,"to":false}}`, api.Helpdesk, 200}, // changes no right
		{"users.update", `{"id":"@ann:example.org","admin":{"from":false,"to":true}}`, api.Owner, 200},
		// Whoever has an account's e-mail, identity or new password gets in as it.
		{"users.update", `{"id":"@carl:example.org","threepids":{"to":[{"medium":"email","address":"a@b.example"}]}}`, api.Registrar, 403},
		{"users.update", `{"id":"@carl:example.org","external_ids":{"to":[{"auth_provider":"oidc","external_id":"a"}]}}`, api.Registrar, 403},
		{"users.update", `{"id":"@carl:example.org","threepids":{"to":[{"medium":"email","address":"a@b.example"}]}}`, api.Helpdesk, 200},
		{"users.reactivate", `{"id":"@carl:example.org","password":{"mode":"random"}}`, api.Moderator, 403},
		{"users.reactivate", `{"id":"@carl:example.org","password":{"mode":"none"}}`, api.Moderator, 200},
		{"users.reactivate", `{"id":"@carl:example.org","password":{"mode":"random"}}`, api.Admin, 200},
	} {
		w.Stub.Forget()
		rec := w.Call(w.Session(w.Person(c.role)), c.operation, gate.NewKey(), c.body)
		if rec.Code != c.status {
			t.Errorf("%s %s as %s: status %d, want %d", c.operation, c.body, c.role, rec.Code, c.status)
		}
		if c.status == 403 && len(w.Stub.Calls()) > 0 {
			t.Errorf("%s as %s reached the homeserver", c.operation, c.role)
		}
	}
}
