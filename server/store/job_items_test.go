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
