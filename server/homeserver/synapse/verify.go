// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// verify proves that somebody is an administrator: it signs in with their password (POST /_matrix/client/v3/login), looks at
// their own account with the token it gets, which only an administrator may, and ends that session in every case. An
// account that is none is an Identity without Admin; a wrong password and an unknown name are the same problem.
func (s *synapse) verify(ctx context.Context, c api.Credentials) (api.Identity, error) {
	tail, err := password.Random(10)
	if err != nil {
		return api.Identity{}, err
	}
	// A device ID of our own lets us end the session even if its token never arrives.
	device := api.DeviceID("GATEHOUSE_" + tail.Reveal())
	var session struct {
		UserID api.UserID `json:"user_id"`
		Token  api.Secret `json:"access_token"`
	}
	call := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/login"), Body: map[string]any{
		"type":                        "m.login.password",
		"identifier":                  map[string]string{"type": "m.id.user", "user": strings.TrimSpace(c.Name)},
		"password":                    c.Password,
		"device_id":                   device,
		"initial_device_display_name": "Gatehouse sign-in",
	}}
	if s.settings.ForwardedFor {
		call.ForwardedFor = c.Address
	}
	_, err = s.client.Do(ctx, call, &session)
	if matrix.Unknown(err) {
		s.endLost(ctx, c.Name, device)
	}
	if err != nil {
		return api.Identity{}, signInProblem(err)
	}
	who, err := s.whoIs(ctx, session.UserID, session.Token, call.ForwardedFor)
	if endErr := s.end(ctx, session.UserID, session.Token, device); err == nil {
		err = endErr
	}
	if err != nil {
		return api.Identity{}, err
	}
	return who, nil
}

// whoIs reads somebody's own account with their token: 200 for an administrator, 403 for anybody else.
func (s *synapse) whoIs(ctx context.Context, id api.UserID, token api.Secret, address string) (api.Identity, error) {
	var w wireUser
	_, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: userPath(id), Token: token, ForwardedFor: address}, &w)
	switch {
	case err == nil:
		return api.Identity{ID: id, DisplayName: w.DisplayName, Admin: w.Admin.value}, nil
	case matrix.Is(err, http.StatusForbidden, "M_FORBIDDEN"):
		return api.Identity{ID: id}, nil
	}
	return api.Identity{}, matrix.Problem(err)
}

// end signs the session out (POST /_matrix/client/v3/logout), and where that fails deletes its device as an administrator.
func (s *synapse) end(ctx context.Context, id api.UserID, token api.Secret, device api.DeviceID) error {
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	logout := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/logout"), Token: token, Body: struct{}{}}
	_, err := s.client.Do(fresh, logout, nil)
	if err == nil || matrix.TokenDead(err) {
		return nil
	}
	again, cancelAgain := s.fresh(ctx)
	defer cancelAgain()
	if _, ended := s.endDevices(again, id, []api.DeviceID{device}); ended == nil {
		return nil
	}
	return matrix.Problem(err)
}

// endLost ends a session that may have begun though nobody said so. Nobody knows its token; what is left is its device.
func (s *synapse) endLost(ctx context.Context, name string, device api.DeviceID) {
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	id := api.UserID(strings.TrimSpace(name))
	if !strings.HasPrefix(string(id), "@") {
		server, err := s.serverName(fresh)
		if err != nil {
			return
		}
		id = "@" + id + ":" + api.UserID(server)
	}
	// The sign-in has failed already; a device that cannot be deleted now is seen in the account's list.
	_, _ = s.endDevices(fresh, id, []api.DeviceID{device})
}

// signInProblem turns the error of a sign-in into a problem.
func signInProblem(err error) *api.Problem {
	e, ok := matrix.As(err)
	if !ok || e.Kind != matrix.Refused {
		return matrix.Problem(err)
	}
	switch {
	case e.Errcode == "M_USER_LOCKED":
		return api.NewProblem(api.StatusForbidden, "sign_in_locked")
	case e.Errcode == "M_USER_DEACTIVATED":
		return api.NewProblem(api.StatusForbidden, "sign_in_deactivated")
	case e.Errcode == "ORG_MATRIX_EXPIRED_ACCOUNT":
		return api.NewProblem(api.StatusForbidden, "sign_in_expired")
	case matrix.Unrecognized(err):
		return unsupported(reasonMAS)
	case e.Status == http.StatusForbidden && e.Errcode == "M_FORBIDDEN", e.Errcode == "M_INVALID_USERNAME", e.Errcode == "M_INVALID_PARAM":
		return api.NewProblem(api.StatusUnauthorized, "sign_in_wrong")
	case e.Status == http.StatusBadRequest && strings.Contains(e.Text, "login type"):
		return api.NewProblem(api.StatusForbidden, "password_disabled")
	}
	return matrix.Problem(err)
}
