// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// A job whose homeserver is not in the configuration waits, with all that is left of it, and goes on when somebody says so; whoever has the homeserver
// configured works it off as if nothing was.
func TestUnconfigured(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		me := w.Person(api.Owner)
		job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, 2)})
		gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})

		beside := gatetest.New(t, gatetest.Options{Beside: w, Lacks: "hs"})
		sweep(t, beside)
		if slices.Contains(beside.Woken.Jobs(), job.ID) {
			t.Error("a gate that has not got the homeserver takes the job up")
		}
		work(t, beside, job.ID)
		if j := look(t, w, job.ID); j.State != api.JobRunning {
			t.Errorf("a gate beside left it %s %s", j.State, j.Code)
		}
		_ = beside.Store.Leave(t.Context())

		w.Options.Lacks = "hs"
		w.Restart()
		sweep(t, w)
		if !slices.Contains(w.Woken.Jobs(), job.ID) {
			t.Error("nobody looks at it")
		}
		work(t, w, job.ID)
		w.Options.Lacks = ""
		w.Restart()
		if j := look(t, w, job.ID); j.State != api.JobPaused || j.Code != "job_unconfigured" || j.Count.Waiting != 2 {
			t.Fatalf("%s %s %+v", j.State, j.Code, j.Count)
		}
		gatetest.Must[api.Job](t, w, me, "jobs.resume", api.JobRef{ID: job.ID})
		work(t, w, job.ID)
		if j := look(t, w, job.ID); j.State != api.JobDone || j.Count.Done != 2 || len(w.Stub.Calls("users.lock")) != 2 {
			t.Errorf("%s %+v", j.State, j.Count)
		}
	})
}
