// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"slices"

	"gatehouse/app/api"
	"gatehouse/server/gate"
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

// foreseen turns an item away of which it is certain before its first step that one of its steps will not be done: none of them is then. Its account is
// otherwise than its plan saw it, a password that it needs is not there any more, or the corridor would turn a later step away. Where something of it may have
// been done by an earlier try, that goes on: what it did is no change of somebody else's.
func (r *run) foreseen(ctx context.Context, item store.JobItem, steps []step) (stopped store.JobItem, is bool) {
	if len(steps) == 0 {
		return item, false
	}
	saw, later := steps[0].saw, steps[1:]
	if slices.ContainsFunc(later, func(s step) bool { return s.wiped }) {
		return r.ended(item, store.ItemFailed, api.NewProblem(api.StatusConflict, "job_password_wiped")), true
	}
	if saw == nil {
		return item, false
	}
	begun, err := r.tried(ctx, item, mayHaveDone)
	if err != nil {
		return r.unbegun(item), true
	}
	if !begun.IsZero() {
		return item, false
	}
	u, err := r.account(ctx, item)
	if err != nil {
		return r.unsent(ctx, item, err), true
	}
	now := Saw(u)
	for field, before := range saw {
		if after, told := now[field]; told && after != before {
			return r.ended(item, store.ItemFailed, api.NewProblem(api.StatusConflict, "changed_meanwhile").At(field)), true
		}
	}
	for _, s := range later {
		err := r.e.gate.Preview(ctx, gate.Visit{Person: r.owner(), Homeserver: r.job.Homeserver, Operation: s.op.Info().Name}, s.req, u)
		if how, _ := endingOf(err); err != nil && how == went { // else the homeserver could not be asked, and says so again when it is done
			_, stopped = r.judge(ctx, item, s, err)
			return stopped, true
		}
	}
	return item, false
}

// mayHaveDone reports whether a try may have changed something: not one that is known to have failed as a whole.
func mayHaveDone(try store.Attempt) bool {
	return wasLost(try) || wasDone(try) || try.Code == "partly_done"
}
