// SPDX-License-Identifier: Apache-2.0

package fakemas

import (
	"net/http"
	"slices"
	"time"
)

// writeToken writes a registration token; its type is spelt so.
func (f *Server) writeToken(e *entry) map[string]any {
	r := e.write("user-registration_token")
	a := r["attributes"].(map[string]any)
	valid := a["revoked_at"] == nil
	if limit, ok := a["usage_limit"].(float64); ok && a["times_used"].(int) >= int(limit) {
		valid = false
	}
	if text, ok := a["expires_at"].(string); ok {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil && !at.After(f.Now()) {
			valid = false
		}
	}
	a["valid"] = valid
	return r
}

func (f *Server) listTokens(c *call) any {
	found := slices.DeleteFunc(slices.Clone(f.invites), func(e *entry) bool {
		a := f.writeToken(e)["attributes"].(map[string]any)
		return !c.has("valid", a["valid"] == true) || !c.has("revoked", a["revoked_at"] != nil)
	})
	return page(c, found, entryID, f.writeToken)
}

func (f *Server) addToken(c *call) any {
	text := c.text("token")
	if text == "" {
		text = f.random()[14:]
	}
	if slices.ContainsFunc(f.invites, func(e *entry) bool { return e.fields["token"] == text }) {
		fail(http.StatusConflict, "A registration token with the same token already exists")
	}
	e := &entry{f.random(), f.Now(), map[string]any{
		"token": text, "usage_limit": c.body["usage_limit"], "times_used": 0, "last_used_at": nil, "expires_at": c.body["expires_at"], "revoked_at": nil,
	}}
	f.invites = append(f.invites, e)
	c.status = http.StatusCreated
	return single(f.writeToken(e))
}

func (f *Server) token(c *call) *entry {
	for _, e := range f.invites {
		if e.id == c.parts[0] {
			return e
		}
	}
	fail(http.StatusNotFound, "Registration token not found")
	return nil
}

func (f *Server) getToken(c *call) any { return single(f.writeToken(f.token(c))) }

func (f *Server) editToken(c *call) any {
	e := f.token(c)
	for name, value := range c.body {
		e.fields[name] = value
	}
	return single(f.writeToken(e))
}

func (f *Server) revokeToken(c *call) any {
	e := f.token(c)
	if e.fields["revoked_at"] != nil {
		fail(http.StatusBadRequest, "Token is already revoked")
	}
	now := f.Now()
	e.fields["revoked_at"] = stamp(&now)
	return single(f.writeToken(e))
}

func (f *Server) unrevokeToken(c *call) any {
	e := f.token(c)
	if e.fields["revoked_at"] == nil {
		fail(http.StatusBadRequest, "Token is not revoked")
	}
	e.fields["revoked_at"] = nil
	return single(f.writeToken(e))
}

// UseToken is somebody who registers with a token.
func (f *Server) UseToken(text string) {
	f.with(func() {
		for _, e := range f.invites {
			if e.fields["token"] == text {
				e.fields["times_used"] = e.fields["times_used"].(int) + 1
				now := f.Now()
				e.fields["last_used_at"] = stamp(&now)
			}
		}
	})
}

// AddRevoked is a token that was made and revoked.
func (f *Server) AddRevoked() {
	f.with(func() {
		now := f.Now()
		id := f.random()
		f.invites = append(f.invites, &entry{id, now, map[string]any{
			"token": id[14:], "usage_limit": nil, "times_used": 0, "last_used_at": nil, "expires_at": nil, "revoked_at": stamp(&now),
		}})
	})
}
