// SPDX-License-Identifier: Apache-2.0

package fakemas

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// endpoint is a path of the real server and what answers it.
type endpoint struct {
	method, path string
	handle       func(*Server, *call) any
	filters      []string // of a list
	fields       []string // of a body, the required ones with a star
}

const admin = "/api/admin/v1/"

var endpoints = []endpoint{
	{"GET", admin + "version", (*Server).version, nil, nil},
	{"GET", admin + "site-config", (*Server).siteConfig, nil, nil},
	{"GET", admin + "users", (*Server).listUsers, []string{"admin", "legacy-guest", "search", "status"}, nil},
	{"POST", admin + "users", (*Server).addUser, nil, []string{"*username", "skip_homeserver_check", "displayname", "avatar_url"}},
	{"GET", admin + "users/{}", (*Server).getUser, nil, nil},
	{"GET", admin + "users/by-username/{}", (*Server).getByName, nil, nil},
	{"POST", admin + "users/{}/set-password", (*Server).setPassword, nil, []string{"*password", "skip_password_check"}},
	{"POST", admin + "users/{}/set-admin", (*Server).setAdmin, nil, []string{"*admin"}},
	{"POST", admin + "users/{}/lock", (*Server).lock, nil, []string{}},
	{"POST", admin + "users/{}/unlock", (*Server).unlock, nil, []string{}},
	{"POST", admin + "users/{}/deactivate", (*Server).deactivate, nil, []string{"skip_erase"}},
	{"POST", admin + "users/{}/reactivate", (*Server).reactivate, nil, []string{}},
	{"GET", admin + "user-emails", (*Server).listEmails, []string{"user", "email"}, nil},
	{"POST", admin + "user-emails", (*Server).addEmail, nil, []string{"*user_id", "*email"}},
	{"DELETE", admin + "user-emails/{}", (*Server).deleteEmail, nil, nil},
	{"GET", admin + "upstream-oauth-links", (*Server).listLinks, []string{"user", "provider", "subject"}, nil},
	{"POST", admin + "upstream-oauth-links", (*Server).addLink, nil, []string{"*user_id", "*provider_id", "*subject", "human_account_name"}},
	{"DELETE", admin + "upstream-oauth-links/{}", (*Server).deleteLink, nil, nil},
	{"GET", admin + "upstream-oauth-providers", (*Server).listProviders, []string{"enabled"}, nil},
	{"GET", admin + "oauth2-clients", (*Server).listClients, []string{"client-kind", "client-name", "client-uri", "grant-type", "has-active-sessions"}, nil},
	{"GET", admin + "oauth2-clients/{}", (*Server).getClient, nil, nil},
	{"GET", admin + "policy-data/latest", (*Server).getPolicy, nil, nil},
	{"POST", admin + "policy-data", (*Server).addPolicy, nil, []string{"*data"}},
	{"GET", admin + "user-registration-tokens", (*Server).listTokens, []string{"used", "revoked", "expired", "valid"}, nil},
	{"POST", admin + "user-registration-tokens", (*Server).addToken, nil, []string{"token", "usage_limit", "expires_at"}},
	{"GET", admin + "user-registration-tokens/{}", (*Server).getToken, nil, nil},
	{"PUT", admin + "user-registration-tokens/{}", (*Server).editToken, nil, []string{"usage_limit", "expires_at"}},
	{"POST", admin + "user-registration-tokens/{}/revoke", (*Server).revokeToken, nil, []string{}},
	{"POST", admin + "user-registration-tokens/{}/unrevoke", (*Server).unrevokeToken, nil, []string{}},
	{"GET", admin + "user-sessions", list("browser", "user-session"), sessionFilters, nil},
	{"GET", admin + "oauth2-sessions", list("oauth2", "oauth2-session"), append([]string{"client", "scope"}, sessionFilters...), nil},
	{"GET", admin + "compat-sessions", list("compat", "compat-session"), sessionFilters, nil},
	{"GET", admin + "personal-sessions", list("personal", "personal-session"), []string{"owner_user", "owner_client", "actor_user", "scope", "status"}, nil},
	{"POST", admin + "user-sessions/{}/finish", finish("browser", "user-session"), nil, []string{}},
	{"POST", admin + "oauth2-sessions/{}/finish", finish("oauth2", "oauth2-session"), nil, []string{}},
	{"POST", admin + "compat-sessions/{}/finish", finish("compat", "compat-session"), nil, []string{}},
	{"POST", admin + "personal-sessions", (*Server).addPersonal, nil, []string{"*actor_user_id", "*human_name", "*scope", "expires_in"}},
	{"GET", admin + "personal-sessions/{}", (*Server).getPersonal, nil, nil},
	{"POST", admin + "personal-sessions/{}/revoke", (*Server).revokePersonal, nil, []string{}},
	{"POST", admin + "personal-sessions/{}/regenerate", (*Server).regenerate, nil, []string{"expires_in"}},
}

