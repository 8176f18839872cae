// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"net/http"
	"slices"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// repair ends one difference. MAS is the side that counts, but for an ending: who was deactivated at Synapse alone has lost everything
// there, and nobody wants their sessions to go on.
func (a *adapter) repair(ctx context.Context, req api.UserRepair) (api.User, error) {
	p, err := a.look(ctx, req.ID)
	if err != nil {
		return api.User{}, err
	}
	own, err := a.keys.Own(ctx)
	if err != nil {
		return api.User{}, problem(err)
	}
	if !slices.Contains(p.user(own).Drift, req.Drift) {
		return api.User{}, api.NewProblem(api.StatusConflict, "no_drift").At("drift")
	}
	repaired := func(now pair) bool { return !slices.Contains(now.user(own).Drift, req.Drift) }
	switch req.Drift {
	case api.DriftMASOnly, api.DriftLocked:
		err = a.push(ctx, p)
	case api.DriftSynapseOnly:
		err = a.adopt(ctx, p)
	case api.DriftDeactivated:
		// Never without skip_erase: the account may have been deactivated long ago, and would be erased now.
		err = a.tell(ctx, p, matrix.At("/api/admin/v1/users/{}/deactivate", string(p.mas.ID)), map[string]bool{"skip_erase": true})
	case api.DriftAdmin:
		if err = a.put(ctx, p.id, map[string]any{"admin": p.mas.Attributes.Admin}); err != nil {
			err = matrix.Problem(err)
		}
	}
	if err != nil {
		return api.User{}, err
	}
	after, err := a.reaches(ctx, req.ID, repaired)
	if err != nil {
		return api.User{}, err
	}
	if slices.Contains(after.Drift, req.Drift) {
		return api.User{}, api.NewProblem(api.StatusBadGateway, "did_not_stick")
	}
	return after, nil
}

// push has MAS tell Synapse of an account, which makes it there where it is not: repeating a lock, or the end of one, changes nothing
// at MAS but that.
func (a *adapter) push(ctx context.Context, p pair) error {
	path := matrix.At("/api/admin/v1/users/{}/unlock", string(p.mas.ID))
	if p.mas.Attributes.Locked != nil {
		path = matrix.At("/api/admin/v1/users/{}/lock", string(p.mas.ID))
	}
	return a.tell(ctx, p, path, nil)
}

// adopt makes an account at MAS for one that Synapse has. MAS would ask Synapse whether the name is free, which it is not.
func (a *adapter) adopt(ctx context.Context, p pair) error {
	call := post(matrix.At("/api/admin/v1/users"), map[string]any{"username": p.id.Localpart(), "skip_homeserver_check": true})
	var out single[user]
	_, err := a.mas.do(ctx, call, &out)
	switch {
	case matrix.Is(err, http.StatusConflict, ""), matrix.Is(err, http.StatusBadRequest, ""):
		return api.NewProblem(api.StatusConflict, "mas_name_refused").At("id")
	case err != nil:
		return writeProblem(p.id, err)
	}
	if p.synapse.Deactivated { // or MAS would let it sign in
		return a.tell(ctx, pair{id: p.id, mas: &out.Data}, matrix.At("/api/admin/v1/users/{}/deactivate", string(out.Data.ID)), map[string]bool{"skip_erase": true})
	}
	return nil
}
