// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// A job that is cancelled just before its process ends is taken up by the next one, which finds out what became of the items that were under way, and
// begins nothing.
func TestCancelledAndLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, job := underWay(t)
		gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.cancel", api.JobRef{ID: job.ID})
		w.Restart()

		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.Jobs.Sweep(ctx) }()
		synctest.Wait()
		stop()
		<-ended
		if !slices.Contains(w.Woken.Jobs(), job.ID) {
			t.Fatal("nobody takes it up")
		}
		work(t, w, job.ID)
		if j := look(t, w, job.ID); j.State != api.JobCancelled || j.Count.Done != 1 || j.Count.Running != 0 {
			t.Errorf("%s %+v", j.State, j.Count)
		}
		if n := len(w.Stub.Calls("users.lock")); n != 1 {
			t.Errorf("%d calls", n)
		}
		if left, err := w.Store.JobsLeft(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("still left: %d %v", len(left), err)
		}
	})
}

// A list that does not move on ends the plan, and says so.
func TestListThatStandsStill(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.ListUsers, func(context.Context, api.UserQuery) (api.UserPage, error) {
		return api.UserPage{Users: []api.User{{ID: w.Stub.ID("a")}}, Next: "1"}, nil
	})
	me := w.Person(api.Owner)
	job := gatetest.Must[api.Job](t, w, me, "jobs.plan", api.JobPlan{Operation: "users.lock", All: true})
	work(t, w, job.ID)
	if j := look(t, w, job.ID); j.State != api.JobFailed || j.Code != "homeserver_unknown_answer" {
		t.Errorf("%s %s", j.State, j.Code)
	}
}
