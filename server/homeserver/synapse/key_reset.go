// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// reasonPassword says that Synapse asks for the password before keys are replaced, whatever it was told.
const reasonPassword = "synapse_asks_password"

// delegated is the condition of key resets. Only where Matrix Authentication Service does the accounts does Synapse look at what
// allowKeyReset sets; otherwise it takes it, says 200, and asks for the password all the same (rest/client/keys.py; key_reset_test.go).
func (s *synapse) delegated() string {
	if known := s.facts.now(); !known.asked.IsZero() && !known.mas {
		return reasonPassword
	}
	return ""
}

// allowKeyReset lets cross-signing keys be replaced without another sign-in, for ten minutes
// (POST /_synapse/admin/v1/users/{id}/_allow_cross_signing_replacement_without_uia, since 1.97). The same request twice only begins the
// ten minutes again.
func (s *synapse) allowKeyReset(ctx context.Context, req api.UserDeed) (api.KeyReset, error) {
	if s.learn(ctx); s.delegated() != "" {
		return api.KeyReset{}, unsupported(reasonPassword)
	}
	now, err := s.target(ctx, req.ID)
	switch {
	case err != nil:
		return api.KeyReset{}, err
	case now.Deactivated:
		return api.KeyReset{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	}
	var out struct {
		Until int64 `json:"updatable_without_uia_before_ms"`
	}
	path := matrix.At("/_synapse/admin/v1/users/{}/_allow_cross_signing_replacement_without_uia", string(req.ID))
	call := matrix.Call{Method: http.MethodPost, Path: path, Body: map[string]any{}}
	switch err := s.twice(ctx, call, &out); {
	case matrix.NotFound(err):
		return api.KeyReset{}, api.NewProblem(api.StatusConflict, "no_cross_signing").At("id")
	case err != nil:
		return api.KeyReset{}, s.writeProblem(req.ID, err)
	}
	return api.KeyReset{ID: req.ID, UntilMS: out.Until}, nil
}
