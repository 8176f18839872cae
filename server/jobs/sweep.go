// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
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

// takeUp wakes the jobs that should be at work and are not.
func (e *Engine) takeUp(ctx context.Context) error {
	live, err := e.Store.JobsIn(ctx, store.JobPlanning, store.JobRunning, store.JobScheduled)
	if err != nil {
		return err
	}
	for _, job := range live {
		if job.State == store.JobScheduled && e.Now().Before(job.At) || e.works(job.ID) {
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

// wipe wipes the passwords that nobody fetched in time.
func (e *Engine) wipe(ctx context.Context) error {
	ids, err := e.Store.JobsToWipe(ctx, e.Now())
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := e.Store.WipeJobPasswords(ctx, id); err != nil {
			return err
		}
		e.Log.Info("passwords that a job made were wiped: nobody fetched them in time", "job", id)
	}
	return nil
}
