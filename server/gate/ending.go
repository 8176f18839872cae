// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
)

// How long a deed waits for its turn to end an administrator: half of what it has, so that enough is left to do it. And how long its turn lasts
// where its gate does not give it back: as long as a write may take, and a little for clocks that differ.
const (
	endingWait = writeTime / 2
	endingTime = writeTime + 10*time.Second
)

// ending is a deed that may end an administrator. On each homeserver there is one such deed at a time, over all gates on the store: of two at once
// each would see that the other's administrator is left. Deeds on all other accounts do not wait.
type ending struct {
	g      *Gate
	server *Homeserver
	has    bool // its turn
	leased bool // among all gates
}

func (e *ending) lease() string { return "administrators:" + e.server.Settings.Name }

// alone waits until no other administrator of the homeserver is being ended. From then on nobody else's turn comes until over is called. The error
// is notBegun.
func (e *ending) alone(ctx context.Context) error {
	if e.has {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, endingWait)
	defer cancel()
	busy := notBegun{api.NewProblem(api.StatusTooMany, "administrators_busy")}
	select {
	case e.server.ending <- struct{}{}:
		e.has = true
	case <-ctx.Done():
		return busy
	}
	for {
		err := e.g.store.TakeOwnLease(ctx, e.lease(), e.g.now(), endingTime)
		switch {
		case err == nil:
			e.leased = true
			return nil
		case errors.Is(err, store.ErrConflict):
			err = homeserver.Pause(ctx, elsewhereEvery)
		}
		switch {
		case ctx.Err() != nil:
			return busy
		case err != nil:
			return notBegun{api.NewProblem(api.StatusUnavailable, "store_unavailable")}
		}
	}
}

// over ends its turn, if it had one.
func (e *ending) over(ctx context.Context) {
	if !e.has {
		return
	}
	if e.leased {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
		defer cancel()
		if err := e.g.store.ReleaseLease(ctx, e.lease(), e.g.store.Replica()); err != nil {
			e.g.log.ErrorContext(ctx, "a lease could not be given back; it ends by itself", "lease", e.lease(), "error", err.Error())
		}
	}
	<-e.server.ending
}
