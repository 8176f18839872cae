// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
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

// Where the store tells that somebody may not do it any more, their job stops at once.
func TestOwnerIsDisabled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		if err := w.Store.AddOperator(t.Context(), store.Operator{Name: "bulky", Role: string(api.Owner), Created: w.Clock.Now()}); err != nil {
			t.Fatal(err)
		}
		me := operator.Person{ID: operator.Prefix + "bulky", Name: "bulky", Role: api.Owner}
		job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, 100)})
		gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
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
