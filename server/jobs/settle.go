// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate"
	"gatehouse/server/store"
)

// recover settles an item that a process was at when it ended.
func (r *run) recover(ctx context.Context, item store.JobItem) store.JobItem {
	steps, err := r.steps(item)
	if err != nil || item.Step >= len(steps) {
		return r.ended(item, store.ItemUnknown, err)
	}
	done, next := r.settle(ctx, item, steps[item.Step], api.NewProblem(api.StatusTimeout, "outcome_unknown"))
	if !done {
		return next
	}
	if item.Step++; item.Step == len(steps) {
		return r.ended(item, store.ItemDone, nil)
	}
	return r.waiting(item, nil)
}

// settle finds out what became of a try whose answer is none: from the audit log, or else by looking at the homeserver. A try that
// may have been done is repeated only if that cannot do more than the first one did.
func (r *run) settle(ctx context.Context, item store.JobItem, s step, p *api.Problem) (done bool, stopped store.JobItem) {
	try, err := r.e.Store.Attempt(ctx, r.job.Homeserver, item.Target, requestID(item))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, r.unbegun(item)
	case err != nil:
		return false, item // it stays as it is until the store answers
	case try.Code == notSentCode:
		return false, r.unbegun(item)
	case try.Outcome == string(audit.Done) && leaves(s.req):
		return false, r.waiting(item, nil) // what of it was left the log does not say: another try does the rest
	case try.Outcome == string(audit.Done):
		return true, item
	}
	answer := p // which decides whether it is tried again
	if try.Outcome == string(audit.Failed) && p.Code == "outcome_unknown" {
		answer, p = api.NewProblem(api.StatusBadGateway, try.Code), api.NewProblem(api.StatusConflict, "item_failed_before", "code", try.Code)
	}
	if answer.Away() || answer.Code == limitedCode || answer.KeyDead() {
		return false, r.waiting(r.unbegun(item), nil)
	}
	repeatable := s.op.Info().Repeatable && !s.wiped
	if _, creates := s.req.(api.UserCreate); creates {
		made, err := r.tried(ctx, item, wasDone)
		if err != nil {
			return false, item
		}
		repeatable = !made.IsZero() // this try was about the rest of it
	}
	state := untold
	if repeatable {
		state = notDone // or done; doing it again is the same
	} else if state, err = r.look(ctx, item, s); err != nil {
		return false, item
	}
	known := try.Outcome == string(audit.Failed)
	switch {
	case state == isDone:
		r.note(ctx, try, audit.Done)
		return true, item
	case state == notDone && !repeatable:
		r.note(ctx, try, audit.Failed)
	}
	again := state == notDone || known && answer.Passing()
	switch {
	case again && item.Failures < maxAttempts && item.Attempts < maxInterrupted:
		return false, r.waiting(item, p)
	case known || state == notDone && !repeatable:
		return false, r.ended(item, store.ItemFailed, p)
	case s.wiped:
		p = api.NewProblem(api.StatusConflict, "job_password_wiped")
	}
	return false, r.ended(item, store.ItemUnknown, p)
}

// limitedCode is the outcome of a call that the homeserver did not take, because it asks to wait.
const limitedCode = "homeserver_limited"

// leaves reports whether a call can go well and leave something of what was asked for. Asked again it does the rest.
func leaves(req api.Request) bool {
	switch req.(type) {
	case api.UserCreate, api.RoomsJoin:
		return true
	}
	return false
}

// notDoneCode is the outcome of a try that nobody answered, and of which nothing was to be seen when it was looked for.
const notDoneCode = "item_not_done"

// note writes into the audit log what was found out about a try of which it says that nobody knows.
func (r *run) note(ctx context.Context, try store.Attempt, how audit.Outcome) {
	if try.Outcome != "" && try.Outcome != string(audit.Unknown) {
		return
	}
	found := audit.Result{Outcome: how, Detail: "Found out by looking at the account."}
	if how == audit.Failed {
		found.Code = notDoneCode
	}
	if err := r.e.Audit.Outcome(ctx, try.Intent, found); err != nil {
		r.e.Log.Warn("what became of a call could not be recorded", "job", r.job.ID, "audit_row", try.Intent, "error", err.Error())
	}
}

// What looking at an account tells of a call.
type sight int

const (
	untold sight = iota
	isDone
	notDone
)

// account looks at an item's account. The error is that of ctx, or a *api.Problem.
func (r *run) account(ctx context.Context, item store.JobItem) (api.User, error) {
	u, err := looked(ctx, r.throttle, r.server, api.GetUser, api.UserRef{ID: api.UserID(item.Target)})
	if err != nil {
		err = cmp.Or(ctx.Err(), err)
	}
	return u, err
}

