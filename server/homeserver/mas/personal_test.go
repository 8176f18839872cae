// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// asks reports the status with which MAS's admin API takes a token.
func asks(t *testing.T, b *bench, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.fake.URL+"/api/admin/v1/version", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// The life of a personal session: made, seen, renewed, revoked.
func TestPersonal(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("robot", nil)
	card, err := b.createPersonal(t.Context(), api.PersonalCreate{Actor: id("robot"), Name: "Statistics", Scope: api.ScopeMAS, Days: 7, Reason: "x"})
	s := card.Session
	if err != nil || s.Actor != id("robot") || s.Name != "Statistics" || !s.Admin || s.State != api.PersonalActive || !s.Ours || s.Own || s.Client != "Client of tests" || s.Owner != "" {
		t.Fatalf("%+v, %v", card, err)
	}
	if left := time.Until(time.UnixMilli(s.ExpiresMS)); left < 6*24*time.Hour || left > 7*24*time.Hour {
		t.Errorf("it ends in %s", left)
	}
	if asks(t, b, card.Token.Reveal()) != http.StatusOK || card.Homeserver != b.fake.Synapse.URL {
		t.Errorf("%+v", card)
	}
	list, err := b.listPersonal(t.Context(), api.PersonalQuery{Actor: id("robot")})
	if err != nil || len(list.Sessions) != 1 || list.Sessions[0] != s || list.Total != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	renewed, err := b.renewPersonal(t.Context(), api.PersonalRenewal{ID: s.ID, Actor: s.Actor, Days: 30, Reason: "x"})
	if err != nil || renewed.Session.ID != s.ID || renewed.Token == card.Token || renewed.Session.ExpiresMS <= s.ExpiresMS {
		t.Errorf("%+v, %v", renewed, err)
	}
	if asks(t, b, card.Token.Reveal()) != http.StatusUnauthorized || asks(t, b, renewed.Token.Reveal()) != http.StatusOK {
		t.Error("the token from before works, or the new one does not")
	}
	for range 2 { // the second time nothing is left to do
		ended, err := b.revokePersonal(t.Context(), api.PersonalRevocation{ID: s.ID, Actor: s.Actor})
		if err != nil || ended.State != api.PersonalRevoked || asks(t, b, renewed.Token.Reveal()) != http.StatusUnauthorized {
			t.Errorf("%+v, %v", ended, err)
		}
	}
	if _, err := b.renewPersonal(t.Context(), api.PersonalRenewal{ID: s.ID, Actor: s.Actor, Days: 1, Reason: "x"}); code(err) != "personal_revoked id:personal_revoked" {
		t.Errorf("renewed after its end: %v", code(err))
	}
}

// A session is changed as the account that it acts as: that is what rights and the log are about. One of another account is refused before anything
// is sent.
func TestPersonalOfAnother(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("robot", nil)
	b.fake.AddUser("other", nil)
	card, err := b.createPersonal(t.Context(), api.PersonalCreate{Actor: id("robot"), Name: "x", Scope: api.ScopeMatrix, Days: 7, Reason: "x"})
	if err != nil {
		t.Fatal(err)
	}
	sent := b.sent.since(func() {
		if _, err := b.renewPersonal(t.Context(), api.PersonalRenewal{ID: card.Session.ID, Actor: id("other"), Days: 1, Reason: "x"}); code(err) != "personal_actor actor:personal_actor" {
			t.Errorf("renewed: %v", code(err))
		}
		if _, err := b.revokePersonal(t.Context(), api.PersonalRevocation{ID: card.Session.ID, Actor: id("other")}); code(err) != "personal_actor actor:personal_actor" {
			t.Errorf("revoked: %v", code(err))
		}
	})
	if slices.ContainsFunc(sent, func(s string) bool { return strings.HasPrefix(s, http.MethodPost) }) {
		t.Errorf("sent: %q", sent)
	}
}

// The list has the newest first, tells those that MAS calls active though they have expired, and Gatehouse's own.
func TestPersonalList(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("boss", nil)
	b.fake.AddUser("robot", nil)
	if _, err := b.keys.Own(t.Context()); err != nil {
		t.Fatal(err)
	}
	over := b.fake.AddPersonal("robot", "boss", api.ScopeMatrix, time.Nanosecond)
	never := b.fake.AddPersonal("robot", "boss", api.ScopeMatrix+" "+api.ScopeSynapse, 0)
	var last string
	sent := b.sent.since(func() {
		list, err := b.listPersonal(t.Context(), api.PersonalQuery{})
		if err != nil || len(list.Sessions) != 3 || list.Sessions[0].ID != never.ID || list.Sessions[0].ExpiresMS != 0 || !list.Sessions[0].Admin || list.Sessions[0].Owner != id("boss") || list.Sessions[0].Ours {
			t.Fatalf("%+v, %v", list, err)
		}
		if s := list.Sessions[1]; s.ID != over.ID || s.State != api.PersonalExpired || s.Actor != id("robot") {
			t.Errorf("%+v", s)
		}
		if !list.Sessions[2].Own || !strings.HasPrefix(string(list.Sessions[2].Actor), "@gatehouse-") {
			t.Errorf("%+v", list.Sessions[2])
		}
		last = list.Sessions[2].ID
	})
	again := b.sent.since(func() { _, _ = b.listPersonal(t.Context(), api.PersonalQuery{}) })
	if len(again) != 1 || len(sent) <= len(again) {
		t.Errorf("%d requests, then %q", len(sent), again)
	}
	for what, err := range map[string]error{
		"renewed": func() error { _, err := b.renewPersonal(t.Context(), api.PersonalRenewal{ID: last}); return err }(),
		"revoked": func() error { _, err := b.revokePersonal(t.Context(), api.PersonalRevocation{ID: last}); return err }(),
	} {
		if code(err) != "own_personal id:own_personal" {
			t.Errorf("Gatehouse's own is %s: %v", what, code(err))
		}
	}
	if _, err := b.renewPersonal(t.Context(), api.PersonalRenewal{ID: never.ID, Actor: id("robot"), Days: 1}); code(err) != "personal_not_ours id:personal_not_ours" {
		t.Errorf("somebody's own is renewed: %v", code(err))
	}
	if _, err := b.getPersonal(t.Context(), api.PersonalRef{ID: "01K00000000000000000099999"}); code(err) != "no_such_personal" {
		t.Errorf("%v", err)
	}
	revoked, err := b.listPersonal(t.Context(), api.PersonalQuery{State: api.PersonalRevoked})
	if err != nil || len(revoked.Sessions) != 0 {
		t.Errorf("%+v, %v", revoked, err)
	}
	if _, err := b.listPersonal(t.Context(), api.PersonalQuery{Actor: id("nobody")}); code(err) != "not_found" {
		t.Errorf("%v", err)
	}
}

// What MAS takes and nobody can use is not made.
func TestPersonalRefuses(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	now := time.Now()
	b.fake.AddUser("locked", func(u *fakemas.User) { u.Locked = &now })
	b.fake.AddUser("ended", func(u *fakemas.User) { u.Deactivated = &now })
	own, err := b.keys.Own(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for actor, want := range map[api.UserID]string{
		id("locked"): "locked_account actor:locked_account", id("ended"): "deactivated_account actor:deactivated_account",
		id("nobody"): "not_found actor:not_found", own: "own_service_account actor:own_service_account", "@a:elsewhere.example": "not_local actor:not_local",
	} {
		sent := b.sent.since(func() {
			if _, err := b.createPersonal(t.Context(), api.PersonalCreate{Actor: actor, Name: "x", Scope: api.ScopeMatrix, Days: 1}); code(err) != want {
				t.Errorf("%s: %v, want %s", actor, code(err), want)
			}
		})
		if slices.Contains(sent, "POST /api/admin/v1/personal-sessions") {
			t.Errorf("%s: it was sent", actor)
		}
	}
	// One that nobody answered is not sent again.
	b.fake.AddUser("robot", nil)
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		return &http.Response{StatusCode: 504, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, r.Method == http.MethodPost && r.URL.Path == "/api/admin/v1/personal-sessions"
	})
	sent := b.sent.since(func() {
		if _, err := b.createPersonal(t.Context(), api.PersonalCreate{Actor: id("robot"), Name: "x", Scope: api.ScopeMatrix, Days: 1}); code(err) != "personal_outcome_unknown" {
			t.Errorf("%v", err)
		}
	})
	if n := len(slices.DeleteFunc(sent, func(s string) bool { return s != "POST /api/admin/v1/personal-sessions" })); n != 1 {
		t.Errorf("sent %d times", n)
	}
}
