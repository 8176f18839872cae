// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store"
)

// Who may not do it any more stops their job with it, at the latest half a minute later, and the rest is not done.
func TestOwnerLosesTheRight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, job := lockJob(t, 200)
		locks(w, func(n int) (bool, time.Duration, error) {
			if n == 5 {
				w.Stub.Put(api.User{ID: w.Stub.ID("admin")})
			}
			return true, 5 * time.Second, nil
		})
		work(t, w, job.ID)
		if job = look(t, w, job.ID); job.State != api.JobFailed || job.Code != "job_owner_gone" || job.Count.Waiting == 0 || job.Count.Done == 0 || job.Count.Running != 0 {
			t.Errorf("%s %s %+v", job.State, job.Code, job.Count)
		}
	})
}

// bulky is an operator who owns the place, and has started to lock a hundred accounts.
func bulky(t *testing.T) (*gatetest.World, operator.Person, api.Job) {
	t.Helper()
	w := gatetest.New(t, gatetest.Options{})
	if err := w.Store.AddOperator(t.Context(), store.Operator{Name: "bulky", Role: string(api.Owner), Created: w.Clock.Now()}); err != nil {
		t.Fatal(err)
	}
	me := operator.Person{ID: operator.Prefix + "bulky", Name: "bulky", Role: api.Owner}
	job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, 100)})
	gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
	return w, me, job
}

// Where the store tells that somebody may not do it any more, their job stops at once.
func TestOwnerIsDisabled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _, job := bulky(t)
		var disabled time.Time
		s := locks(w, func(n int) (bool, time.Duration, error) {
			if n == 5 {
				disabled = time.Now()
				if err := w.Store.DisableOperator(t.Context(), "bulky", w.Clock.Now()); err != nil {
					t.Error(err)
				}
			}
			return true, 2 * time.Second, nil
		})
		work(t, w, job.ID)
		if job = look(t, w, job.ID); job.State != api.JobFailed || job.Code != "job_owner_gone" || job.Count.Waiting == 0 || job.Count.Running != 0 {
			t.Errorf("%s %s %+v", job.State, job.Code, job.Count)
		}
		if last := s.when[len(s.when)-1].Sub(disabled); last > time.Second {
			t.Errorf("something was begun %s later", last)
		}
	})
}

// What is left of a job that stopped because its owner may not do it any more waits for them, and for nobody else. Resumed too early it stops again, for the
// same reason; resumed when they may again it does the rest, and nothing twice.
func TestStoppedGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takes, gives func(ctx context.Context, s *store.Store) error
		code         string
		params       map[string]string
	}{
		"disabled": {
			func(ctx context.Context, s *store.Store) error { return s.DisableOperator(ctx, "bulky", time.Now()) },
			func(ctx context.Context, s *store.Store) error { return s.EnableOperator(ctx, "bulky") },
			"job_owner_gone", map[string]string{"name": "operator:bulky"},
		},
		"another role": {
			func(ctx context.Context, s *store.Store) error {
				return s.SetOperatorRole(ctx, "bulky", string(api.Auditor))
			},
			func(ctx context.Context, s *store.Store) error {
				return s.SetOperatorRole(ctx, "bulky", string(api.Owner))
			},
			"job_owner_forbidden", map[string]string{"name": "operator:bulky", "role": "auditor", "permission": "users.lock"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, me, job := bulky(t)
				s := locks(w, func(n int) (bool, time.Duration, error) {
					if n == 5 {
						if err := c.takes(t.Context(), w.Store); err != nil {
							t.Error(err)
						}
					}
					return true, 2 * time.Second, nil
				})
				resume := api.JobRef{ID: job.ID}
				var done int64
				for _, when := range []string{"at first", "resumed too early"} {
					if when != "at first" {
						if resumed := gatetest.Must[api.Job](t, w, me, "jobs.resume", resume); resumed.State != api.JobRunning || resumed.Code != "" || resumed.EndedMS != 0 {
							t.Errorf("resumed it is %+v", resumed)
						}
					}
					work(t, w, job.ID)
					job = look(t, w, job.ID)
					if !job.Stopped() || job.Code != c.code || !maps.Equal(job.Params, c.params) || job.EndedMS == 0 || job.Count.Running != 0 || job.Count.Failed != 0 {
						t.Fatalf("%s: %s %s %v %+v", when, job.State, job.Code, job.Params, job.Count)
					}
					if done > 0 && job.Count.Done != done {
						t.Errorf("%s it does %d more", when, job.Count.Done-done)
					}
					done = job.Count.Done
				}
				if _, err := gatetest.Try[api.Job](t, w, w.Person(api.Owner), "jobs.resume", resume); gatetest.Code(err) != "job_of_another" {
					t.Errorf("somebody else resumes it: %v", err)
				}
				if err := c.gives(t.Context(), w.Store); err != nil {
					t.Fatal(err)
				}
				gatetest.Must[api.Job](t, w, me, "jobs.resume", resume)
				work(t, w, job.ID)
				if job = look(t, w, job.ID); job.State != api.JobDone || job.Code != "" || job.Count != (api.JobCounts{Done: 100}) {
					t.Errorf("%s %s %+v", job.State, job.Code, job.Count)
				}
				for id, calls := range s.calls {
					if calls != 1 {
						t.Errorf("%s was locked %d times", id, calls)
					}
				}
				resumed := 0
				for _, r := range w.Log() {
					if r.Operation == "jobs.resume" && r.Phase == "intent" && r.Actor == me.ID {
						resumed++
					}
				}
				if resumed != 2 {
					t.Errorf("the audit log knows of %d times", resumed)
				}
				if _, err := gatetest.Try[api.Job](t, w, me, "jobs.resume", resume); gatetest.Code(err) != "job_state" {
					t.Errorf("resumed when it is done: %v", err)
				}
			})
		})
	}
}
