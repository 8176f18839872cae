// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// redact begins to take back what an account said (POST /_synapse/admin/v1/user/{id}/redact, since 1.116). Synapse takes unknown accounts
// and rooms as well, and fails later; so they are looked up first: one request, and one a room that is named, four at the same time.
func (s *synapse) redact(ctx context.Context, req api.UserRedaction) (api.Redaction, error) {
	name, err := s.serverName(ctx)
	if err != nil {
		return api.Redaction{}, err
	}
	if req.ID.Server() == name {
		if _, err := s.read(ctx, req.ID); err != nil {
			return api.Redaction{}, err
		}
	}
	if (req.After != "" || req.Before != "") && !s.learn(ctx).version.atLeast(1, 157) {
		p := unsupported(reasonVersion)
		for field, given := range map[string]api.Moment{"after": req.After, "before": req.Before} {
			if given != "" {
				p.At(field)
			}
		}
		return api.Redaction{}, p
	}
	if err := s.knowRooms(ctx, req.Rooms); err != nil {
		return api.Redaction{}, err
	}
	rooms := req.Rooms
	if rooms == nil {
		rooms = []api.RoomID{} // Synapse's word for all of them
	}
	body := map[string]any{"rooms": rooms}
	if req.Reason != "" {
		body["reason"] = req.Reason
	}
	if req.Limit > 0 {
		body["limit"] = req.Limit
	}
	if ms := req.After.MS(); ms > 0 {
		body["after_ts"] = ms
	}
	if ms := req.Before.MS(); ms > 0 {
		body["before_ts"] = ms
	}
	var out struct {
		RedactID string `json:"redact_id"`
	}
	_, err = s.keys.Do(ctx, matrix.Call{Method: http.MethodPost, Path: matrix.At("/_synapse/admin/v1/user/{}/redact", string(req.ID)), Body: body}, &out)
	if e, ok := matrix.As(err); ok && e.Kind == matrix.Refused && strings.Contains(e.Text, "already in progress") {
		return api.Redaction{}, api.NewProblem(api.StatusConflict, "redaction_in_progress", "id", string(req.ID))
	}
	if err != nil {
		return api.Redaction{}, s.writeProblem(req.ID, err)
	}
	return api.Redaction{ID: req.ID, RedactID: out.RedactID}, nil
}

// knowRooms refuses rooms that the homeserver does not know (GET /_synapse/admin/v1/rooms/{room}).
func (s *synapse) knowRooms(ctx context.Context, rooms []api.RoomID) error {
	unknown := make([]bool, len(rooms))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, room := range rooms {
		group.Go(func() error {
			_, err := s.keys.Do(within, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_synapse/admin/v1/rooms/{}", string(room))}, nil)
			if matrix.NotFound(err) {
				unknown[i] = true
				return nil
			}
			if err != nil {
				return matrix.Problem(err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var v []api.FieldProblem
	for i := range rooms {
		if unknown[i] {
			v = append(v, api.FieldProblem{Field: "rooms." + strconv.Itoa(i), Code: "no_such_room"})
		}
	}
	if len(v) == 0 {
		return nil
	}
	p := api.NewProblem(api.StatusUnprocessable, "invalid_request")
	p.Fields = v
	return p
}

// redaction tells how far a redaction is (GET /_synapse/admin/v1/user/redact_status/{redact_id}). Synapse forgets it a week after its end.
func (s *synapse) redaction(ctx context.Context, q api.RedactionQuery) (api.RedactionState, error) {
	var out struct {
		Status string            `json:"status"`
		Failed map[string]string `json:"failed_redactions"`
		Error  string            `json:"error"`
	}
	path := matrix.At("/_synapse/admin/v1/user/redact_status/{}", q.RedactID)
	_, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out)
	if matrix.NotFound(err) {
		return api.RedactionState{}, api.NewProblem(api.StatusNotFound, "no_such_redaction")
	}
	if err != nil {
		return api.RedactionState{}, matrix.Problem(err)
	}
	state := api.RedactionState{ID: q.ID, RedactID: q.RedactID, State: out.Status, Error: words(out.Error), Total: len(out.Failed)}
	for _, event := range slices.Sorted(maps.Keys(out.Failed)) {
		if len(state.Failed) == api.MaxFailedRedactions {
			break
		}
		state.Failed = append(state.Failed, api.FailedRedaction{Event: event, Error: words(cmp.Or(out.Failed[event], "M_UNKNOWN"))})
	}
	return state, nil
}

// words bounds what the homeserver says of a failure.
func words(text string) string {
	short, _ := cut(strings.TrimSpace(text), 300)
	return short
}
