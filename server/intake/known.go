// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"errors"
	"slices"

	"gatehouse/app/api"
	"gatehouse/server/jobs"
)

// An account as a plan keeps it: what a row can change and what operations show, without what most have not got.
type account struct {
	display, avatar, userType string
	admin, locked             bool
	deactivated, own          bool
	suspended, shadowBanned   bool
	erased, guest             bool
	unknown                   []string // fields that the list cannot tell
}

// known knows which accounts there are.
type known struct {
	look       func(context.Context, api.UserID) (api.User, error)
	homeserver string
	// all are the accounts by their first halves; nil where each row is looked up alone.
	all map[string]account
	// partly says that the list has not got all accounts.
	partly bool

	owners owners
}

// fewRows is up to how many rows are looked up one by one: a large homeserver's list takes longer.
const fewRows = 200

// learn finds out which accounts there are: by their list, read once, page by page, unless the file is small.
func (d *Desk) learn(ctx context.Context, server string, lines int64) (*known, error) {
	k := &known{homeserver: server, owners: owners{lines: lines}, look: func(ctx context.Context, id api.UserID) (api.User, error) {
		return jobs.Look(ctx, d.Jobs, server, api.GetUser, api.UserRef{ID: id})
	}}
	if lines <= fewRows {
		return k, nil
	}
	k.all = map[string]account{}
	query := api.UserQuery{Deactivated: api.With, Locked: api.With, Guests: api.With, System: api.With, Admins: api.With, Sort: api.SortName, Limit: api.MaxPage}
	for {
		page, err := jobs.Look(ctx, d.Jobs, server, api.ListUsers, query)
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Status == api.StatusNotSupported {
			k.all = nil
			return k, nil
		}
		if err != nil {
			return nil, err
		}
		for _, u := range page.Users {
			unknown := page.Unknown // of most accounts, so that they share it
			if len(u.Unknown) > 0 {
				unknown = slices.Concat(u.Unknown, page.Unknown)
			}
			k.all[u.ID.Localpart()] = account{
				u.DisplayName, string(u.AvatarURL), u.UserType, u.Admin, u.Locked, u.Deactivated, u.Own, u.Suspended, u.ShadowBanned, u.Erased, u.Guest, unknown,
			}
		}
		k.partly = k.partly || len(page.Limits) > 0
		if page.Next == "" {
			return k, nil
		}
		query.Cursor = page.Next
	}
}

// notKept are the fields that an account has not got as a plan keeps it.
var notKept = []string{"threepids", "external_ids"}

// find returns an account; ok says whether there is one. It is looked up alone where the list cannot tell one of the fields.
func (k *known) find(ctx context.Context, id api.UserID, fields []string) (u api.User, ok bool, err error) {
	a, listed := k.all[id.Localpart()]
	if k.all != nil && !listed && !k.partly {
		return u, false, nil
	}
	untold := func(field string) bool { return slices.Contains(notKept, field) || slices.Contains(a.unknown, field) }
	if listed && !slices.ContainsFunc(fields, untold) {
		return api.User{
			ID: id, DisplayName: a.display, AvatarURL: api.MXC(a.avatar), UserType: a.userType, Admin: a.admin, Locked: a.locked, Deactivated: a.deactivated,
			Own: a.own, Suspended: a.suspended, ShadowBanned: a.shadowBanned, Erased: a.erased, Guest: a.guest, Unknown: a.unknown,
		}, true, nil
	}
	u, err = k.look(ctx, id)
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "not_found" {
		return u, false, nil
	}
	return u, err == nil, err
}
