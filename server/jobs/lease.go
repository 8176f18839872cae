// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gatehouse/server/store"
)

// How long a homeserver's jobs are left to a process that does not renew its lease, and how often it does. The lease of one that is known to be
// gone is free at once.
const (
	leaseTime  = time.Minute
	renewEvery = leaseTime / 6
	takenAgain = 5 * time.Second // then a job is looked at again whose lease another process holds
)

// errLost is why work ends when another process has taken it over.
var errLost = errors.New("the lease is lost")

// holds are the leases of this process: whoever holds a homeserver's lease works its jobs off, all of them, so that how fast they work is known
// in one place whatever the number of processes.
type holds struct {
	store *store.Store
	log   *slog.Logger
	now   func() time.Time

	mu   sync.Mutex
	held map[string]*hold
}

func leaseOf(homeserver string) string { return "jobs:" + homeserver }

type hold struct {
	users  int
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// take returns a context that ends when the lease is lost, and a function that gives it back. It fails with store.ErrConflict while
// another process holds it.
func (h *holds) take(ctx context.Context, homeserver string) (context.Context, func(), error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := leaseOf(homeserver)
	one, ok := h.held[name]
	if !ok || one.ctx.Err() != nil {
		if err := h.store.TakeOwnLease(ctx, name, h.now(), leaseTime); err != nil {
			return nil, nil, err
		}
		one = &hold{}
		one.ctx, one.cancel = context.WithCancelCause(context.Background())
		h.held[name] = one
		go h.renew(one, name)
	}
	one.users++
	both, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(one.ctx, func() { cancel(context.Cause(one.ctx)) })
	return both, func() {
		stop()
		cancel(nil)
		h.release(one, name)
	}, nil
}

func (h *holds) release(one *hold, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one.users--; one.users > 0 {
		return
	}
	if h.held[name] == one {
		delete(h.held, name)
		ctx, cancel := context.WithTimeout(context.Background(), renewEvery)
		defer cancel()
		if err := h.store.ReleaseLease(ctx, name, h.store.Replica()); err != nil && one.ctx.Err() == nil {
			h.log.Warn("a lease could not be given back; it ends by itself", "lease", name, "error", err.Error())
		}
	}
	one.cancel(errLost)
}

// renew keeps a lease until it is given back or lost: taken by somebody else, or not renewed for so long that it may have been.
func (h *holds) renew(one *hold, name string) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	good := time.Now()
	for {
		select {
		case <-one.ctx.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(one.ctx, renewEvery)
		err := h.store.TakeLease(ctx, name, h.store.Replica(), h.now(), leaseTime)
		cancel()
		switch {
		case err == nil:
			good = time.Now()
		case errors.Is(err, store.ErrConflict) || time.Since(good) > leaseTime-renewEvery:
			h.log.Warn("jobs are left to another process: the lease was not renewed", "lease", name, "error", err.Error())
			one.cancel(errLost)
			return
		}
	}
}
