// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"

	"gatehouse/app/api"
	"gatehouse/server/store"
)

// Seen is what a planner saw of an account that its steps would overwrite without saying what they change from, by the JSON name of the
// field. An account that is otherwise when its item is begun is left alone, and reported.
type Seen map[string]bool

// Saw returns what there is to see of an account; what its homeserver cannot tell is left out.
func Saw(u api.User) Seen {
	s := Seen{}
	for field, value := range map[string]bool{"admin": u.Admin, "locked": u.Locked, "deactivated": u.Deactivated} {
		if u.Knows(field) {
			s[field] = value
		}
	}
	return s
}

// changed looks whether an account is otherwise than its plan saw it. Nothing of an item may have been begun: what an earlier try of it may have
// done is no change of somebody else's.
func (r *run) changed(ctx context.Context, item store.JobItem, saw Seen) (stopped store.JobItem, is bool) {
	if saw == nil {
		return item, false
	}
	begun, err := r.tried(ctx, item, func(store.Attempt) bool { return true })
	if err != nil {
		return r.unbegun(item), true
	}
	if !begun.IsZero() {
		return item, false
	}
	u, err := r.account(ctx, item)
	if err != nil {
		return r.unsent(item, err), true
	}
	now := Saw(u)
	for field, before := range saw {
		if after, told := now[field]; told && after != before {
			return r.ended(item, store.ItemFailed, api.NewProblem(api.StatusConflict, "changed_meanwhile").At(field)), true
		}
	}
	return item, false
}
