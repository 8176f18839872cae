// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// A plan of all that match says so where the list is not whole. It is made in the order of the IDs, in which lists can be whole and stand still.
func TestPlanOfAListThatIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string][]string{"whole": nil, "not whole": {"dendrite_no_list"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			gatetest.On(w.Stub, api.ListUsers, func(_ context.Context, q api.UserQuery) (api.UserPage, error) {
				if q.Sort != "" || q.Descending {
					t.Errorf("sorted by %s, descending %t", q.Sort, q.Descending)
				}
				page := api.UserPage{Users: []api.User{{ID: w.Stub.ID("ann")}}, Next: "more", Limits: limits}
				if q.Cursor != "" {
					page = api.UserPage{Users: []api.User{{ID: w.Stub.ID("bob")}}}
				}
				return page, nil
			})
			me := w.Person(api.Owner)
			job := planned(t, w, me, api.JobPlan{Operation: "users.lock", All: true, Filter: api.UserQuery{Sort: api.SortLastSeen, Descending: true}})
			want := ""
			if limits != nil {
				want = "job_list_partial"
			}
			if job.Code != want || want != "" && job.Params["reason"] != limits[0] || job.Count.Waiting != 2 {
				t.Errorf("%q %v %+v", job.Code, job.Params, job.Count)
			}
			if job = gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID}); job.Code != "" {
				t.Errorf("started: %q", job.Code)
			}
			work(t, w, job.ID)
			if job = look(t, w, job.ID); job.State != api.JobDone || job.Count.Done != 2 {
				t.Errorf("%s %+v", job.State, job.Count)
			}
		})
	}
}
