// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"net/http"
	"slices"
	"strings"
)

// A room has no state but who is in it.
type room struct {
	id, alias string
	public    bool // anybody may join
	members   []string
}

func (f *Server) createRoom(c *call) any {
	r := &room{id: "!" + f.random("room") + ":localhost", public: c.body["preset"] == "public_chat", members: []string{c.who.user.id()}}
	if name, ok := c.body["room_alias_name"].(string); ok {
		r.alias = "#" + name + ":localhost"
	}
	f.rooms[r.id] = r
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
		if !r.public && !slices.Contains(r.members, c.who.user.id()) {
			fail(403, "M_FORBIDDEN", c.who.user.id()+" not in room "+r.id+".")
		}
		if !slices.Contains(r.members, u.id()) {
			r.members = append(r.members, u.id())
		}
		return map[string]any{"room_id": r.id}
	}
	if strings.HasPrefix(c.parts[0], "#") {
		fail(http.StatusNotFound, "M_NOT_FOUND", "Room alias "+c.parts[0]+" not found")
	}
	fail(http.StatusNotFound, "M_UNKNOWN", "Can't join remote room because no servers that are in the room have been provided.")
	return nil
}

func (f *Server) joinedRooms(c *call) any {
	rooms := []string{}
	for _, r := range f.rooms {
		if slices.Contains(r.members, c.parts[0]) {
			rooms = append(rooms, r.id)
		}
	}
	return map[string]any{"joined_rooms": rooms, "total": len(rooms)}
}
