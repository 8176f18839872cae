// SPDX-License-Identifier: Apache-2.0

package fakemas

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// AddClient declares an OAuth client, as the configuration file does.
func (f *Server) AddClient(name string) (id string) {
	f.with(func() {
		id = f.random()
		f.oauth = append(f.oauth, &entry{id: id, created: f.Now(), fields: map[string]any{
			"client_name": name, "client_uri": "https://" + strings.ToLower(name) + ".example.org/", "redirect_uris": []any{"https://" + strings.ToLower(name) + ".example.org/back"},
		}})
	})
	return id
}

func writeClient(e *entry) map[string]any {
	attributes := map[string]any{
		"client_id": e.id, "client_name": nil, "client_uri": nil, "logo_uri": nil, "redirect_uris": []any{},
		"grant_types": []any{"authorization_code"}, "is_static": true,
	}
	for name, value := range e.fields {
		attributes[name] = value
	}
	return resource("oauth2-client", e.id, attributes)
}

func (f *Server) listClients(c *call) any {
	part := strings.ToLower(c.query.Get("filter[client-name]"))
	found := slices.DeleteFunc(slices.Clone(f.oauth), func(e *entry) bool {
		return !strings.Contains(strings.ToLower(e.fields["client_name"].(string)), part)
	})
	return page(c, found, entryID, writeClient)
}

func (f *Server) getClient(c *call) any {
	for _, e := range f.oauth {
		if e.id == c.parts[0] {
			return single(writeClient(e))
		}
	}
	fail(http.StatusNotFound, "OAuth 2.0 client not found")
	return nil
}

func (f *Server) addPolicy(c *call) any {
	f.policy = &entry{f.random(), f.Now(), map[string]any{"data": c.body["data"]}}
	c.status = http.StatusCreated
	return single(f.policy.write("policy-data"))
}

// SetPolicy gives the policy data at run time.
func (f *Server) SetPolicy(data map[string]any) {
	f.with(func() { f.policy = &entry{f.random(), f.Now(), map[string]any{"data": data}} })
}

func (f *Server) getPolicy(*call) any {
	if f.policy == nil {
		fail(http.StatusNotFound, "No policy data found")
	}
	return single(f.policy.write("policy-data"))
}

// AddPersonal makes a personal session that is a person's, not the client's; one without a life never ends.
func (f *Server) AddPersonal(actor, owner, scope string, life time.Duration) (made Session) {
	f.with(func() {
		id := func(name string) string {
			i := slices.IndexFunc(f.users, func(u *User) bool { return u.Username == name })
			return f.users[i].ID
		}
		s := &Session{Kind: "personal", UserID: id(actor), Owner: id(owner), Scope: scope, Name: "of " + owner}
		if life > 0 {
			ends := f.Now().Add(life)
			s.Expires = &ends
		}
		f.session(s, "mpt_", 100*365*24*time.Hour)
		made = *s
	})
	return made
}

func (f *Server) getPersonal(c *call) any {
	return single(f.findSession("personal", c.parts[0]).write("personal-session"))
}
