// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
	"gatehouse/server/store"
)

// How often a run looks at what may have changed around it.
const (
	lookEvery = 500 * time.Millisecond // whether the job was paused or cancelled
	rateEvery = 2 * time.Second        // and how fast it is
	askEvery  = 30 * time.Second       // whether its owner may still do it, where the homeserver is to be asked
)

// aheadFactor is how many times as many items are worked off as the homeserver may be asked at once: while it is asked for some, others are ready
// for their turn, and the outcomes of others are on their way to the disk.
const aheadFactor = 1 + readyFactor + 2

// A run works a job off, for as long as it may.
type run struct {
	e        *Engine
	job      store.Job
	server   *gate.Homeserver
	throttle *throttle
	template *template // of a job that is one operation
	ends     *ends

	mu     sync.Mutex
	person gate.Person
	halted *api.Problem
	goesOn bool // what halted it can be mended: the job is paused, and has not failed
	stop   context.CancelFunc

	failures atomic.Int64 // of the homeserver, after which it was seen to be the same
}

// run works a running job off.
func (e *Engine) run(ctx context.Context, job store.Job) (again time.Duration, err error) {
	server, ok := e.gate.Homeserver(job.Homeserver)
	if !ok {
		return 0, e.pause(ctx, job.ID, api.NewProblem(api.StatusConflict, "job_unconfigured")) // it may be there again
	}
	end, denied := shown.begin()
	defer end()
	if denied != nil {
		e.Log.Debug("a job takes the processor from others on this machine", "job", job.ID, "error", denied.Error())
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	r, p := e.newRun(job, server, stop)
	if p != nil {
		return 0, e.stop(ctx, job.ID, p, e.keep)
	}
	var around sync.WaitGroup
	around.Go(func() { r.watch(work) })
	r.failures.Store(r.throttle.failures())
	if !r.other(work) && r.ask(work) {
		if err = r.takeUp(work); err == nil {
			err = r.loop(work)
		}
	}
	stop()
	around.Wait()
	err = errors.Join(err, r.ends.flush(context.WithoutCancel(ctx)))
	if halted, goesOn := r.why(); goesOn {
		return 0, e.pause(context.WithoutCancel(ctx), job.ID, halted)
	} else if halted != nil {
		return 0, e.stop(context.WithoutCancel(ctx), job.ID, halted, e.keep)
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if err != nil {
		return 0, err
	}
	return e.finish(ctx, job.ID)
}

// pause has a job wait for somebody to go on with it when they have mended what kept it, which they are told.
func (e *Engine) pause(ctx context.Context, id string, why *api.Problem) error {
	_, err := e.Store.ChangeJob(ctx, id, []string{store.JobRunning}, func(j *store.Job) error {
		j.State, j.Code, j.Params = store.JobPaused, why.Code, encode(why.Params)
		e.keep(j)
		return nil
	})
	return err
}

func (e *Engine) newRun(job store.Job, server *gate.Homeserver, stop context.CancelFunc) (*run, *api.Problem) {
	throttle := e.throttle(job.Homeserver)
	r := &run{e: e, job: job, server: server, throttle: throttle, ends: &ends{e: e, job: job.ID, throttle: throttle, writing: make(chan struct{}, 1)}, person: owner(job), stop: stop}
	if job.Operation != "" {
		t, err := newTemplate(decode[api.JobPlan](job.Request))
		if p, ok := errors.AsType[*api.Problem](err); ok {
			return nil, p
		}
		r.template = &t
	}
	return r, nil
}

// settleLeft finds out what became of the items that somebody was at when their job ended or was paused. Nothing is begun.
func (e *Engine) settleLeft(ctx context.Context, job store.Job) error {
	server, ok := e.gate.Homeserver(job.Homeserver)
	if !ok {
		return nil
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	r, p := e.newRun(job, server, stop)
	if p != nil {
		return p
	}
	var around sync.WaitGroup
	around.Go(func() { r.watch(work) })
	err := r.takeUp(work)
	moved := work.Err() != nil && ctx.Err() == nil
	stop()
	around.Wait()
	if moved {
		return nil // whoever goes on with the job settles the rest
	}
	return err
}

// finish ends a job of which nothing is left. Where something is, it has been paused, or is looked at again.
func (e *Engine) finish(ctx context.Context, id string) (again time.Duration, err error) {
	_, err = e.Store.ChangeJob(ctx, id, []string{store.JobRunning}, func(j *store.Job) error {
		if j.Count.Waiting+j.Count.Running > 0 {
			return errNotYet
		}
		j.State, j.Ended, j.Code, j.Params = store.JobDone, e.Now(), "", ""
		e.keep(j)
		return nil
	})
	if errors.Is(err, errNotYet) {
		return time.Second, nil
	}
	return 0, err
}

var errNotYet = errors.New("the job has not ended")

// keep says when the passwords and the rows of a job are wiped that comes to rest now: it ended, or goes on only when somebody says so.
func (e *Engine) keep(j *store.Job) {
	if !j.Wipe.IsZero() {
		j.Wipe = e.Now().Add(e.Keep)
	}
	if !j.Rows.IsZero() {
		j.Rows = e.Now().Add(e.Keep)
	}
}

// loop claims items and works them off, several at once, until there is none left or ctx ends.
func (r *run) loop(ctx context.Context) error {
	atOnce := aheadFactor * int(r.throttle.ceiling)
	claimed := make(chan store.JobItem)
	var under, workers sync.WaitGroup
	defer workers.Wait()
	defer close(claimed)
	for range atOnce { // they stay: to make room for its stack costs a new goroutine as much as a small write
		workers.Go(func() {
			for item := range claimed {
				r.ends.put(ctx, r.do(ctx, item))
				under.Done()
			}
		})
	}
	for ctx.Err() == nil {
		items, err := r.claim(ctx, atOnce)
		if err == nil && len(items) == 0 {
			under.Wait() // some may come back to wait
			if err = r.ends.flush(ctx); err == nil {
				items, err = r.claim(ctx, atOnce)
			}
		}
		if err != nil || len(items) == 0 {
			return err
		}
		for _, item := range items {
			under.Add(1)
			select {
			case claimed <- item:
			case <-ctx.Done():
				r.ends.put(ctx, r.unbegun(item))
				under.Done()
			}
		}
	}
	return nil
}

// claim takes the next items. When the run ends there are none.
func (r *run) claim(ctx context.Context, n int) ([]store.JobItem, error) {
	items, err := r.e.Store.ClaimJobItems(store.Patient(ctx, r.throttle.full), r.job.ID, n, r.e.Now())
	if err != nil && ctx.Err() != nil {
		return nil, nil // what the store may have claimed all the same is found by whoever takes the job up
	}
	return items, err
}

// takeUp settles what a process that is no more was doing, or this one when the store went away: then the log first learns what this one knows.
func (r *run) takeUp(ctx context.Context) error {
	if err := r.e.Audit.Recover(ctx); err != nil {
		return err
	}
	for after := int64(0); ; {
		items, err := r.e.Store.JobItems(ctx, store.JobItemQuery{Job: r.job.ID, State: store.ItemRunning, After: after, Limit: plannedAtOnce})
		if err != nil || len(items) == 0 {
			return err
		}
		slots := make(chan struct{}, firstAtOnce)
		var busy sync.WaitGroup
		for _, item := range items {
			after = item.N
			slots <- struct{}{}
			busy.Go(func() {
				defer func() { <-slots }()
				r.ends.put(ctx, r.recover(ctx, item))
			})
		}
		busy.Wait()
		if err := r.ends.flush(ctx); err != nil {
			return err
		}
	}
}

// watch ends the run when the job gets another state: it is paused, resumed or cancelled. Of a running one it tells how fast it is, and ends it when its
// owner may do it no more.
func (r *run) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	every := askEvery
	if strings.HasPrefix(r.job.Person, operator.Prefix) {
		every = lookEvery // it is in the store, as the job is
	}
	asked, told := now(), now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		job, err := r.e.Store.Job(ctx, r.job.ID)
		if err != nil {
			continue // what is under way ends in the audit log
		}
		if job.State != r.job.State {
			r.stop()
			return
		}
		if job.State != store.JobRunning {
			continue
		}
		if since(told) >= rateEvery {
			told = now()
			r.tell(ctx, job)
		}
		if since(asked) >= every {
			asked = now()
			r.ask(ctx)
		}
	}
}

// tell writes down how fast the job is, and what it waits for.
func (r *run) tell(ctx context.Context, job store.Job) {
	_ = r.e.Store.SetJobRate(ctx, job.ID, r.ends.perMinute())
	r.e.tellWait(ctx, r.throttle, job)
}

// ask finds out what the job's owner may do by now, and whether they may go on.
func (r *run) ask(ctx context.Context) bool {
	person, err := r.e.gate.Standing(ctx, owner(r.job))
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "job_owner_gone" {
		if !r.other(ctx) { // or nobody of before is there
			r.halt(p)
		}
		return false
	}
	if err != nil {
		return true // that will be seen at the items
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.person = person
	return true
}

func (r *run) owner() *gate.Person {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.person
	return &p
}

// halt ends the run because the job cannot go on.
func (r *run) halt(p *api.Problem) { r.end(p, false) }

// pause is halt for what somebody can mend, who then goes on with the job.
func (r *run) pause(p *api.Problem) { r.end(p, true) }

// end ends the run; what is said first is why.
func (r *run) end(p *api.Problem, goesOn bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.halted == nil {
		r.halted, r.goesOn = p, goesOn
	}
	r.stop()
}

func (r *run) why() (halted *api.Problem, goesOn bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.halted, r.goesOn
}
