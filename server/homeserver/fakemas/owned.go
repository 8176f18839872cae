// SPDX-License-Identifier: Apache-2.0

package fakemas

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

func decode(data []byte, into any) error { return json.Unmarshal(data, into) }

func (e *entry) write(kind string) map[string]any {
	attributes := map[string]any{"created_at": stamp(&e.created)}
	for name, value := range e.fields {
		attributes[name] = value
	}
	return resource(kind, e.id, attributes)
}

func entryID(e *entry) string { return e.id }

// listed answers with the entries whose fields are what the filters say.
func (f *Server) listed(c *call, kind string, all []*entry, filters map[string]string) any {
	var found []*entry
	for _, e := range all {
		if !slices.ContainsFunc(sorted(filters), func(filter string) bool {
			want, _ := e.fields[filters[filter]].(string)
			asked := c.query.Get("filter[" + filter + "]")
			return asked != "" && !strings.EqualFold(asked, want)
		}) {
			found = append(found, e)
		}
	}
	return page(c, found, entryID, func(e *entry) map[string]any { return e.write(kind) })
}

func sorted(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (f *Server) listEmails(c *call) any {
	if id := c.query.Get("filter[user]"); id != "" {
		f.find(id)
	}
	return f.listed(c, "user-email", f.emails, map[string]string{"user": "user_id", "email": "email"})
}

func (f *Server) addEmail(c *call) any {
	u := f.find(c.text("user_id"))
	address := c.text("email")
	if local, domain, ok := strings.Cut(address, "@"); !ok || local == "" || domain == "" {
		fail(http.StatusBadRequest, "Email is not valid")
	}
	if slices.ContainsFunc(f.emails, func(e *entry) bool { return strings.EqualFold(e.fields["email"].(string), address) }) {
		fail(http.StatusConflict, "User email already in use")
	}
	e := &entry{f.random(), f.Now(), map[string]any{"user_id": u.ID, "email": address}}
	f.emails = append(f.emails, e)
	f.provision(u)
	c.status = http.StatusCreated
	return single(e.write("user-email"))
}

func (f *Server) deleteEmail(c *call) any {
	i := slices.IndexFunc(f.emails, func(e *entry) bool { return e.id == c.parts[0] })
	if i < 0 {
		fail(http.StatusNotFound, "User email not found")
	}
	u := f.find(f.emails[i].fields["user_id"].(string))
	f.emails = slices.Delete(f.emails, i, i+1)
	f.provision(u)
	c.status = http.StatusNoContent
	return nil
}

// AddProvider declares an upstream provider, as the configuration file does.
func (f *Server) AddProvider(name, issuer string) (id string) {
	f.with(func() {
		id = f.random()
		f.upstream = append(f.upstream, &entry{id, f.Now(), map[string]any{
			"issuer": issuer, "human_name": name, "brand_name": nil, "disabled_at": nil, "registration_token_required": false,
		}})
	})
	return id
}

func (f *Server) listProviders(c *call) any {
	return f.listed(c, "upstream-oauth-provider", f.upstream, nil)
}

func (f *Server) listLinks(c *call) any {
	return f.listed(c, "upstream-oauth-link", f.links, map[string]string{"user": "user_id", "provider": "provider_id", "subject": "subject"})
}

func (f *Server) addLink(c *call) any {
	u := f.find(c.text("user_id"))
	if !slices.ContainsFunc(f.upstream, func(e *entry) bool { return e.id == c.text("provider_id") }) {
		fail(http.StatusNotFound, "Upstream Oauth 2.0 Provider ID not found")
	}
	for _, e := range f.links {
		if e.fields["provider_id"] == c.text("provider_id") && e.fields["subject"] == c.text("subject") {
			fail(http.StatusConflict, "Upstream Oauth 2.0 Provider ID and subject already linked to a user")
		}
	}
	e := &entry{f.random(), f.Now(), map[string]any{"user_id": u.ID, "provider_id": c.text("provider_id"), "subject": c.text("subject"), "human_account_name": nil}}
	f.links = append(f.links, e)
	c.status = http.StatusCreated
	return single(e.write("upstream-oauth-link"))
}

func (f *Server) deleteLink(c *call) any {
	i := slices.IndexFunc(f.links, func(e *entry) bool { return e.id == c.parts[0] })
	if i < 0 {
		fail(http.StatusNotFound, "Upstream OAuth 2.0 Link not found")
	}
	f.links = slices.Delete(f.links, i, i+1)
	c.status = http.StatusNoContent
	return nil
}

// AddSession signs an account in, in one of the four ways; a device of the session is made at Synapse.
func (f *Server) AddSession(kind, username, scope, device string) (made Session) {
	f.with(func() {
		for _, u := range f.users {
			if u.Username != username {
				continue
			}
			s := &Session{Kind: kind, UserID: u.ID, Scope: scope, Device: device, Name: kind + " of tests", ClientID: ClientID}
			if kind == "browser" {
				s.ID, s.Created = f.random(), f.Now()
				f.sessions = append(f.sessions, s)
			} else {
				f.session(s, map[string]string{"oauth2": "mat_", "compat": "mct_", "personal": "mpt_"}[kind], time.Hour)
			}
			f.sync(u)
			made = *s
		}
	})
	return made
}

// Sessions returns the live sessions of an account.
func (f *Server) Sessions(username string) (live []Session) {
	f.with(func() {
		for _, s := range f.sessions {
			for _, u := range f.users {
				if u.ID == s.UserID && u.Username == username && s.Finished == nil {
					live = append(live, *s)
				}
			}
		}
	})
	return live
}

// ClientSessions returns how many sessions of the client's own are not finished.
func (f *Server) ClientSessions() (n int) {
	f.with(func() {
		for _, s := range f.sessions {
			if s.UserID == "" && s.Finished == nil {
				n++
			}
		}
	})
	return n
}

func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Session) write(kind string) map[string]any {
	attributes := map[string]any{"created_at": stamp(&s.Created), "last_active_at": nil, "last_active_ip": nil}
	if s.Kind != "personal" {
		attributes["finished_at"], attributes["user_agent"] = stamp(s.Finished), nil
	}
	switch s.Kind {
	case "browser":
		attributes["user_id"] = s.UserID
	case "oauth2":
		attributes["user_id"], attributes["client_id"], attributes["scope"], attributes["user_session_id"] = null(s.UserID), s.ClientID, s.scopes(), nil
		attributes["human_name"] = null(s.Name)
	case "compat":
		attributes["user_id"], attributes["device_id"], attributes["redirect_uri"], attributes["user_session_id"] = s.UserID, s.Device, nil, nil
		attributes["human_name"] = null(s.Name)
	case "personal":
		attributes["revoked_at"], attributes["actor_user_id"], attributes["scope"] = stamp(s.Finished), s.UserID, s.scopes()
		attributes["owner_user_id"], attributes["owner_client_id"] = null(s.Owner), null(s.ClientID)
		attributes["human_name"], attributes["expires_at"] = s.Name, stamp(s.Expires)
	}
	return resource(kind, s.ID, attributes)
}