var sessionFilters = []string{"user", "status"}

// route finds the endpoint and checks the token, the query and the body, in MAS's order.
func (f *Server) route(c *call) any {
	switch path := c.r.URL.Path; {
	case path == "/oauth2/token" && c.r.Method == http.MethodPost:
		return f.grant(c)
	case path == "/oauth2/revoke" && c.r.Method == http.MethodPost:
		return f.revoke(c)
	case path == "/_matrix/client/v3/login" && !f.options.NoCompat:
		return f.login(c)
	case path == "/_matrix/client/v3/logout" && !f.options.NoCompat:
		return f.logout(c)
	case !strings.HasPrefix(path, admin) || f.options.NoAdminAPI:
		text(http.StatusNotFound, "<html>Not found</html>")
	}
	wrongVerb := false
	for _, e := range endpoints {
		if !c.match(e.path) || e.path == admin+"users/{}" && c.parts[0] == "by-username" {
			continue
		}
		if e.method != c.r.Method {
			wrongVerb = true
			continue
		}
		f.authenticate(c)
		for _, part := range c.parts {
			if !strings.Contains(e.path, "by-username") && !isULID(part) {
				fail(http.StatusBadRequest, "Invalid ULID")
			}
		}
		c.checkQuery(e.filters)
		c.readBody(e.fields)
		return e.handle(f, c)
	}
	if wrongVerb {
		text(http.StatusMethodNotAllowed, "")
	}
	text(http.StatusNotFound, "<html>Not found</html>")
	return nil
}

func isULID(text string) bool {
	return len(text) == 26 && strings.Trim(strings.ToUpper(text), "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ""
}

// checkQuery refuses what the endpoint does not know: a real MAS ignores it, and answers with everything.
func (c *call) checkQuery(filters []string) {
	for key, values := range c.query {
		name, isFilter := strings.CutPrefix(key, "filter[")
		name = strings.TrimSuffix(name, "]")
		switch {
		case isFilter && !slices.Contains(filters, name):
			fail(http.StatusTeapot, "unknown filter "+key)
		case !isFilter && !slices.Contains([]string{"page[first]", "page[after]", "page[last]", "page[before]", "count"}, key):
			fail(http.StatusTeapot, "unknown parameter "+key)
		case isFilter && slices.Contains([]string{"user", "provider", "owner_user", "actor_user", "client"}, name) && !isULID(values[0]):
			fail(http.StatusBadRequest, "Failed to deserialize query string")
		case len(values) > 1 && name != "scope" && name != "client":
			fail(http.StatusBadRequest, "Failed to deserialize query string", "duplicate field")
		}
	}
}

func (c *call) readBody(fields []string) {
	if c.r.Method != http.MethodPost && c.r.Method != http.MethodPut || len(fields) == 0 {
		return
	}
	if c.r.Header.Get("Content-Type") != "application/json" {
		if !slices.ContainsFunc(fields, func(f string) bool { return f[0] == '*' }) && len(c.raw) == 0 && !strings.HasSuffix(c.r.URL.Path, "regenerate") && !strings.Contains(c.r.URL.Path, "tokens") {
			return // an optional body
		}
		text(http.StatusUnsupportedMediaType, "Expected request with `Content-Type: application/json`")
	}
	if json.Unmarshal(c.raw, &c.body) != nil {
		text(http.StatusBadRequest, "Failed to parse the request body as JSON")
	}
	for _, field := range fields {
		if name, required := strings.CutPrefix(field, "*"); required {
			if _, ok := c.body[name]; !ok {
				text(http.StatusUnprocessableEntity, "missing field `"+name+"`")
			}
		}
	}
	for name := range c.body {
		if !slices.Contains(fields, name) && !slices.Contains(fields, "*"+name) {
			fail(http.StatusTeapot, "unknown field "+name)
		}
	}
}

func (c *call) text(name string) string { s, _ := c.body[name].(string); return s }

func (f *Server) authenticate(c *call) {
	bearer, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		fail(http.StatusBadRequest, "Missing authorization header")
	}
	t := f.tokens[bearer]
	switch {
	case t == nil:
		fail(http.StatusUnauthorized, "Unknown access token")
	case t.session.Finished != nil:
		fail(http.StatusUnauthorized, "Access token revoked")
	case f.Now().After(t.expires):
		fail(http.StatusUnauthorized, "Access token expired")
	case !slices.Contains(strings.Fields(t.session.Scope), "urn:mas:admin"):
		fail(http.StatusUnauthorized, "Missing urn:mas:admin scope")
	}
	c.who = t.session
}

