// SPDX-License-Identifier: Apache-2.0

package fakemas

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/server/homeserver/fakesynapse"
)

func (f *Server) version(*call) any { return map[string]any{"version": "v1.22.0"} }

func (f *Server) siteConfig(*call) any {
	return map[string]any{
		"server_name": f.options.ServerName, "password_login_enabled": !f.options.NoPasswords, "password_registration_enabled": false,
		"password_registration_email_required": true, "password_registration_token_required": false, "registration_token_required": false,
		"email_change_allowed": true, "displayname_change_allowed": true, "password_change_allowed": true, "account_recovery_allowed": false,
		"account_deactivation_allowed": true, "captcha_enabled": false, "minimum_password_complexity": 3,
	}
}

func (u *User) write() map[string]any {
	return resource("user", u.ID, map[string]any{
		"username": u.Username, "created_at": stamp(&u.Created), "locked_at": stamp(u.Locked), "deactivated_at": stamp(u.Deactivated),
		"admin": u.Admin, "legacy_guest": u.Guest,
	})
}

func (f *Server) find(id string) *User {
	for _, u := range f.users {
		if u.ID == strings.ToUpper(id) {
			return u
		}
	}
	fail(http.StatusNotFound, "User ID "+id+" not found")
	return nil
}

// has reads a filter that is true or false; one without a value counts as absent.
func (c *call) has(name string, value bool) bool {
	switch want := c.query.Get("filter[" + name + "]"); want {
	case "":
		return true
	case "true", "false":
		return (want == "true") == value
	default:
		fail(http.StatusBadRequest, "Failed to deserialize query string")
		return false
	}
}

func (f *Server) listUsers(c *call) any {
	var found []*User
	for _, u := range f.users {
		status := "active"
		switch {
		case u.Deactivated != nil:
			status = "deactivated"
		case u.Locked != nil:
			status = "locked"
		}
		search := strings.ToLower(c.query.Get("filter[search]"))
		want := c.query.Get("filter[status]")
		if c.has("admin", u.Admin) && c.has("legacy-guest", u.Guest) && strings.Contains(strings.ToLower(u.Username), search) && (want == "" || want == status) {
			found = append(found, u)
		}
	}
	return page(c, found, func(u *User) string { return u.ID }, (*User).write)
}

func (f *Server) getUser(c *call) any { return single(f.find(c.parts[0]).write()) }

func (f *Server) getByName(c *call) any {
	for _, u := range f.users {
		if strings.EqualFold(u.Username, c.parts[0]) {
			return single(u.write())
		}
	}
	fail(http.StatusNotFound, `User with username "`+c.parts[0]+`" not found`)
	return nil
}

// AddUser puts an account there, on both sides.
func (f *Server) AddUser(username string, set func(*User)) (added *User) {
	f.with(func() {
		added = f.add(username)
		if set != nil {
			set(added)
		}
		f.Synapse.Provision(username, added.Locked != nil, nil, username, "")
	})
	return added
}

// AddHere puts an account there that Synapse has not got.
func (f *Server) AddHere(username string) (added *User) {
	f.with(func() { added = f.add(username) })
	return added
}

func (f *Server) add(username string) *User {
	u := &User{ID: f.random(), Username: username, Created: f.Now()}
	f.users = append(f.users, u)
	return u
}

// User returns an account as it is, nil where there is none.
func (f *Server) User(username string) (found *User) {
	f.with(func() {
		for _, u := range f.users {
			if u.Username == username {
				c := *u
				found = &c
			}
		}
	})
	return found
}

func (f *Server) addUser(c *call) any {
	name := c.text("username")
	if name == "" || len(name) > 255 || name[0] == '_' || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789=_-./+") != "" {
		fail(http.StatusBadRequest, "Username is not valid")
	}
	if slices.ContainsFunc(f.users, func(u *User) bool { return strings.EqualFold(u.Username, name) }) {
		fail(http.StatusConflict, "User already exists")
	}
	if f.alone {
		fail(http.StatusInternalServerError, "error sending request for url (http://synapse.internal:8008/_synapse/mas/)")
	}
	if c.body["skip_homeserver_check"] != true {
		if err := f.Synapse.Available(name); errors.Is(err, fakesynapse.ErrReserved) {
			fail(http.StatusConflict, "Username is reserved by the homeserver")
		}
	}
	u := f.add(name)
	f.Synapse.Provision(name, false, nil, c.text("displayname"), c.text("avatar_url"))
	c.status = http.StatusCreated
	return single(u.write())
}

func (f *Server) setPassword(c *call) any {
	u := f.find(c.parts[0])
	if f.options.NoPasswords {
		fail(http.StatusForbidden, "Password auth is disabled")
	}
	if c.body["skip_password_check"] != true && len(c.text("password")) < 10 { // in place of zxcvbn
		fail(http.StatusBadRequest, "Password is too weak")
	}
	u.Password = c.text("password")
	c.status = http.StatusNoContent
	return nil
}

