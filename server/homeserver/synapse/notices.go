// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// notice sends a notice to accounts, one after the other (PUT /_synapse/admin/v1/send_server_notice/{transaction}). The transaction is
// made of the request key, so that a call that is repeated sends nothing twice.
func (s *synapse) notice(ctx context.Context, req api.Notice) (api.NoticeReport, error) {
	return homeserver.SendNotices(req, func(id api.UserID) error {
		if err := s.local(ctx, id); err != nil {
			return err
		}
		call := matrix.Call{
			Method: http.MethodPut,
			Path:   matrix.At("/_synapse/admin/v1/send_server_notice/{}", homeserver.NoticeTransaction(ctx, id, req.Text)),
			Body:   map[string]any{"user_id": id, "content": map[string]string{"msgtype": "m.text", "body": req.Text}},
		}
		err := s.twice(ctx, call, nil)
		if noNotices(err) {
			return unsupported(reasonNotices)
		}
		if err != nil {
			return s.writeProblem(id, err)
		}
		return nil
	})
}

// askNotices finds out whether the server sends notices. It asks for one to an account of no server, which is refused either way: first
// where there are none, and then because of the account (server_notice_servlet.py). "" is not known.
func (s *synapse) askNotices(ctx context.Context) string {
	call := matrix.Call{
		Method: http.MethodPost, Path: matrix.At("/_synapse/admin/v1/send_server_notice"),
		Body: map[string]any{"user_id": "@nobody:server.invalid", "content": map[string]string{"msgtype": "m.text", "body": ""}},
	}
	_, err := s.keys.Do(ctx, call, nil)
	switch {
	case noNotices(err):
		return "off"
	case matrix.Is(err, http.StatusBadRequest, ""):
		return "on"
	}
	return ""
}

func noNotices(err error) bool {
	e, ok := matrix.As(err)
	return ok && matrix.Is(err, http.StatusBadRequest, "") && strings.Contains(e.Text, "not enabled")
}
