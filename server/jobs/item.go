// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// maxAttempts bounds how often a call is tried that the homeserver answers with an error of its own. One that it asks to wait for, or that did
// not reach it, is tried until it does, and such tries do not count.
const maxAttempts = 5

// maxInterrupted bounds how often an item is begun in all. Tries that were interrupted because the gate itself ended are no fault of the
// item's, unless it is what ends the gate.
const maxInterrupted = 50

// now and since are for how long calls take, which the engine's clock has nothing to do with.
var (
	now   = time.Now
	since = time.Since
)

// endingOf sorts how a call ended for the throttle.
func endingOf(err error) (how ending, wait time.Duration) {
	p, ok := errors.AsType[*api.Problem](err)
	switch {
	case err == nil:
		return went, 0
	case !ok:
		return broken, 0
	case p.Status == api.StatusTooMany:
		return limited, time.Duration(p.RetryMS) * time.Millisecond
	case p.Status >= api.StatusInternal && p.Status != api.StatusNotSupported && !p.KeyDead() && !settledCodes[p.Code]:
		return broken, 0
	}
	return went, 0
}

// settledCodes are other problems with a status of 500 and more that trying again does not end, or that are no news of the homeserver.
var settledCodes = map[string]bool{
	"partly_done": true, "did_not_stick": true, "done_not_recorded": true, "homeserver_other_name": true, "homeserver_hidden": true,
	"homeserver_redirects": true, "homeserver_unknown_answer": true,
}

// do works one item off, step by step, and returns it as it is then: ended, or waiting for another try.
func (r *run) do(ctx context.Context, item store.JobItem) store.JobItem {
	steps, err := r.steps(item)
	if err != nil {
		return r.ended(item, store.ItemFailed, err)
	}
	if item.Step == 0 {
		if stopped, is := r.foreseen(ctx, item, steps); is {
			return stopped
		}
	}
	for item.Step < len(steps) {
		done, next := r.step(ctx, item, steps[item.Step])
		if !done {
			return next
		}
		item.Step++
		if item.Step < len(steps) {
			// The next step is not begun before it is known that this one is done.
			if err := r.e.Store.SetJobItems(context.WithoutCancel(ctx), r.job.ID, []store.JobItem{item}); err != nil {
				return r.waiting(item, nil)
			}
		}
	}
	return r.ended(item, store.ItemDone, nil)
}

// step does one step of an item. done means that the next one can be begun; otherwise the item stops here, as it is returned.
func (r *run) step(ctx context.Context, item store.JobItem, s step) (done bool, stopped store.JobItem) {
	if create, ok := s.req.(api.UserCreate); ok && item.Attempts > 1 {
		rest, err := r.rest(ctx, item, s, create)
		switch {
		case err != nil:
			return false, r.unsent(ctx, item, err)
		case rest == nil:
			return true, item
		}
		s = *rest
		item.Set = item.Set || s.has
	}
	if s.wiped {
		return false, r.ended(item, store.ItemFailed, api.NewProblem(api.StatusConflict, "job_password_wiped"))
	}
	turn, err := r.turn(ctx, s)
	if err != nil {
		return false, r.unbegun(item)
	}
	result, err := r.e.gate.Do(turn.ctx, gate.Visit{
		Person: r.owner(), Homeserver: r.job.Homeserver, Operation: s.op.Info().Name, Kind: api.KindWrite,
		Decode:    func(api.Op) (api.Request, error) { return s.req, nil },
		RequestID: requestID(item), Key: stepKey(item), Item: true, Turn: turn.take,
	})
	turn.end(err)
	if err == nil {
		if left := leftOver(result); left != nil {
			if card, ok := result.(api.Handout); ok {
				item.Set = !card.Password.IsZero()
			}
			if p := (&api.Problem{Code: left.Params["code"]}); left.Code == itemLeft && p.KeyDead() && leaves(s.req) {
				r.pause(keyProblem(r.server, p))
				return false, r.waiting(item, nil) // another try does the rest
			}
			return false, r.ended(item, store.ItemFailed, left)
		}
		return true, item
	}
	return r.judge(ctx, item, s, err)
}

// judge decides how an item goes on after an error.
func (r *run) judge(ctx context.Context, item store.JobItem, s step, err error) (done bool, stopped store.JobItem) {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		p = api.NewProblem(api.StatusInternal, "internal")
	}
	how, _ := endingOf(err)
	switch {
	case p.Code == "done_not_recorded":
		return true, item
	case p.Code == "forbidden":
		// Whoever reads it on the job's page is not the one who may not.
		r.halt(api.NewProblem(p.Status, "job_owner_forbidden", "name", r.job.Person, "role", p.Params["role"], "permission", p.Params["permission"]))
		return false, r.unbegun(item)
	case p.Code == "other_homeserver":
		r.halt(p)
		return false, r.unbegun(item)
	case p.KeyDead():
		r.pause(keyProblem(r.server, p))
		return false, r.unbegun(item)
	case p.Code == "not_found" && r.other(ctx):
		return false, r.unbegun(item)
	case p.Code == "store_unavailable" || p.Code == notSentCode:
		return false, r.unbegun(item)
	case how == limited || p.Away():
		return false, r.waiting(r.unbegun(item), p)
	case p.Code == "name_in_use" && item.Attempts > 1:
		switch made, err := r.made(ctx, item, s); {
		case err != nil:
			return false, item // it is taken up again
		case made:
			return true, item
		}
		return false, r.ended(item, store.ItemFailed, p)
	case p.Code == nameBegun && item.Attempts > 1 && item.Failures < maxAttempts:
		item.Failures++
		switch lost, err := r.lost(ctx, item); {
		case err != nil:
			return false, item
		case !lost.IsZero():
			return false, r.waiting(item, p) // the next try goes on with it, if it is the item's
		}
		return false, r.ended(item, store.ItemFailed, p)
	case how == went:
		return false, r.ended(item, store.ItemFailed, p)
	}
	item.Failures++
	return r.settle(ctx, item, s, p)
}

