// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/homeserver"
)

// A server is a homeserver that locks accounts as a test says.
type server struct {
	w *gatetest.World
	traffic
	calls map[api.UserID]int // of users.lock
}

// traffic counts calls as a homeserver sees them. Its lock is for the fields of whoever has it, too.
type traffic struct {
	mu      sync.Mutex
	n       int
	running int
	most    int         // at the same time
	when    []time.Time // of each
}

// begin counts a call that comes, under the lock.
func (t *traffic) begin() (n int) {
	t.n++
	t.running++
	t.most = max(t.most, t.running)
	t.when = append(t.when, time.Now())
	return t.n
}

// locks makes answer decide what becomes of the n-th call: whether it is done, how long it takes, and what is said of it.
func locks(w *gatetest.World, answer func(n int) (done bool, takes time.Duration, err error)) *server {
	s := &server{w: w, calls: map[api.UserID]int{}}
	gatetest.On(w.Stub, api.LockUser, func(_ context.Context, d api.UserDeed) (api.User, error) {
		s.mu.Lock()
		n := s.begin()
		s.calls[d.ID]++
		s.mu.Unlock()
		done, takes, err := answer(n)
		time.Sleep(takes)
		u := api.User{ID: d.ID, Locked: done}
		if done {
			w.Stub.Put(u)
		}
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
		return u, err
	})
	return s
}

func fine(int) (bool, time.Duration, error) { return true, 20 * time.Millisecond, nil }

// job makes a world with n accounts and a job that was started for them.
func lockJob(t *testing.T, n int) (*gatetest.World, api.Job) {
	t.Helper()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, n)})
	return w, gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
}

func look(t *testing.T, w *gatetest.World, id string) api.Job {
	t.Helper()
	return gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.get", api.JobRef{ID: id})
}

// A homeserver that answers otherwise than it should in the middle: the job slows, waits, goes on by itself, and doubles nothing.
func TestFaultsOfTheHomeserver(t *testing.T) {
	t.Parallel()
	const n = 40
	limited := api.NewProblem(api.StatusTooMany, "homeserver_limited", "wait", "3")
	limited.RetryMS = 3000
	down := api.NewProblem(api.StatusBadGateway, "homeserver_down")
	unknown := api.NewProblem(api.StatusTimeout, "outcome_unknown")
	const quick = 20 * time.Millisecond
	for name, c := range map[string]struct {
		answer func(int) (bool, time.Duration, error)
		takes  time.Duration // at least
		most   int           // calls for one account, at most
	}{
		"fine": {fine, 0, 1},
		"429 asks to wait": {func(n int) (bool, time.Duration, error) {
			if n == 9 {
				return false, quick, limited
			}
			return fine(n)
		}, 3 * time.Second, 2},
		"500": {func(n int) (bool, time.Duration, error) {
			if n >= 5 && n < 8 {
				return false, quick, failedInside()
			}
			return fine(n)
		}, time.Second, 4},
		"away for long": {func(n int) (bool, time.Duration, error) {
			if n >= 5 && n < 20 {
				return false, quick, down
			}
			return fine(n)
		}, 20 * time.Second, 16},
		"done, and no answer": {func(n int) (bool, time.Duration, error) {
			if n%10 == 3 {
				return true, 15 * time.Second, unknown
			}
			return fine(n)
		}, 15 * time.Second, 1},
		"not done, and no answer": {func(n int) (bool, time.Duration, error) {
			if n%10 == 3 {
				return false, 15 * time.Second, unknown
			}
			return fine(n)
		}, 15 * time.Second, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, job := lockJob(t, n)
				s := locks(w, c.answer)
				begin := time.Now()
				work(t, w, job.ID)
				if job = look(t, w, job.ID); job.State != api.JobDone || job.Count.Done != n {
					t.Errorf("%s %s %+v", job.State, job.Code, job.Count)
				}
				if took := time.Since(begin); took < c.takes {
					t.Errorf("it took %s, as if nothing had been", took)
				}
				for id, calls := range s.calls {
					if calls > c.most {
						t.Errorf("%s was asked to be locked %d times", id, calls)
					}
				}
			})
		})
	}
}

// failedInside is what an adapter says of a write that the homeserver answered with a status of 500: it may be done.
func failedInside() error {
	return api.NewProblem(api.StatusBadGateway, "homeserver_failed", "errcode", "M_UNKNOWN", "error", "Internal server error")
}

