// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	realserver "gatehouse/tools/homeserver"
)

// An account that was begun with a password that MAS does not take is finished with another one.
func TestRealMASContinue(t *testing.T) {
	a, m := realBench(t)
	name := freshName("begun")
	req := api.UserCreate{Localpart: api.Localpart(name), Password: typed("password"), Admin: true, Threepids: []api.Threepid{{Medium: "email", Address: name + "@example.org"}}}
	card, err := a.create(t.Context(), req)
	if err != nil || leftOf(card.Left) != "password:mas_weak_password" || card.User.Begun == nil {
		t.Fatalf("%+v, %v", card, err)
	}
	if _, err := a.create(t.Context(), req); code(err) != "name_begun localpart:name_begun" {
		t.Errorf("again: %v", code(err))
	}
	req.Continue, req.Password = true, typed(goodPassword)
	card, err = a.create(t.Context(), req)
	if err != nil || len(card.Left) > 0 || !card.Continued || card.User.Begun != nil || !card.User.Admin || len(card.User.Threepids) != 1 {
		t.Errorf("%+v, %v", card, err)
	}
	if token, code := signInAt(t, m, card.User.ID, goodPassword); code != "" || !works(t, m, token) {
		t.Errorf("it does not sign in: %q", code)
	}
	if _, err := a.create(t.Context(), req); code(err) != "nothing_begun localpart:nothing_begun" {
		t.Errorf("once more: %v", code(err))
	}
}

// Of several gates that make the same account at once, one does, and the others are told that the name is taken.
func TestRealMASTogether(t *testing.T) {
	name := api.Localpart(freshName("together"))
	var gates []*adapter
	for range 4 {
		a, _ := realBench(t)
		if _, err := a.keys.Own(t.Context()); err != nil {
			t.Fatal(err)
		}
		gates = append(gates, a)
	}
	codes := make([]string, len(gates))
	var all sync.WaitGroup
	for i, a := range gates {
		all.Go(func() {
			_, err := a.create(t.Context(), api.UserCreate{Localpart: name, Password: typed(goodPassword)})
			codes[i] = code(err)
		})
	}
	all.Wait()
	slices.Sort(codes)
	taken := "name_in_use localpart:name_in_use"
	if !slices.Equal(codes, []string{"", taken, taken, taken}) {
		t.Errorf("%q", codes)
	}
}

// takes tells whether MAS's admin API takes a token.
func takes(t *testing.T, a *adapter, token api.Secret) bool {
	t.Helper()
	call := get(matrix.At("/api/admin/v1/version"))
	call.Token = token
	_, err := a.mas.admin.Do(t.Context(), call, nil)
	if err != nil && !matrix.Is(err, http.StatusUnauthorized, "") {
		t.Fatal(err)
	}
	return err == nil
}

