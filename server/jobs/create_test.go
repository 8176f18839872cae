// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// planner plans what a test says.
type planner []jobs.Item

// Plan implements jobs.Planner.
func (p planner) Plan(_ context.Context, _ store.Job, _ gate.Person, add func(...jobs.Item) error) error {
	return add(p...)
}

// creates is an item that makes an account and then lets it into a room.
func creates(w *gatetest.World, name string) jobs.Item {
	request, _ := json.Marshal(api.UserCreate{Localpart: api.Localpart(name), DisplayName: "New", Password: api.PasswordChoice{Mode: api.PasswordTyped}})
	text, _ := json.Marshal(api.Notice{ID: w.Stub.ID(name), Text: "Welcome."})
	return jobs.Item{
		Line: 2, Target: w.Stub.ID(name), Password: api.NewSecret("kept for " + name), Generated: true,
		Steps: []jobs.Step{{Operation: "users.create", Request: request}, {Operation: "users.notice", Request: text}},
	}
}

// plans makes a job of a kind of the test's own.
func plans(t *testing.T, w *gatetest.World, items ...jobs.Item) string {
	t.Helper()
	w.Jobs.Register(api.JobImport, planner(items))
	me := w.Person(api.Owner)
	j := jobs.Owned(me)
	j.Homeserver, j.Kind = "hs", api.JobImport
	j, err := w.Jobs.Create(t.Context(), j, "")
	if err != nil {
		t.Fatal(err)
	}
	work(t, w, j.ID)
	return j.ID
}

// started is plans, and starts it.
func started(t *testing.T, w *gatetest.World, items ...jobs.Item) string {
	t.Helper()
	id := plans(t, w, items...)
	gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.start", api.JobStart{ID: id})
	return id
}

// Items of several steps: the kept password is what the account gets, and what is handed out.
func TestSteps(t *testing.T) { storetest.Each(t, testSteps) }

func testSteps(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	id := started(t, w, creates(w, "zoe"), creates(w, "yan"))
	work(t, w, id)
	me := w.Person(api.Owner)
	if j := look(t, w, id); j.State != api.JobDone || j.Count.Done != 2 || j.Passwords != 2 {
		t.Fatalf("%s %+v\n%s", j.State, j.Count, lines(t, w, me, id))
	}
	for _, c := range w.Stub.Calls("users.create") {
		r := c.Request.(api.UserCreate)
		if r.Password.Password.Reveal() != "kept for "+string(r.Localpart) {
			t.Errorf("%s got another password", r.Localpart)
		}
	}
	if n := len(w.Stub.Calls("users.notice")); n != 2 {
		t.Errorf("%d notices", n)
	}
	if card := gatetest.Must[api.JobHandout](t, w, me, "jobs.passwords", api.JobRef{ID: id}); len(card.Passwords) != 2 || card.Passwords[0].Line != 2 {
		t.Errorf("%d passwords", len(card.Passwords))
	}
	if data := w.Stored(); strings.Contains(data, "kept for") {
		t.Error("a password is in the store")
	}
}

// An account whose making got no answer is ours if it is not older than the try. Then it gets its password; one that is older is left alone.
func TestCreateWithoutAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		made  bool
		age   time.Duration
		state string
		reset int
	}{
		"made":       {made: true, state: api.ItemDone, reset: 1},
		"not made":   {state: api.ItemDone},
		"older":      {made: true, age: time.Hour, state: api.ItemUnknown},
		"just older": {made: true, age: 2 * time.Second, state: api.ItemUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			tries := 0
			gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
				u := api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().Add(-c.age).UnixMilli()}
				if tries++; tries > 1 || c.made {
					w.Stub.Put(u)
				}
				if tries == 1 {
					return api.Handout{}, api.NewProblem(api.StatusTimeout, "outcome_unknown")
				}
				return api.Handout{User: u}, nil
			})
			id := started(t, w, creates(w, "zoe"))
			work(t, w, id)
			page := gatetest.Must[api.JobItemPage](t, w, w.Person(api.Owner), "jobs.items", api.JobItemQuery{ID: id})
			if i := page.Items[0]; i.State != c.state || c.made && tries != 1 {
				t.Errorf("the item is %s %s after %d tries", i.State, i.Code, tries)
			}
			card, err := gatetest.Try[api.JobHandout](t, w, w.Person(api.Owner), "jobs.passwords", api.JobRef{ID: id})
			if err != nil || len(card.Passwords) != 1 || card.Passwords[0].Unknown != (c.state == api.ItemUnknown) || card.Passwords[0].Password.Reveal() != "kept for zoe" {
				t.Errorf("handed out: %+v, %v", card, err)
			}
			resets := w.Stub.Calls("users.reset_password")
			if len(resets) != c.reset {
				t.Fatalf("%d resets", len(resets))
			}
			if c.reset > 0 {
				if r := resets[0].Request.(api.PasswordReset); r.Password.Password.Reveal() != "kept for zoe" {
					t.Error("it got another password")
				}
				if updates := w.Stub.Calls("users.update"); len(updates) != 1 || updates[0].Request.(api.UserUpdate).DisplayName.To != "New" {
					t.Errorf("what else was asked for: %+v", updates)
				}
			}
		})
	}
}

