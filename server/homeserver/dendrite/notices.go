// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// notice sends a notice to accounts, one after the other (PUT /_synapse/admin/v1/send_server_notice/{transaction}, since 0.6.4). The
// transaction is made of the request key, so that a call that is repeated sends nothing twice.
func (s *server) notice(ctx context.Context, req api.Notice) (api.NoticeReport, error) {
	return homeserver.SendNotices(req, func(id api.UserID) error {
		if _, err := s.getUser(ctx, api.UserRef{ID: id}); err != nil { // Dendrite makes a room for anybody
			return matrix.Problem(err)
		}
		call := matrix.Call{
			Method: http.MethodPut,
			Path:   matrix.At("/_synapse/admin/v1/send_server_notice/{}", homeserver.NoticeTransaction(ctx, id, req.Text)),
			Body:   map[string]any{"user_id": id, "content": map[string]string{"msgtype": "m.text", "body": req.Text}},
		}
		_, err := s.keys.Do(ctx, call, nil)
		switch {
		case matrix.Is(err, http.StatusNotFound, ""):
			return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", reasonNoNotices)
		case unsure(err):
			return matrix.OutcomeUnknown(id)
		case err != nil:
			return matrix.Problem(err)
		}
		return nil
	})
}

// noticesLast is how long the server's answer about its notices is taken for true: they are a matter of its configuration.
const noticesLast = 10 * time.Minute

// noticeFacts are what is known of the server's notices.
type noticeFacts struct {
	off   atomic.Bool
	asked atomic.Int64 // when, in unix milliseconds
}

// hasNotices is the condition of notices: the server's configuration turns them on.
func (s *server) hasNotices() string {
	if s.notices.off.Load() {
		return reasonNoNotices
	}
	return ""
}

// askNotices finds out whether the server sends notices, now and then: without an account and a text it refuses to send one (400), and
// where there are none it has no such address (404).
func (s *server) askNotices(ctx context.Context) {
	if time.Since(time.UnixMilli(s.notices.asked.Load())) < noticesLast {
		return
	}
	call := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_synapse/admin/v1/send_server_notice"), Body: struct{}{}}
	_, err := s.keys.Do(ctx, call, nil)
	off := matrix.Is(err, http.StatusNotFound, "")
	if !off && !matrix.Is(err, http.StatusBadRequest, "") {
		return // the next look asks again
	}
	s.notices.off.Store(off)
	s.notices.asked.Store(time.Now().UnixMilli())
}
