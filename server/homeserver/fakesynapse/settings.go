// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"math"
	"net/http"
	"strings"
	"time"
)

func (f *Server) suspend(c *call) any {
	u := f.find(c.parts[0], "Can only suspend local users")
	on, ok := c.body["suspend"].(bool)
	if c.body["suspend"] == nil {
		fail(400, "M_MISSING_PARAM", "1 validation error for PutBody")
	}
	if !ok {
		fail(400, "M_BAD_JSON", "1 validation error for PutBody")
	}
	u.fields["suspended"] = on
	return map[string]any{"user_" + u.id() + "_suspended": on}
}

func (f *Server) shadowBan(c *call) any {
	if !strings.HasSuffix(c.parts[0], ":localhost") {
		fail(400, "M_UNKNOWN", "Only local users can be shadow-banned")
	}
	u := f.users[c.parts[0]]
	if u == nil {
		fail(404, "M_UNKNOWN", "No row found (users)")
	}
	u.fields["shadow_banned"] = c.r.Method == http.MethodPost
	return map[string]any{}
}

func (f *Server) rateLimit(c *call) any {
	u := f.find(c.parts[0], "Only local users can be ratelimited")
	switch c.r.Method {
	case http.MethodPost:
		rate := map[string]any{}
		for _, name := range []string{"messages_per_second", "burst_count"} {
			n, ok := c.body[name].(float64)
			if c.body[name] != nil && (!ok || n < 0 || n != math.Trunc(n)) {
				fail(400, "M_INVALID_PARAM", "parameter must be a positive int")
			}
			rate[name] = int(n)
		}
		u.rate = rate
		return rate
	case http.MethodDelete:
		u.rate = nil
	}
	if u.rate == nil {
		return map[string]any{}
	}
	return u.rate
}

var featureNames = []string{"msc3881", "msc3575", "msc4222"}

// features answers GET for accounts that do not exist as well; a PUT for one is an internal error.
func (f *Server) features(c *call) any {
	if !strings.HasSuffix(c.parts[0], ":localhost") {
		fail(400, "M_UNKNOWN", "User must be local to check what experimental features are enabled.")
	}
	u := f.users[c.parts[0]]
	if c.r.Method == http.MethodGet {
		out := map[string]bool{}
		for _, name := range featureNames {
			out[name] = u != nil && u.features[name]
		}
		return map[string]any{"features": out}
	}
	features, _ := c.body["features"].(map[string]any)
	if len(features) == 0 {
		fail(400, "M_UNKNOWN", "You must provide features to set.")
	}
	for name := range features {
		if !strings.Contains(strings.Join(featureNames, " "), name) {
			fail(400, "M_UNKNOWN", "'"+name+"' is not recognised as a valid experimental feature.")
		}
	}
	if u == nil {
		fail(500, "M_UNKNOWN", "Internal server error")
	}
	for name, on := range features {
		u.features[name] = on == true
	}
	return map[string]any{}
}

// validity takes any account, and without account validity any date: then it keeps nothing.
func (f *Server) validity(c *call) any {
	id, ok := c.body["user_id"]
	if !ok {
		fail(400, "M_UNKNOWN", "Missing property 'user_id' in the request body")
	}
	until, ok := c.body["expiration_ts"].(float64)
	if !ok && !f.options.Validity {
		fail(500, "M_UNKNOWN", "Internal server error")
	}
	if !ok {
		until = float64(time.Now().Add(6 * 7 * 24 * time.Hour).UnixMilli())
	}
	if u := f.users[id.(string)]; u != nil && f.options.Validity {
		u.until = int64(until)
	}
	return map[string]any{"expiration_ts": int64(until)}
}

// uploadKeys takes the first cross-signing keys of an account, and others where that was allowed, which counts with MAS alone.
func (f *Server) uploadKeys(c *call) any {
	u := c.who.user
	if u.keys && !(f.options.MAS && u.keysUntil > time.Now().UnixMilli()) {
		panic(failure{401, "", "", map[string]any{"session": "dummy", "flows": []any{map[string]any{"stages": []string{"m.login.password"}}}}})
	}
	u.keys = c.body["master_key"] != nil
	return map[string]any{}
}

func (f *Server) allowKeyReset(c *call) any {
	u := f.users[c.parts[0]]
	if u == nil || !u.keys {
		fail(404, "M_NOT_FOUND", "User has no master cross-signing key")
	}
	u.keysUntil = time.Now().Add(10 * time.Minute).UnixMilli()
	return map[string]any{"updatable_without_uia_before_ms": u.keysUntil}
}

// signInAs makes a token without a device.
func (f *Server) signInAs(c *call) any {
	u := f.find(c.parts[0], "Only local users can be logged in as")
	until, ok := c.body["valid_until_ms"].(float64)
	if c.body["valid_until_ms"] != nil && (!ok || until != math.Trunc(until)) {
		fail(400, "M_UNKNOWN", "'valid_until_ms' parameter must be an int")
	}
	if u == c.who.user {
		fail(400, "M_UNKNOWN", "Cannot use admin API to login as self")
	}
	token := f.random("syt_puppet_")
	f.tokens[token] = session{user: u, puppet: true, until: int64(until)}
	return map[string]any{"access_token": token}
}