// cancels is a planner whose job is cancelled while it plans.
type cancels func()

// Plan implements jobs.Planner.
func (c cancels) Plan(context.Context, store.Job, gate.Person, func(...jobs.Item) error) error {
	c()
	return nil
}

// A job that somebody cancels meanwhile has not failed.
func TestCancelledMeanwhile(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	j := jobs.Owned(me)
	j.Homeserver, j.Kind = "hs", api.JobImport
	j, err := w.Jobs.Create(t.Context(), j, "")
	if err != nil {
		t.Fatal(err)
	}
	w.Jobs.Register(api.JobImport, cancels(func() { gatetest.Must[api.Job](t, w, me, "jobs.cancel", api.JobRef{ID: j.ID}) }))
	work(t, w, j.ID)
	if j := look(t, w, j.ID); j.State != api.JobCancelled {
		t.Errorf("it is %s", j.State)
	}
}

// An account that the homeserver makes only after it was looked for in vain is ours all the same; one that was there before is not, nor one
// whose making was answered.
func TestMadeLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first string
		age   time.Duration
		want  string
	}{
		"late":            {"outcome_unknown", 0, api.ItemDone},
		"an older one":    {"outcome_unknown", 2 * time.Second, api.ItemFailed},
		"somebody else's": {"homeserver_down", 0, api.ItemFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			tries := 0
			gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
				if tries++; tries == 1 {
					return api.Handout{}, api.NewProblem(api.StatusTimeout, c.first)
				}
				w.Stub.Put(api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().Add(-c.age).UnixMilli()})
				w.Clock.Advance(time.Minute)
				return api.Handout{}, api.NewProblem(api.StatusConflict, "name_in_use")
			})
			id := started(t, w, creates(w, "zoe"))
			work(t, w, id)
			page := gatetest.Must[api.JobItemPage](t, w, w.Person(api.Owner), "jobs.items", api.JobItemQuery{ID: id})
			if i := page.Items[0]; i.State != c.want || tries != 2 {
				t.Errorf("the item is %s %s after %d tries", i.State, i.Code, tries)
			}
			if resets := w.Stub.Calls("users.reset_password"); len(resets) > 0 != (c.want == api.ItemDone) {
				t.Errorf("%d resets", len(resets))
			}
			if told := strings.Contains(w.Stored(), "An earlier try"); told != (c.want == api.ItemDone) {
				t.Errorf("the audit log tells of the earlier try: %t", told)
			}
		})
	}
}

