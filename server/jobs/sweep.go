// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"gatehouse/server/store"
)

// How often it is looked for jobs that nobody works at, and for passwords that have had their time.
const (
	sweepEvery = 2 * time.Second
	wipeEvery  = time.Minute
)

// Sweep takes up jobs that a process left that is no more, and wipes passwords that have had their time, until ctx ends.
func (e *Engine) Sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var wiped time.Time
	for {
		if err := e.takeUp(ctx); err != nil && ctx.Err() == nil {
			e.Log.Error("left jobs could not be looked for", "error", err.Error())
		}
		if since(wiped) >= wipeEvery {
			wiped = now()
			if err := e.wipe(ctx); err != nil && ctx.Err() == nil {
				e.Log.Error("passwords of jobs could not be wiped", "error", err.Error())
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// takeUp wakes the jobs that should be at work and are not, and those that ended or were paused and left items of which nobody knows what became.
func (e *Engine) takeUp(ctx context.Context) error {
	live, err := e.Store.JobsIn(ctx, store.JobPlanning, store.JobRunning, store.JobScheduled)
	if err != nil {
		return err
	}
	left, err := e.Store.JobsLeft(ctx)
	if err != nil {
		return err
	}
	// It stays as it is until its homeserver is configured again, or somebody goes on with it who has seen to the key.
	left = slices.DeleteFunc(left, func(job store.Job) bool {
		_, ok := e.gate.Homeserver(job.Homeserver)
		return !ok || keyless(job)
	})
	for _, job := range append(live, left...) {
		if job.State == store.JobScheduled && e.Now().Before(job.At) || e.works(job.ID) {
			continue
		}
		if others, err := e.forOthers(ctx, job); err != nil {
			return err
		} else if others {
			continue
		}
		held, err := e.Store.LeaseHeld(ctx, leaseOf(job.Homeserver), e.Now())
		if err != nil {
			return err
		}
		if held {
			continue // whoever holds it works its jobs off
		}
		if err := e.waker.Wake(ctx, job.ID, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) works(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.working[id]
}

// wipe wipes the passwords and the rows of files that have had their time: nobody fetched them, or nobody went on with the job. Of passwords that a
// job waits with its page says so.
func (e *Engine) wipe(ctx context.Context) error {
	ids, err := e.Store.JobsToWipe(ctx, e.Now())
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := e.Store.WipeJobPasswords(ctx, id, store.AtRest, func(j *store.Job) error {
			due := func(at time.Time) bool { return !at.IsZero() && !at.After(e.Now()) }
			if !due(j.Wipe) && !due(j.Rows) {
				return store.ErrConflict
			}
			if due(j.Wipe) && (j.Ended.IsZero() || j.Stopped()) {
				j.Code, j.Params = "job_passwords_wiped", ""
			}
			return nil
		})
		if errors.Is(err, store.ErrConflict) {
			continue // somebody went on with it meanwhile
		}
		if err != nil {
			return err
		}
		e.Log.Info("what a job had sealed was wiped: it has had its time", "job", id)
	}
	return nil
}
