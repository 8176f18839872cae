// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// activityEndpoints are those of rooms and of what an account does in them, and the few calls of clients that make something of it.
var activityEndpoints = []endpoint{
	{"GET", "/_synapse/admin/v1/rooms", (*Server).listRooms, false, false, false},
	{"GET", "/_synapse/admin/v1/rooms/{}", (*Server).oneRoom, false, false, false},
	{"GET", "/_synapse/admin/v1/users/{}/joined_rooms", (*Server).joinedRooms, false, false, false},
	{"GET", "/_synapse/admin/v1/users/{}/memberships", (*Server).memberships, false, false, false},
	{"GET", "/_synapse/admin/v1/users/{}/sent_invite_count", count("invite_count", "invite"), false, false, false},
	{"GET", "/_synapse/admin/v1/users/{}/cumulative_joined_room_count", count("cumulative_joined_room_count", "join"), false, false, false},
	{"GET", "/_synapse/admin/v1/users/{}/pushers", (*Server).pushers, false, false, false},
	{"GET", "/_synapse/admin/v1/users/{}/accountdata", (*Server).accountData, false, false, false},
	{"POST", "/_synapse/admin/v1/user/{}/redact", (*Server).redact, false, false, false},
	{"GET", "/_synapse/admin/v1/user/redact_status/{}", (*Server).redactStatus, false, false, false},

	{"POST", "/_synapse/admin/v1/join/{}", (*Server).joinRoom, false, false, false},
	{"POST", "/_matrix/client/v3/createRoom", (*Server).createRoom, false, true, false},
	{"POST", "/_matrix/client/v3/rooms/{}/join", (*Server).enter, false, true, false},
	{"POST", "/_matrix/client/v3/rooms/{}/leave", (*Server).leave, false, true, false},
	{"POST", "/_matrix/client/v3/rooms/{}/invite", (*Server).invite, false, true, false},
	{"PUT", "/_matrix/client/v3/rooms/{}/send/m.room.message/{}", (*Server).say, false, true, false},
	{"GET", "/_matrix/client/v3/rooms/{}/event/{}", (*Server).event, false, true, false},
	{"PUT", "/_matrix/client/v3/user/{}/account_data/{}", (*Server).keepData, false, true, false},
	{"PUT", "/_matrix/client/v3/user/{}/rooms/{}/account_data/{}", (*Server).keepRoomData, false, true, false},
	{"POST", "/_matrix/client/v3/pushers/set", (*Server).setPusher, false, true, false},
}

type room struct {
	id, name, alias, creator string
	public                   bool              // anybody may join
	members                  map[string]string // memberships by Matrix ID
	events                   []*event
}

type event struct {
	id, sender, kind string // message, invite or join
	sent             int64
	redacted         bool
}

func (f *Server) newEvent(r *room, sender, kind string) *event {
	e := &event{id: f.random("$event"), sender: sender, kind: kind, sent: time.Now().UnixMilli()}
	r.events = append(r.events, e)
	return e
}

func (f *Server) room(id string) *room {
	r := f.rooms[id]
	if r == nil {
		fail(404, "M_NOT_FOUND", "Room not found")
	}
	return r
}

// createRoom makes rooms of version 12, whose IDs have no server.
func (f *Server) createRoom(c *call) any {
	name, _ := c.body["name"].(string)
	me := c.who.user.id()
	r := &room{id: f.random("!room"), name: name, creator: me, public: c.body["preset"] == "public_chat", members: map[string]string{me: "join"}}
	if alias, ok := c.body["room_alias_name"].(string); ok {
		r.alias = "#" + alias + ":localhost"
	}
	f.rooms[r.id] = r
	f.newEvent(r, me, "join")
	return map[string]any{"room_id": r.id}
}