// scopes are those of the session and of its device.
func (s *Session) scopes() string {
	if s.Device == "" || strings.Contains(s.Scope, "client:device:") {
		return s.Scope
	}
	return strings.TrimSpace(s.Scope + " urn:matrix:client:device:" + s.Device)
}

func list(kind, name string) func(*Server, *call) any {
	return func(f *Server, c *call) any {
		var found []*Session
		for _, s := range f.sessions {
			status := "active"
			if s.Finished != nil {
				status = "finished"
				if kind == "personal" {
					status = "revoked"
				}
			}
			asked := func(filter, is string) bool {
				want := c.query.Get("filter[" + filter + "]")
				return want == "" || want == is
			}
			if s.Kind == kind && asked("user", s.UserID) && asked("actor_user", s.UserID) && asked("owner_user", s.Owner) && asked("status", status) {
				found = append(found, s)
			}
		}
		cursor := func(s *Session) string {
			if kind == "browser" {
				return s.UserID // so that whoever follows it reads the same page for ever (1.22.0)
			}
			return s.ID
		}
		return paged(c, found, func(s *Session) string { return s.ID }, cursor, func(s *Session) map[string]any { return s.write(name) })
	}
}

func (f *Server) findSession(kind, id string) *Session {
	for _, s := range f.sessions {
		if s.Kind == kind && s.ID == id {
			return s
		}
	}
	fail(http.StatusNotFound, "Session not found")
	return nil
}

func finish(kind, name string) func(*Server, *call) any {
	return func(f *Server, c *call) any {
		s := f.findSession(kind, c.parts[0])
		if s.Finished != nil {
			fail(http.StatusBadRequest, "Session is already finished")
		}
		now := f.Now()
		s.Finished = &now
		if s.Device != "" {
			f.jobs = append(f.jobs, func() { f.with(func() { f.sync(f.find(s.UserID)) }) })
		}
		return single(s.write(name))
	}
}

func (c *call) life(f *Server) (*time.Time, time.Duration) {
	seconds, ok := c.body["expires_in"].(float64)
	if !ok {
		return nil, 100 * 365 * 24 * time.Hour
	}
	life := time.Duration(seconds) * time.Second
	ends := f.Now().Add(life)
	return &ends, life
}

func (f *Server) addPersonal(c *call) any {
	u := f.find(c.text("actor_user_id"))
	switch {
	case u.Deactivated != nil:
		fail(http.StatusGone, "User is deactivated")
	case c.text("scope") == "":
		fail(http.StatusBadRequest, "Invalid scope")
	}
	expires, life := c.life(f)
	s := f.session(&Session{Kind: "personal", UserID: u.ID, ClientID: c.who.ClientID, Name: c.text("human_name"), Scope: c.text("scope"), Expires: expires}, "mpt_", life)
	c.status = http.StatusCreated
	return single(s.withToken())
}

func (s *Session) withToken() map[string]any {
	r := s.write("personal-session")
	r["attributes"].(map[string]any)["access_token"] = s.token
	return r
}

func (f *Server) revokePersonal(c *call) any {
	s := f.findSession("personal", c.parts[0])
	if s.Finished != nil {
		fail(http.StatusConflict, "Personal session is already revoked")
	}
	now := f.Now()
	s.Finished, s.Expires = &now, nil
	return single(s.write("personal-session"))
}

func (f *Server) regenerate(c *call) any {
	s := f.findSession("personal", c.parts[0])
	switch {
	case s.Finished != nil:
		fail(http.StatusUnprocessableEntity, "Personal session is revoked")
	case s.Owner != "" || s.ClientID != c.who.ClientID:
		fail(http.StatusForbidden, "Only the owner may regenerate a personal session")
	}
	var life time.Duration
	s.Expires, life = c.life(f)
	f.give(s, "mpt_", life)
	c.status = http.StatusCreated
	return single(s.withToken())
}

// Token returns the token of a session.
func (s Session) Token() string { return s.token }