// underWay is a job of three items of which two are claimed. The first one was sent, done and recorded, and its process ends before it can write that
// down.
func underWay(t *testing.T) (*gatetest.World, api.Job) {
	t.Helper()
	w, job := lockJob(t, 3)
	claimed, err := w.Store.ClaimJobItems(t.Context(), job.ID, 2, w.Clock.Now())
	if err != nil || len(claimed) != 2 {
		t.Fatal(claimed, err)
	}
	me := w.Person(api.Owner)
	_, err = w.Gate.Do(t.Context(), gate.Visit{
		Person: &me, Homeserver: "hs", Operation: "users.lock", RequestID: job.ID + ".1.1.0", Item: true,
		Decode: func(api.Op) (api.Request, error) { return api.UserDeed{ID: api.UserID(claimed[0].Target)}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, job
}

// What a process left that was killed: a claimed item of which nothing was sent waits again, one whose outcome is recorded is over.
func TestLeftBehind(t *testing.T) { storetest.Each(t, testLeftBehind) }

func testLeftBehind(t *testing.T) {
	t.Parallel()
	w, job := underWay(t)
	w.Restart()
	work(t, w, job.ID)
	if j := look(t, w, job.ID); j.State != api.JobDone || j.Count.Done != 3 {
		t.Errorf("%s %+v", j.State, j.Count)
	}
	if n := len(w.Stub.Calls("users.lock")); n != 3 {
		t.Errorf("%d calls", n)
	}
}

// A gate that ends again and again in the middle of the same call does not use up the tries that the call has at the homeserver.
func TestInterruptedAgainAndAgain(t *testing.T) {
	t.Parallel()
	w, job := lockJob(t, 1)
	const kills = 7
	for kill := 1; ; kill++ {
		items, err := w.Store.ClaimJobItems(t.Context(), job.ID, 1, w.Clock.Now())
		if err != nil || len(items) != 1 || items[0].Attempts != kill {
			t.Fatal(items, err)
		}
		_, err = w.Audit.Intent(t.Context(), audit.Entry{
			Actor: "somebody", Homeserver: "hs", Operation: "users.lock", RequestID: fmt.Sprintf("%s.1.%d.0", job.ID, kill), Targets: []string{items[0].Target},
		})
		if err != nil {
			t.Fatal(err)
		}
		if kill == kills {
			break
		}
		items[0].State = store.ItemWaiting
		if err := w.Store.SetJobItems(t.Context(), job.ID, items); err != nil {
			t.Fatal(err)
		}
	}
	w.Restart()
	work(t, w, job.ID)
	if got, want := lines(t, w, w.Person(api.Owner), job.ID), "1 @u000:example.org done\n"; got != want {
		t.Errorf("the item is %q, want %q", got, want)
	}
}

// An account that was made gets its password handed out, also where something after it failed; one that has none does not. A second try of the rest
// counts it once.
func TestPasswordsOfWhatFailedLater(t *testing.T) { storetest.Each(t, testPasswordsOfWhatFailedLater) }

func testPasswordsOfWhatFailedLater(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	refused := api.NewProblem(api.StatusUnprocessable, "homeserver_refused", "errcode", "M_FORBIDDEN", "error", "no")
	gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
		out := api.Handout{User: api.User{ID: w.Stub.ID(string(r.Localpart))}, Password: r.Password.Password}
		switch r.Localpart {
		case "avatar":
			out.Left = []api.FieldProblem{{Field: "avatar_url", Code: "homeserver_refused"}}
		case "none":
			out.Password, out.Left = api.Secret{}, []api.FieldProblem{{Field: "password", Code: "homeserver_refused"}}
		}
		return out, nil
	})
	deaf := true
	gatetest.On(w.Stub, api.SendNotice, func(_ context.Context, n api.Notice) (api.NoticeReport, error) {
		if deaf {
			return api.NoticeReport{}, refused
		}
		return api.NoticeReport{Sent: []api.NoticeSent{{ID: n.ID}}}, nil
	})
	id := started(t, w, creates(w, "notice"), creates(w, "avatar"), creates(w, "none"))
	work(t, w, id)
	if j := look(t, w, id); j.Count.Failed != 3 || j.Passwords != 2 {
		t.Fatalf("%+v, %d passwords", j.Count, j.Passwords)
	}
	deaf = false
	me := w.Person(api.Owner)
	gatetest.Must[api.Job](t, w, me, "jobs.retry", api.JobRef{ID: id})
	work(t, w, id)
	if j := look(t, w, id); j.Count.Done != 1 || j.Passwords != 2 {
		t.Errorf("tried again: %+v, %d passwords", j.Count, j.Passwords)
	}
	card := gatetest.Must[api.JobHandout](t, w, me, "jobs.passwords", api.JobRef{ID: id})
	if len(card.Passwords) != 2 || card.Passwords[0].Password.Reveal() != "kept for notice" || card.Passwords[1].ID != w.Stub.ID("avatar") {
		t.Errorf("%d passwords: %+v", len(card.Passwords), card)
	}
	if j := look(t, w, id); j.Passwords != 0 {
		t.Errorf("%d passwords are left", j.Passwords)
	}
}

// An account that was made with something left is not made again: a second try of its item does what is left, and nothing else.
func TestRestOfAnAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		begun *api.Begun
		want  []string
	}{
		"by editing":             {nil, []string{"users.create zoe", "users.update New", "users.notice"}},
		"by continuing":          {&api.Begun{Left: []api.FieldProblem{{Field: "display_name"}}}, []string{"users.create zoe", "users.create zoe on, none", "users.notice"}},
		"and its password":       {&api.Begun{Left: []api.FieldProblem{{Field: "password"}}}, []string{"users.create zoe", "users.create zoe on, typed", "users.notice"}},
		"nothing any more, made": {nil, []string{"users.create zoe", "users.notice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
				u := api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().UnixMilli(), Begun: c.begun}
				if r.Continue || strings.HasSuffix(name, "made") {
					u.DisplayName, u.Begun = r.DisplayName, nil
				}
				w.Stub.Put(u)
				out := api.Handout{User: u, Password: r.Password.Password}
				if !r.Continue {
					out.Left = []api.FieldProblem{{Field: "display_name", Code: "homeserver_refused"}}
				}
				return out, nil
			})
			id := started(t, w, creates(w, "zoe"))
			work(t, w, id)
			if j := look(t, w, id); j.Count.Failed != 1 {
				t.Fatalf("%+v", j.Count)
			}
			gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.retry", api.JobRef{ID: id})
			work(t, w, id)
			if j := look(t, w, id); j.Count.Done != 1 || j.Passwords != 1 {
				t.Errorf("tried again: %+v, %d passwords\n%s", j.Count, j.Passwords, lines(t, w, w.Person(api.Owner), id))
			}
			var got []string
			for _, call := range w.Stub.Calls("users.create", "users.update", "users.notice") {
				switch r := call.Request.(type) {
				case api.UserCreate:
					line := "users.create " + string(r.Localpart)
					if r.Continue {
						line += " on, " + r.Password.Mode
					}
					got = append(got, line)
				case api.UserUpdate:
					got = append(got, "users.update "+r.DisplayName.To)
				default:
					got = append(got, call.Operation)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
