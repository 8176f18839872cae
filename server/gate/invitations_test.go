// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// invited makes an invitation through the API and returns it with its token.
func invited(t *testing.T, w *gatetest.World, body string) (api.Invitation, string) {
	t.Helper()
	rec := w.Call(w.Session(w.Person(api.Registrar)), "invitations.create", gate.NewKey(), body)
	if rec.Code != 200 {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	var card struct {
		Invitation api.Invitation
		Link       string
	}
	must(t, json.Unmarshal(rec.Body.Bytes(), &card))
	token, ok := strings.CutPrefix(card.Link, "https://gate.example/join/")
	if !ok || len(token) != 22 {
		t.Fatalf("the link is %q", card.Link)
	}
	return card.Invitation, token
}

// An invitation is kept so that its link can be shown again, and is nowhere in clear: in no audit row, no log, no list, not in the store.
func TestInvitations(t *testing.T) { storetest.Each(t, testInvitations) }

func testInvitations(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	made, token := invited(t, w, `{"uses":2,"days":7,"localpart":"class-*","display_name":"Zoe","rooms":["#hall:example.org"],"note":"for 7b"}`)
	if made.State != "open" || made.Uses != 2 || made.Taken != 0 || made.CreatedBy != "@admin:example.org" || made.Note != "for 7b" ||
		made.ExpiresMS != w.Clock.Now().Add(7*24*time.Hour).UnixMilli() {
		t.Errorf("%+v", made)
	}
	if _, err := takeUp(t.Context(), w.Gate, holder(api.NewSecret(token), gate.NewKey()), called("class-zoe")); err != nil {
		t.Fatal(err)
	}
	ref := `{"id":"` + made.ID + `"}`
	again := w.Call(w.Session(w.Person(api.Owner)), "invitations.show", gate.NewKey(), ref)
	if again.Code != 200 || !strings.Contains(again.Body.String(), token) {
		t.Errorf("shown again: %d %s", again.Code, again.Body)
	}
	refused(t, w.Call(w.Session(w.Person(api.Auditor)), "invitations.show", gate.NewKey(), ref), 403, "forbidden")

	for _, path := range []string{"invitations.list", "invitations.get?id=" + made.ID} {
		rec := w.Serve(w.Request("GET", "/api/hs/"+path, "", w.Session(w.Person(api.Auditor))))
		if rec.Code != 200 || strings.Contains(rec.Body.String(), token) || !strings.Contains(rec.Body.String(), made.ID) {
			t.Errorf("%s: %d %s", path, rec.Code, rec.Body)
		}
		if path != "invitations.list" && !strings.Contains(rec.Body.String(), "@class-zoe:example.org") {
			t.Errorf("it does not tell who took it up: %s", rec.Body)
		}
	}
	for _, row := range w.Log() {
		if strings.Contains(row.Request+row.Targets+row.Actor, token) {
			t.Errorf("the audit log has the token: %+v", row)
		}
	}
	if strings.Contains(w.Logs(), token) {
		t.Error("the log has the token")
	}
	if stored := w.Stored(); strings.Contains(stored, token) || !strings.Contains(stored, made.ID) {
		t.Error("the store has the token, or nothing is found in it")
	}
	// Another homeserver has nothing of it.
	everywhere := w.Person(api.Owner)
	everywhere.ID, everywhere.Homeserver = "operator:ann", ""
	refused(t, w.Serve(w.Request("GET", "/api/other/invitations.get?id="+made.ID, "", w.Session(everywhere))), 404, "invitation_not_found")

	// Extended, and revoked for good.
	if rec := w.Call(w.Session(w.Person(api.Registrar)), "invitations.update", gate.NewKey(), `{"id":"`+made.ID+`","uses":5,"days":30,"note":" for 8b "}`); rec.Code != 200 ||
		!strings.Contains(rec.Body.String(), `"uses":5`) || !strings.Contains(rec.Body.String(), `"note":"for 8b"`) {
		t.Errorf("extended: %d %s", rec.Code, rec.Body)
	}
	if rec := w.Call(w.Session(w.Person(api.Registrar)), "invitations.revoke", gate.NewKey(), ref); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"state":"revoked"`) {
		t.Errorf("revoked: %d %s", rec.Code, rec.Body)
	}
	if _, err := w.Gate.Invited(t.Context(), holder(api.NewSecret(token), "")); gatetest.Code(err) != "no_such_invitation" {
		t.Errorf("a revoked link: %v", err)
	}
	for _, operation := range []string{"invitations.show", "invitations.update"} {
		refused(t, w.Call(w.Session(w.Person(api.Owner)), operation, gate.NewKey(), ref), 409, "invitation_revoked")
	}
}

func TestInvitationsThatCannotBe(t *testing.T) { storetest.Each(t, testInvitationsThatCannotBe) }

func testInvitationsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	for _, c := range []struct {
		operation, body string
		status          int
		code, field     string
	}{
		{"invitations.create", `{"uses":1,"days":7,"localpart":"ann"}`, 409, "name_in_use", "localpart"},
		{"invitations.create", `{"uses":0,"days":7}`, 422, "invalid_request", "uses"},
		{"invitations.show", `{"id":"none"}`, 404, "invitation_not_found", ""},
		{"invitations.update", `{"id":"none","days":7}`, 404, "invitation_not_found", ""},
		{"invitations.revoke", `{"id":"none"}`, 404, "invitation_not_found", ""},
	} {
		p := refused(t, w.Call(cookie, c.operation, gate.NewKey(), c.body), c.status, c.code)
		if c.field != "" && (len(p.Fields) != 1 || p.Fields[0].Field != c.field) {
			t.Errorf("%s: %+v", c.body, p.Fields)
		}
	}
	w.Invite(store.Invitation{Localpart: "zoe"})
	refused(t, w.Call(cookie, "invitations.update", gate.NewKey(), `{"id":"an-invitation","uses":2}`), 422, "invitation_one_account")
	token := w.Invite(store.Invitation{ID: "used", Uses: 2})
	for _, name := range []api.Localpart{"one", "two"} {
		_, err := takeUp(t.Context(), w.Gate, holder(token, gate.NewKey()), called(name))
		must(t, err)
	}
	refused(t, w.Call(cookie, "invitations.update", gate.NewKey(), `{"id":"used","uses":1}`), 422, "invitation_fewer_uses")
	refused(t, w.Call(cookie, "invitations.show", gate.NewKey(), `{"id":"used"}`), 409, "invitation_used_up")
	refused(t, w.Serve(w.Request("GET", "/api/hs/invitations.list?cursor=x", "", cookie)), 422, "invalid_cursor")

	// Who is away is named, where that is what the server says of itself.
	for state, want := range map[*api.Problem]string{nil: "homeserver_down", api.NewProblem(api.StatusBadGateway, "mas_down"): "mas_down"} {
		gatetest.On(w.Stub, api.ServerInfo, func(context.Context, api.ServerQuery) (api.Server, error) {
			return api.Server{State: "down", Problem: state}, nil
		})
		rec := w.Call(cookie, "invitations.create", gate.NewKey(), `{"uses":1,"days":7,"email":"ann@b.example"}`)
		if p := problem(t, rec); p.Code != want || rec.Code < api.StatusInternal {
			t.Errorf("%d %s, want %s", rec.Code, p.Code, want)
		}
	}

	// What the server cannot do for an account is refused now, and not when somebody takes the invitation up.
	w.Stub.Lack(api.JoinRooms, "dendrite_no_join")
	p := refused(t, w.Call(cookie, "invitations.create", gate.NewKey(), `{"uses":1,"days":7,"rooms":["#a:b"]}`), 501, "not_supported")
	if p.Params["reason"] != "dendrite_no_join" || p.Fields[0].Field != "rooms" {
		t.Errorf("%+v", p)
	}
	w.Stub.Lack(api.CreateUser, "dendrite_needs_secret")
	refused(t, w.Call(cookie, "invitations.create", gate.NewKey(), `{"uses":1,"days":7}`), 501, "not_supported")
}

func TestInvitationListPages(t *testing.T) { storetest.Each(t, testInvitationListPages) }

func testInvitationListPages(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	for range 5 {
		invited(t, w, `{"uses":1,"days":7}`)
		w.Clock.Advance(time.Second)
	}
	cookie := w.Session(w.Person(api.Owner))
	seen, cursor := map[string]bool{}, ""
	for pages := 1; ; pages++ {
		var page api.InvitationPage
		must(t, json.Unmarshal(w.Serve(w.Request("GET", "/api/hs/invitations.list?limit=2&state=open&cursor="+cursor, "", cookie)).Body.Bytes(), &page))
		for _, i := range page.Invitations {
			seen[i.ID] = true
		}
		if page.Total != 5 || len(page.Invitations) > 2 {
			t.Errorf("%+v", page)
		}
		if cursor = page.Next; cursor == "" {
			if pages != 3 || len(seen) != 5 {
				t.Errorf("%d invitations on %d pages", len(seen), pages)
			}
			return
		}
	}
}

// The token of a link is in no log, whatever is asked for with it.
func TestLinksAreNotLogged(t *testing.T) { storetest.Each(t, testLinksAreNotLogged) }

func testLinksAreNotLogged(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	token := w.Invite(store.Invitation{}).Reveal()
	for _, method := range []string{"GET", "POST", "PUT"} {
		w.Serve(w.Request(method, "/join/"+token, ""))
		w.Serve(w.Request(method, "/join/"+token+"/more", ""))
	}
	if strings.Contains(w.Logs(), token) || !strings.Contains(w.Logs(), "/join/[redacted]") {
		t.Errorf("the log: %s", w.Logs())
	}
}