// look looks at an account until the homeserver answers. The error is that of ctx, or that the gate's own key is dead.
func (r *run) look(ctx context.Context, item store.JobItem, s step) (sight, error) {
	create, creates := s.req.(api.UserCreate)
	if !creates && s.op.Info().Shows == "" {
		return untold, nil
	}
	u, err := r.account(ctx, item)
	problem, ok := errors.AsType[*api.Problem](err)
	switch {
	case err != nil && ctx.Err() != nil:
		return untold, err
	case ok && problem.Code == "not_found" && creates:
		return notDone, nil
	case ok && problem.KeyDead() && r.job.State == store.JobRunning: // it is looked at when the key works again
		r.pause(keyProblem(r.server, problem))
		return untold, err
	case err != nil:
		return untold, nil
	case creates && s.wiped: // ours or not, it cannot be given its password
		return untold, nil
	case creates:
		return r.adopt(ctx, item, create, u)
	}
	done, tells := s.op.Info().Seen(u)
	switch {
	case !tells:
		return untold, nil
	case done:
		return isDone, nil
	}
	return notDone, nil
}

// adopt decides whether an account is the one that a try made: the plan saw its name free, so it is if it is not older than the try. Then its
// password is set again, because nobody knows how far the try came, and so is what else was asked for.
func (r *run) adopt(ctx context.Context, item store.JobItem, asked api.UserCreate, u api.User) (sight, error) {
	begun, err := r.lost(ctx, item)
	if err != nil {
		return untold, err
	}
	if begun.IsZero() {
		begun = item.Started
	}
	if u.Deactivated || begun.IsZero() || !madeSince(u, begun) {
		return untold, nil
	}
	if asked.Password.Mode == api.PasswordTyped {
		yes := true
		ok, err := settled(ctx, r, item, "password", api.ResetPassword, api.PasswordReset{ID: u.ID, Password: asked.Password, SignOut: &yes})
		if !ok {
			return untold, err
		}
	}
	update := missing(asked, u)
	if update.Empty() {
		return isDone, nil
	}
	if ok, err := settled(ctx, r, item, "rest", api.UpdateUser, update); !ok {
		return untold, err
	}
	return isDone, nil
}

// madeSince reports whether an account is known not to be older than a try.
func madeSince(u api.User, begun time.Time) bool {
	return u.Knows("created_ms") && u.CreatedMS >= begun.Unix()*1000 // homeservers count in seconds
}

// settled does a call with which a try of an item is settled, under a name of its own in the audit log, past the permission for it, which who may make
// accounts need not have. It reports whether it was done; the error is that of the store or of ctx, and without a durable intent nothing is sent.
func settled[Req api.Request, Res any](ctx context.Context, r *run, item store.JobItem, part string, op *api.Operation[Req, Res], req Req) (bool, error) {
	err := req.Validate() // adapters send what they are given
	if err != nil {
		r.e.Log.Error("an item cannot be settled by what does not hold", "job", r.job.ID, "request_id", requestID(item), "error", err.Error())
		return false, nil
	}
	entry := r.entry(item, op)
	entry.RequestID += "." + part
	if entry.Request, err = audit.Redact(req); err != nil {
		return false, err
	}
	intent, err := r.e.Audit.Intent(ctx, entry)
	if err != nil {
		return false, err
	}
	result, err := looked(ctx, r.throttle, r.server, op, req)
	if recorded := r.e.Audit.Outcome(context.WithoutCancel(ctx), intent, gate.Outcome(result, err)); recorded != nil {
		r.e.Log.Warn("what became of a call could not be recorded", "job", r.job.ID, "audit_row", intent, "error", recorded.Error())
	}
	return err == nil, ctx.Err()
}

// entry is what the audit log says of an item's try.
func (r *run) entry(item store.JobItem, op api.Op) audit.Entry {
	person := r.owner()
	return audit.Entry{
		Actor: person.ID, Role: string(person.Role), Address: person.Address, Homeserver: r.job.Homeserver, Operation: op.Info().Name,
		Targets: []string{item.Target}, RequestID: requestID(item),
	}
}

// lost returns when the first of an item's earlier tries was begun that nobody answered; zero where each was. The homeserver may have worked it
// off after it was looked for in vain.
func (r *run) lost(ctx context.Context, item store.JobItem) (time.Time, error) {
	return r.tried(ctx, item, wasLost)
}

