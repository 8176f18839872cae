// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

var userTypes = []string{"support", "bot", "robot"}

type user struct {
	fields    Fields
	password  string
	devices   map[string]string // display names by ID
	seen      map[string]int64  // when they were used last, in unix milliseconds
	rate      map[string]any    // its own limits; nil for none
	features  map[string]bool
	keys      bool  // it has cross-signing keys
	keysUntil int64 // until when they may be replaced, in unix milliseconds
	until     int64 // when it expires, in unix milliseconds; 0: not at all
	pushers   []any
	data      map[string]any
	roomData  map[string]map[string]any
}

func (u *user) id() string { return u.fields["name"].(string) }

func (u *user) is(field string) bool { return u.fields[field] == true }

func (f *Server) add(localpart string) *user {
	u := &user{devices: map[string]string{}, seen: map[string]int64{}, features: map[string]bool{}, data: map[string]any{}, roomData: map[string]map[string]any{}, fields: Fields{
		"name": "@" + localpart + ":localhost", "admin": false, "deactivated": false, "locked": false, "shadow_banned": false,
		"creation_ts": now(), "appservice_id": nil, "consent_server_notice_sent": nil, "consent_version": nil, "consent_ts": nil,
		"user_type": nil, "is_guest": false, "suspended": false, "displayname": localpart, "avatar_url": nil,
		"threepids": []any{}, "external_ids": []any{}, "erased": false, "last_seen_ts": nil,
	}}
	f.users[u.id()] = u
	return u
}

// find returns the account that a path names, or fails as Synapse does.
func (f *Server) find(id, remote string) *user {
	local, server, ok := strings.Cut(strings.TrimPrefix(id, "@"), ":")
	if !ok || !strings.HasPrefix(id, "@") {
		fail(400, "M_INVALID_PARAM", "Expected UserID string to start with '@'")
	}
	if server != "localhost" {
		fail(400, "M_UNKNOWN", remote)
	}
	u := f.users["@"+local+":"+server]
	if u == nil {
		fail(404, "M_NOT_FOUND", "User not found")
	}
	return u
}

func (f *Server) get(c *call) any { return f.find(c.parts[0], "Can only look up local users").fields }

// put is the only endpoint that makes an account when there is none.
func (f *Server) put(c *call) any {
	if kind, ok := c.body["user_type"].(string); ok && !slices.Contains(userTypes, kind) {
		fail(400, "M_UNKNOWN", "Invalid user type")
	}
	if c.body["deactivated"] == true && c.body["locked"] == true {
		fail(400, "M_UNKNOWN", "An user can't be deactivated and locked")
	}
	u := f.users[c.parts[0]]
	if u == nil {
		if f.options.MAS {
			fail(403, "M_FORBIDDEN", "User creation via the Admin API is not available when Synapse is delegating authentication to MAS. Create the user via MAS instead.")
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(c.parts[0], "@"), ":")
		f.checkNew(name)
		u = f.add(name)
		c.status = http.StatusCreated
	}
	f.modify(c, u)
	return u.fields
}

