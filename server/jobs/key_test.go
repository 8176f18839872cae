// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/jobs"
)

func dead(code string) error { return api.NewProblem(api.StatusBadGateway, code) }

// A job whose homeserver does not take the gate's key waits with what is left, says which key it is, and goes on when somebody says so: nothing fails, and
// the tries in vain do not count.
func TestKeyIsDead(t *testing.T) {
	t.Parallel()
	for code, says := range map[string]string{
		"homeserver_token_dead": "job_key_account", "homeserver_token_missing": "job_key_account", "given homeserver_token_dead": "job_key_token",
		"homeserver_not_admin": "job_key_not_admin", "homeserver_secret_wrong": "job_key_secret", "homeserver_secret_missing": "job_key_secret",
		"mas_client_refused": "job_key_mas", "mas_not_admin_client": "job_key_mas", "mas_token_refused": "job_key_mas", "mas_own_locked": "job_key_mas",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			code, given := strings.CutPrefix(code, "given ")
			synctest.Test(t, func(t *testing.T) {
				w, job := lockJob(t, 30)
				if server, _ := w.Gate.Homeserver("hs"); given {
					server.Settings.Token = api.NewSecret("of an administrator")
				}
				mended := false
				locks(w, func(n int) (bool, time.Duration, error) {
					if n > 12 && !mended {
						return false, 20 * time.Millisecond, dead(code)
					}
					return fine(n)
				})
				for _, when := range []string{"at first", "resumed too early"} {
					work(t, w, job.ID)
					if j := look(t, w, job.ID); j.State != api.JobPaused || j.Code != says || j.Params["homeserver"] != "hs" || j.Count != (api.JobCounts{Waiting: 18, Done: 12}) {
						t.Fatalf("%s: %s %s %v %+v", when, j.State, j.Code, j.Params, j.Count)
					}
					gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.resume", api.JobRef{ID: job.ID})
				}
				mended = true
				work(t, w, job.ID)
				if j := look(t, w, job.ID); j.State != api.JobDone || j.Code != "" || j.Count != (api.JobCounts{Done: 30}) {
					t.Errorf("%s %s %+v", j.State, j.Code, j.Count)
				}
				for _, i := range gatetest.Must[api.JobItemPage](t, w, w.Person(api.Owner), "jobs.items", api.JobItemQuery{ID: job.ID}).Items {
					if i.Attempts != 1 {
						t.Errorf("%s was tried %d times", i.Target, i.Attempts)
					}
				}
			})
		})
	}
}

// So it is where an account that is looked at before it is changed cannot be.
func TestKeyIsDeadForLooks(t *testing.T) {
	t.Parallel()
	for name, begins := range map[string]func(t *testing.T, w *gatetest.World) string{
		"by the corridor": func(t *testing.T, w *gatetest.World) string {
			plan := planned(t, w, w.Person(api.Owner), api.JobPlan{Operation: "users.lock", IDs: people(w, 3)})
			gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.start", api.JobStart{ID: plan.ID})
			return plan.ID
		},
		"for what the plan saw": func(t *testing.T, w *gatetest.World) string { return started(t, w, seen(w, 3)...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{})
				id := begins(t, w)
				keyDies(w, true)
				work(t, w, id)
				if j := look(t, w, id); j.State != api.JobPaused || j.Code != "job_key_account" || j.Count.Waiting != 3 || len(w.Stub.Calls("users.lock")) != 0 {
					t.Errorf("%s %s %+v", j.State, j.Code, j.Count)
				}
			})
		})
	}
}

// seen are items that lock accounts, which shall be as their plan saw them.
func seen(w *gatetest.World, n int) (items []jobs.Item) {
	for _, id := range people(w, n) {
		request, _ := json.Marshal(api.UserDeed{ID: id})
		items = append(items, jobs.Item{Target: id, Steps: []jobs.Step{{Operation: "users.lock", Request: request, Saw: jobs.Seen{"locked": false}}}})
	}
	return items
}

// keyDies has no account be shown but that of who owns the jobs, because the gate's token is dead, or ends that.
func keyDies(w *gatetest.World, is bool) {
	gatetest.On(w.Stub, api.GetUser, func(_ context.Context, r api.UserRef) (api.User, error) {
		if is && r.ID != w.Stub.ID("admin") {
			return api.User{}, dead("homeserver_token_dead")
		}
		return w.Stub.Get(r.ID)
	})
}

