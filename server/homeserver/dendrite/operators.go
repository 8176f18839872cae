// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"net/http"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// verifyOperator signs in with what somebody typed, looks whether that account is an administrator, and signs out again whatever
// came of it. A whois of another account proves it; that of oneself works for everybody.
func (s *server) verifyOperator(ctx context.Context, c api.Credentials) (api.Identity, error) {
	serverName, err := s.serverName(ctx)
	if err != nil {
		return api.Identity{}, err
	}
	name := c.Name
	if !strings.HasPrefix(name, "@") {
		name = "@" + name + ":" + serverName
	}
	address := ""
	if s.settings.ForwardedFor {
		address = c.Address
	}
	mine, err := s.signIn(ctx, name, c.Password, address)
	e, ok := matrix.As(err)
	switch {
	case err == nil:
	case ok && e.Kind == matrix.Refused && (e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized):
		// 401 is Dendrite's answer to a name that cannot be, or of another server.
		return api.Identity{}, api.NewProblem(api.StatusUnauthorized, "sign_in_wrong")
	default:
		return api.Identity{}, problem(err)
	}
	out, err := s.identity(ctx, mine)
	if endErr := s.signOut(ctx, mine.Token, false); err == nil && endErr != nil {
		err = problem(endErr)
	}
	if err != nil {
		return api.Identity{}, err
	}
	return out, nil
}

func (s *server) identity(ctx context.Context, mine session) (api.Identity, error) {
	out := api.Identity{ID: mine.ID}
	call := whoisCall(other(mine.ID))
	call.Token = mine.Token
	_, err := s.client.Do(ctx, call, nil)
	switch {
	case err == nil:
		out.Admin = true
	case !matrix.Is(err, http.StatusForbidden, "M_FORBIDDEN"):
		return out, problem(err)
	}
	if p, err := s.profile(ctx, mine.ID); err == nil { // a name to greet with; it may be missing
		out.DisplayName = p.DisplayName
	}
	return out, nil
}