// joinRoom makes an account a member: of a public room, or of one that the caller is in, by an invitation of the caller's.
func (f *Server) joinRoom(c *call) any {
	id, _ := c.body["user_id"].(string)
	u := f.find(id, "This endpoint can only be used with local users")
	for _, r := range f.rooms {
		if c.parts[0] != r.id && c.parts[0] != r.alias {
			continue
		}
		if !r.public && r.members[c.who.user.id()] != "join" {
			fail(403, "M_FORBIDDEN", c.who.user.id()+" not in room "+r.id+".")
		}
		r.members[u.id()] = "join"
		f.newEvent(r, u.id(), "join")
		return map[string]any{"room_id": r.id}
	}
	if strings.HasPrefix(c.parts[0], "#") {
		fail(http.StatusNotFound, "M_NOT_FOUND", "Room alias "+c.parts[0]+" not found")
	}
	fail(http.StatusNotFound, "M_UNKNOWN", "Can't join remote room because no servers that are in the room have been provided.")
	return nil
}

func (f *Server) enter(c *call) any {
	r := f.rooms[c.parts[0]]
	if r == nil {
		fail(404, "M_UNKNOWN", "Can't join remote room because no servers that are in the room have been provided.")
	}
	r.members[c.who.user.id()] = "join"
	f.newEvent(r, c.who.user.id(), "join")
	return map[string]any{"room_id": r.id}
}

func (f *Server) leave(c *call) any {
	f.room(c.parts[0]).members[c.who.user.id()] = "leave"
	return map[string]any{}
}

func (f *Server) invite(c *call) any {
	r := f.room(c.parts[0])
	who, _ := c.body["user_id"].(string)
	r.members[who] = "invite"
	f.newEvent(r, c.who.user.id(), "invite")
	return map[string]any{}
}

func (f *Server) say(c *call) any {
	r := f.room(c.parts[0])
	if r.members[c.who.user.id()] != "join" {
		fail(403, "M_FORBIDDEN", "User not in room")
	}
	return map[string]any{"event_id": f.newEvent(r, c.who.user.id(), "message").id}
}

func (f *Server) event(c *call) any {
	for _, e := range f.room(c.parts[0]).events {
		if e.id == c.parts[1] {
			content := map[string]any{"msgtype": "m.text", "body": "said"}
			if e.redacted {
				content = map[string]any{}
			}
			return map[string]any{"event_id": e.id, "sender": e.sender, "content": content}
		}
	}
	fail(404, "M_NOT_FOUND", "Event not found.")
	return nil
}

func (f *Server) listRooms(c *call) any {
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(f.rooms)) {
		list = append(list, f.roomFields(f.rooms[id]))
	}
	total := len(list)
	if limit, err := strconv.Atoi(c.r.URL.Query().Get("limit")); err == nil {
		list = list[:min(limit, total)]
	}
	return map[string]any{"rooms": list, "offset": 0, "total_rooms": total}
}

func (f *Server) oneRoom(c *call) any { return f.roomFields(f.room(c.parts[0])) }

func (f *Server) roomFields(r *room) map[string]any {
	out := map[string]any{"room_id": r.id, "name": nil, "canonical_alias": nil, "creator": r.creator}
	if r.name != "" {
		out["name"] = r.name
	}
	if r.alias != "" {
		out["canonical_alias"] = r.alias
	}
	return out
}

// in returns the rooms of an account with its memberships. Accounts that do not exist are in none.
func (f *Server) in(id string) map[string]any {
	out := map[string]any{}
	for _, r := range f.rooms {
		if membership, ok := r.members[id]; ok {
			out[r.id] = membership
		}
	}
	return out
}