func (f *Server) setAdmin(c *call) any {
	u := f.find(c.parts[0])
	is, ok := c.body["admin"].(bool)
	if !ok {
		text(http.StatusUnprocessableEntity, "admin: invalid type")
	}
	u.Admin = is
	return single(u.write())
}

// provision queues the job that tells Synapse of an account.
func (f *Server) provision(u *User) {
	read := func() (emails []string, locked bool) {
		for _, e := range f.emails {
			if e.fields["user_id"] == u.ID {
				emails = append(emails, e.fields["email"].(string))
			}
		}
		return emails, u.Locked != nil
	}
	if f.options.Racing {
		emails, locked := read()
		read = func() ([]string, bool) { return emails, locked }
	}
	f.jobs = append(f.jobs, func() {
		f.with(func() {
			if f.alone {
				return
			}
			emails, locked := read()
			f.Synapse.Provision(u.Username, locked, emails, "", "")
			f.sync(u)
		})
	})
}

// sync leaves an account at Synapse the devices that it has sessions for. Nobody is asked while MAS is held.
func (f *Server) sync(u *User) {
	var devices []string
	for _, s := range f.sessions {
		if s.UserID == u.ID && s.Finished == nil && s.Device != "" {
			devices = append(devices, s.Device)
		}
	}
	f.Synapse.SyncDevices(u.Username, devices)
}

func (f *Server) lock(c *call) any {
	u := f.find(c.parts[0])
	if u.Locked == nil {
		now := f.Now()
		u.Locked = &now
	}
	f.provision(u)
	return single(u.write())
}

func (f *Server) unlock(c *call) any {
	u := f.find(c.parts[0])
	u.Locked = nil
	f.provision(u)
	return single(u.write())
}

func (f *Server) deactivate(c *call) any {
	u := f.find(c.parts[0])
	if u.Deactivated == nil {
		now := f.Now()
		u.Deactivated = &now
	}
	erase := c.body["skip_erase"] != true
	f.jobs = append(f.jobs, func() {
		f.with(func() {
			now := f.Now()
			for _, s := range f.sessions {
				if (s.UserID == u.ID || s.Owner == u.ID) && s.Finished == nil {
					s.Finished = &now
				}
			}
			f.emails = slices.DeleteFunc(f.emails, func(e *entry) bool { return e.fields["user_id"] == u.ID })
			f.Synapse.End(u.Username, erase)
		})
	})
	return single(u.write())
}

func (f *Server) reactivate(c *call) any {
	u := f.find(c.parts[0])
	if f.alone || !f.Synapse.Revive(u.Username) {
		fail(http.StatusInternalServerError, "Failed to reactivate user in Synapse")
	}
	u.Deactivated = nil
	return single(u.write())
}

// login is the old way of signing in (crates/handlers/src/compat/login.rs).
func (f *Server) login(c *call) any {
	if c.r.Method == http.MethodGet {
		return map[string]any{"flows": []any{map[string]any{"type": "m.login.password"}}}
	}
	var body struct {
		Type       string
		Identifier struct{ User string }
		Password   string
		Name       string `json:"initial_device_display_name"`
	}
	if decode(c.raw, &body) != nil {
		panic(failure{400, map[string]any{"errcode": "M_NOT_JSON", "error": "Body is not a valid JSON document"}})
	}
	if f.options.NoPasswords {
		panic(failure{400, map[string]any{"errcode": "M_UNKNOWN", "error": "Invalid login type"}})
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(body.Identifier.User, "@"), ":")
	for _, u := range f.users {
		if u.Username != name || u.Password == "" || u.Password != body.Password || u.Deactivated != nil {
			continue
		}
		if u.Locked != nil {
			panic(failure{401, map[string]any{"errcode": "M_USER_LOCKED", "error": "User account has been locked"}})
		}
		device := "DEV" + f.random()[16:]
		s := f.session(&Session{Kind: "compat", UserID: u.ID, Device: device, Name: body.Name, Scope: "urn:matrix:client:api:*"}, "mct_", time.Hour)
		f.sync(u)
		return map[string]any{"user_id": "@" + u.Username + ":localhost", "access_token": s.token, "device_id": device}
	}
	panic(failure{403, map[string]any{"errcode": "M_FORBIDDEN", "error": "Invalid username/password"}})
}

func (f *Server) logout(c *call) any {
	bearer := strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	t := f.tokens[bearer]
	if t == nil || t.session.Finished != nil {
		panic(failure{401, map[string]any{"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised access token"}})
	}
	now := f.Now()
	t.session.Finished = &now
	f.jobs = append(f.jobs, func() { f.with(func() { f.sync(f.find(t.session.UserID)) }) })
	return map[string]any{}
}
