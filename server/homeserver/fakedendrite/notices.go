// SPDX-License-Identifier: Apache-2.0

package fakedendrite

import (
	"encoding/json"
	"net/http"
)

// A Notice is one that was sent.
type Notice struct{ To, Body string }

// Notices returns the notices that were sent.
func (s *Server) Notices() []Notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Notice(nil), s.notices...)
}

// NoNotices turns server notices off.
func (s *Server) NoNotices() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noNotices = true
}

// notice follows clientapi/routing/server_notices.go: it sends to anybody, whether there is such an account or not.
func (s *Server) notice(r *http.Request) (int, any) {
	s.mu.Lock()
	off, known := s.noNotices, s.sent[r.PathValue("txn")]
	s.mu.Unlock()
	if off {
		return 404, matrixError("M_UNRECOGNIZED", "Unrecognized request")
	}
	h, status, body := s.holder(r)
	switch {
	case status != 0:
		return status, body
	case h.kind != admin:
		return 403, matrixError("M_FORBIDDEN", "This API can only be used by admin users.")
	case known:
		return 200, map[string]string{"event_id": "$known"}
	}
	var in struct {
		UserID  string `json:"user_id"`
		Content struct {
			Type string `json:"msgtype"`
			Body string `json:"body"`
		} `json:"content"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.UserID == "" || in.Content.Type == "" || in.Content.Body == "" {
		return 400, matrixError("M_BAD_JSON", "Invalid request")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notices = append(s.notices, Notice{in.UserID, in.Content.Body})
	if txn := r.PathValue("txn"); txn != "" {
		s.sent[txn] = true
	}
	return 200, map[string]string{"event_id": "$notice"}
}
