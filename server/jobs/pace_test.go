// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/jobs"
)

// paced makes a world with two jobs of n accounts each, which are started.
func paced(t *testing.T, perSecond, n int) (w *gatetest.World, ids []string) {
	t.Helper()
	w = gatetest.New(t, gatetest.Options{Pace: jobs.Pace{PerSecond: perSecond}})
	me := w.Person(api.Owner)
	all := people(w, 2*n)
	for _, some := range [][]api.UserID{all[:n], all[n:]} {
		job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: some})
		gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
		ids = append(ids, job.ID)
	}
	return w, ids
}

// works has a process do what there is to do for a job, until nothing is.
func works(t *testing.T, w *gatetest.World, id string) {
	t.Helper()
	for {
		again, err := w.Jobs.Work(t.Context(), id)
		if err != nil {
			t.Error(err)
		}
		if err != nil || again == 0 {
			return
		}
		time.Sleep(again)
	}
}

// So many items a second are those of all jobs of a homeserver together, whether one process works them off or several want to.
func TestPaceOfAllTogether(t *testing.T) {
	t.Parallel()
	const perSecond, n = 5, 20
	for name, beside := range map[string]bool{"one process": false, "two": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, ids := paced(t, perSecond, n)
				other := w
				if beside {
					other = gatetest.New(t, gatetest.Options{Beside: w, Pace: w.Options.Pace})
				}
				s := locks(w, fine)
				begin := time.Now()
				var all sync.WaitGroup
				all.Go(func() { works(t, w, ids[0]) })
				all.Go(func() { works(t, other, ids[1]) })
				all.Wait()
				for _, id := range ids {
					if j := look(t, w, id); j.State != api.JobDone || j.Count.Done != n {
						t.Errorf("%s %+v", j.State, j.Count)
					}
				}
				most := 0
				for i, from := range s.when {
					within := 0
					for _, at := range s.when[i:] {
						if at.Sub(from) < time.Second-time.Millisecond { // the pace is kept to the nanosecond, or nearly
							within++
						}
					}
					most = max(most, within)
				}
				if took := time.Since(begin); most > perSecond || took < (2*n-1)*time.Second/perSecond {
					t.Errorf("%d were begun within a second, all took %s", most, took)
				}
			})
		})
	}
}

// worker does what it is woken for at once, as River does it soon.
type worker struct {
	w    *gatetest.World
	ctx  context.Context
	busy *sync.WaitGroup
}

// Wake implements jobs.Waker.
func (r worker) Wake(_ context.Context, id string, _ time.Time) error {
	r.busy.Go(func() { _, _ = r.w.Jobs.Work(r.ctx, id) })
	return nil
}

// A job that is to begin at a time begins then by itself, also where the gate was started anew meanwhile, or was away at that time.
func TestScheduledBeginsByItself(t *testing.T) {
	t.Parallel()
	for name, restarts := range map[string][]time.Duration{"the same gate": nil, "restarted before": {time.Hour}, "away at its time": {2 * time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{})
				me := w.Person(api.Owner)
				job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, 2)})
				gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID, At: "2026-11-21T10:30"})
				for _, away := range restarts {
					if away > 0 {
						w.Clock.Advance(away)
						w.Restart()
					}
				}
				ctx, stop := context.WithCancel(t.Context())
				var busy sync.WaitGroup
				w.Jobs.Use(w.Gate, worker{w, ctx, &busy})
				busy.Go(func() { w.Jobs.Sweep(ctx) })
				time.Sleep(10 * time.Second)
				if w.Clock.Now().Before(gatetest.Start.Add(90 * time.Minute)) {
					if n := len(w.Stub.Calls("users.lock")); n > 0 {
						t.Errorf("%d accounts were locked before its time", n)
					}
					w.Clock.Advance(gatetest.Start.Add(90 * time.Minute).Sub(w.Clock.Now()))
				}
				time.Sleep(10 * time.Second)
				if j := look(t, w, job.ID); j.State != api.JobDone || j.Count.Done != 2 {
					t.Errorf("%s %+v", j.State, j.Count)
				}
				stop()
				busy.Wait()
			})
		})
	}
}
