// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// tell sends a deed to MAS (POST /api/admin/v1/users/{id}/{deed}).
func (a *adapter) tell(ctx context.Context, p pair, path matrix.Path, body any) error {
	if _, err := a.mas.do(ctx, post(path, body), nil); err != nil {
		return writeProblem(p.id, err)
	}
	return nil
}

// reaches waits until both sides say that a deed is done: MAS tells Synapse by a job that it queues, some 40 ms later where both are
// idle. What Synapse has not heard of after some seconds is in the account's Drift, and the page offers to repair it. The deed was taken, so
// that a look that fails is no sign that nothing was done.
func (a *adapter) reaches(ctx context.Context, id api.UserID, done func(pair) bool) (api.User, error) {
	var p pair
	_, err := homeserver.Until(a.pauses, func() (bool, error) {
		fresh, cancel := a.fresh(ctx)
		defer cancel()
		now, err := a.look(fresh, id)
		if err != nil {
			return false, err
		}
		p = now
		return done(p), nil
	})
	if err != nil {
		return api.User{}, matrix.OutcomeUnknown(id)
	}
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	u, err := a.full(fresh, p)
	if err != nil {
		return api.User{}, matrix.OutcomeUnknown(id)
	}
	return a.note(u), nil
}

// heard waits until Synapse has heard of a change of an account, for a few seconds at most, before the next one is made: MAS runs the jobs of one
// account at once, and one that read before the next change, and tells Synapse after its job, puts back what there was (seen with 1.22.0).
func (a *adapter) heard(ctx context.Context, id api.UserID, changed func(api.User) bool) {
	_, _ = homeserver.Until(a.pauses, func() (bool, error) {
		fresh, cancel := a.fresh(ctx)
		defer cancel()
		u, err := homeserver.Call(fresh, a.synapse, api.GetUser, api.UserRef{ID: id})
		return err == nil && changed(u), err
	})
}

