// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// target reads the account that something is to be done to.
func (s *synapse) target(ctx context.Context, id api.UserID) (api.User, error) {
	if err := s.local(ctx, id); err != nil {
		return api.User{}, err
	}
	return s.read(ctx, id)
}

// resetPassword sets another password (POST /_synapse/admin/v1/reset_password/{id}) and says whether devices are signed out;
// servers differ in what they do unless told. The same request twice does what it does once, so it is sent again where nobody
// answered: there is no other way to find out.
func (s *synapse) resetPassword(ctx context.Context, req api.PasswordReset) (api.Handout, error) {
	now, err := s.target(ctx, req.ID)
	if err != nil {
		return api.Handout{}, err
	}
	if now.Deactivated {
		return api.Handout{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	}
	secret, err := password.Make(req.Password)
	if err != nil {
		return api.Handout{}, matrix.Problem(err)
	}
	signOut := req.SignOut == nil || *req.SignOut
	call := matrix.Call{
		Method: http.MethodPost,
		Path:   matrix.At("/_synapse/admin/v1/reset_password/{}", string(req.ID)),
		Body:   map[string]any{"new_password": secret, "logout_devices": signOut},
	}
	if err := s.twice(ctx, call, nil); err != nil {
		return api.Handout{}, matrix.AtPassword(s.writeProblem(req.ID, err))
	}
	return api.Handout{User: now, Password: secret, Homeserver: s.address(ctx), ClientURL: s.settings.ClientURL, SignedOut: signOut}, nil
}

// lock keeps an account from being used: its tokens and sign-ins are refused until it is unlocked.
func (s *synapse) lock(ctx context.Context, req api.UserDeed) (api.User, error) {
	return s.setLocked(ctx, req.ID, true)
}

// unlock ends a lock; tokens from before it work again.
func (s *synapse) unlock(ctx context.Context, req api.UserRef) (api.User, error) {
	return s.setLocked(ctx, req.ID, false)
}

func (s *synapse) setLocked(ctx context.Context, id api.UserID, locked bool) (api.User, error) {
	now, err := s.target(ctx, id)
	switch {
	case err != nil:
		return api.User{}, err
	case now.Locked == locked:
		return now, nil
	case locked && now.Deactivated:
		// Synapse would take it, and reactivating would leave the account locked.
		return api.User{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	}
	return s.change(ctx, id, map[string]any{"locked": locked}, func(u api.User) bool { return u.Locked == locked })
}

// change sends a PUT to an account that exists and makes sure that it did what it should.
func (s *synapse) change(ctx context.Context, id api.UserID, body map[string]any, done func(api.User) bool) (api.User, error) {
	after, err := s.put(ctx, id, body)
	switch {
	case matrix.Unknown(err):
		return s.settle(ctx, id, done)
	case err != nil:
		return api.User{}, s.writeProblem(id, err)
	case !done(after):
		return api.User{}, api.NewProblem(api.StatusBadGateway, "did_not_stick")
	}
	return after, nil
}

// deactivate ends an account and never erases.
func (s *synapse) deactivate(ctx context.Context, req api.UserDeed) (api.User, error) {
	return s.endAccount(ctx, req.ID, false)
}

// erase deactivates, and has the server hide what the account said and was called.
func (s *synapse) erase(ctx context.Context, req api.UserErasure) (api.User, error) {
	return s.endAccount(ctx, req.ID, true)
}

// endAccount deactivates (POST /_synapse/admin/v1/deactivate/{id}). `erase` is always sent.
func (s *synapse) endAccount(ctx context.Context, id api.UserID, erase bool) (api.User, error) {
	now, err := s.target(ctx, id)
	if err != nil {
		return api.User{}, err
	}
	done := func(u api.User) bool { return u.Deactivated && (!erase || u.Erased || !u.Knows("erased")) }
	if done(now) {
		return now, nil
	}
	path := matrix.At("/_synapse/admin/v1/deactivate/{}", string(id))
	return s.does(ctx, id, matrix.Call{Method: http.MethodPost, Path: path, Body: map[string]any{"erase": erase}}, done)
}

// does sends a write whose answer does not hold the account, and makes sure by a look at it that it did what it should. What keeps that
// look from being taken is no sign that nothing was done.
func (s *synapse) does(ctx context.Context, id api.UserID, call matrix.Call, done func(api.User) bool) (api.User, error) {
	_, err := s.keys.Do(ctx, call, nil)
	switch {
	case matrix.Unknown(err):
		return s.settle(ctx, id, done)
	case err != nil:
		return api.User{}, s.writeProblem(id, err)
	}
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	after, err := s.read(fresh, id)
	switch {
	case err != nil:
		return api.User{}, matrix.OutcomeUnknown(id)
	case !done(after):
		return api.User{}, api.NewProblem(api.StatusBadGateway, "did_not_stick")
	}
	return after, nil
}

// reactivate lets a deactivated account sign in again, and ends a lock that it may have.
func (s *synapse) reactivate(ctx context.Context, req api.UserReactivation) (api.Handout, error) {
	now, err := s.target(ctx, req.ID)
	if err != nil {
		return api.Handout{}, err
	}
	known := s.learn(ctx).version
	switch {
	case !now.Deactivated:
		return api.Handout{}, api.NewProblem(api.StatusConflict, "not_deactivated").At("id")
	case req.Password.Mode == api.PasswordNone && !known.atLeast(1, 99):
		return api.Handout{}, api.NewProblem(api.StatusUnprocessable, "missing").At("password.mode")
	case now.Erased && known.known && known.atLeast(1, 150) && !known.atLeast(1, 157):
		// Those versions leave the account without a profile, and broken (element-hq/synapse, fixed in 1.157).
		return api.Handout{}, api.NewProblem(api.StatusNotSupported, "reactivate_erased_version").At("id")
	}
	secret, err := password.Make(req.Password)
	if err != nil {
		return api.Handout{}, matrix.Problem(err)
	}
	body := map[string]any{"deactivated": false}
	if !secret.IsZero() {
		body["password"] = secret
	}
	if now.Locked {
		body["locked"] = false
	}
	after, err := s.change(ctx, req.ID, body, func(u api.User) bool { return !u.Deactivated && !u.Locked })
	if err != nil {
		return api.Handout{}, matrix.AtPassword(matrix.Problem(s.stillUpdating(ctx, err)))
	}
	return api.Handout{User: after, Password: secret, Homeserver: s.address(ctx), ClientURL: s.settings.ClientURL}, nil
}

// stillUpdating explains an internal error of a server that is still at its background updates (GET
// /_synapse/admin/v1/background_updates/status): Synapse 1.163.2 cannot reactivate before they have made an index that it
// needs, some 20 seconds after its first start.
func (s *synapse) stillUpdating(ctx context.Context, err error) error {
	if matrix.Problem(err).Code != "homeserver_failed" {
		return err
	}
	var status struct {
		Current map[string]any `json:"current_updates"`
	}
	path := matrix.At("/_synapse/admin/v1/background_updates/status")
	if _, askErr := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &status); askErr != nil || len(status.Current) == 0 {
		return err
	}
	return api.NewProblem(api.StatusUnavailable, "homeserver_updating")
}