// itemLeft is the code of a call that was done but for something.
const itemLeft = "item_left"

// leftOver is what of a call that went well could not be done.
func leftOver(result any) *api.Problem {
	var left []api.FieldProblem
	switch v := result.(type) {
	case api.Handout:
		left = v.Left
	case api.RoomsJoined:
		left = v.Left
	case api.Partial:
		if p := v.Failures(); p != nil {
			if len(p.Fields) > 0 {
				return &api.Problem{Status: p.Status, Code: p.Fields[0].Code, Params: p.Fields[0].Params}
			}
			return p
		}
	}
	if len(left) > 0 {
		return api.NewProblem(api.StatusBadGateway, itemLeft, "field", left[0].Field, "code", left[0].Code)
	}
	return nil
}

// requestID names one try of one step in the audit log. It is the same whoever asks for it, so that what became of a try can be found there.
func requestID(i store.JobItem) string {
	return fmt.Sprintf("%s.%d.%d.%d", i.Job, i.N, i.Attempts, i.Step)
}

// stepKey is the request key of a step, for homeservers that know such keys: the same at every try of it, and that of nothing else.
func stepKey(i store.JobItem) string { return fmt.Sprintf("%s.%d.%d", i.Job, i.N, i.Step) }

// ended is an item that needs nothing more.
func (r *run) ended(item store.JobItem, state string, err error) store.JobItem {
	item.State, item.Ended, item.Code, item.Params = state, r.e.Now(), "", ""
	item.Set = item.Set || item.Step > 0 // the first step is the one that sets it
	if p, ok := errors.AsType[*api.Problem](err); ok {
		item.Code, item.Params = why(p)
	} else if err != nil {
		item.Code = "internal"
	}
	return item
}

// waiting is an item that is tried again.
func (r *run) waiting(item store.JobItem, p *api.Problem) store.JobItem {
	item.State = store.ItemWaiting
	if p != nil {
		item.Code, item.Params = why(p)
	}
	return item
}

// unbegun is an item that waits as before: nothing of this try was begun.
func (r *run) unbegun(item store.JobItem) store.JobItem {
	item.State = store.ItemWaiting
	item.Attempts--
	return item
}

// unsent is an item of which nothing could be sent: it failed where the homeserver said why, and waits as before where the store, the gate's own key or
// the end of ctx kept it.
func (r *run) unsent(ctx context.Context, item store.JobItem, err error) store.JobItem {
	p, ok := errors.AsType[*api.Problem](err)
	switch {
	case ok && p.KeyDead():
		r.pause(keyProblem(r.server, p))
	case ok && p.Code == "not_found" && r.other(ctx): // it waits for the homeserver that had it
	case ok:
		return r.ended(item, store.ItemFailed, p)
	}
	return r.unbegun(item)
}

// A step with its request, password and all.
type step struct {
	op  api.Op
	req api.Request
	// wiped says that the password that it needs is not there any more.
	wiped bool
	saw   Seen
	// has says that the account has it already: the step is about something else.
	has bool
}

// steps are those of an item, with the password that is kept for it.
func (r *run) steps(item store.JobItem) ([]step, error) {
	secret := api.Secret{}
	if item.Secret != nil {
		text, err := r.e.Seal.Open(seal.PurposeSeal, item.Secret, secretData(item))
		if err != nil {
			return nil, api.NewProblem(api.StatusConflict, "job_password_wiped")
		}
		secret = api.NewSecret(string(text))
	}
	var list []step
	for _, s := range decode[[]Step](item.Steps) {
		op, ok := api.Find(s.Operation)
		if !ok {
			return nil, api.NewProblem(api.StatusNotFound, "no_such_operation", "name", s.Operation)
		}
		var req api.Request
		var err error
		if s.Request == nil && r.template != nil {
			req, err = r.template.request(api.UserID(item.Target))
		} else {
			req, err = op.DecodeJSON(s.Request)
		}
		if err != nil {
			return nil, err
		}
		one := step{op: op, saw: s.Saw}
		one.req = onPassword(req, func(c api.PasswordChoice) api.PasswordChoice {
			if c.Mode == api.PasswordTyped && c.Password.IsZero() || item.Generated && (c.Mode == api.PasswordRandom || c.Mode == api.PasswordPassphrase) {
				c = api.PasswordChoice{Mode: api.PasswordTyped, Password: secret}
				one.wiped = secret.IsZero()
			}
			return c
		})
		list = append(list, one)
	}
	return list, nil
}

// onPassword returns a request with the password that it sets, where it sets one, as change makes it.
func onPassword(req api.Request, change func(api.PasswordChoice) api.PasswordChoice) api.Request {
	switch q := req.(type) {
	case api.UserCreate:
		q.Password = change(q.Password)
		return q
	case api.PasswordReset:
		q.Password = change(q.Password)
		return q
	case api.UserReactivation:
		q.Password = change(q.Password)
		return q
	}
	return req
}
