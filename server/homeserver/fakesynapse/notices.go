// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import "strings"

// A Notice is one that was sent.
type Notice struct{ To, Body string }

// Notices returns the notices that were sent.
func (f *Server) Notices() []Notice {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Notice(nil), f.notices...)
}

func (f *Server) sendNotice(c *call) any {
	if len(c.parts) > 0 {
		if answer, ok := f.sent[c.parts[0]]; ok {
			return answer
		}
	}
	to, ok := c.body["user_id"].(string)
	content, sent := c.body["content"].(map[string]any)
	switch {
	case !ok || !sent:
		fail(400, "M_MISSING_PARAM", "Missing params: ['user_id', 'content']")
	case !f.options.Notices:
		fail(400, "M_UNKNOWN", "Server notices are not enabled on this server")
	}
	f.find(to, "Server notices can only be sent to local users")
	body, ok := content["body"].(string)
	if !ok {
		fail(400, "M_UNKNOWN", "'body' not in content")
	}
	f.notices = append(f.notices, Notice{To: to, Body: strings.Clone(body)})
	answer := map[string]any{"event_id": f.random("$notice")}
	if len(c.parts) > 0 {
		f.sent[c.parts[0]] = answer
	}
	return answer
}
