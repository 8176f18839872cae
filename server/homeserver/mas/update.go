// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// change is one field of an update.
type change struct {
	field string
	// stale reports whether the account has neither the value that the form was opened with nor the wanted one.
	stale, done bool
}

func one[T any](field string, c *api.Change[T], now T, same func(a, b T) bool) change {
	done := same(now, c.To)
	return change{field, c.From != nil && !done && !same(now, *c.From), done}
}

func equal[T comparable](a, b T) bool { return a == b }

// changes lists what is asked for.
func changes(req api.UserUpdate, now api.User) []change {
	var out []change
	if c := req.DisplayName; c != nil {
		out = append(out, one("display_name", c, now.DisplayName, equal))
	}
	if c := req.AvatarURL; c != nil {
		out = append(out, one("avatar_url", c, now.AvatarURL, equal))
	}
	if c := req.UserType; c != nil {
		out = append(out, one("user_type", c, now.UserType, equal))
	}
	if c := req.Threepids; c != nil {
		out = append(out, one("threepids", c, now.Threepids, sameAddresses))
	}
	if c := req.ExternalIDs; c != nil {
		out = append(out, one("external_ids", c, now.ExternalIDs, sameIdentities))
	}
	if c := req.Admin; c != nil {
		out = append(out, one("admin", c, now.Admin, equal))
	}
	return out
}

