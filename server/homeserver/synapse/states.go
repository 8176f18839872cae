// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// suspend lets an account read and leave, and nothing else.
func (s *synapse) suspend(ctx context.Context, req api.UserDeed) (api.User, error) {
	return s.setSuspended(ctx, req.ID, true)
}

// unsuspend ends a suspension.
func (s *synapse) unsuspend(ctx context.Context, req api.UserRef) (api.User, error) {
	return s.setSuspended(ctx, req.ID, false)
}

// setSuspended suspends or unsuspends (PUT /_synapse/admin/v1/suspend/{id}, since 1.122).
func (s *synapse) setSuspended(ctx context.Context, id api.UserID, on bool) (api.User, error) {
	now, err := s.target(ctx, id)
	switch {
	case err != nil:
		return api.User{}, err
	case now.Suspended == on:
		return now, nil
	case on && now.Deactivated:
		return api.User{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	}
	path := matrix.At("/_synapse/admin/v1/suspend/{}", string(id))
	call := matrix.Call{Method: http.MethodPut, Path: path, Body: map[string]any{"suspend": on}}
	return s.does(ctx, id, call, func(u api.User) bool { return u.Suspended == on })
}

// shadowBan keeps what an account sends from everybody, without telling it.
func (s *synapse) shadowBan(ctx context.Context, req api.UserDeed) (api.User, error) {
	return s.setShadowBanned(ctx, req.ID, true)
}

// unshadowBan ends a shadow-ban.
func (s *synapse) unshadowBan(ctx context.Context, req api.UserRef) (api.User, error) {
	return s.setShadowBanned(ctx, req.ID, false)
}

// setShadowBanned bans or unbans (POST and DELETE /_synapse/admin/v1/users/{id}/shadow_ban, the latter since 1.48).
func (s *synapse) setShadowBanned(ctx context.Context, id api.UserID, on bool) (api.User, error) {
	now, err := s.target(ctx, id)
	switch {
	case err != nil:
		return api.User{}, err
	case now.ShadowBanned == on:
		return now, nil
	case on && now.Deactivated:
		return api.User{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	}
	call := matrix.Call{Method: http.MethodDelete, Path: matrix.At("/_synapse/admin/v1/users/{}/shadow_ban", string(id)), Body: map[string]any{}}
	if on {
		call.Method = http.MethodPost
	}
	return s.does(ctx, id, call, func(u api.User) bool { return u.ShadowBanned == on })
}
