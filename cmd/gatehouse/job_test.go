// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"gatehouse/app/api"
)

// It prints what changes, ends with the job, and says by its status whether all went well.
func TestWatchJob(t *testing.T) {
	for name, c := range map[string]struct {
		jobs []api.Job
		want string
		bad  bool
	}{
		"well": {[]api.Job{
			{State: api.JobRunning, Count: api.JobCounts{Waiting: 2, Done: 1}, PerMinute: 60, LeftMS: 2000},
			{State: api.JobRunning, Count: api.JobCounts{Waiting: 2, Done: 1}, PerMinute: 60, LeftMS: 2000},
			{State: api.JobDone, Count: api.JobCounts{Done: 2, Skipped: 1}},
		}, "running: 1 of 3, 1 done, 0 skipped, 0 failed, 0 unknown, 60 a minute, 2s left\ndone: 3 of 3, 2 done, 1 skipped, 0 failed, 0 unknown\n", false},
		"not well": {[]api.Job{{State: api.JobDone, Count: api.JobCounts{Done: 2, Failed: 1}}}, "done: 3 of 3, 2 done, 0 skipped, 1 failed, 0 unknown\n", true},
		"stopped":  {[]api.Job{{State: api.JobFailed, Code: "job_owner_gone"}}, "failed: 0 of 0, 0 done, 0 skipped, 0 failed, 0 unknown (job_owner_gone)\n", true},
		"planned":  {[]api.Job{{State: api.JobPlanning}, {State: api.JobPlanned}}, "planning: 0 of 0, 0 done, 0 skipped, 0 failed, 0 unknown\nplanned: 0 of 0, 0 done, 0 skipped, 0 failed, 0 unknown\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				n := 0
				err := watchJob(t.Context(), &out, func() (api.Job, error) {
					n++
					return c.jobs[n-1], nil
				})
				if out.String() != c.want || (err != nil) != c.bad || c.bad && !errors.Is(err, errSilent) {
					t.Errorf("%v, printed\n%s", err, out.String())
				}
			})
		})
	}
}
