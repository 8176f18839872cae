// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
)

// does asks for the items of a plan that make accounts, and for those that change some, one a page: they are as many as were counted.
func does(t *testing.T, w *gatetest.World, p operator.Person, job api.Job, items []api.JobItem) {
	t.Helper()
	for does, counted := range map[string]int64{api.DoesCreate: job.Plan.Create, api.DoesChange: job.Plan.Change} {
		var of []api.JobItem
		query := api.JobItemQuery{ID: job.ID, Does: does, Limit: 1}
		for {
			page := gatetest.Must[api.JobItemPage](t, w, p, "jobs.items", query)
			of = append(of, page.Items...)
			if query.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		want := slices.DeleteFunc(slices.Clone(items), func(i api.JobItem) bool {
			return i.Action == "" || (i.Action == "users.create") != (does == api.DoesCreate)
		})
		if diff := cmp.Diff(short(want), short(of)); diff != "" || int64(len(of)) != counted {
			t.Errorf("%s: %d are counted (-want +got):\n%s", does, counted, diff)
		}
	}
}
