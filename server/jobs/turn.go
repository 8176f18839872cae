// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/store"
)

// notSentCode is the outcome of a call that was never its turn: its job was paused or cancelled, or the gate ended, while it waited.
const notSentCode = "item_not_sent"

// A turn is the place of one call in its homeserver's throttle: what counts as under way is what the homeserver is asked, and not what waits for
// the disk of the audit log.
type turn struct {
	ctx       context.Context // of the corridor
	run       context.Context
	back      func(context.Context) error // run.back
	throttle  *throttle
	operation string
	ahead     bool      // the intent is written before it is its turn
	begun     time.Time // zero until it is its turn
	over      bool
}

// turn waits until a call may go into the corridor. The error is that of ctx.
//
// Making an account asks the homeserver for nothing before the intent is written, and shows whether it was done. So intents are written ahead, and
// some accounts wait with them for their turn: the homeserver waits for no disk. Of other calls the corridor looks at the account first, or nobody
// could tell after a crash that they were never sent: it is their turn from the beginning, as it is where a pace says when an item is begun.
func (r *run) turn(ctx context.Context, s step) (*turn, error) {
	t := &turn{ctx: ctx, run: ctx, back: r.back, throttle: r.throttle, operation: s.op.Info().Name}
	_, creates := s.req.(api.UserCreate)
	if t.ahead = creates && r.throttle.pace == nil; !t.ahead {
		err := r.throttle.begin(ctx)
		t.begun = now()
		return t, err
	}
	t.ctx = store.Patient(ctx, t.patient)
	return t, r.throttle.ready(ctx)
}

// patient reports whether what is written may wait for others: the homeserver does not wait for it. An intent may when the homeserver is asked for as much as it
// may be, an outcome when it is asked for anything: nothing but the end of the job follows from it.
func (t *turn) patient() bool {
	if t.ahead {
		return t.throttle.full()
	}
	return t.throttle.busy()
}

// take waits until the homeserver may be called (gate.Visit.Turn).
func (t *turn) take() (end func(error), err error) {
	if t.ahead {
		err := t.throttle.begin(t.run)
		t.throttle.unready()
		t.ahead = false
		if err != nil {
			t.over = true
			return nil, api.NewProblem(api.StatusConflict, notSentCode)
		}
		t.begun = now()
	}
	if err := t.back(t.run); err != nil {
		t.end(err)
		return nil, api.NewProblem(api.StatusConflict, notSentCode)
	}
	return t.end, nil
}

// end gives the place back, when the homeserver has been called, or will not be. It may be called again.
func (t *turn) end(err error) {
	switch {
	case t.over:
	case t.ahead:
		t.throttle.unready()
	default:
		how, wait := endingOf(err)
		t.throttle.end(t.operation, since(t.begun), how, wait)
	}
	t.over = true
}