// What nobody answered is not given up as unknown because the key is dead: it is looked for when somebody goes on with the job, or cancels it.
func TestLostWithTheKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then, want string
		mended     bool
	}{
		"resumed":   {"jobs.resume", "1 @zoe:example.org done\n", true},
		"cancelled": {"jobs.cancel", "1 @zoe:example.org unknown outcome_unknown\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{})
				gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
					w.Stub.Put(api.User{ID: w.Stub.ID(string(r.Localpart)), DisplayName: r.DisplayName, CreatedMS: w.Clock.Now().UnixMilli()})
					return api.Handout{}, api.NewProblem(api.StatusTimeout, "outcome_unknown")
				})
				id := started(t, w, creates(w, "zoe"))
				keyDies(w, true)
				work(t, w, id)
				if j := look(t, w, id); j.State != api.JobPaused || j.Code != "job_key_account" || j.Count != (api.JobCounts{Running: 1}) {
					t.Fatalf("%s %s %+v", j.State, j.Code, j.Count)
				}
				woken := len(w.Woken.Jobs())
				if sweep(t, w); len(w.Woken.Jobs()) != woken {
					t.Error("somebody looks for it with a dead key")
				}
				keyDies(w, !c.mended)
				gatetest.Must[api.Job](t, w, w.Person(api.Owner), c.then, api.JobRef{ID: id})
				woken = len(w.Woken.Jobs())
				if sweep(t, w); !slices.Contains(w.Woken.Jobs()[woken:], id) {
					t.Error("nobody looks for it")
				}
				work(t, w, id)
				if got := lines(t, w, w.Person(api.Owner), id); got != c.want || len(w.Stub.Calls("users.create")) != 1 {
					t.Errorf("%d calls: %s", len(w.Stub.Calls("users.create")), got)
				}
			})
		})
	}
}

// An account that was made, and of which the dead key kept something, is completed when the job goes on.
func TestLeftByADeadKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
			u := api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().UnixMilli()}
			w.Stub.Put(u)
			return api.Handout{User: u, Password: r.Password.Password, Left: []api.FieldProblem{{Field: "display_name", Code: "homeserver_token_dead"}}}, nil
		})
		id := started(t, w, creates(w, "zoe"))
		work(t, w, id)
		if j := look(t, w, id); j.State != api.JobPaused || j.Code != "job_key_account" || j.Count.Waiting != 1 {
			t.Fatalf("%s %s %+v", j.State, j.Code, j.Count)
		}
		gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.resume", api.JobRef{ID: id})
		work(t, w, id)
		u, err := w.Stub.Get(w.Stub.ID("zoe"))
		if j := look(t, w, id); j.State != api.JobDone || j.Count.Done != 1 || j.Passwords != 1 || err != nil || u.DisplayName != "New" {
			t.Errorf("%s %+v, %+v", j.State, j.Count, u)
		}
		if n := len(w.Stub.Calls("users.create")); n != 1 {
			t.Errorf("it was made %d times", n)
		}
	})
}

// A plan that meets a dead key says so as a whole: it is nothing of its accounts.
func TestKeyIsDeadWhilePlanned(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]func(ids []api.UserID) api.JobPlan{
		"all":      func([]api.UserID) api.JobPlan { return api.JobPlan{Operation: "users.lock", All: true} },
		"selected": func(ids []api.UserID) api.JobPlan { return api.JobPlan{Operation: "users.lock", IDs: ids} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{})
				me := w.Person(api.Owner)
				job := gatetest.Must[api.Job](t, w, me, "jobs.plan", plan(people(w, 2)))
				goesAway(w, "homeserver_token_dead", time.Now().Add(time.Hour))
				work(t, w, job.ID)
				if j := look(t, w, job.ID); j.State != api.JobFailed || j.Code != "homeserver_token_dead" || j.Stopped() || lines(t, w, me, job.ID) != "" {
					t.Errorf("%s %s %+v", j.State, j.Code, j.Count)
				}
			})
		})
	}
}
