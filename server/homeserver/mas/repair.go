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
	repaired := func(now pair) bool {
		drift := now.user(own).Drift
		// A lock that was carried over to MAS comes back to Synapse from there.
		return !slices.Contains(drift, req.Drift) && !(req.Drift == api.DriftSynapseOnly && slices.Contains(drift, api.DriftLocked))
	}
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
			err = putProblem(p.id, err)
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

// adopt makes an account at MAS for one that Synapse has. MAS would ask Synapse whether the name is free, which it is not. What MAS knows of an
// account it has Synapse take over, so it is told what Synapse has: that it is deactivated, or that it is locked, and its e-mail addresses. Those
// that it does not take are remembered as left.
func (a *adapter) adopt(ctx context.Context, p pair) error {
	m := adopted(p)
	a.intend(ctx, m)
	call := post(matrix.At("/api/admin/v1/users"), map[string]any{"username": p.id.Localpart(), "skip_homeserver_check": true})
	var out single[user]
	_, err := a.mas.do(ctx, call, &out)
	if err != nil && !matrix.Unknown(err) {
		a.giveUp(ctx, m)
	}
	switch {
	case matrix.Is(err, http.StatusConflict, ""), matrix.Is(err, http.StatusBadRequest, ""):
		return api.NewProblem(api.StatusConflict, "mas_name_refused").At("id")
	case err != nil:
		return writeProblem(p.id, err)
	}
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	now := pair{id: p.id, mas: &out.Data}
	if p.synapse.Deactivated { // or MAS would let it sign in
		if err := a.tell(fresh, now, matrix.At("/api/admin/v1/users/{}/deactivate", string(out.Data.ID)), map[string]bool{"skip_erase": true}); err != nil {
			return matrix.Partly(problem(err))
		}
		return nil
	}
	var locked error
	if p.synapse.Locked {
		locked = a.tell(fresh, now, matrix.At("/api/admin/v1/users/{}/lock", string(out.Data.ID)), nil)
		if locked == nil {
			a.heard(ctx, p.id, func(u api.User) bool { return u.Locked })
		}
	}
	a.noteLeft(ctx, m, out.Data, a.giveEmails(context.WithoutCancel(ctx), p.id, out.Data.ID, addressesOf(m.Threepids)))
	if locked != nil { // the account is there, and its page says that it is not locked
		return api.NewProblem(api.StatusBadGateway, "adopted_not_locked").At("drift")
	}
	return nil
}

// adopted is what an account of Synapse's shall be at MAS.
func adopted(p pair) making {
	m := making{UserCreate: api.UserCreate{Localpart: api.Localpart(p.id.Localpart()), Password: api.PasswordChoice{Mode: api.PasswordNone}}, id: p.id}
	if p.synapse.Deactivated {
		return m
	}
	for _, t := range p.synapse.Threepids {
		if t.Medium == "email" {
			m.Threepids = append(m.Threepids, t)
		}
	}
	return m
}

func addressesOf(list []api.Threepid) []string {
	out := make([]string, 0, len(list))
	for _, t := range list {
		out = append(out, t.Address)
	}
	return out
}

// previewRepair says for each difference what its repair does.
func (a *adapter) previewRepair(ctx context.Context, p pair, u api.User) ([]api.Effect, error) {
	out := repairs(p, u)
	if p.mas != nil || p.synapse.Deactivated || len(u.Drift) == 0 {
		return out, nil
	}
	also := func(e api.Effect, params ...string) {
		e.Params = map[string]string{"drift": api.DriftSynapseOnly}
		for i := 0; i < len(params); i += 2 {
			e.Params[params[i]] = params[i+1]
		}
		out = append(out, e)
	}
	for _, address := range addressesOf(adopted(p).Threepids) {
		have, err := readPage[email](ctx, a.mas, matrix.At("/api/admin/v1/user-emails"), 1, "", withEmail(address))
		if err != nil {
			return nil, problem(err)
		}
		if len(have.Items) > 0 {
			also(api.Effect{Code: "repair_email_lost"}, "address", address, "owner", a.owner(ctx, have.Items[0].Attributes.UserID)["owner"])
			continue
		}
		also(api.Effect{Code: "repair_email_kept"}, "address", address)
	}
	if p.synapse.Locked {
		also(api.Effect{Code: "repair_lock_kept"})
	}
	return out, nil
}
