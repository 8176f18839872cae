// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"net/http"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// verify proves that somebody is an administrator. Synapse takes no passwords under MAS, but MAS does, in the old way of clients
// (POST /_matrix/client/v3/login; its listener's resource `compat`), at its own address or where the homeserver's proxy sends it. Whether
// they are an administrator, the admin API tells. Where MAS takes no passwords, nobody can sign in so.
func (a *adapter) verify(ctx context.Context, c api.Credentials) (api.Identity, error) {
	var session struct {
		UserID api.UserID `json:"user_id"`
		Token  api.Secret `json:"access_token"`
	}
	name := strings.TrimSpace(c.Name)
	call := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/login"), Body: map[string]any{
		"type":                        "m.login.password",
		"identifier":                  map[string]string{"type": "m.id.user", "user": name},
		"password":                    c.Password,
		"initial_device_display_name": "Gatehouse sign-in",
	}}
	if a.settings.ForwardedFor {
		call.ForwardedFor = c.Address
	}
	at := a.mas.oauth
	_, err := at.Do(ctx, call, &session)
	if absent(err) {
		at = a.keys.synapse
		_, err = at.Do(ctx, call, &session)
	}
	if matrix.Unknown(err) {
		a.endLost(ctx, name)
	}
	if err != nil {
		return api.Identity{}, signInProblem(err)
	}
	who, err := a.whoIs(ctx, session.UserID)
	if endErr := a.endSignIn(ctx, at, session.Token); err == nil {
		err = endErr
	}
	if err != nil {
		return api.Identity{}, err
	}
	return who, nil
}

// absent reports whether nobody serves the endpoint here: not MAS (a page), nor Synapse.
func absent(err error) bool {
	e, ok := matrix.As(err)
	return ok && e.Kind == matrix.Refused && (matrix.Unrecognized(err) || e.Foreign() && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed))
}

// whoIs looks an account up on both sides.
func (a *adapter) whoIs(ctx context.Context, id api.UserID) (api.Identity, error) {
	p, err := a.look(ctx, id)
	if err != nil {
		return api.Identity{}, err
	}
	out := api.Identity{ID: id, Admin: p.mas != nil && p.mas.Attributes.Admin && p.mas.Attributes.Locked == nil && p.mas.Attributes.Deactivated == nil}
	if p.synapse != nil {
		out.DisplayName = p.synapse.DisplayName
	}
	return out, nil
}

// endSignIn signs out what verify signed in (POST /_matrix/client/v3/logout).
func (a *adapter) endSignIn(ctx context.Context, at *matrix.Client, token api.Secret) error {
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	call := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/logout"), Token: token, Body: struct{}{}}
	if _, err := at.Do(fresh, call, nil); err != nil && !matrix.TokenDead(err) {
		return matrix.Problem(err)
	}
	return nil
}

// endLost ends a session that may have begun though nobody said so: the newest of the kind, if it was called as ours are.
func (a *adapter) endLost(ctx context.Context, name string) {
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	if !strings.HasPrefix(name, "@") {
		name = string(a.id(name))
	}
	p, err := a.look(fresh, api.UserID(name))
	if err != nil || p.mas == nil {
		return // the sign-in has failed already; what is left is seen in the account's list
	}
	found, _, err := a.sessions(fresh, p, latestPage)
	if err != nil {
		return
	}
	for _, s := range found {
		if s.kind == kindCompat && s.DisplayName == "Gatehouse sign-in" {
			_ = a.finish(fresh, s.kind, s.id)
		}
	}
}

// signInProblem turns the error of a sign-in into a problem.
func signInProblem(err error) *api.Problem {
	e, ok := matrix.As(err)
	switch {
	case !ok || e.Kind != matrix.Refused:
		return problem(err)
	case absent(err):
		return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", "mas_no_passwords")
	case e.Errcode == "M_USER_LOCKED":
		return api.NewProblem(api.StatusForbidden, "sign_in_locked")
	case e.Status == http.StatusForbidden && e.Errcode == "M_FORBIDDEN", e.Errcode == "M_INVALID_USERNAME", e.Errcode == "M_INVALID_PARAM":
		return api.NewProblem(api.StatusUnauthorized, "sign_in_wrong")
	case e.Status == http.StatusBadRequest && strings.Contains(e.Text, "login type"):
		return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", "mas_no_passwords")
	}
	return matrix.Problem(err)
}
