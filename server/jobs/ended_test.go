// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate/gatetest"
)

// A job that is cancelled or paused just before its process ends is taken up by the next one, which finds out what became of the items that were under way,
// and begins nothing.
func TestStoppedAndLeftBehind(t *testing.T) {
	t.Parallel()
	for _, stop := range []string{"jobs.cancel", "jobs.pause"} {
		t.Run(stop, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, job := underWay(t)
				stopped := gatetest.Must[api.Job](t, w, w.Person(api.Owner), stop, api.JobRef{ID: job.ID})
				w.Restart()
				sweep(t, w)
				if !slices.Contains(w.Woken.Jobs(), job.ID) {
					t.Fatal("nobody takes it up")
				}
				work(t, w, job.ID)
				if j := look(t, w, job.ID); j.State != stopped.State || j.Count.Done != 1 || j.Count.Running != 0 {
					t.Errorf("%s %+v", j.State, j.Count)
				}
				if n := len(w.Stub.Calls("users.lock")); n != 1 {
					t.Errorf("%d calls", n)
				}
				if left, err := w.Store.JobsLeft(t.Context()); err != nil || len(left) != 0 {
					t.Errorf("still left: %d %v", len(left), err)
				}
			})
		})
	}
}

// sweep looks once, as each process does, for jobs that nobody works at.
func sweep(t *testing.T, w *gatetest.World) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); w.Jobs.Sweep(ctx) }()
	synctest.Wait()
	stop()
	<-ended
}

// A job that is paused while the homeserver is away is settled by whoever looks for such jobs, and when it is resumed meanwhile it goes on.
func TestResumedWhileItIsSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, job := underWay(t)
		_, err := w.Audit.Intent(t.Context(), audit.Entry{
			Actor: "somebody", Homeserver: "hs", Operation: "users.lock", Targets: []string{"@u001:example.org"}, RequestID: job.ID + ".2.1.0",
		})
		if err != nil {
			t.Fatal(err)
		}
		asks(t, w, "jobs.pause", job.ID)
		w.Restart()
		away := true
		gatetest.On(w.Stub, api.GetUser, func(_ context.Context, r api.UserRef) (api.User, error) {
			if away && r.ID != w.Stub.ID("admin") {
				return api.User{}, api.NewProblem(api.StatusBadGateway, "homeserver_down")
			}
			return w.Stub.Get(r.ID)
		})
		settled := make(chan struct{})
		go func() { defer close(settled); work(t, w, job.ID) }()
		time.Sleep(time.Minute)
		asks(t, w, "jobs.resume", job.ID)
		<-settled
		away = false
		work(t, w, job.ID)
		if j := look(t, w, job.ID); j.State != api.JobDone || j.Count.Done != 3 {
			t.Errorf("%s %+v", j.State, j.Count)
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
	if _, err := gatetest.Try[api.Job](t, w, me, "jobs.resume", api.JobRef{ID: job.ID}); gatetest.Code(err) != "job_state" {
		t.Errorf("it is resumed: %v", err)
	}
}
