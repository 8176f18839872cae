// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// UserID is a Matrix user identifier, `@localpart:server` (Matrix specification, appendices, "User Identifiers"). Existing
// identifiers may be historical ones: upper case, `/`, almost any character, even an empty localpart.
type UserID string

// maxID is the longest identifier there is, in bytes, sigil and server included (specification, appendices).
const maxID = 255

// Validate checks the shape that every homeserver relies on: sigil, first colon, a server name, no control characters.
func (id UserID) Validate() error {
	bad := NewProblem(StatusUnprocessable, "invalid_user_id")
	if id == "" {
		return NewProblem(StatusUnprocessable, "missing")
	}
	if len(id) > maxID || id[0] != '@' || !utf8.ValidString(string(id)) {
		return bad
	}
	local, server, ok := strings.Cut(string(id[1:]), ":")
	if !ok || !validServer(server) {
		return bad
	}
	for _, r := range local {
		if r < 0x20 || (r >= 0x7f && r < 0xa0) {
			return bad
		}
	}
	return nil
}

// Localpart returns what stands between the sigil and the first colon.
func (id UserID) Localpart() string {
	local, _, _ := strings.Cut(strings.TrimPrefix(string(id), "@"), ":")
	return local
}

// Server returns what stands after the first colon; it may hold a port or an IPv6 address.
func (id UserID) Server() string {
	_, server, _ := strings.Cut(string(id), ":")
	return server
}

// validServer checks a server name (specification, appendices, "Server Name"): a name or address, and perhaps a port.
func validServer(s string) bool {
	if s == "" || len(s) > 230 {
		return false
	}
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return false
		}
		host, port = s[1:end], s[end+1:]
		if strings.Trim(host, "0123456789abcdefABCDEF:.") != "" || host == "" {
			return false
		}
	} else {
		if i := strings.IndexByte(s, ':'); i >= 0 {
			host, port = s[:i], s[i:]
		}
		if host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "" {
			return false
		}
	}
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(port, ":"))
	return err == nil && port[0] == ':' && n > 0 && n < 65536
}

// Localpart is the first half of a new account's identifier: the strict grammar of the specification, which every server
// asks of new accounts. What a server refuses beyond it, its adapter says.
type Localpart string

// Validate reports the first thing that is wrong.
func (l Localpart) Validate() error {
	switch {
	case l == "":
		return NewProblem(StatusUnprocessable, "missing")
	case strings.ToLower(string(l)) != string(l):
		return NewProblem(StatusUnprocessable, "localpart_upper")
	case strings.Trim(string(l), "abcdefghijklmnopqrstuvwxyz0123456789._=/+-") != "":
		return NewProblem(StatusUnprocessable, "invalid_localpart")
	case l[0] == '_':
		return NewProblem(StatusUnprocessable, "localpart_underscore")
	case len(l) > 240:
		return NewProblem(StatusUnprocessable, "too_long", "max", "240")
	}
	return nil
}

// RoomID is a Matrix room identifier, `!opaque` or `!opaque:server` (specification, appendices, "Room IDs"): rooms of version 12 and
// later have no server part.
type RoomID string

// Validate checks the shape that every homeserver relies on.
func (id RoomID) Validate() error {
	bad := NewProblem(StatusUnprocessable, "invalid_room_id")
	if id == "" {
		return NewProblem(StatusUnprocessable, "missing")
	}
	if len(id) > maxID || id[0] != '!' || !utf8.ValidString(string(id)) {
		return bad
	}
	opaque, server, named := strings.Cut(string(id[1:]), ":")
	if opaque == "" || (named && !validServer(server)) {
		return bad
	}
	for _, r := range opaque {
		if r <= 0x20 || (r >= 0x7f && r <= 0xa0) {
			return bad
		}
	}
	return nil
}

// DeviceID names a device of an account; servers take any text.
type DeviceID string

// MXC is the address of a media file, `mxc://server/media-id` (specification, client-server API, "Matrix Content URIs").
type MXC string

// Validate accepts the empty address, which means none.
func (m MXC) Validate() error {
	if m == "" {
		return nil
	}
	server, media, ok := strings.Cut(strings.TrimPrefix(string(m), "mxc://"), "/")
	const id = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	if !strings.HasPrefix(string(m), "mxc://") || !ok || !validServer(server) || media == "" || strings.Trim(media, id) != "" || len(m) > 1000 {
		return NewProblem(StatusUnprocessable, "invalid_mxc")
	}
	return nil
}