func sameAddresses(a, b []api.Threepid) bool {
	plain := func(list []api.Threepid) []string {
		var out []string
		for _, t := range list {
			out = append(out, t.Medium+" "+strings.ToLower(t.Address))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return slices.Equal(plain(a), plain(b))
}

func sameIdentities(a, b []api.ExternalID) bool {
	plain := func(list []api.ExternalID) []string {
		var out []string
		for _, e := range list {
			out = append(out, e.AuthProvider+"\x00"+e.ExternalID)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return slices.Equal(plain(a), plain(b))
}

// update changes the fields that are given and no others: the profile and the type at Synapse, addresses, links and the right to be
// an administrator at MAS. Both sides are read just before; where a field was changed by somebody else since the form was opened,
// nothing is sent and both versions are shown. What cannot be taken is refused before anything is sent.
func (a *adapter) update(ctx context.Context, req api.UserUpdate) (api.User, error) {
	p, err := a.target(ctx, req.ID)
	if err != nil {
		return api.User{}, err
	}
	before, err := a.full(ctx, p)
	if err != nil {
		return api.User{}, err
	}
	wanted := changes(req, before)
	if stale := conflict(wanted, before); stale != nil {
		return api.User{}, stale
	}
	wanted = slices.DeleteFunc(wanted, func(c change) bool { return c.done })
	if len(wanted) == 0 {
		return before, nil
	}
	has := func(field string) bool {
		return slices.ContainsFunc(wanted, func(c change) bool { return c.field == field })
	}
	own, err := a.mayUpdate(ctx, req, p, before, has)
	if err != nil {
		return api.User{}, err
	}
	if err := a.updateSynapse(ctx, req, has); err != nil {
		return api.User{}, err
	}
	var done []string // of the fields, in the order in which they are changed
	for _, field := range []string{"display_name", "avatar_url", "user_type"} {
		if has(field) {
			done = append(done, field)
		}
	}
	for _, step := range []struct {
		field string
		do    func() error
	}{
		{"threepids", func() error { return a.setEmails(ctx, p.id, p.mas.ID, own.addresses) }},
		{"external_ids", func() error { return a.setLinks(ctx, p.mas.ID, own.links) }},
		{"admin", func() error { return a.setAdmin(ctx, p.id, p.mas.ID, req.Admin.To) }},
	} {
		if !has(step.field) {
			continue
		}
		if err := step.do(); err != nil {
			a.got(ctx, req.ID, done...)
			return api.User{}, a.partly(ctx, req.ID, step.field, len(done) > 0, err)
		}
		done = append(done, step.field)
	}
	a.got(ctx, req.ID, done...)
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	after, err := a.again(fresh, req.ID)
	if err != nil {
		return api.User{}, matrix.OutcomeUnknown(req.ID)
	}
	return after, a.stuck(req, after)
}

// conflict is the problem of fields that somebody else has changed.
func conflict(wanted []change, now api.User) error {
	var p *api.Problem
	for _, c := range wanted {
		if c.stale {
			if p == nil {
				p = api.NewProblem(api.StatusConflict, "changed_meanwhile")
				p.Conflict = &now
			}
			p.At(c.field + ".to")
		}
	}
	if p == nil {
		return nil
	}
	return p
}

// mayUpdate refuses what cannot be done, before anything is sent.
func (a *adapter) mayUpdate(ctx context.Context, req api.UserUpdate, p pair, before api.User, has func(string) bool) (owned, error) {
	if p.synapse == nil {
		for _, field := range []string{"display_name", "avatar_url", "user_type"} {
			if has(field) {
				return owned{}, api.NewProblem(api.StatusConflict, "mas_only").At(field + ".to")
			}
		}
	}
	var addresses []api.Threepid
	var identities []api.ExternalID
	if has("threepids") {
		// Phone numbers that the account has from before MAS stay where they are; nobody can add or remove one.
		if !sameAddresses(phones(req.Threepids.To), phones(before.Threepids)) {
			return owned{}, api.NewProblem(api.StatusUnprocessable, "mas_no_phone").At("threepids.to")
		}
		addresses = req.Threepids.To
	}
	if has("external_ids") {
		identities = req.ExternalIDs.To
	}
	return a.checkOwned(ctx, p.mas.ID, "threepids.to.", addresses, phones(before.Threepids), "external_ids.to.", identities)
}

func phones(list []api.Threepid) []api.Threepid {
	return slices.DeleteFunc(slices.Clone(list), func(t api.Threepid) bool { return t.Medium == "email" })
}

// updateSynapse changes what Synapse keeps, as Synapse's own table does it. It was compared already.
func (a *adapter) updateSynapse(ctx context.Context, req api.UserUpdate, has func(string) bool) error {
	theirs := api.UserUpdate{ID: req.ID}
	if has("display_name") {
		theirs.DisplayName = &api.Change[string]{To: req.DisplayName.To}
	}
	if has("avatar_url") {
		theirs.AvatarURL = &api.Change[api.MXC]{To: req.AvatarURL.To}
	}
	if has("user_type") {
		theirs.UserType = &api.Change[string]{To: req.UserType.To}
	}
	if theirs.Empty() {
		return nil
	}
	_, err := homeserver.Call(ctx, a.synapse, api.UpdateUser, theirs)
	return err
}

// half is the error of a step of which a part was done before.
type half struct{ cause error }

func (h half) Error() string { return h.cause.Error() }

func (h half) Unwrap() error { return h.cause }

func halfway(begun bool, cause error) error {
	if begun {
		return half{cause}
	}
	return cause
}

// partly is the problem of a step that failed: of the whole, if nothing was done before, else of the field.
func (a *adapter) partly(ctx context.Context, id api.UserID, field string, begun bool, cause error) error {
	p := problem(cause)
	if len(p.Fields) == 0 && p.Status < 500 {
		p.At(field + ".to")
	}
	if _, ok := errors.AsType[half](cause); !ok && !begun {
		return p
	}
	whole := api.NewProblem(p.Status, "partly_done")
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	if now, err := a.again(fresh, id); err == nil {
		whole.Conflict = &now
	}
	whole.Fields = []api.FieldProblem{{Field: field + ".to", Code: p.Code, Params: p.Params}}
	return whole
}

// stuck reports the fields that were accepted and did not change.
func (a *adapter) stuck(req api.UserUpdate, after api.User) error {
	var p *api.Problem
	for _, c := range changes(req, after) {
		if !c.done {
			if p == nil {
				p = api.NewProblem(api.StatusBadGateway, "did_not_stick")
				p.Conflict = &after
			}
			p.At(c.field + ".to")
		}
	}
	if p == nil {
		return nil
	}
	return p
}

// again reads the account after a write.
func (a *adapter) again(ctx context.Context, id api.UserID) (api.User, error) {
	p, err := a.look(ctx, id)
	if err != nil {
		return api.User{}, err
	}
	u, err := a.full(ctx, p)
	if err != nil {
		return api.User{}, err
	}
	return a.note(u), nil
}
