// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// joinRooms makes an account a member of rooms, one after the other (POST /_synapse/admin/v1/join/{room}). It can be in those that
// anybody may join, and in those that the gate's own account is in and may invite to; what fails is in Left.
func (s *synapse) joinRooms(ctx context.Context, req api.RoomsJoin) (api.RoomsJoined, error) {
	if err := s.local(ctx, req.ID); err != nil {
		return api.RoomsJoined{}, err
	}
	var out api.RoomsJoined
	for _, room := range req.Rooms {
		err := s.twice(ctx, matrix.Call{
			Method: http.MethodPost, Path: matrix.At("/_synapse/admin/v1/join/{}", room), Body: map[string]any{"user_id": req.ID},
		}, nil)
		if err == nil {
			out.Joined = append(out.Joined, room)
			continue
		}
		out.Left = append(out.Left, roomLeft(room, err))
	}
	return out, nil
}

// roomLeft says why an account could not be let into a room.
func roomLeft(room string, err error) api.FieldProblem {
	code := "room_not_joined"
	e, ok := matrix.As(err)
	switch {
	case ok && e.Errcode == "M_FORBIDDEN":
		code = "room_closed"
	case matrix.NotFound(err):
		code = "room_unknown"
	case matrix.Unknown(err):
		code = "outcome_unknown"
	}
	return api.FieldProblem{Field: "rooms", Code: code, Params: map[string]string{"room": room}}
}