func (f *Server) joinedRooms(c *call) any {
	list := []string{}
	for id, membership := range f.in(c.parts[0]) {
		if membership == "join" {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return map[string]any{"joined_rooms": list, "total": len(list)}
}

func (f *Server) memberships(c *call) any { return map[string]any{"memberships": f.in(c.parts[0])} }

func count(field, kind string) func(*Server, *call) any {
	return func(f *Server, c *call) any {
		from, err := strconv.ParseInt(c.r.URL.Query().Get("from_ts"), 10, 64)
		if err != nil {
			fail(400, "M_MISSING_PARAM", "Missing required integer query parameter from_ts")
		}
		n := 0
		for _, r := range f.rooms {
			for _, e := range r.events {
				if e.sender == c.parts[0] && e.kind == kind && e.sent >= from {
					n++
				}
			}
		}
		return map[string]any{field: n}
	}
}

func (f *Server) setPusher(c *call) any {
	u := c.who.user
	pusher := map[string]any{"device_id": c.who.device, "enabled": true, "profile_tag": ""}
	for _, key := range []string{"app_display_name", "app_id", "data", "device_display_name", "kind", "lang", "pushkey"} {
		if pusher[key] = c.body[key]; c.body[key] == nil {
			fail(400, "M_MISSING_PARAM", "Missing parameters: "+key)
		}
	}
	u.pushers = append(u.pushers, pusher)
	return map[string]any{}
}

func (f *Server) pushers(c *call) any {
	u := f.find(c.parts[0], "Can only look up local users")
	list := append([]any{}, u.pushers...)
	return map[string]any{"pushers": list, "total": len(list)}
}

func (f *Server) keepData(c *call) any {
	c.who.user.data[c.parts[1]] = c.body
	return map[string]any{}
}

func (f *Server) keepRoomData(c *call) any {
	u := c.who.user
	if u.roomData[c.parts[1]] == nil {
		u.roomData[c.parts[1]] = map[string]any{}
	}
	u.roomData[c.parts[1]][c.parts[2]] = c.body
	return map[string]any{}
}

func (f *Server) accountData(c *call) any {
	u := f.find(c.parts[0], "Can only look up local users")
	return map[string]any{"account_data": map[string]any{"global": u.data, "rooms": u.roomData}}
}

// redact does at once what Synapse does in the background. Others than the account itself have to be in the room.
func (f *Server) redact(c *call) any {
	list, ok := c.body["rooms"].([]any)
	if !ok {
		fail(400, "M_MISSING_PARAM", "1 validation error for PostBody")
	}
	id := c.parts[0]
	_, server, whole := strings.Cut(strings.TrimPrefix(id, "@"), ":")
	if !strings.HasPrefix(id, "@") || !whole {
		fail(400, "M_INVALID_PARAM", "Expected UserID string to start with '@'")
	}
	var rooms []string
	for _, r := range list {
		rooms = append(rooms, r.(string))
	}
	if len(rooms) == 0 {
		for r, membership := range f.in(id) {
			if membership == "join" || membership == "ban" {
				rooms = append(rooms, r)
			}
		}
	}
	sender := id
	if server != "localhost" {
		sender = c.who.user.id()
	}
	task := f.random("Redact")
	f.tasks[task] = f.redactAll(id, sender, rooms, c.body)
	return map[string]any{"redact_id": task}
}

func (f *Server) redactAll(id, sender string, rooms []string, body map[string]any) map[string]any {
	failed := map[string]any{}
	after, _ := body["after_ts"].(float64)
	before, bounded := body["before_ts"].(float64)
	limit := 1000
	if n, ok := body["limit"].(float64); ok && n > 0 {
		limit = int(n)
	}
	for _, name := range rooms {
		r := f.rooms[name]
		if r == nil {
			return map[string]any{"status": "failed", "error": "404: Could not find room_version for " + name}
		}
		taken := 0
		for _, e := range slices.Backward(r.events) {
			if e.sender != id || e.kind == "invite" || taken == limit || float64(e.sent) < after || (bounded && float64(e.sent) > before) {
				continue
			}
			taken++
			if sender != id && r.members[sender] != "join" {
				failed[e.id] = fmt.Sprintf("403: User %s not in room %s", sender, name)
				continue
			}
			e.redacted = true
		}
	}
	return map[string]any{"status": "complete", "failed_redactions": failed}
}

func (f *Server) redactStatus(c *call) any {
	task, ok := f.tasks[c.parts[0]]
	if !ok {
		fail(http.StatusNotFound, "M_NOT_FOUND", "redact id "+strconv.Quote(c.parts[0])+" not found")
	}
	return task
}

// AddRemote puts an account of another server into a room, with a message of its.
func (f *Server) AddRemote(id, roomID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.rooms[roomID]
	r.members[id] = "join"
	f.newEvent(r, id, "message")
}
