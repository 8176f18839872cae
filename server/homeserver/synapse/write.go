// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// put changes an account that exists (PUT /_synapse/admin/v2/users/{id}) and returns it as it is then. The caller has read
// it before: Synapse would make one that does not exist. The error is a *matrix.Error or an *api.Problem.
func (s *synapse) put(ctx context.Context, id api.UserID, body map[string]any) (api.User, error) {
	var w wireUser
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodPut, Path: userPath(id), Body: body}, &w); err != nil {
		return api.User{}, err
	}
	u, err := s.one(ctx, w)
	if err != nil {
		return api.User{}, matrix.OutcomeUnknown(id)
	}
	return u, nil
}

// twice sends a write that does no more twice than once, and again where nobody answered (matrix.Twice).
func (s *synapse) twice(ctx context.Context, call matrix.Call, out any) error {
	return matrix.Twice(func(again bool) error {
		if again {
			fresh, cancel := s.fresh(ctx)
			defer cancel()
			ctx = fresh
		}
		_, err := s.keys.Do(ctx, call, out)
		return err
	})
}

// settle finds out whether a write that nobody answered was done: it looks at the account, a few times, because the server
// may still be at it. Without an error it was, and the account is as it is then.
func (s *synapse) settle(ctx context.Context, id api.UserID, done func(api.User) bool) (api.User, error) {
	var now api.User
	ended, _ := homeserver.Until(s.pauses, func() (bool, error) {
		fresh, cancel := s.fresh(ctx)
		defer cancel()
		u, err := s.read(fresh, id)
		if err == nil {
			now = u
			return done(u), nil
		}
		if matrix.Problem(err).Code == "not_found" {
			return false, nil
		}
		return false, err // a server that cannot be reached will not be so a second later, and every look takes its whole time
	})
	if !ended {
		return api.User{}, matrix.OutcomeUnknown(id)
	}
	return now, nil
}

// writeProblem turns the error of a write into a problem, without the field.
func (s *synapse) writeProblem(id api.UserID, err error) *api.Problem {
	return matrix.Failed(s.refusal(id, err))
}

func (s *synapse) refusal(id api.UserID, err error) *api.Problem {
	e, ok := matrix.As(err)
	switch {
	case matrix.Unknown(err):
		return matrix.OutcomeUnknown(id)
	case !ok || e.Kind != matrix.Refused:
		return about(id, err)
	case e.Status == http.StatusConflict:
		return api.NewProblem(api.StatusConflict, "external_id_taken")
	case strings.Contains(e.Text, "Password change disabled"):
		return api.NewProblem(api.StatusUnprocessable, "password_disabled")
	case strings.Contains(e.Text, "Invalid user type"):
		return api.NewProblem(api.StatusUnprocessable, "invalid_user_type", "have", strings.Join(s.userTypes(), ", "))
	case strings.Contains(e.Text, "demote yourself"):
		return api.NewProblem(api.StatusConflict, "self_demotion")
	}
	return about(id, err)
}

// userTypes are the types that every Synapse knows, and those that its configuration adds: Synapse does not tell them, so ours does.
func (s *synapse) userTypes() []string {
	list := []string{"support", "bot"}
	for _, t := range s.settings.UserTypes {
		if !slices.Contains(list, t) {
			list = append(list, t)
		}
	}
	return list
}

func wireThreepids(list []api.Threepid) []map[string]string {
	out := make([]map[string]string, 0, len(list))
	for _, t := range list {
		out = append(out, map[string]string{"medium": t.Medium, "address": t.Address})
	}
	return out
}