func TestRealMASPersonal(t *testing.T) {
	a, m := realBench(t)
	id := makeReal(t, a, "robot", nil)
	card, err := a.createPersonal(t.Context(), api.PersonalCreate{Actor: id, Name: "Statistics", Scope: api.ScopeMAS + " " + api.ScopeMatrix + " " + api.ScopeSynapse, Days: 3, Reason: "x"})
	if err != nil || card.Session.Actor != id || !card.Session.Ours || !card.Session.Admin || card.Session.State != api.PersonalActive || !takes(t, a, card.Token) || !works(t, m, card.Token) {
		t.Fatalf("%+v, %v", card, err)
	}
	list, err := a.listPersonal(t.Context(), api.PersonalQuery{Actor: id})
	if err != nil || len(list.Sessions) != 1 || list.Sessions[0].ID != card.Session.ID || list.Total != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	renewed, err := a.renewPersonal(t.Context(), api.PersonalRenewal{ID: card.Session.ID, Actor: id, Days: 9, Reason: "x"})
	if err != nil || renewed.Session.ID != card.Session.ID || renewed.Session.ExpiresMS <= card.Session.ExpiresMS || takes(t, a, card.Token) || !takes(t, a, renewed.Token) {
		t.Errorf("%+v, %v; the old token works: %t", renewed.Session, err, takes(t, a, card.Token))
	}
	for range 2 {
		ended, err := a.revokePersonal(t.Context(), api.PersonalRevocation{ID: card.Session.ID, Actor: id})
		if err != nil || ended.State != api.PersonalRevoked || takes(t, a, renewed.Token) {
			t.Errorf("%+v, %v", ended, err)
		}
	}
	if _, err := a.renewPersonal(t.Context(), api.PersonalRenewal{ID: card.Session.ID, Actor: id, Days: 9}); code(err) != "personal_revoked id:personal_revoked" {
		t.Errorf("renewed after its end: %v", code(err))
	}
	for want, req := range map[string]api.PersonalRef{"no_such_personal": {ID: "01J44RKQYM4G3TNVANTMTDYTZZ"}} {
		if _, err := a.getPersonal(t.Context(), req); code(err) != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	own, err := a.keys.ownSession(t.Context())
	if err != nil || own == "" {
		t.Fatal(own, err)
	}
	if _, err := a.revokePersonal(t.Context(), api.PersonalRevocation{ID: strings.ToLower(string(own))}); code(err) != "own_personal id:own_personal" {
		t.Errorf("Gatehouse's own: %v", code(err))
	}
	// Somebody who is signed in makes one, which is theirs: only they can renew it.
	boss := makeReal(t, a, "boss", func(c *api.UserCreate) { c.Admin = true })
	p, err := a.look(t.Context(), boss)
	if err != nil {
		t.Fatal(err)
	}
	root, err := a.createPersonal(t.Context(), api.PersonalCreate{Actor: boss, Name: "root", Scope: api.ScopeMAS, Days: 1, Reason: "x"})
	if err != nil {
		t.Fatal(err)
	}
	var theirs single[personal]
	call := post(pathPersonal, map[string]any{"actor_user_id": p.mas.ID, "human_name": "theirs", "scope": api.ScopeMatrix})
	call.Token = root.Token
	if _, err := a.mas.admin.Do(t.Context(), call, &theirs); err != nil {
		t.Fatal(err)
	}
	s, err := a.getPersonal(t.Context(), api.PersonalRef{ID: string(theirs.Data.ID)})
	if err != nil || s.Owner != boss || s.Ours || s.ExpiresMS != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := a.renewPersonal(t.Context(), api.PersonalRenewal{ID: s.ID, Actor: boss, Days: 1}); code(err) != "personal_not_ours id:personal_not_ours" {
		t.Errorf("somebody's own is renewed: %v", code(err))
	}
	for _, req := range []string{root.Session.ID, s.ID} {
		if _, err := a.revokePersonal(t.Context(), api.PersonalRevocation{ID: req, Actor: boss}); err != nil {
			t.Error(err)
		}
	}
}

func TestRealMASService(t *testing.T) {
	a, _ := realBench(t)
	site, err := a.siteOf(t.Context(), api.ServerQuery{})
	if err != nil || site.ServerName != "localhost" || !site.Passwords {
		t.Errorf("%+v, %v", site, err)
	}
	list, err := a.listProviders(t.Context(), api.ServerQuery{})
	if err != nil || !slices.ContainsFunc(list.Providers, func(p api.Provider) bool { return p.Name == "School" && p.ID == realserver.MASProvider && !p.Disabled }) {
		t.Errorf("%+v, %v", list, err)
	}
	clients, err := a.listClients(t.Context(), api.ClientQuery{})
	if err != nil || !slices.ContainsFunc(clients.Clients, func(c api.Client) bool { return c.ID == realserver.MASClient && c.Static }) {
		t.Errorf("%+v, %v", clients, err)
	}
	if none, err := a.listClients(t.Context(), api.ClientQuery{Search: "no client is called so"}); err != nil || len(none.Clients) != 0 || none.Total != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	if one, err := a.getClient(t.Context(), api.ClientRef{ID: realserver.MASClient}); err != nil || !slices.Contains(one.GrantTypes, "client_credentials") {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := a.getClient(t.Context(), api.ClientRef{ID: "01J44RKQYM4G3TNVANTMTDYTZZ"}); code(err) != "no_such_client" {
		t.Errorf("%v", err)
	}
	if none, err := a.policy(t.Context(), api.ServerQuery{}); err != nil || none.CreatedMS != 0 {
		t.Errorf("%+v, %v", none, err)
	}
	if _, err := a.mas.do(t.Context(), post(matrix.At("/api/admin/v1/policy-data"), map[string]any{"data": map[string]any{"note": "x"}}), nil); err != nil {
		t.Fatal(err)
	}
	if some, err := a.policy(t.Context(), api.ServerQuery{}); err != nil || some.CreatedMS == 0 || some.Data != "{\n  \"note\": \"x\"\n}" {
		t.Errorf("%+v, %v", some, err)
	}
}

// A page of sessions is followed to its end, the newest first.
func TestRealMASPaging(t *testing.T) {
	a, _ := realBench(t)
	id := makeReal(t, a, "pages", nil)
	p, err := a.look(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	const n = api.ServicePage + 3
	var want []string
	for range n {
		var made single[personal]
		if _, err := a.mas.do(t.Context(), post(pathPersonal, map[string]any{"actor_user_id": p.mas.ID, "human_name": "x", "scope": api.ScopeMatrix, "expires_in": 60}), &made); err != nil {
			t.Fatal(err)
		}
		want = append(want, string(made.Data.ID))
	}
	slices.Sort(want)
	slices.Reverse(want)
	var got []string
	for q := (api.PersonalQuery{Actor: id}); ; {
		page, err := a.listPersonal(t.Context(), q)
		if err != nil || page.Total != n {
			t.Fatalf("%d, %v", page.Total, err)
		}
		for _, s := range page.Sessions {
			got = append(got, s.ID)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d of %d, or in another order", len(got), len(want))
	}
}
