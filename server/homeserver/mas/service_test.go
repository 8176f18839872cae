// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

func TestProviders(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddProvider("School", "https://a.example.org")
	b.fake.AddProvider("School", "https://b.example.org")
	b.fake.AddProvider("Work", "https://c.example.org")
	list, err := b.listProviders(t.Context(), api.ServerQuery{})
	var names []string
	for _, p := range list.Providers {
		names = append(names, p.Name)
	}
	if err != nil || !slices.Equal(names, []string{"https://a.example.org", "https://b.example.org", "Work"}) {
		t.Errorf("%q, %v", names, err)
	}
}

// A page of clients is the newest of those that match, and its cursor leads to the next.
func TestClients(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	ids := []string{fakemas.ClientID} // the configured one
	for range api.ServicePage {
		ids = append(ids, b.fake.AddClient("Element"))
	}
	ids = append(ids, b.fake.AddClient("Cinny"), b.fake.AddClient("Element X"))
	slices.Reverse(ids)
	first, err := b.listClients(t.Context(), api.ClientQuery{})
	if err != nil || len(first.Clients) != api.ServicePage || first.Total != int64(len(ids)) || first.Clients[0].ID != ids[0] || first.Next != ids[api.ServicePage-1] {
		t.Fatalf("%d, %q, %v", len(first.Clients), first.Next, err)
	}
	second, err := b.listClients(t.Context(), api.ClientQuery{Cursor: first.Next})
	if err != nil || len(second.Clients) != 3 || second.Clients[2].ID != ids[len(ids)-1] || second.Next != "" {
		t.Errorf("%+v, %v", second, err)
	}
	some, err := b.listClients(t.Context(), api.ClientQuery{Search: "CINN"})
	if err != nil || len(some.Clients) != 1 || some.Clients[0].Name != "Cinny" || some.Total != 1 {
		t.Errorf("%+v, %v", some, err)
	}
	one, err := b.getClient(t.Context(), api.ClientRef{ID: ids[0]})
	if err != nil || one.Name != "Element X" || !one.Static || !slices.Equal(one.GrantTypes, []string{"authorization_code"}) || len(one.RedirectURLs) != 1 {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := b.getClient(t.Context(), api.ClientRef{ID: "01K00000000000000000099999"}); code(err) != "no_such_client" {
		t.Errorf("%v", err)
	}
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		return &http.Response{StatusCode: 404, Header: http.Header{"Content-Type": {"text/html"}}, Body: http.NoBody, Request: r}, nil, strings.Contains(r.URL.Path, "oauth2-clients") || strings.Contains(r.URL.Path, "personal-sessions")
	})
	for name, call := range map[string]func() error{
		"clients": func() error { _, err := b.listClients(t.Context(), api.ClientQuery{}); return err },
		"client":  func() error { _, err := b.getClient(t.Context(), api.ClientRef{ID: ids[0]}); return err },
	} {
		if err := call(); code(err) != "not_supported" {
			t.Errorf("%s of an older MAS: %v", name, err)
		}
	}
}

func TestSiteAndPolicy(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	site, err := b.siteOf(t.Context(), api.ServerQuery{})
	if err != nil || site.ServerName != "localhost" || !site.Passwords || site.MinimumPasswordQuality != 3 || !site.RegistrationEmailRequired || site.Recovery || !site.PasswordChange {
		t.Errorf("%+v, %v", site, err)
	}
	if none, err := b.policy(t.Context(), api.ServerQuery{}); err != nil || none != (api.Policy{}) {
		t.Errorf("%+v, %v", none, err)
	}
	b.fake.SetPolicy(map[string]any{"admin_clients": []string{"a"}})
	if some, err := b.policy(t.Context(), api.ServerQuery{}); err != nil || some.CreatedMS == 0 || some.Data != "{\n  \"admin_clients\": [\n    \"a\"\n  ]\n}" {
		t.Errorf("%+v, %v", some, err)
	}
}