// grant is the token endpoint.
func (f *Server) grant(c *call) any {
	form, err := url.ParseQuery(string(c.raw))
	if err != nil || c.r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || form.Get("grant_type") == "" {
		panic(failure{500, map[string]any{"error": "server_error", "error_description": "Failed to deserialize form body"}})
	}
	f.client(c)
	if form.Get("grant_type") != "client_credentials" {
		panic(failure{400, map[string]any{"error": "unsupported_grant_type"}})
	}
	if f.options.NotAdminClient && form.Get("scope") != "" {
		panic(failure{403, map[string]any{"error": "invalid_scope", "error_description": "scope 'urn:mas:admin' not allowed"}})
	}
	s := f.session(&Session{Kind: "oauth2", ClientID: ClientID, Scope: form.Get("scope")}, "mat_", time.Duration(f.options.TTL)*time.Second)
	out := map[string]any{"access_token": s.token, "token_type": "Bearer", "expires_in": f.options.TTL}
	if s.Scope != "" {
		out["scope"] = s.Scope
	}
	return out
}

// client proves who asks.
func (f *Server) client(c *call) {
	id, secret, ok := c.r.BasicAuth()
	if !ok || id != ClientID || secret != ClientSecret {
		panic(failure{401, map[string]any{"error": "invalid_client"}})
	}
}

func (f *Server) revoke(c *call) any {
	f.client(c)
	form, _ := url.ParseQuery(string(c.raw))
	if t := f.tokens[form.Get("token")]; t != nil {
		now := f.Now()
		t.session.Finished = &now
	}
	return map[string]any{}
}

// session makes one with a token; one that lasts for less than nothing has none.
func (f *Server) session(s *Session, prefix string, life time.Duration) *Session {
	s.ID, s.Created = f.random(), f.Now()
	f.sessions = append(f.sessions, s)
	f.give(s, prefix, life)
	return s
}

func (f *Server) give(s *Session, prefix string, life time.Duration) {
	s.token = prefix + "canary-" + f.random()
	for old, t := range f.tokens {
		if t.session == s {
			delete(f.tokens, old)
		}
	}
	f.tokens[s.token] = &token{s, f.Now().Add(life)}
}

// page answers a list whose cursors are the IDs of its items.
func page[T any](c *call, all []T, id func(T) string, write func(T) map[string]any) any {
	return paged(c, all, id, id, write)
}

// paged answers a list: those that match, by ID, and no link against the way that is paged. Its links lack the listener's prefix, and hold what
// filters ask for as it is, unescaped.
func paged[T any](c *call, all []T, id, cursor func(T) string, write func(T) map[string]any) any {
	size, back := 10, c.query.Has("page[last]")
	for _, key := range []string{"page[first]", "page[last]"} {
		if text := c.query.Get(key); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || back && c.query.Has("page[first]") {
				fail(http.StatusBadRequest, "Invalid pagination parameters")
			}
			size = n
		}
	}
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(id(a), id(b)) })
	total := len(all)
	after, before := c.query.Get("page[after]"), c.query.Get("page[before]")
	all = slices.DeleteFunc(all, func(one T) bool { return id(one) <= after || before != "" && id(one) >= before })
	base := c.r.URL.Path + "?"
	for key, values := range c.query {
		if strings.HasPrefix(key, "filter[") {
			base += key + "=" + values[0] + "&"
		}
	}
	links := map[string]any{"self": base + "page[first]=10", "first": base + "page[first]=10", "last": base + "page[last]=10"}
	switch more := len(all) > size; {
	case more && back:
		all = all[len(all)-size:]
		links["prev"] = base + "page[before]=" + cursor(all[0])
	case more:
		all = all[:size]
		links["next"] = base + "page[after]=" + cursor(all[len(all)-1])
	}
	data := []any{}
	for _, one := range all {
		r := write(one)
		r["meta"] = map[string]any{"page": map[string]any{"cursor": cursor(one)}}
		data = append(data, r)
	}
	return map[string]any{"meta": map[string]any{"count": total}, "data": data, "links": links}
}

// resource writes one.
func resource(kind, id string, attributes map[string]any) map[string]any {
	return map[string]any{"type": kind, "id": id, "attributes": attributes, "links": map[string]any{"self": admin + kind + "s/" + id}}
}

// single answers with one.
func single(r map[string]any) any {
	return map[string]any{"data": r, "links": r["links"]}
}
