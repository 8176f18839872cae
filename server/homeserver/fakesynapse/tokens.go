// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"strings"
	"time"
)

type registrationToken struct {
	token              string
	uses, expires      any // a number or nil
	pending, completed int64
}

func (t *registrationToken) json() map[string]any {
	return map[string]any{"token": t.token, "uses_allowed": t.uses, "pending": t.pending, "completed": t.completed, "expiry_time": t.expires}
}

// UseToken counts a registration with a token.
func (f *Server) UseToken(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.findToken(token).completed++
}

func (f *Server) findToken(token string) *registrationToken {
	for _, t := range f.regs {
		if t.token == token {
			return t
		}
	}
	fail(404, "M_NOT_FOUND", "No such registration token: "+token)
	return nil
}

func (f *Server) listTokens(*call) any {
	list := []any{}
	for _, t := range f.regs {
		list = append(list, t.json())
	}
	return map[string]any{"registration_tokens": list}
}

func (f *Server) getToken(c *call) any { return f.findToken(c.parts[0]).json() }

func (f *Server) newToken(c *call) any {
	token, given := c.body["token"].(string)
	switch {
	case !given:
		token = f.random("generated")
	case token == "" || len(token) > 64:
		fail(400, "M_INVALID_PARAM", "token must not be empty and must not be longer than 64 characters")
	case strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-") != "":
		fail(400, "M_INVALID_PARAM", "token must consist only of characters matched by the regex [A-Za-z0-9-_]")
	}
	t := &registrationToken{token: token}
	t.set(c)
	for _, other := range f.regs {
		if other.token == token {
			fail(400, "M_INVALID_PARAM", "Token already exists: "+token)
		}
	}
	f.regs = append(f.regs, t)
	return t.json()
}

// set takes over what is sent, and leaves alone what is not.
func (t *registrationToken) set(c *call) {
	if uses, sent := c.body["uses_allowed"]; sent {
		if n, ok := uses.(float64); uses != nil && (!ok || n < 0) {
			fail(400, "M_INVALID_PARAM", "uses_allowed must be a non-negative integer or null")
		}
		t.uses = uses
	}
	if expires, sent := c.body["expiry_time"]; sent {
		if ms, ok := expires.(float64); expires != nil && (!ok || int64(ms) < time.Now().UnixMilli()) {
			fail(400, "M_INVALID_PARAM", "expiry_time must not be in the past")
		}
		t.expires = expires
	}
}

func (f *Server) putToken(c *call) any {
	t := f.findToken(c.parts[0])
	t.set(c)
	return t.json()
}

func (f *Server) deleteToken(c *call) any {
	gone := f.findToken(c.parts[0])
	for i, t := range f.regs {
		if t == gone {
			f.regs = append(f.regs[:i], f.regs[i+1:]...)
			break
		}
	}
	return map[string]any{}
}

// publicRegister is registration as people do it; it tells what it takes, and makes nothing.
func (f *Server) publicRegister(*call) any {
	stages := []string{"m.login.dummy"}
	switch f.options.Registration {
	case "":
		fail(403, "M_FORBIDDEN", "Registration has been disabled")
	case "token":
		stages = append([]string{"m.login.registration_token"}, stages...)
	}
	panic(failure{401, "", "", map[string]any{"session": f.random("session"), "flows": []any{map[string]any{"stages": stages}}, "params": map[string]any{}}})
}
