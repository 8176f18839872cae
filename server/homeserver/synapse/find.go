// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// owner returns which account has an address (GET /_synapse/admin/v1/threepid/{medium}/users/{address}, since 1.72) or an identity (GET
// /_synapse/admin/v1/auth_providers/{provider}/users/{external_id}, since 1.68); "" for nobody. The path is one of the two below.
func (s *synapse) owner(ctx context.Context, path matrix.Path) (api.UserID, error) {
	var out struct {
		UserID api.UserID `json:"user_id"`
	}
	_, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out)
	if matrix.NotFound(err) {
		return "", nil
	}
	return out.UserID, err
}

func addressPath(medium, address string) matrix.Path {
	return matrix.At("/_synapse/admin/v1/threepid/{}/users/{}", medium, address)
}

func identityPath(e api.ExternalID) matrix.Path {
	return matrix.At("/_synapse/admin/v1/auth_providers/{}/users/{}", e.AuthProvider, e.ExternalID)
}

// find tells which account has an address or an identity. One request.
func (s *synapse) find(ctx context.Context, q api.UserFind) (api.Found, error) {
	path := addressPath(q.Medium(), q.Value)
	if q.By == api.ByIdentity {
		path = identityPath(api.ExternalID{AuthProvider: q.Provider, ExternalID: q.Value})
	} else if !s.facts.now().version.atLeast(1, 72) {
		return api.Found{}, unsupported(reasonVersion).At("by")
	}
	id, err := s.owner(ctx, path)
	if matrix.Unaskable(err) { // made of dots: no path can carry it
		return api.Found{}, api.NewProblem(api.StatusUnprocessable, "invalid_request").At("value")
	}
	if err != nil {
		return api.Found{}, matrix.Problem(err)
	}
	return api.Found{ID: id}, nil
}
