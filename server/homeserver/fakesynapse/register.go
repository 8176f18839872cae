// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strings"
)

func (f *Server) nonce(*call) any {
	n := f.random("nonce")
	f.nonces[n] = true
	return map[string]any{"nonce": n}
}

func (f *Server) register(c *call) any {
	text := func(key string) string { s, _ := c.body[key].(string); return s }
	if f.options.Secret == "" {
		fail(400, "M_UNKNOWN", "Shared secret registration is not enabled")
	}
	if !f.nonces[text("nonce")] {
		fail(400, "M_UNKNOWN", "unrecognised nonce")
	}
	delete(f.nonces, text("nonce"))
	if kind, ok := c.body["user_type"]; ok && kind != nil && !slices.Contains(userTypes, text("user_type")) {
		fail(400, "M_UNKNOWN", "Invalid user type")
	}
	admin, _ := c.body["admin"].(bool)
	parts := []string{text("nonce"), text("username"), text("password"), "notadmin"}
	if admin {
		parts[3] = "admin"
	}
	if text("user_type") != "" {
		parts = append(parts, text("user_type"))
	}
	h := hmac.New(sha1.New, []byte(f.options.Secret))
	h.Write([]byte(strings.Join(parts, "\x00")))
	if hex.EncodeToString(h.Sum(nil)) != text("mac") {
		fail(403, "M_UNKNOWN", "HMAC incorrect")
	}
	name := strings.ToLower(text("username"))
	f.checkNew(name)
	u := f.add(name)
	u.password = text("password")
	u.fields["admin"] = admin
	if text("user_type") != "" {
		u.fields["user_type"] = text("user_type")
	}
	if text("displayname") != "" {
		u.fields["displayname"] = text("displayname")
	}
	out := map[string]any{"user_id": u.id(), "home_server": "localhost"}
	if c.body["inhibit_login"] != true {
		device, token := f.signIn(u, "", text("initial_device_display_name"))
		out["device_id"], out["access_token"] = device, token
	}
	return out
}

// checkNew refuses the names that Synapse refuses to new accounts (handlers/register.py, check_username).
func (f *Server) checkNew(name string) {
	switch {
	case name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._=/+-") != "":
		fail(400, "M_INVALID_USERNAME", "User ID can only contain characters a-z, 0-9, or '=_-./+'")
	case name[0] == '_':
		fail(400, "M_INVALID_USERNAME", "User ID may not begin with _")
	case len(name)+len("@:localhost") > 255:
		fail(400, "M_INVALID_USERNAME", "User ID may not be longer than 255 characters")
	case f.users["@"+name+":localhost"] != nil:
		fail(400, "M_USER_IN_USE", "User ID already taken.")
	case strings.Trim(name, "0123456789") == "":
		fail(400, "M_INVALID_USERNAME", "Numeric user IDs are reserved for guest users.")
	}
}

func (f *Server) available(c *call) any {
	f.checkNew(c.r.URL.Query().Get("username"))
	return map[string]any{"available": true}
}

// signIn makes a device and a token.
func (f *Server) signIn(u *user, device, name string) (string, string) {
	if device == "" {
		device = f.random("DEVICE")
	}
	token := f.random("syt_")
	u.devices[device] = name
	f.tokens[token] = session{user: u, device: device}
	return device, token
}

func (f *Server) login(c *call) any {
	address := f.address(c)
	if f.logins[address]++; f.options.Logins > 0 && f.logins[address] > f.options.Logins {
		panic(failure{429, "M_LIMIT_EXCEEDED", "Too Many Requests", map[string]any{"retry_after_ms": 332000}})
	}
	identifier, _ := c.body["identifier"].(map[string]any)
	name, _ := identifier["user"].(string)
	if !strings.HasPrefix(name, "@") {
		name = "@" + name + ":localhost"
	}
	u := f.users[name]
	if u == nil {
		u = f.users[strings.ToLower(name)]
	}
	if u == nil || u.password == "" || u.password != c.body["password"] {
		fail(403, "M_FORBIDDEN", "Invalid username or password")
	}
	if u.is("deactivated") {
		fail(403, "M_USER_DEACTIVATED", "This account has been deactivated")
	}
	if u.is("locked") {
		panic(failure{401, "M_USER_LOCKED", "User account has been locked", map[string]any{"soft_logout": true}})
	}
	device, _ := c.body["device_id"].(string)
	display, _ := c.body["initial_device_display_name"].(string)
	device, token := f.signIn(u, device, display)
	return map[string]any{"user_id": u.id(), "access_token": token, "device_id": device, "home_server": "localhost"}
}

func (f *Server) logout(c *call) any {
	if c.who.puppet {
		token, _ := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
		delete(f.tokens, token)
		return map[string]any{}
	}
	f.dropDevice(c.who.user, c.who.device)
	return map[string]any{}
}

func (f *Server) dropDevice(u *user, device string) {
	delete(u.devices, device)
	for token, s := range f.tokens {
		if s.user == u && s.device == device && !s.puppet {
			delete(f.tokens, token)
		}
	}
}

func (f *Server) whoami(c *call) any {
	out := map[string]any{"user_id": c.who.user.id(), "is_guest": false}
	if !c.who.puppet {
		out["device_id"] = c.who.device
	}
	return out
}