// The same of an account to be made, which is looked for, and of a notice, of which nobody can tell.
func TestFailsInside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation string
		done      bool // all the same
		want      string
		calls     []string
	}{
		"made":     {"users.create", true, "done", []string{"users.create", "users.reset_password", "users.update", "users.notice"}},
		"not made": {"users.create", false, "done", []string{"users.create", "users.create", "users.notice"}},
		"sent":     {"users.notice", true, "unknown homeserver_failed", []string{"users.create", "users.notice"}},
		"not sent": {"users.notice", false, "unknown homeserver_failed", []string{"users.create", "users.notice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{})
				fails := func(operation string) bool { return operation == c.operation && len(w.Stub.Calls(operation)) == 1 }
				gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (out api.Handout, err error) {
					if fails("users.create") {
						err = failedInside()
					}
					out.User = api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().UnixMilli()}
					if err == nil || c.done {
						w.Stub.Put(out.User)
					}
					return out, err
				})
				gatetest.On(w.Stub, api.SendNotice, func(_ context.Context, n api.Notice) (api.NoticeReport, error) {
					if fails("users.notice") {
						return api.NoticeReport{}, failedInside()
					}
					return api.NoticeReport{Sent: []api.NoticeSent{{ID: n.ID}}}, nil
				})
				id := started(t, w, creates(w, "zoe"))
				work(t, w, id)
				if got, want := lines(t, w, w.Person(api.Owner), id), "1 @zoe:example.org "+c.want+"\n"; got != want {
					t.Errorf("the item is %q, want %q", got, want)
				}
				var calls []string
				for _, call := range w.Stub.Calls("users.create", "users.reset_password", "users.update", "users.notice") {
					calls = append(calls, call.Operation)
				}
				if diff := cmp.Diff(c.calls, calls); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// While the homeserver asks to wait nothing is sent to it.
func TestWaitsAsItIsAskedTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, job := lockJob(t, 40)
		limited := api.NewProblem(api.StatusTooMany, "homeserver_limited", "wait", "30")
		limited.RetryMS = 30_000
		var from time.Time
		s := locks(w, func(n int) (bool, time.Duration, error) {
			if n == 10 {
				from = time.Now().Add(time.Second)
				return false, time.Second, limited
			}
			return fine(n)
		})
		work(t, w, job.ID)
		for _, at := range s.when {
			if at.After(from) && at.Before(from.Add(30*time.Second)) {
				t.Errorf("%s after it was asked to wait for 30 seconds it was called", at.Sub(from))
			}
		}
	})
}

// A homeserver that gets slower the more is asked of it gets no more than it can take.
func TestPaceFollowsLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, job := lockJob(t, 400)
		var s *server
		s = locks(w, func(int) (bool, time.Duration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return true, time.Duration(max(1, s.running-1)) * 40 * time.Millisecond, nil // it does two at a time
		})
		work(t, w, job.ID)
		if s.most > 9 {
			t.Errorf("%d calls were under way at the same time", s.most)
		}
	})
}

// What may not be repeated and does not show is reported as unknown, and is not done again.
func TestUnknownStaysUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		me := w.Person(api.Owner)
		var sent atomic.Int32
		gatetest.On(w.Stub, api.SendNotice, func(_ context.Context, n api.Notice) (api.NoticeReport, error) {
			if sent.Add(1) == 2 {
				return api.NoticeReport{}, api.NewProblem(api.StatusTimeout, "outcome_unknown")
			}
			return api.NoticeReport{Sent: []api.NoticeSent{{ID: n.ID}}}, nil
		})
		job := planned(t, w, me, api.JobPlan{Operation: "users.notice", IDs: people(w, 3), With: []api.JobField{{Name: "text", Value: "Tonight."}}})
		gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
		work(t, w, job.ID)
		if job = look(t, w, job.ID); job.State != api.JobDone || job.Count.Done != 2 || job.Count.Unknown != 1 || sent.Load() != 3 {
			t.Errorf("%s %+v, %d were sent", job.State, job.Count, sent.Load())
		}
		if _, err := gatetest.Try[api.Job](t, w, me, "jobs.retry", api.JobRef{ID: job.ID}); gatetest.Code(err) != "job_nothing_failed" {
			t.Errorf("what nobody knows was tried again: %v", err)
		}
	})
}

