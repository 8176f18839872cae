// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store"
)

// away are the problems of a homeserver that is not reached, or MAS not, and comes back.
var away = []string{"homeserver_down", "mas_down", "mas_down_at_synapse"}

// While the homeserver is away, or MAS beside it, a job waits for it, whatever it is doing: nothing of it fails.
func TestAway(t *testing.T) {
	t.Parallel()
	for _, code := range away {
		for name, does := range map[string]func(t *testing.T, w *gatetest.World) string{
			"sends": func(t *testing.T, w *gatetest.World) string {
				plan := api.JobPlan{Operation: "users.notice", IDs: people(w, 2), With: []api.JobField{{Name: "text", Value: "Tonight."}}}
				id := planned(t, w, w.Person(api.Owner), plan).ID
				gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.start", api.JobStart{ID: id})
				return id
			},
			"creates": func(t *testing.T, w *gatetest.World) string {
				return started(t, w, creates(w, "u000"), creates(w, "u001"))
			},
		} {
			t.Run(code+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := gatetest.New(t, gatetest.Options{})
					id := does(t, w)
					back := time.Now().Add(5 * time.Minute)
					goesAway(w, code, back)
					work(t, w, id)
					if j := look(t, w, id); j.State != api.JobDone || j.Count.Done != 2 || time.Now().Before(back) {
						t.Errorf("%s %s %+v\n%s", j.State, j.Code, j.Count, lines(t, w, w.Person(api.Owner), id))
					}
				})
			})
		}
	}
}

// So it is where accounts can be looked at all the same, as with MAS away: more often than any other error is tried.
func TestAwayForWrites(t *testing.T) {
	t.Parallel()
	for _, code := range away {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, job := lockJob(t, 2)
				s := locks(w, func(n int) (bool, time.Duration, error) {
					if n <= 14 {
						return false, 0, api.NewProblem(api.StatusBadGateway, code)
					}
					return fine(n)
				})
				work(t, w, job.ID)
				if j := look(t, w, job.ID); j.Count.Done != 2 || s.n != 16 {
					t.Errorf("%+v after %d calls", j.Count, s.n)
				}
			})
		})
	}
}

// A plan that is made while it is away waits, too, for the list as for single accounts, and says so meanwhile.
func TestAwayWhilePlanned(t *testing.T) {
	t.Parallel()
	for _, code := range append(away, "homeserver_timeout", "mas_timeout") {
		for name, plan := range map[string]func(ids []api.UserID) api.JobPlan{
			"all":      func([]api.UserID) api.JobPlan { return api.JobPlan{Operation: "users.lock", All: true} },
			"selected": func(ids []api.UserID) api.JobPlan { return api.JobPlan{Operation: "users.lock", IDs: ids} },
		} {
			t.Run(code+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := gatetest.New(t, gatetest.Options{})
					me := w.Person(api.Owner)
					job := gatetest.Must[api.Job](t, w, me, "jobs.plan", plan(people(w, 2)))
					goesAway(w, code, time.Now().Add(10*time.Minute))
					meanwhile := make(chan api.Job, 1)
					time.AfterFunc(time.Minute, func() { meanwhile <- look(t, w, job.ID) })
					work(t, w, job.ID)
					if j := <-meanwhile; j.State != api.JobPlanning || j.Code != "job_waits_away" {
						t.Errorf("while it waits it is %s and says %q", j.State, j.Code)
					}
					if j := look(t, w, job.ID); j.Code != "" {
						t.Errorf("when it has waited it still says %q", j.Code)
					}
					if got := lines(t, w, me, job.ID); strings.Count(got, "@u00") != 2 || strings.Contains(got, code) {
						t.Errorf("the plan is %s\n%s", look(t, w, job.ID).State, got)
					}
				})
			})
		}
	}
}