// modify works the fields off in Synapse's order; what comes before the one that fails is done.
func (f *Server) modify(c *call, u *user) {
	for _, key := range []string{"displayname", "threepids", "external_ids", "avatar_url"} {
		value, ok := c.body[key]
		if !ok {
			continue
		}
		switch key {
		case "displayname", "avatar_url":
			text, isText := value.(string)
			if !isText {
				fail(400, "M_INVALID_PARAM", "'"+key+"' must be a string")
			}
			u.fields[key] = any(text)
			if text == "" {
				u.fields[key] = nil
			}
		case "threepids":
			list := []any{}
			for _, t := range value.([]any) {
				list = append(list, map[string]any{"medium": t.(map[string]any)["medium"], "address": t.(map[string]any)["address"], "validated_at": now() * 1000, "added_at": now() * 1000})
			}
			u.fields[key] = list
		case "external_ids":
			for _, e := range value.([]any) {
				if other := f.owner("external_ids", e.(map[string]any), "auth_provider", "external_id"); other != nil && other != u {
					fail(409, "M_UNKNOWN", "External id is already in use.")
				}
			}
			u.fields[key] = value
		}
	}
	if admin, ok := c.body["admin"].(bool); ok {
		if !admin && u.is("admin") && c.who.user == u {
			fail(400, "M_UNKNOWN", "You may not demote yourself.")
		}
		u.fields["admin"] = admin
	}
	if password, ok := c.body["password"].(string); ok {
		f.setPassword(c, u, password, c.body["logout_devices"] != false)
	}
	switch c.body["deactivated"] {
	case true:
		f.end(u, false)
	case false:
		u.fields["deactivated"], u.fields["erased"] = false, false
	}
	if locked, ok := c.body["locked"].(bool); ok && !f.older(1, 91) {
		u.fields["locked"] = locked
	}
	if kind, ok := c.body["user_type"]; ok {
		u.fields["user_type"] = kind
	}
}

func (f *Server) setPassword(c *call, u *user, password string, signOut bool) {
	if f.options.MAS {
		fail(403, "M_FORBIDDEN", "Password change disabled")
	}
	u.password = password
	if signOut {
		for _, device := range slices.Collect(maps.Keys(u.devices)) {
			if c.who.user != u || c.who.device != device {
				f.dropDevice(u, device)
			}
		}
	}
}

func (f *Server) resetPassword(c *call) any {
	u := f.users[c.parts[0]]
	if u == nil {
		fail(404, "M_NOT_FOUND", "Unknown user")
	}
	password, ok := c.body["new_password"].(string)
	if !ok {
		fail(400, "M_MISSING_PARAM", "Missing params: ['new_password']")
	}
	f.setPassword(c, u, password, c.body["logout_devices"] != false)
	return map[string]any{}
}

func (f *Server) deactivate(c *call) any {
	u := f.find(c.parts[0], "Can only deactivate local users")
	erase, ok := c.body["erase"].(bool)
	if _, sent := c.body["erase"]; sent && !ok {
		fail(400, "M_BAD_JSON", "Param 'erase' must be a boolean, if given")
	}
	f.end(u, erase)
	return map[string]any{"id_server_unbind_result": "success"}
}

func (f *Server) end(u *user, erase bool) {
	for _, device := range slices.Collect(maps.Keys(u.devices)) {
		f.dropDevice(u, device)
	}
	u.password = ""
	u.fields["deactivated"], u.fields["threepids"] = true, []any{}
	if erase {
		u.fields["erased"], u.fields["displayname"], u.fields["avatar_url"] = true, nil, nil
	}
}

// owner returns who has an entry in a list, by the keys that identify it.
func (f *Server) owner(list string, entry map[string]any, keys ...string) *user {
	for _, u := range f.users {
		for _, have := range u.fields[list].([]any) {
			if !slices.ContainsFunc(keys, func(k string) bool { return have.(map[string]any)[k] != entry[k] }) {
				return u
			}
		}
	}
	return nil
}

func (f *Server) byThreepid(c *call) any {
	return owned(f.owner("threepids", map[string]any{"medium": c.parts[0], "address": c.parts[1]}, "medium", "address"))
}

func (f *Server) byIdentity(c *call) any {
	return owned(f.owner("external_ids", map[string]any{"auth_provider": c.parts[0], "external_id": c.parts[1]}, "auth_provider", "external_id"))
}

func owned(u *user) any {
	if u == nil {
		fail(404, "M_NOT_FOUND", "User not found")
	}
	return map[string]any{"user_id": u.id()}
}

func (f *Server) whois(c *call) any {
	if _, server, _ := strings.Cut(c.parts[0], ":"); server != "localhost" {
		fail(400, "M_UNKNOWN", "Can only whois a local user")
	}
	connections := []any{}
	ips := slices.Clone(f.ips[c.parts[0]])
	slices.Sort(ips)
	for _, ip := range slices.Compact(ips) {
		connections = append(connections, map[string]any{"ip": ip, "last_seen": now() * 1000, "user_agent": "Gatehouse"})
	}
	return map[string]any{"user_id": c.parts[0], "devices": map[string]any{"": map[string]any{"sessions": []any{map[string]any{"connections": connections}}}}}
}

