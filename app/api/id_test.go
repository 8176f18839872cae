// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func code(err error) string {
	if err == nil {
		return ""
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return "no problem: " + err.Error()
}

func TestUserIDs(t *testing.T) {
	for id, want := range map[UserID]string{
		"@ann:example.org":          "",
		"@Ann:example.org":          "", // historical ones (appendices, "Historical User IDs")
		"@ann/bob:example.org":      "",
		"@:example.org":             "",
		"@ :example.org":            "",
		"@änn 🙂:example.org":        "",
		`@"><b>&':example.org`:      "",
		"@_bridge_x=2f:example.org": "",
		"@ann:example.org:8448":     "",
		"@ann:192.0.2.1:8448":       "",
		"@ann:[2001:db8::1]":        "",
		"@ann:[2001:db8::1]:8448":   "",
		"@ann:localhost":            "",
		"@ann:EXAMPLE.org":          "",
		"@#$%:x":                    "",
		"@\u202eann:example.org":    "", // marks of direction: drawn isolated
		UserID("@" + strings.Repeat("a", 242) + ":example.org"): "",
		"": "missing",
		UserID("@" + strings.Repeat("a", 243) + ":example.org"): "invalid_user_id",
		UserID("@" + strings.Repeat("ä", 122) + ":example.org"): "invalid_user_id", // bytes count
		"ann:example.org":        "invalid_user_id",
		"@ann":                   "invalid_user_id",
		"@ann:":                  "invalid_user_id",
		"@":                      "invalid_user_id",
		" @ann:example.org":      "invalid_user_id",
		"@ann:example.org ":      "invalid_user_id",
		"@ann\n:example.org":     "invalid_user_id",
		"@ann\x00:example.org":   "invalid_user_id",
		"@ann\x7f:example.org":   "invalid_user_id",
		"@ann\u0085:example.org": "invalid_user_id",
		"@ann\xff:example.org":   "invalid_user_id",
		"@ann:exa mple.org":      "invalid_user_id",
		"@ann:example.org/x":     "invalid_user_id",
		"@ann:example.org?x":     "invalid_user_id",
		"@ann:exämple.org":       "invalid_user_id",
		"@ann:example.org:":      "invalid_user_id",
		"@ann:example.org:0":     "invalid_user_id",
		"@ann:example.org:65536": "invalid_user_id",
		"@ann:example.org:8x":    "invalid_user_id",
		"@ann:example.org:8:8":   "invalid_user_id",
		"@ann:[2001:db8::1":      "invalid_user_id",
		"@ann:[]":                "invalid_user_id",
		"@ann:[x]":               "invalid_user_id",
		"@ann:[::1]8448":         "invalid_user_id",
		"!room:example.org":      "invalid_user_id",
	} {
		if got := code(id.Validate()); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
	for id, want := range map[UserID][2]string{
		"@ann:example.org":   {"ann", "example.org"},
		"@a:b:8448":          {"a", "b:8448"},
		"@@x:[::1]:2":        {"@x", "[::1]:2"},
		"@:b":                {"", "b"},
		"@ann":               {"ann", ""},
		"@a/b c:example.org": {"a/b c", "example.org"},
	} {
		if got := [2]string{id.Localpart(), id.Server()}; got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

// A whole ID is its two halves, and one that is valid can be sent to a homeserver in a path.
func FuzzUserID(f *testing.F) {
	for _, seed := range []string{"@ann:example.org", "@:x", "@a:[::1]:1", "@A/b:c", "@\u202e:x", "@a:b:", "@a\x00:b", "@ann:exa mple"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id := UserID(text)
		if id.Validate() != nil {
			return
		}
		if "@"+id.Localpart()+":"+id.Server() != text || len(text) > 255 || !utf8.ValidString(text) {
			t.Errorf("%q: %q and %q", text, id.Localpart(), id.Server())
		}
		for _, r := range text {
			if r < ' ' || r == 0x7f {
				t.Errorf("%q holds a control character", text)
			}
		}
		if strings.ContainsAny(id.Server(), "/?#@\\% ") || id.Server() == "" {
			t.Errorf("%q has the server %q", text, id.Server())
		}
	})
}

func TestLocalparts(t *testing.T) {
	for name, want := range map[Localpart]string{
		"ann": "", "a": "", "0": "", "ann.b-c_d=e/f+g": "", "-": "", ".": "", "12345": "", Localpart(strings.Repeat("a", 240)): "",
		"":                                  "missing",
		"Ann":                               "localpart_upper",
		"ÄNN":                               "localpart_upper",
		"änn":                               "invalid_localpart",
		"a b":                               "invalid_localpart",
		" ann":                              "invalid_localpart",
		"a:b":                               "invalid_localpart",
		"@ann":                              "invalid_localpart",
		"a\x00":                             "invalid_localpart",
		"a\n":                               "invalid_localpart",
		"a%2f":                              "invalid_localpart",
		"аnn":                               "invalid_localpart", // a Cyrillic а
		"a🙂":                                "invalid_localpart",
		"_ann":                              "localpart_underscore",
		Localpart(strings.Repeat("a", 241)): "too_long",
	} {
		if got := code(name.Validate()); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// Every name that may be made makes a valid ID on any server whose name is not too long.
func FuzzLocalpart(f *testing.F) {
	f.Add("ann")
	f.Add("Ann")
	f.Add("a/b+c=d")
	f.Fuzz(func(t *testing.T, text string) {
		if Localpart(text).Validate() != nil {
			return
		}
		if err := UserID("@" + text + ":example.org").Validate(); err != nil && len(text) < 240 {
			t.Errorf("%q may be made, but its ID is not valid", text)
		}
		if strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789._=/+-") != "" {
			t.Errorf("%q", text)
		}
	})
}

func TestMXC(t *testing.T) {
	for address, want := range map[MXC]string{
		"": "", "mxc://example.org/abc_-9": "", "mxc://[::1]:8448/a": "", "mxc://a:1/b": "",
		"mxc://": "invalid_mxc", "mxc://a": "invalid_mxc", "mxc://a/": "invalid_mxc", "mxc:///a": "invalid_mxc", "mxc://a/b/c": "invalid_mxc",
		"mxc://a/..": "invalid_mxc", "mxc://a/b?c": "invalid_mxc", "http://a/b": "invalid_mxc", "javascript:alert(1)": "invalid_mxc",
		"MXC://a/b": "invalid_mxc", " mxc://a/b": "invalid_mxc", "a/b": "invalid_mxc", MXC("mxc://a/" + strings.Repeat("b", 1000)): "invalid_mxc",
	} {
		if got := code(address.Validate()); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

func TestRoomIDs(t *testing.T) {
	for id, want := range map[RoomID]string{
		"!abc:example.org": "", "!a/b+c=:[::1]:8448": "", "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM": "", // version 12 has no server
		"": "missing", "!": "invalid_room_id", "!:example.org": "invalid_room_id", "abc:example.org": "invalid_room_id", "#abc:example.org": "invalid_room_id",
		"!a:": "invalid_room_id", "!a:b c": "invalid_room_id", "!a b": "invalid_room_id", "!a\n": "invalid_room_id", "!a\x00": "invalid_room_id", "!\xff": "invalid_room_id",
		RoomID("!" + strings.Repeat("a", 254)): "", RoomID("!" + strings.Repeat("a", 255)): "invalid_room_id",
	} {
		if got := code(id.Validate()); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}