// A notice has a key for the homeserver: the same when it is tried again, and another one in another job, which may say the same to the same account.
func TestNoticesAreToldApart(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	var keys []string
	gatetest.On(w.Stub, api.SendNotice, func(ctx context.Context, n api.Notice) (api.NoticeReport, error) {
		if keys = append(keys, homeserver.RequestKey(ctx)); len(keys) == 1 {
			return api.NoticeReport{}, api.NewProblem(api.StatusConflict, "refused")
		}
		return api.NoticeReport{Sent: []api.NoticeSent{{ID: n.ID}}}, nil
	})
	for range 2 {
		job := planned(t, w, me, api.JobPlan{Operation: "users.notice", IDs: people(w, 1), With: []api.JobField{{Name: "text", Value: "Tonight."}}})
		gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
		work(t, w, job.ID)
		if job = look(t, w, job.ID); job.Count.Failed > 0 {
			gatetest.Must[api.Job](t, w, me, "jobs.retry", api.JobRef{ID: job.ID})
			work(t, w, job.ID)
		}
	}
	if len(keys) != 3 || keys[0] == "" || keys[1] != keys[0] || keys[2] == keys[0] {
		t.Errorf("the keys are %q", keys)
	}
}

// A paused job begins nothing more and goes on where it was; a cancelled one stays as it is.
func TestPauseResumeCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, job := lockJob(t, 400)
		me := w.Person(api.Owner)
		s := locks(w, func(int) (bool, time.Duration, error) { return true, 500 * time.Millisecond, nil })
		for _, stop := range []string{"jobs.pause", "jobs.cancel"} {
			ended := make(chan struct{})
			go func() { defer close(ended); work(t, w, job.ID) }()
			time.Sleep(2 * time.Second)
			gatetest.Must[api.Job](t, w, me, stop, api.JobRef{ID: job.ID})
			<-ended
			job = look(t, w, job.ID)
			if job.Count.Running != 0 || job.Count.Waiting == 0 || job.Count.Done == 0 || int(job.Count.Done) != s.n {
				t.Errorf("after %s: %s %+v, %d calls", stop, job.State, job.Count, s.n)
			}
			work(t, w, job.ID)
			if int(job.Count.Done) != s.n {
				t.Errorf("after %s it went on", stop)
			}
			if stop == "jobs.pause" {
				gatetest.Must[api.Job](t, w, me, "jobs.resume", api.JobRef{ID: job.ID})
			}
		}
		if _, err := gatetest.Try[api.Job](t, w, me, "jobs.resume", api.JobRef{ID: job.ID}); gatetest.Code(err) != "job_state" {
			t.Errorf("a cancelled job went on: %v", err)
		}
		for id, calls := range s.calls {
			if calls > 1 {
				t.Errorf("%s was locked %d times", id, calls)
			}
		}
	})
}

// A job that is to begin at a time waits for it.
func TestSchedule(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, 2)})
	job = gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID, At: "2026-11-21T10:30"})
	if job.State != api.JobScheduled || job.AtMS != gatetest.Start.Add(90*time.Minute).UnixMilli() {
		t.Errorf("%+v", job)
	}
	if again, err := w.Jobs.Work(t.Context(), job.ID); err != nil || again != 90*time.Minute || len(w.Stub.Calls("users.lock")) > 0 {
		t.Errorf("before its time: again %s, %v", again, err)
	}
	w.Clock.Advance(90 * time.Minute)
	work(t, w, job.ID)
	if job = look(t, w, job.ID); job.State != api.JobDone || job.Count.Done != 2 {
		t.Errorf("%s %+v", job.State, job.Count)
	}
}

// Only what failed is tried again, and what the plan refused stays refused.
func TestRetry(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	ids := append(people(w, 4), w.Stub.ID("gatehouse"))
	broken := true
	s := locks(w, func(n int) (bool, time.Duration, error) {
		if broken && n == 2 {
			return false, 0, api.NewProblem(api.StatusUnprocessable, "homeserver_refused", "errcode", "M_FORBIDDEN", "error", "no")
		}
		return true, 0, nil
	})
	job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: ids})
	gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
	work(t, w, job.ID)
	if job = look(t, w, job.ID); job.Count.Done != 3 || job.Count.Failed != 2 {
		t.Fatalf("%+v", job.Count)
	}
	broken = false
	gatetest.Must[api.Job](t, w, me, "jobs.retry", api.JobRef{ID: job.ID})
	work(t, w, job.ID)
	if job = look(t, w, job.ID); job.State != api.JobDone || job.Count.Done != 4 || job.Count.Failed != 1 || s.n != 5 {
		t.Errorf("%s %+v, %d calls", job.State, job.Count, s.n)
	}
}