func wasLost(try store.Attempt) bool {
	return try.Outcome == "" || try.Outcome == string(audit.Unknown) || try.Code == notDoneCode
}

// tried returns when the first of an item's earlier tries of its step was begun that ended in such a way, zero where none did.
func (r *run) tried(ctx context.Context, item store.JobItem, so func(store.Attempt) bool) (time.Time, error) {
	for earlier := 1; earlier < item.Attempts; earlier++ {
		i := item
		i.Attempts = earlier
		try, err := r.e.Store.Attempt(ctx, r.job.Homeserver, i.Target, requestID(i))
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return time.Time{}, err
		case so(try):
			return try.At, nil
		}
	}
	return time.Time{}, nil
}

// made reports whether the account of a name that is taken was made by an earlier try of the item, and gives it what was asked for.
func (r *run) made(ctx context.Context, item store.JobItem, s step) (bool, error) {
	item.Started = time.Time{} // this try was answered: the account is not its
	state, err := r.look(ctx, item, s)
	if err != nil || state != isDone {
		return false, err
	}
	err = r.e.Audit.Event(ctx, r.entry(item, s.op), audit.Result{
		Outcome: audit.Done, Detail: "An earlier try, which nobody answered, has made the account; found out by looking at it.",
	})
	if err != nil {
		r.e.Log.Warn("what became of a call could not be recorded", "job", r.job.ID, "request_id", requestID(item), "error", err.Error())
	}
	return true, nil
}

func wasDone(try store.Attempt) bool { return try.Outcome == string(audit.Done) }

// nameBegun is the answer to a create whose account is there, half made.
const nameBegun = "name_begun"

// begunLate returns when the first of an item's tries was begun that nobody answered, where a later one was told that its account is begun; else zero.
func (r *run) begunLate(ctx context.Context, item store.JobItem) (time.Time, error) {
	told, err := r.tried(ctx, item, func(try store.Attempt) bool { return try.Code == nameBegun })
	if err != nil || told.IsZero() {
		return time.Time{}, err
	}
	return r.lost(ctx, item)
}

// rest is what is to be done for an account of which an earlier try of the item made all but something: the same call where nothing was made
// yet, nil where nothing is left. An error that is not a *api.Problem is that of the store or of ctx.
func (r *run) rest(ctx context.Context, item store.JobItem, s step, asked api.UserCreate) (*step, error) {
	made, err := r.tried(ctx, item, wasDone)
	if err != nil {
		return nil, err
	}
	lost := time.Time{}
	if made.IsZero() {
		if lost, err = r.begunLate(ctx, item); err != nil || lost.IsZero() {
			return &s, err
		}
	}
	u, err := r.account(ctx, item)
	if err != nil {
		return nil, err
	}
	if ours := u.Begun != nil && u.Begun.By == r.owner().ID && madeSince(u, lost); made.IsZero() && !ours {
		return nil, api.NewProblem(api.StatusConflict, nameBegun, "id", item.Target)
	}
	if u.Begun != nil {
		asked.Continue = true
		has := !u.Begun.Lacks("password")
		if has {
			asked.Password, s.wiped = api.PasswordChoice{Mode: api.PasswordNone}, false
		}
		return &step{op: s.op, req: asked, wiped: s.wiped, has: has}, nil
	}
	update := missing(asked, u)
	if update.Empty() {
		return nil, nil
	}
	return &step{op: api.UpdateUser, req: update, has: true}, nil
}

// missing is what was asked of a new account and is not there.
func missing(asked api.UserCreate, u api.User) api.UserUpdate {
	update := api.UserUpdate{ID: u.ID}
	if asked.DisplayName != "" && asked.DisplayName != u.DisplayName {
		update.DisplayName = &api.Change[string]{To: asked.DisplayName}
	}
	if asked.AvatarURL != "" && asked.AvatarURL != u.AvatarURL {
		update.AvatarURL = &api.Change[api.MXC]{To: asked.AvatarURL}
	}
	if asked.Admin && !u.Admin {
		update.Admin = &api.Change[bool]{To: true}
	}
	if asked.UserType != u.UserType {
		update.UserType = &api.Change[string]{To: asked.UserType}
	}
	if len(asked.Threepids) > len(u.Threepids) {
		update.Threepids = &api.Change[[]api.Threepid]{To: asked.Threepids}
	}
	if len(asked.ExternalIDs) > len(u.ExternalIDs) {
		update.ExternalIDs = &api.Change[[]api.ExternalID]{To: asked.ExternalIDs}
	}
	return update
}
