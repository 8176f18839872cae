// SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/store/storetest"
)

// A process that stood still and goes on says how an item ended that another one has claimed since: that stays as the other one has it.
func TestItemOfAnother(t *testing.T) { storetest.Each(t, testItemOfAnother) }

func testItemOfAnother(t *testing.T) {
	s := openAt(t, storetest.Source(t))
	ctx := t.Context()
	must(t, s.AddJob(ctx, Job{ID: "j", Kind: "operation", State: JobPlanning, Created: t0}, ""))
	must(t, s.AddJobItems(ctx, "j", []JobItem{{N: 1, Target: "@a:hs", State: ItemWaiting}}))
	_, err := s.ChangeJob(ctx, "j", []string{JobPlanning}, func(j *Job) error {
		j.State = JobRunning
		return nil
	})
	must(t, err)
	claim := func(at time.Time) JobItem {
		t.Helper()
		items, err := s.ClaimJobItems(ctx, "j", 1, at)
		must(t, err)
		if len(items) != 1 {
			t.Fatalf("claimed %v", items)
		}
		return items[0]
	}
	says := func(i JobItem, state, want string, count JobCounts) {
		t.Helper()
		i.State = state
		must(t, s.SetJobItems(ctx, "j", []JobItem{i}))
		items, err := s.JobItems(ctx, JobItemQuery{Job: "j", Limit: 1})
		must(t, err)
		job, err := s.Job(ctx, "j")
		must(t, err)
		if items[0].State != want || job.Count != count {
			t.Errorf("the item is %s, want %s; counted %s", items[0].State, want, cmp.Diff(count, job.Count))
		}
	}
	first := claim(t0)
	settled := first // by whoever took the job up: nothing of it was begun
	settled.Attempts--
	says(settled, ItemWaiting, ItemWaiting, JobCounts{Waiting: 1})
	second := claim(t0.Add(time.Minute))
	says(first, ItemFailed, ItemRunning, JobCounts{Running: 1})
	says(first, ItemWaiting, ItemRunning, JobCounts{Running: 1})
	says(second, ItemDone, ItemDone, JobCounts{Done: 1})
}

// Items are chosen by what they do, page by page, whatever became of them; those of which nothing is done do neither.
func TestItemsByAction(t *testing.T) { storetest.Each(t, testItemsByAction) }

func testItemsByAction(t *testing.T) {
	s, ctx := open(t), t.Context()
	must(t, s.AddJob(ctx, Job{ID: "j", Kind: "import", State: JobPlanning, Created: t0}, ""))
	must(t, s.AddJobItems(ctx, "j", []JobItem{
		{N: 1, State: ItemWaiting, Action: "users.create"}, {N: 2, State: ItemWaiting, Action: "users.update"}, {N: 3, State: ItemFailed},
		{N: 4, State: ItemSkipped}, {N: 5, State: ItemDone, Action: "users.create"}, {N: 6, State: ItemFailed, Action: "users.lock"},
		{N: 7, State: ItemWaiting, Action: "users.create"},
	}))
	for name, c := range map[string]struct {
		query JobItemQuery
		want  []int64
	}{
		"that one":    {JobItemQuery{Action: "users.create"}, []int64{1, 5, 7}},
		"a page":      {JobItemQuery{Action: "users.create", Limit: 2}, []int64{1, 5}},
		"the next":    {JobItemQuery{Action: "users.create", Limit: 2, After: 5}, []int64{7}},
		"of a state":  {JobItemQuery{Action: "users.create", State: ItemWaiting}, []int64{1, 7}},
		"another one": {JobItemQuery{Action: "users.create", Other: true}, []int64{2, 6}},
		"both":        {JobItemQuery{Action: "users.create", Other: true, State: ItemFailed}, []int64{6}},
	} {
		t.Run(name, func(t *testing.T) {
			c.query.Job = "j"
			if c.query.Limit == 0 {
				c.query.Limit = 10
			}
			items, err := s.JobItems(ctx, c.query)
			must(t, err)
			var got []int64
			for _, i := range items {
				got = append(got, i.N)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
