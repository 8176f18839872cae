// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// edit is one field of an update.
type edit struct {
	field string // of api.UserUpdate
	body  string // of Synapse's PUT
	value any
	// stale reports whether the account has neither the value that the form was opened with nor the wanted one.
	stale func(api.User) bool
	done  func(api.User) bool
}

// edits lists what is asked for, in the order in which Synapse works it off.
func edits(req api.UserUpdate) []edit {
	var out []edit
	if c := req.DisplayName; c != nil {
		out = append(out, one("display_name", "displayname", c, c.To, func(u api.User) string { return u.DisplayName }, equal[string]))
	}
	if c := req.Threepids; c != nil {
		out = append(out, one("threepids", "threepids", c, wireThreepids(c.To), func(u api.User) []api.Threepid { return u.Threepids }, sameThreepids))
	}
	if c := req.ExternalIDs; c != nil {
		identities := append([]api.ExternalID{}, c.To...)
		out = append(out, one("external_ids", "external_ids", c, identities, func(u api.User) []api.ExternalID { return u.ExternalIDs }, sameIdentities))
	}
	if c := req.AvatarURL; c != nil {
		out = append(out, one("avatar_url", "avatar_url", c, c.To, func(u api.User) api.MXC { return u.AvatarURL }, equal[api.MXC]))
	}
	if c := req.Admin; c != nil {
		out = append(out, one("admin", "admin", c, c.To, func(u api.User) bool { return u.Admin }, equal[bool]))
	}
	if c := req.UserType; c != nil {
		var value any // null clears it
		if c.To != "" {
			value = c.To
		}
		out = append(out, one("user_type", "user_type", c, value, func(u api.User) string { return u.UserType }, equal[string]))
	}
	return out
}

func one[T any](field, body string, c *api.Change[T], value any, of func(api.User) T, same func(a, b T) bool) edit {
	done := func(u api.User) bool { return same(of(u), c.To) }
	return edit{field, body, value, func(u api.User) bool { return c.From != nil && !same(of(u), *c.From) && !done(u) }, done}
}

func equal[T comparable](a, b T) bool { return a == b }

// sameThreepids compares addresses as a set, as Synapse stores them: it folds the case of e-mail addresses.
func sameThreepids(a, b []api.Threepid) bool {
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

// update changes the fields that are given and no others. It reads the account just before: where a field was changed by
// somebody else since the form was opened, nothing is sent and both versions are shown. What Synapse answers is the account
// as it is after, so a field that did not take is seen.
func (s *synapse) update(ctx context.Context, req api.UserUpdate) (api.User, error) {
	before, err := s.target(ctx, req.ID)
	if err != nil {
		return api.User{}, err
	}
	if (req.Admin != nil || req.Threepids != nil) && s.learn(ctx).mas {
		return api.User{}, unsupported(reasonMAS)
	}
	wanted := edits(req)
	if p := stale(wanted, before); p != nil {
		return api.User{}, p
	}
	wanted = slices.DeleteFunc(wanted, func(e edit) bool { return e.done(before) })
	if len(wanted) == 0 {
		return before, nil
	}
	moves, err := s.mayUpdate(ctx, req, before)
	if err != nil {
		return api.User{}, err
	}
	if err := s.takeAway(ctx, moves); err != nil {
		return api.User{}, err
	}
	body := map[string]any{}
	for _, e := range wanted {
		body[e.body] = e.value
	}
	after, err := s.put(ctx, req.ID, body)
	if err != nil {
		after, err = s.afterFailure(ctx, req.ID, wanted, before, err)
	}
	if err == nil {
		err = left(wanted, after)
	}
	if err != nil {
		return api.User{}, lost(err, moves)
	}
	return after, nil
}

// stale returns the problem of fields that somebody else has changed.
func stale(wanted []edit, now api.User) *api.Problem {
	var p *api.Problem
	for _, e := range wanted {
		if e.stale(now) {
			if p == nil {
				p = api.NewProblem(api.StatusConflict, "changed_meanwhile")
				p.Conflict = &now
			}
			p.At(e.field + ".to")
		}
	}
	return p
}

// mayUpdate refuses, before anything is sent, what Synapse would refuse or do to somebody else. It returns what is to be taken from
// other accounts first.
func (s *synapse) mayUpdate(ctx context.Context, req api.UserUpdate, before api.User) ([]possession, error) {
	if req.Admin != nil && !req.Admin.To && before.Own {
		return nil, api.NewProblem(api.StatusConflict, "self_demotion").At("admin.to")
	}
	var addresses []api.Threepid
	var identities []api.ExternalID
	if req.Threepids != nil {
		addresses = req.Threepids.To
	}
	if req.ExternalIDs != nil {
		identities = req.ExternalIDs.To
	}
	found, err := s.possessions(ctx, before, "threepids.to.", addresses, "external_ids.to.", identities)
	if err != nil {
		return nil, err
	}
	return found, taken(found, req.MoveFrom)
}

// afterFailure looks at the account after a PUT that failed: Synapse's steps are not one transaction, so the fields before
// the one at fault are changed already.
func (s *synapse) afterFailure(ctx context.Context, id api.UserID, wanted []edit, before api.User, cause error) (api.User, error) {
	all := func(u api.User) bool { return !slices.ContainsFunc(wanted, func(e edit) bool { return !e.done(u) }) }
	if matrix.Unknown(cause) {
		return s.settle(ctx, id, all)
	}
	p := s.writeProblem(id, cause)
	if e, ok := matrix.As(cause); !ok || e.Kind != matrix.Refused || e.Status == http.StatusUnauthorized {
		return api.User{}, p
	}
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	now, err := s.read(fresh, id)
	switch {
	case err != nil && len(wanted) > 1: // what stands before the one at fault may be done
		return api.User{}, matrix.OutcomeUnknown(id)
	case err != nil:
		return api.User{}, p
	}
	if all(now) {
		return now, nil
	}
	fault := slices.IndexFunc(wanted, func(e edit) bool { return !e.done(now) })
	if p.Code == "invalid_user_type" { // looked at before anything is done
		fault = slices.IndexFunc(wanted, func(e edit) bool { return e.field == "user_type" })
	}
	begun := slices.ContainsFunc(wanted, func(e edit) bool { return e.done(now) })
	if begun || (p.Status < 500 && p.Code != "not_found") { // else nothing says that a field is at fault
		p.At(wanted[max(fault, 0)].field + ".to")
	}
	if begun {
		whole := api.NewProblem(p.Status, "partly_done")
		whole.Fields, whole.RetryMS, whole.Conflict = p.Fields, p.RetryMS, &now
		return api.User{}, whole
	}
	return api.User{}, p
}

// left reports the fields that Synapse accepted and did not change.
func left(wanted []edit, after api.User) error {
	var p *api.Problem
	for _, e := range wanted {
		if !e.done(after) {
			if p == nil {
				p = api.NewProblem(api.StatusBadGateway, "did_not_stick")
				p.Conflict = &after
			}
			p.At(e.field + ".to")
		}
	}
	if p == nil {
		return nil
	}
	return p
}
