// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
)

// A job that takes the rights of all administrators leaves one of them: its items run at the same time, and each was planned while all others were there.
func TestJobLeavesOneAdministrator(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		var n atomic.Int32
		both := make(chan struct{})
		gatetest.On(w.Stub, api.UpdateUser, func(_ context.Context, r api.UserUpdate) (api.User, error) {
			if n.Add(1) == 2 {
				close(both)
			}
			select {
			case <-both:
			case <-time.After(time.Second):
			}
			u := api.User{ID: r.ID}
			w.Stub.Put(u)
			return u, nil
		})
		me := operator.Local("alice")
		job := planned(t, w, me, api.JobPlan{
			Operation: "users.update", With: []api.JobField{{Name: "admin.to", Value: "false"}}, IDs: []api.UserID{w.Stub.ID("root"), w.Stub.ID("admin")},
		})
		gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
		work(t, w, job.ID)
		job = gatetest.Must[api.Job](t, w, me, "jobs.get", api.JobRef{ID: job.ID})
		if job.Count != (api.JobCounts{Done: 1, Failed: 1}) || n.Load() != 1 {
			t.Errorf("%d calls, and\n%s", n.Load(), lines(t, w, me, job.ID))
		}
	})
}
