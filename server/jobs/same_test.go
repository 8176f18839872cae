// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
)

// replaced is a homeserver that goes away after some calls and is another one when it is back: of the accounts that were there at most that of who owns the
// jobs is. The gate has an account there that it made before anything was planned.
type replaced struct {
	w         *gatetest.World
	calls     atomic.Int64
	is        atomic.Bool
	ownerless bool
	problem   *api.Problem // what it answers then to whoever asks for accounts; nil: that they are not there
}

func newReplaced(t *testing.T, w *gatetest.World) *replaced {
	t.Helper()
	err := w.Store.ReplaceServiceAccount(t.Context(), "", store.ServiceAccount{
		Homeserver: "hs", UserID: string(w.Stub.ID("gatehouse")), SealedToken: []byte("sealed"), Created: w.Clock.Now().Add(-time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &replaced{w: w}
	gatetest.On(w.Stub, api.GetUser, func(_ context.Context, q api.UserRef) (api.User, error) {
		switch {
		case !r.is.Load() || !r.ownerless && q.ID == w.Stub.ID("admin"):
			return w.Stub.Get(q.ID)
		case r.problem != nil:
			return api.User{}, r.problem
		}
		return api.User{}, api.NewProblem(api.StatusNotFound, "not_found", "id", string(q.ID))
	})
	return r
}

// call counts a call, which takes a moment of a bubble's time; the tenth finds the homeserver away.
func (r *replaced) call() error {
	if r.calls.Add(1) == 10 {
		r.is.Store(true)
		return api.NewProblem(api.StatusBadGateway, "homeserver_down")
	}
	time.Sleep(20 * time.Millisecond)
	return nil
}

// locks has it lock accounts.
func (r *replaced) locks() {
	gatetest.On(r.w.Stub, api.LockUser, func(_ context.Context, d api.UserDeed) (api.User, error) {
		if r.is.Load() {
			return api.User{}, api.NewProblem(api.StatusNotFound, "not_found", "id", string(d.ID))
		}
		u := api.User{ID: d.ID, Locked: true}
		err := r.call()
		if err == nil {
			r.w.Stub.Put(u)
		}
		return u, err
	})
}

// A job whose homeserver is replaced by another in the middle waits: nothing is made at the new one, and nothing that is not there has failed.
func TestHomeserverIsReplaced(t *testing.T) {
	t.Parallel()
	const n = 40
	for name, begins := range map[string]func(t *testing.T, w *gatetest.World, r *replaced) string{
		"creates": func(t *testing.T, w *gatetest.World, r *replaced) string {
			gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, q api.UserCreate) (api.Handout, error) {
				if err := r.call(); err != nil {
					return api.Handout{}, err
				}
				u := api.User{ID: w.Stub.ID(string(q.Localpart)), DisplayName: q.DisplayName}
				w.Stub.Put(u)
				return api.Handout{User: u, Password: q.Password.Password}, nil
			})
			var items []jobs.Item
			for i := range n {
				item := creates(w, fmt.Sprintf("new%02d", i))
				item.Steps = item.Steps[:1]
				items = append(items, item)
			}
			return started(t, w, items...)
		},
		"locks": func(t *testing.T, w *gatetest.World, r *replaced) string {
			r.locks()
			w.Clock.Advance(time.Second)
			me := w.Person(api.Owner)
			job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, n)})
			gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
			return job.ID
		},
		"locks what the plan saw": func(t *testing.T, w *gatetest.World, r *replaced) string {
			r.locks()
			return started(t, w, seen(w, n)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{Pace: jobs.Pace{AtOnce: 1}})
				r := newReplaced(t, w)
				id := begins(t, w, r)
				for _, when := range []string{"at first", "resumed too early", "started again"} {
					work(t, w, id)
					j := look(t, w, id)
					if j.State != api.JobPaused || j.Code != "job_homeserver_replaced" || j.Params["id"] != string(w.Stub.ID("gatehouse")) || j.Count != (api.JobCounts{Waiting: n - 9, Done: 9}) || r.calls.Load() != 10 {
						t.Fatalf("%s, after %d calls: %s %s %+v\n%s", when, r.calls.Load(), j.State, j.Code, j.Count, lines(t, w, w.Person(api.Owner), id))
					}
					if when == "resumed too early" {
						w.Restart()
					}
					gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.resume", api.JobRef{ID: id})
				}
				r.is.Store(false) // the old one is back
				work(t, w, id)
				if j := look(t, w, id); j.State != api.JobDone || j.Count != (api.JobCounts{Done: n}) || r.calls.Load() != n+1 {
					t.Errorf("%s %s %+v after %d calls", j.State, j.Code, j.Count, r.calls.Load())
				}
			})
		})
	}
}

// Who owns the job is not there either, and that is not why it stops.
func TestHomeserverIsReplacedWithItsOwner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		r := newReplaced(t, w)
		r.ownerless = true
		me := w.Person(api.Owner)
		job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, 200)})
		gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
		locks(w, func(n int) (bool, time.Duration, error) {
			if n == 50 {
				r.is.Store(true)
			}
			return true, 40 * time.Second, nil
		})
		work(t, w, job.ID)
		if j := look(t, w, job.ID); j.State != api.JobPaused || j.Code != "job_homeserver_replaced" || j.Count.Failed != 0 {
			t.Errorf("%s %s %+v", j.State, j.Code, j.Count)
		}
	})
}

// One that takes the secret and not the token tells no account to be gone, and the job waits all the same before it makes another.
func TestHomeserverIsReplacedAndTokenDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{Pace: jobs.Pace{AtOnce: 1}})
		r := newReplaced(t, w)
		r.problem = api.NewProblem(api.StatusBadGateway, "homeserver_token_dead")
		gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, q api.UserCreate) (api.Handout, error) {
			return api.Handout{User: api.User{ID: w.Stub.ID(string(q.Localpart))}, Password: q.Password.Password}, r.call()
		})
		var items []jobs.Item
		for i := range 20 {
			item := creates(w, fmt.Sprintf("new%02d", i))
			item.Steps = item.Steps[:1]
			items = append(items, item)
		}
		id := started(t, w, items...)
		work(t, w, id)
		if j := look(t, w, id); j.State != api.JobPaused || j.Code != "job_key_account" || j.Count != (api.JobCounts{Waiting: 11, Done: 9}) || r.calls.Load() != 10 {
			t.Errorf("after %d calls: %s %s %+v", r.calls.Load(), j.State, j.Code, j.Count)
		}
	})
}

// An account of the gate's that was not there when the job was planned, or was given up before, tells nothing.
func TestAccountOfAnotherTimeTellsNothing(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]store.ServiceAccount{
		"later":    {UserID: "@later:example.org", SealedToken: []byte("sealed"), Created: gatetest.Start.Add(time.Hour)},
		"given up": {UserID: "@before:example.org", Created: gatetest.Start.Add(-time.Hour), Reason: "begun"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, job := lockJob(t, 3)
				a.Homeserver = "hs"
				put := w.Store.RetireServiceAccount
				if a.SealedToken != nil {
					put = func(ctx context.Context, a store.ServiceAccount) error {
						return w.Store.ReplaceServiceAccount(ctx, "", a)
					}
				}
				if err := put(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				work(t, w, job.ID)
				if j := look(t, w, job.ID); j.State != api.JobDone || j.Count.Done != 3 {
					t.Errorf("%s %s %+v", j.State, j.Code, j.Count)
				}
			})
		})
	}
}
