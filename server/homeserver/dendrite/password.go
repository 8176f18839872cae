// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"net/http"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

func (s *server) resetPassword(ctx context.Context, r api.PasswordReset) (api.Handout, error) {
	u, err := s.target(ctx, r.ID)
	if err != nil {
		return api.Handout{}, err
	}
	if u.Deactivated { // Dendrite would take the password, and the account could not use it
		return api.Handout{}, deactivated()
	}
	secret, err := password.Make(r.Password)
	if err != nil {
		return api.Handout{}, err
	}
	signOut := r.SignOut == nil || *r.SignOut
	left, err := s.settledPassword(ctx, r.ID, secret, signOut)
	if err != nil {
		return api.Handout{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if !u.Knows("deactivated") && signOut {
		more, err := s.provePassword(ctx, u.ID, secret)
		if err != nil {
			return api.Handout{}, err
		}
		left = append(left, more...)
	}
	if u.Step != "" && s.keeper.SetStep(ctx, s.settings.Name, r.ID, "") != nil { // whoever resets it takes back the deactivation
		left = append(left, api.FieldProblem{Field: "id", Code: "dendrite_step_left"})
	}
	if now, err := s.getUser(ctx, api.UserRef{ID: r.ID}); err == nil {
		u = now
	}
	return api.Handout{
		User: u, Password: secret, Homeserver: s.address(ctx), ClientURL: s.settings.ClientURL, SignedOut: signOut, Left: left,
	}, nil
}

func deactivated() *api.Problem { return api.NewProblem(api.StatusConflict, "deactivated_account") }

// target returns the account that something is to be done to. Dendrite's own account for server notices is left alone.
func (s *server) target(ctx context.Context, id api.UserID) (api.User, error) {
	u, err := s.getUser(ctx, api.UserRef{ID: id})
	if err == nil && id.Localpart() == notices {
		return u, api.NewProblem(api.StatusConflict, "dendrite_notices_account", "id", string(id))
	}
	return u, err
}

// settledPassword replaces a password; when the call is not answered it signs in to see whether that was done. What it returns
// beside the error is what could not be done though the password was replaced.
func (s *server) settledPassword(ctx context.Context, id api.UserID, secret api.Secret, signOut bool) ([]api.FieldProblem, error) {
	err := s.setPassword(ctx, id, secret, signOut)
	switch {
	case err == nil:
		return nil, nil
	case !unsure(err):
		return nil, passwordProblem(id, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	proof, err := s.signIn(ctx, string(id), secret, "")
	switch {
	case wrongPassword(err):
		return nil, notDone()
	case err != nil:
		return nil, outcomeUnknown()
	}
	// Dendrite replaces the password first and signs the devices out second, so they may still be signed in.
	return deviceLeft("sign_out", s.signOut(ctx, proof.Token, signOut)), nil
}

// deviceLeft names a session that could not be ended.
func deviceLeft(field string, err error) []api.FieldProblem {
	if err == nil {
		return nil
	}
	return []api.FieldProblem{{Field: field, Code: "dendrite_device_left"}}
}

// passwordProblem tells what Dendrite says about a new password (clientapi/routing/admin.go, AdminResetPassword).
func passwordProblem(id api.UserID, err error) error {
	switch {
	case matrix.NotFound(err):
		return notFound(id)
	case matrix.Is(err, http.StatusBadRequest, "M_WEAK_PASSWORD"):
		return api.NewProblem(api.StatusUnprocessable, "weak_password", "min", "8").At("password.password")
	}
	if _, ok := matrix.As(err); ok {
		return matrix.AtPassword(matrix.Problem(err))
	}
	return problem(err)
}

// provePassword signs in with a password that was just set, and out again. Without the database nothing else tells whether the
// account is deactivated, and a card for an account that cannot sign in would be worth nothing.
func (s *server) provePassword(ctx context.Context, id api.UserID, secret api.Secret) ([]api.FieldProblem, error) {
	proof, err := s.signIn(ctx, string(id), secret, "")
	switch {
	case err == nil:
		return deviceLeft("sign_out", s.signOut(ctx, proof.Token, false)), nil
	case !wrongPassword(err):
		return nil, nil // the server said that the password was set; only the proof is missing
	}
	if s.keeper.SetStep(ctx, s.settings.Name, id, stepDeactivated) != nil {
		return nil, doneNotRecorded()
	}
	return nil, api.NewProblem(api.StatusConflict, "dendrite_found_deactivated")
}
