// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"strconv"
	"time"

	"gatehouse/server/store"
)

// What a job waits for while it is planned or works.
const (
	waitsAway    = "job_waits_away"
	waitsLimited = "job_waits_limited"
)

// waits reports whether what is said of a job is what it waits for.
func waits(j store.Job) bool { return j.Code == waitsAway || j.Code == waitsLimited }

// tellWait writes down what a job waits for. What else is said of a plan, such as that its list is not whole, is left alone.
func (e *Engine) tellWait(ctx context.Context, t *throttle, job store.Job) {
	code, params, moved := "", "", false
	if until, away := t.waits(); away {
		code = waitsAway
	} else if wait := time.Until(until); wait > rateEvery {
		code = waitsLimited
		end := e.Now().Add(wait)
		told, _ := strconv.ParseInt(decode[map[string]string](job.Params)["until_ms"], 10, 64) // 0: it was not told
		params, moved = encode(map[string]string{"until_ms": ms(end)}), end.Sub(time.UnixMilli(told)).Abs() >= rateEvery
	}
	if code == job.Code && !moved {
		return
	}
	free := func(j store.Job) bool { return j.State == store.JobRunning || j.Code == "" || waits(j) }
	if !free(job) {
		return
	}
	_, _ = e.Store.ChangeJob(ctx, job.ID, []string{job.State}, func(j *store.Job) error {
		if free(*j) {
			j.Code, j.Params = code, params
		}
		return nil
	})
}
