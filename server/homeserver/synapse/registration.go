// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"slices"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// askDemand finds out what part tokens have in registration (POST /_matrix/client/v3/register with nothing: 401 with the ways to
// register, 403 where nobody registers). It makes no account. "" is not known.
func (s *synapse) askDemand(ctx context.Context) api.TokenDemand {
	_, err := s.client.Do(ctx, matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/register"), Body: struct{}{}}, nil)
	if matrix.Is(err, http.StatusForbidden, "M_FORBIDDEN") {
		return api.TokenClosed
	}
	e, ok := matrix.As(err)
	if !ok || e.Status != http.StatusUnauthorized || len(e.Stages) == 0 {
		return ""
	}
	with := 0
	for _, stages := range e.Stages {
		if slices.Contains(stages, "m.login.registration_token") {
			with++
		}
	}
	switch with {
	case 0:
		return api.TokenNotAsked
	case len(e.Stages):
		return api.TokenRequired
	}
	return api.TokenOptional
}