// goesAway has all calls that jobs do here answered with a problem until a time.
func goesAway(w *gatetest.World, code string, back time.Time) {
	fails := func() error {
		if time.Now().Before(back) {
			return api.NewProblem(api.StatusBadGateway, code)
		}
		return nil
	}
	gatetest.On(w.Stub, api.GetUser, func(_ context.Context, r api.UserRef) (api.User, error) {
		if err := fails(); err != nil && r.ID != w.Stub.ID("admin") {
			return api.User{}, err
		}
		return w.Stub.Get(r.ID)
	})
	gatetest.On(w.Stub, api.ListUsers, func(context.Context, api.UserQuery) (page api.UserPage, err error) {
		for _, name := range []string{"u000", "u001"} {
			page.Users = append(page.Users, api.User{ID: w.Stub.ID(name)})
		}
		return page, fails()
	})
	gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
		return api.Handout{User: api.User{ID: w.Stub.ID(string(r.Localpart))}, Password: r.Password.Password}, fails()
	})
	gatetest.On(w.Stub, api.SendNotice, func(_ context.Context, n api.Notice) (api.NoticeReport, error) {
		return api.NoticeReport{Sent: []api.NoticeSent{{ID: n.ID}}}, fails()
	})
}

// A gate that is killed when a try of an item has just been answered that the homeserver is away, asks to wait, did not answer in time or does not take the
// gate's key, has the item wait when it is back as if it had not been killed, however often it was tried before.
func TestKilledWhileAway(t *testing.T) {
	t.Parallel()
	for _, code := range append(slices.Clone(away), "homeserver_limited", "homeserver_token_dead") {
		killedBetweenTries(t, code, 9)
	}
	for _, code := range []string{"homeserver_timeout", "mas_timeout", "mas_synapse_down"} {
		killedBetweenTries(t, code, 2)
	}
}

func killedBetweenTries(t *testing.T, code string, failures int) {
	for _, operation := range []string{"users.notice", "users.lock", "users.update", "users.create"} {
		t.Run(code+" "+operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{})
				id := ""
				switch operation {
				case "users.create":
					id = started(t, w, creates(w, "u000"))
				default:
					plan := api.JobPlan{Operation: operation, IDs: people(w, 1)}
					switch operation {
					case "users.notice":
						plan.With = []api.JobField{{Name: "text", Value: "Tonight."}}
					case "users.update":
						plan.With = []api.JobField{{Name: "display_name.to", Value: "Ann"}}
					}
					id = planned(t, w, w.Person(api.Owner), plan).ID
					gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.start", api.JobStart{ID: id})
				}
				item := begun(t, w, id)
				item.Failures = failures
				ended(t, w, item, store.ItemWaiting)
				item = begun(t, w, id)
				intent, err := w.Audit.Intent(t.Context(), audit.Entry{
					Actor: "somebody", Homeserver: "hs", Operation: operation, Targets: []string{item.Target}, RequestID: fmt.Sprintf("%s.1.%d.0", id, item.Attempts),
				})
				if err == nil {
					err = w.Audit.Outcome(t.Context(), intent, audit.Result{Outcome: audit.Failed, Code: code})
				}
				if err != nil {
					t.Fatal(err)
				}
				w.Restart()
				work(t, w, id)
				if got := lines(t, w, w.Person(api.Owner), id); got != "1 @u000:example.org done\n" || len(w.Stub.Calls(operation)) != 1 {
					t.Errorf("after %d calls it is %q", len(w.Stub.Calls(operation)), got)
				}
			})
		})
	}
}

// However long the homeserver was away, what comes after it is tried as often as ever.
func TestTriedAfterItWasAway(t *testing.T) {
	t.Parallel()
	for _, code := range append(slices.Clone(away), "homeserver_limited") {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, job := lockJob(t, 1)
				s := locks(w, func(n int) (bool, time.Duration, error) {
					switch {
					case n <= 70 && code == "homeserver_limited":
						return false, 0, api.NewProblem(api.StatusTooMany, code)
					case n <= 70:
						return false, 0, api.NewProblem(api.StatusBadGateway, code)
					case n <= 74:
						return false, 0, api.NewProblem(api.StatusTimeout, "outcome_unknown")
					}
					return fine(n)
				})
				work(t, w, job.ID)
				if got := lines(t, w, w.Person(api.Owner), job.ID); got != "1 @u000:example.org done\n" || s.n != 75 {
					t.Errorf("after %d calls it is %q", s.n, got)
				}
			})
		})
	}
}
