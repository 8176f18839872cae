// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"slices"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
)

var errReplaced = errors.New("the homeserver is another one, or does not take the gate's key")

// ours is the account that the gate had at the homeserver when the job was planned, "" where it had none that it made itself. Accounts are never gone from
// a homeserver: where this one is not there, the homeserver is not the one that the plan was made for.
func (r *run) ours(ctx context.Context) (api.UserID, error) {
	all, err := r.e.Store.ServiceAccounts(ctx, r.job.Homeserver)
	i := slices.IndexFunc(all, func(a store.ServiceAccount) bool {
		return a.Created.Before(r.job.Planned) && (a.Retired.IsZero() || a.Retired.After(r.job.Planned))
	})
	if err != nil || i < 0 {
		return "", err
	}
	return api.UserID(all[i].UserID), nil
}

// replaced reports whether the homeserver is another one than that which the job was planned for; then the job is paused. So it is where the gate's key is
// found dead. ask looks at an account.
func (r *run) replaced(ctx context.Context, ask func(context.Context, api.UserRef) (api.User, error)) (bool, error) {
	id, err := r.ours(ctx)
	if err != nil || id == "" {
		return false, err
	}
	_, err = ask(ctx, api.UserRef{ID: id})
	p, ok := errors.AsType[*api.Problem](err)
	switch {
	case ok && p.KeyDead():
		r.pause(keyProblem(r.server, p))
	case ok && p.Code == "not_found":
		r.pause(api.NewProblem(api.StatusConflict, "job_homeserver_replaced", "id", string(id)))
	default:
		return false, err
	}
	return true, nil
}

// other is replaced at the pace of jobs, and true where the run ends meanwhile: nothing is to be concluded then from what the homeserver has not got.
func (r *run) other(ctx context.Context) bool {
	is, _ := r.replaced(ctx, func(ctx context.Context, ref api.UserRef) (api.User, error) {
		return looked(ctx, r.throttle, r.server, api.GetUser, ref)
	})
	return is || ctx.Err() != nil
}

// back looks, before the first call after an error of the homeserver, whether it is still the same: it may have been replaced while it was away. An error
// is why the call is not to be sent.
func (r *run) back(ctx context.Context) error {
	failures := r.throttle.failures()
	if r.failures.Load() == failures {
		return nil
	}
	is, err := r.replaced(ctx, func(ctx context.Context, ref api.UserRef) (api.User, error) {
		return homeserver.Call(ctx, r.server.Adapter, api.GetUser, ref)
	})
	if err == nil && !is {
		r.failures.Store(failures)
	}
	if is {
		return errReplaced
	}
	return err
}
