// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// signInAs makes a token of an account (POST /_synapse/admin/v1/users/{id}/login, since 1.24). The token belongs to the gate's account,
// has no device, and outlives the account's own sign-outs, so it is always given an end. It is not sent again where nobody answered: that
// would be another token.
func (s *synapse) signInAs(ctx context.Context, req api.SignInAsUser) (api.Impersonation, error) {
	now, err := s.target(ctx, req.ID)
	switch {
	case err != nil:
		return api.Impersonation{}, err
	case now.Own:
		return api.Impersonation{}, api.NewProblem(api.StatusConflict, "own_service_account", "id", string(req.ID))
	case now.Deactivated:
		return api.Impersonation{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	case now.Locked:
		return api.Impersonation{}, api.NewProblem(api.StatusConflict, "locked_account").At("id") // its tokens are refused
	}
	until := time.Now().Add(time.Duration(req.Minutes) * time.Minute).UnixMilli()
	var out struct {
		Token api.Secret `json:"access_token"`
	}
	path := matrix.At("/_synapse/admin/v1/users/{}/login", string(req.ID))
	_, err = s.keys.Do(ctx, matrix.Call{Method: http.MethodPost, Path: path, Body: map[string]any{"valid_until_ms": until}}, &out)
	switch {
	case err != nil:
		return api.Impersonation{}, s.writeProblem(req.ID, err)
	case out.Token.IsZero():
		return api.Impersonation{}, api.NewProblem(api.StatusBadGateway, "homeserver_unknown_answer")
	}
	return api.Impersonation{User: now, Token: out.Token, ExpiresMS: until, Homeserver: s.address(ctx)}, nil
}
