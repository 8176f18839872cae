// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"maps"
	"net/http"
	"slices"
)

// SetSeen says when a device was used last, in unix milliseconds; 0 for never.
func (f *Server) SetSeen(id, device string, ms int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users[id].seen[device] = ms
}

func (f *Server) devices(c *call) any {
	u := f.find(c.parts[0], "Can only lookup local users")
	list := []any{}
	for _, id := range slices.Sorted(maps.Keys(u.devices)) {
		var seen any
		if u.seen[id] != 0 {
			seen = u.seen[id]
		}
		list = append(list, map[string]any{"device_id": id, "user_id": u.id(), "display_name": orNull(u.devices[id]), "last_seen_ip": nil, "last_seen_user_agent": nil, "last_seen_ts": seen})
	}
	return map[string]any{"devices": list, "total": len(list)}
}

func (f *Server) deleteDevices(c *call) any {
	u := f.find(c.parts[0], "Can only lookup local users")
	list, ok := c.body["devices"].([]any)
	if !ok {
		fail(400, "M_MISSING_PARAM", "Missing params: ['devices']")
	}
	for _, id := range list {
		f.dropDevice(u, id.(string))
	}
	return map[string]any{}
}

func (f *Server) createDevice(c *call) any {
	u := f.find(c.parts[0], "Can only create devices for local users")
	id, ok := c.body["device_id"].(string)
	if c.body["device_id"] == nil || c.body["device_id"] == "" {
		fail(400, "M_UNKNOWN", "Missing device_id")
	}
	if !ok {
		fail(400, "M_UNKNOWN", "device_id must be a string")
	}
	if _, there := u.devices[id]; !there {
		u.devices[id] = ""
	}
	c.status = http.StatusCreated
	return map[string]any{}
}

func (f *Server) renameDevice(c *call) any {
	u := f.find(c.parts[0], "Can only lookup local users")
	name, _ := c.body["display_name"].(string)
	if len([]rune(name)) > 100 {
		fail(400, "M_TOO_LARGE", "Device display name is too long (max 100)")
	}
	if _, there := u.devices[c.parts[1]]; !there {
		fail(404, "M_NOT_FOUND", "No device found")
	}
	u.devices[c.parts[1]] = name
	return map[string]any{}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