// listFields are what the lists tell of an account.
var listFields = []string{"name", "user_type", "is_guest", "admin", "deactivated", "shadow_banned", "displayname", "avatar_url", "erased", "last_seen_ts", "locked"}

func (f *Server) list(c *call) any {
	q := c.r.URL.Query()
	if f.options.MAS && q.Get("guests") != "false" {
		fail(400, "M_INVALID_PARAM", "The guests parameter is not supported when MSC3861 is enabled.")
	}
	var found []*user
	for _, u := range f.users {
		if f.matches(u, q.Get, strings.Contains(c.r.URL.Path, "/v3/")) {
			found = append(found, u)
		}
	}
	by := cmp.Or(q.Get("order_by"), "name")
	if !slices.Contains(append(slices.Clone(listFields), "creation_ts"), by) {
		fail(400, "M_INVALID_PARAM", "Query parameter 'order_by' must be one of …")
	}
	slices.SortFunc(found, func(a, b *user) int {
		order := compare(a.fields[by], b.fields[by])
		if q.Get("dir") == "b" {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(a.id(), b.id()))
	})
	from, _ := strconv.Atoi(q.Get("from"))
	limit := 100
	if q.Has("limit") {
		limit, _ = strconv.Atoi(q.Get("limit"))
	}
	rows := []any{}
	for _, u := range found[min(from, len(found)):min(from+limit, len(found))] {
		row := map[string]any{"creation_ts": u.fields["creation_ts"].(int64) * 1000}
		for _, key := range listFields {
			if (key == "locked" && f.older(1, 93)) || (key == "last_seen_ts" && f.older(1, 92)) {
				continue
			}
			row[key] = u.fields[key]
		}
		rows = append(rows, row)
	}
	out := map[string]any{"users": rows, "total": len(found)}
	if from+limit < len(found) {
		out["next_token"] = strconv.Itoa(from + limit)
	}
	return out
}

// matches applies the filters; v2 and v3 differ in `deactivated`.
func (f *Server) matches(u *user, q func(string) string, v3 bool) bool {
	display, _ := u.fields["displayname"].(string)
	local := strings.TrimSuffix(strings.TrimPrefix(u.id(), "@"), ":localhost")
	switch {
	case q("name") != "" && !like(local, q("name")) && !like(display, q("name")),
		q("name") == "" && q("user_id") != "" && !like(u.id(), q("user_id")),
		q("guests") == "false" && u.is("is_guest"),
		q("locked") != "true" && !f.older(1, 93) && u.is("locked"),
		q("admins") != "" && !f.older(1, 91) && (q("admins") == "true") != u.is("admin"),
		v3 && q("deactivated") != "" && (q("deactivated") == "true") != u.is("deactivated"),
		!v3 && q("deactivated") != "true" && u.is("deactivated"):
		return false
	}
	return true
}

// like is SQL's LIKE %pattern%, without regard to case: `_` is any character.
func like(text, pattern string) bool {
	text, pattern = strings.ToLower(text), strings.ToLower(pattern)
	for i := 0; i+len(pattern) <= len(text); i++ {
		same := 0
		for same < len(pattern) && (pattern[same] == '_' || pattern[same] == text[i+same]) {
			same++
		}
		if same == len(pattern) {
			return true
		}
	}
	return false
}

// compare orders what SQLite orders: nothing first, then false before true, numbers and texts.
func compare(a, b any) int {
	switch a := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return -1
	case bool:
		return cmp.Compare(strconv.FormatBool(a), strconv.FormatBool(b == true))
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := b.(string); ok {
			return cmp.Compare(a, b)
		}
	}
	return 1
}
