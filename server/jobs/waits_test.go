// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
)

// Until when the job waits is what its page says of it, also where the homeserver asks for more meanwhile.
func TestSaysUntilWhenItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, job := lockJob(t, 40)
		limited := api.NewProblem(api.StatusTooMany, "homeserver_limited", "wait", "30")
		limited.RetryMS = 30_000
		asked := make(chan time.Time, 1)
		locks(w, func(n int) (bool, time.Duration, error) {
			if n == 10 {
				asked <- time.Now().Add(time.Second)
				return false, time.Second, limited
			}
			return fine(n)
		})
		ended := make(chan struct{})
		go func() { defer close(ended); work(t, w, job.ID) }()
		until := (<-asked).Add(30 * time.Second)
		for range 3 {
			time.Sleep(6 * time.Second)
			j := look(t, w, job.ID)
			says, is := time.Duration(j.WaitsUntilMS()-j.NowMS)*time.Millisecond, time.Until(until) // the gate's clock stands still here
			if j.Code != "job_waits_limited" || (says-is).Abs() > 3*time.Second {
				t.Errorf("%s: it says that it waits %s, and it is %s", j.Code, says, is)
			}
		}
		<-ended
		if j := look(t, w, job.ID); j.State != api.JobDone || j.Code != "" || j.WaitsUntilMS() != 0 {
			t.Errorf("%+v", j)
		}
	})
}