// lock keeps an account from being used (POST /api/admin/v1/users/{id}/lock). Its sessions survive, refused.
func (a *adapter) lock(ctx context.Context, req api.UserDeed) (api.User, error) {
	p, err := a.target(ctx, req.ID)
	switch {
	case err != nil:
		return api.User{}, err
	case p.mas.Attributes.Deactivated != nil:
		// MAS would take it, and reactivating would leave the account locked.
		return api.User{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	}
	return a.setLocked(ctx, p, true)
}

// unlock ends a lock (POST /api/admin/v1/users/{id}/unlock).
func (a *adapter) unlock(ctx context.Context, req api.UserRef) (api.User, error) {
	p, err := a.target(ctx, req.ID)
	if err != nil {
		return api.User{}, err
	}
	return a.setLocked(ctx, p, false)
}

// setLocked is idempotent at MAS, and each time has MAS tell Synapse anew. It is done where both sides say so.
func (a *adapter) setLocked(ctx context.Context, p pair, locked bool) (api.User, error) {
	path := matrix.At("/api/admin/v1/users/{}/unlock", string(p.mas.ID))
	if locked {
		path = matrix.At("/api/admin/v1/users/{}/lock", string(p.mas.ID))
	}
	if err := a.tell(ctx, p, path, nil); err != nil {
		return api.User{}, err
	}
	return a.reaches(ctx, p.id, func(now pair) bool {
		return now.mas != nil && (now.mas.Attributes.Locked != nil) == locked && (now.synapse == nil || !now.synapse.Knows("locked") || now.synapse.Locked == locked)
	})
}

// deactivate ends an account and never erases.
func (a *adapter) deactivate(ctx context.Context, req api.UserDeed) (api.User, error) {
	return a.end(ctx, req.ID, false)
}

// erase deactivates, and has the server hide what the account said and was called. On an account that is deactivated already it
// erases after all.
func (a *adapter) erase(ctx context.Context, req api.UserErasure) (api.User, error) {
	return a.end(ctx, req.ID, true)
}

// end deactivates (POST /api/admin/v1/users/{id}/deactivate). `skip_erase` is always sent: without it MAS erases, even an account
// that was deactivated long ago.
func (a *adapter) end(ctx context.Context, id api.UserID, erase bool) (api.User, error) {
	p, err := a.target(ctx, id)
	if err != nil {
		return api.User{}, err
	}
	done := func(now pair) bool {
		return now.mas != nil && now.mas.Attributes.Deactivated != nil &&
			(now.synapse == nil || now.synapse.Deactivated && (!erase || now.synapse.Erased || !now.synapse.Knows("erased")))
	}
	if done(p) && (!erase || p.synapse != nil) {
		return a.full(ctx, p)
	}
	path := matrix.At("/api/admin/v1/users/{}/deactivate", string(p.mas.ID))
	if err := a.tell(ctx, p, path, map[string]bool{"skip_erase": !erase}); err != nil {
		return api.User{}, err
	}
	a.settle(ctx, id, func(api.FieldProblem) bool { return true }) // it has ended
	return a.reaches(ctx, id, done)
}

// reactivate lets a deactivated account sign in again (POST /api/admin/v1/users/{id}/reactivate), and ends a lock that it may have.
// The password from before is back; another is set where one was asked for.
func (a *adapter) reactivate(ctx context.Context, req api.UserReactivation) (api.Handout, error) {
	p, err := a.target(ctx, req.ID)
	if err != nil {
		return api.Handout{}, err
	}
	if p.mas.Attributes.Deactivated == nil && (p.synapse == nil || !p.synapse.Deactivated) {
		return api.Handout{}, api.NewProblem(api.StatusConflict, "not_deactivated").At("id")
	}
	secret, err := password.Make(req.Password)
	if err != nil {
		return api.Handout{}, problem(err)
	}
	// The password goes first: a deactivated account can be given one, and where MAS refuses it nothing was done.
	if !secret.IsZero() {
		if err := a.setPassword(ctx, p.mas.ID, secret); err != nil {
			return api.Handout{}, err
		}
	}
	switch err := a.tell(ctx, p, matrix.At("/api/admin/v1/users/{}/reactivate", string(p.mas.ID)), nil); {
	case err != nil && !secret.IsZero():
		return api.Handout{}, matrix.StillDeactivated(err)
	case err != nil:
		return api.Handout{}, err
	}
	if p.mas.Attributes.Locked != nil {
		if err := a.tell(ctx, p, matrix.At("/api/admin/v1/users/{}/unlock", string(p.mas.ID)), nil); err != nil {
			return api.Handout{}, matrix.Partly(problem(err))
		}
	}
	after, err := a.reaches(ctx, req.ID, func(now pair) bool {
		return now.mas != nil && now.mas.Attributes.Deactivated == nil && now.mas.Attributes.Locked == nil &&
			(now.synapse == nil || !now.synapse.Deactivated && !now.synapse.Locked)
	})
	if err != nil {
		return api.Handout{}, err
	}
	return api.Handout{User: after, Password: secret, Homeserver: a.address(ctx), ClientURL: a.settings.ClientURL}, nil
}

// resetPassword gives the account another password, and ends its sessions where that is wanted: MAS leaves them.
func (a *adapter) resetPassword(ctx context.Context, req api.PasswordReset) (api.Handout, error) {
	p, err := a.target(ctx, req.ID)
	if err != nil {
		return api.Handout{}, err
	}
	if p.mas.Attributes.Deactivated != nil {
		return api.Handout{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	}
	secret, err := password.Make(req.Password)
	if err != nil {
		return api.Handout{}, problem(err)
	}
	if err := a.setPassword(ctx, p.mas.ID, secret); err != nil {
		return api.Handout{}, err
	}
	a.got(ctx, req.ID, "password")
	out := api.Handout{Password: secret, Homeserver: a.address(ctx), ClientURL: a.settings.ClientURL}
	if req.SignOut == nil || *req.SignOut {
		fresh, cancel := a.fresh(ctx)
		_, err := a.endAll(fresh, p)
		cancel()
		if out.SignedOut = err == nil; err != nil { // the password is set, so the card has to be shown
			p := problem(err)
			out.Left = append(out.Left, api.FieldProblem{Field: "sign_out", Code: p.Code, Params: p.Params})
		}
	}
	if out.User, err = a.again(ctx, req.ID); err != nil {
		out.User = api.User{ID: req.ID}
	}
	return out, nil
}
