// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
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

const week = 7 * 24 * time.Hour

// sealed returns of which items a job still has the password.
func sealed(t *testing.T, w *gatetest.World, id string) string {
	t.Helper()
	items, err := w.Store.JobItems(t.Context(), store.JobItemQuery{Job: id, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	have := ""
	for _, i := range items {
		if i.Secret != nil {
			have += string(api.UserID(i.Target).Localpart())
		}
	}
	return have
}

// asks has the job's owner ask for something.
func asks(t *testing.T, w *gatetest.World, operation, id string) {
	t.Helper()
	gatetest.Must[api.Job](t, w, w.Person(api.Owner), operation, api.JobRef{ID: id})
}

// one lets a running job end one item, as done, and begin another, at which it is.
func one(t *testing.T, w *gatetest.World, id string) {
	t.Helper()
	items, err := w.Store.ClaimJobItems(t.Context(), id, 2, w.Clock.Now())
	if err != nil || len(items) != 2 {
		t.Fatal(items, err)
	}
	ended(t, w, items[0], store.ItemDone)
}

func ended(t *testing.T, w *gatetest.World, item store.JobItem, state string) {
	t.Helper()
	item.State = state
	if err := w.Store.SetJobItems(t.Context(), item.Job, []store.JobItem{item}); err != nil {
		t.Fatal(err)
	}
}

// stops ends a running job because its owner may not do it any more.
func stops(t *testing.T, w *gatetest.World, id string) {
	t.Helper()
	if err := w.Jobs.Stop(t.Context(), id, api.NewProblem(api.StatusForbidden, "job_owner_gone", "name", "@admin:example.org")); err != nil {
		t.Fatal(err)
	}
}

// A job keeps passwords for a week from when it came to rest: when it ended, or was planned or paused. As long as it is at work, or will be by itself, it
// keeps them all. A cancelled one keeps those alone that wait to be handed out.
func TestPasswordsAreWiped(t *testing.T) { storetest.Each(t, testPasswordsAreWiped) }

func testPasswordsAreWiped(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T, w *gatetest.World, id string, at api.Moment) {
		gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.start", api.JobStart{ID: id, At: at})
	}
	for _, c := range []struct {
		name      string
		goes      func(t *testing.T, w *gatetest.World, id string)
		has, then string // of a, b and c: for a week, and after it
		state     string
		code      string // then
	}{
		{"planned", func(*testing.T, *gatetest.World, string) {}, "abc", "", api.JobPlanned, "job_passwords_wiped"},
		{"scheduled", func(t *testing.T, w *gatetest.World, id string) { start(t, w, id, "2027-01-01T00:00") }, "abc", "abc", api.JobScheduled, ""},
		{"running", func(t *testing.T, w *gatetest.World, id string) {
			start(t, w, id, "")
			one(t, w, id)
		}, "abc", "abc", api.JobRunning, ""},
		{"paused", func(t *testing.T, w *gatetest.World, id string) {
			start(t, w, id, "")
			one(t, w, id)
			w.Clock.Advance(2 * week)
			asks(t, w, "jobs.pause", id)
		}, "abc", "", api.JobPaused, "job_passwords_wiped"},
		{"stopped", func(t *testing.T, w *gatetest.World, id string) {
			start(t, w, id, "")
			one(t, w, id)
			w.Clock.Advance(2 * week)
			stops(t, w, id)
		}, "abc", "", api.JobFailed, "job_passwords_wiped"},
		{"stopped and resumed", func(t *testing.T, w *gatetest.World, id string) {
			start(t, w, id, "")
			stops(t, w, id)
			asks(t, w, "jobs.resume", id)
		}, "abc", "abc", api.JobRunning, ""},
		{"paused and resumed", func(t *testing.T, w *gatetest.World, id string) {
			start(t, w, id, "")
			asks(t, w, "jobs.pause", id)
			asks(t, w, "jobs.resume", id)
		}, "abc", "abc", api.JobRunning, ""},
		{"done", func(t *testing.T, w *gatetest.World, id string) {
			start(t, w, id, "")
			w.Clock.Advance(2 * week)
			work(t, w, id)
		}, "abc", "", api.JobDone, ""},
		{"cancelled", func(t *testing.T, w *gatetest.World, id string) {
			start(t, w, id, "")
			one(t, w, id)
			asks(t, w, "jobs.cancel", id)
		}, "ab", "", api.JobCancelled, ""}, // b is under way
		{"cancelled plan", func(t *testing.T, w *gatetest.World, id string) { asks(t, w, "jobs.cancel", id) }, "", "", api.JobCancelled, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			id := plans(t, w, creates(w, "a"), creates(w, "b"), creates(w, "c"))
			c.goes(t, w, id)
			j := look(t, w, id)
			if got := sealed(t, w, id); got != c.has || j.WipeSoon() {
				t.Errorf("at first it has the passwords of %q, want %q; warned of: %t", got, c.has, j.WipeSoon())
			}
			rests := c.has != c.then
			if want := w.Clock.Now().Add(week).UnixMilli(); rests && j.WipeMS != want || !rests && j.WipeMS != 0 {
				t.Errorf("they are to be wiped at %d, want %d: %t", j.WipeMS, want, rests)
			}
			w.Clock.Advance(week - time.Hour)
			wipe(t, w)
			if got := sealed(t, w, id); got != c.has || look(t, w, id).WipeSoon() != rests {
				t.Errorf("before the week is over it has those of %q, want %q; warned of: %t", got, c.has, look(t, w, id).WipeSoon())
			}
			due := gatetest.Must[api.JobPage](t, w, w.Person(api.Owner), "jobs.list", api.JobQuery{Wiping: true})
			if (len(due.Jobs) == 1) != rests {
				t.Errorf("%d jobs are about to lose their passwords", len(due.Jobs))
			}
			w.Clock.Advance(time.Hour)
			wipe(t, w)
			j = look(t, w, id)
			if got := sealed(t, w, id); got != c.then || j.State != c.state || j.Code != c.code || c.then == "" && j.Passwords+j.WipeMS != 0 {
				t.Errorf("after it it has those of %q, want %q; it is %s %s, %+v", got, c.then, j.State, j.Code, j)
			}
		})
	}
}

func wipe(t *testing.T, w *gatetest.World) {
	t.Helper()
	if err := w.Jobs.Wipe(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Rows of a file are gone when they are done, and are wiped after their time, as passwords are. Of those alone nobody is warned.
func TestRowsAreWiped(t *testing.T) { storetest.Each(t, testRowsAreWiped) }

func testRowsAreWiped(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	done, refused := creates(w, "a"), jobs.Item{Target: w.Stub.ID("b"), State: store.ItemFailed, Problem: api.NewProblem(api.StatusConflict, "import_exists")}
	done.Row, refused.Row = []byte("a row"), []byte("another row")
	id := started(t, w, done, refused)
	kept := func() (list []string) {
		items, err := w.Store.JobItemsLeft(t.Context(), id, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			list = append(list, i.Target+" "+string(w.Jobs.RowOf(i)))
		}
		return list
	}
	if diff := cmp.Diff([]string{"@a:example.org a row", "@b:example.org another row"}, kept()); diff != "" {
		t.Error("running:", diff)
	}
	work(t, w, id)
	gatetest.Must[api.JobHandout](t, w, w.Person(api.Owner), "jobs.passwords", api.JobRef{ID: id})
	w.Clock.Advance(week - time.Hour)
	wipe(t, w)
	if diff := cmp.Diff([]string{"@b:example.org another row"}, kept()); diff != "" {
		t.Error("done:", diff)
	}
	if due := gatetest.Must[api.JobPage](t, w, w.Person(api.Owner), "jobs.list", api.JobQuery{Wiping: true}); len(due.Jobs) > 0 || look(t, w, id).RowsMS == 0 {
		t.Errorf("warned of %+v", due.Jobs)
	}
	w.Clock.Advance(time.Hour)
	wipe(t, w)
	if diff := cmp.Diff([]string{"@b:example.org "}, kept()); diff != "" || look(t, w, id).RowsMS != 0 {
		t.Error("a week later:", diff)
	}
	// What was begun and cancelled has rows that are left; a plan that was dropped was a question.
	id = started(t, w, done)
	asks(t, w, "jobs.cancel", id)
	if diff := cmp.Diff([]string{"@a:example.org a row"}, kept()); diff != "" || look(t, w, id).RowsMS == 0 {
		t.Error("cancelled:", diff)
	}
	id = plans(t, w, done)
	asks(t, w, "jobs.cancel", id)
	if diff := cmp.Diff([]string{"@a:example.org "}, kept()); diff != "" || look(t, w, id).RowsMS != 0 {
		t.Error("a cancelled plan:", diff)
	}
}

// Jobs whose passwords are about to be wiped are told of to their owner.
func TestWipingIsTheOwnersConcern(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	other := w.Person(api.Owner)
	other.ID = string(w.Stub.ID("root"))
	w.PutJob(w.Person(api.Owner), api.JobDone) // for an hour
	for n, p := range []gate.Person{other, w.Person(api.Owner)} {
		if page := gatetest.Must[api.JobPage](t, w, p, "jobs.list", api.JobQuery{Wiping: true}); len(page.Jobs) != n {
			t.Errorf("%s has %d jobs", p.ID, len(page.Jobs))
		}
	}
}

// What was under way when its job was cancelled keeps its password until it ended, and after that where somebody is to be told it.
func TestCancelledUnderWay(t *testing.T) { storetest.Each(t, testCancelledUnderWay) }

func testCancelledUnderWay(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	given := creates(w, "d")
	given.Generated = false
	id := started(t, w, creates(w, "a"), creates(w, "b"), creates(w, "c"), given, creates(w, "e"))
	items, err := w.Store.ClaimJobItems(t.Context(), id, 4, w.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	asks(t, w, "jobs.cancel", id)
	if got := sealed(t, w, id); got != "abcd" {
		t.Errorf("cancelled, it has the passwords of %q", got)
	}
	for i, state := range []string{store.ItemDone, store.ItemFailed, store.ItemWaiting, store.ItemUnknown} {
		ended(t, w, items[i], state)
	}
	if got := sealed(t, w, id); got != "a" {
		t.Errorf("once all ended, it has the passwords of %q", got)
	}
}

// Sweep takes up what is left, and wipes.
func TestSweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		id := plans(t, w, creates(w, "a"))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.Jobs.Sweep(ctx) }()
		time.Sleep(10 * time.Second)
		if got := sealed(t, w, id); got != "a" {
			t.Errorf("at first it has the passwords of %q", got)
		}
		w.Clock.Advance(week)
		time.Sleep(time.Minute)
		if got := sealed(t, w, id); got != "" {
			t.Errorf("a week later it has the passwords of %q", got)
		}
		stop()
		<-ended
	})
}

// What may have been done of an item whose password was wiped meanwhile is unknown, and nothing is sent without it.
func TestWipedUnderWay(t *testing.T) {
	t.Parallel()
	text, _ := json.Marshal(api.PasswordReset{ID: "@zoe:example.org", Password: api.PasswordChoice{Mode: api.PasswordTyped}})
	resets := jobs.Item{
		Target: "@zoe:example.org", Password: api.NewSecret("kept for zoe"), Generated: true,
		Steps: []jobs.Step{{Operation: "users.reset_password", Request: text}},
	}
	for _, c := range []struct {
		name  string
		item  func(*gatetest.World) jobs.Item
		there bool // the account, when it is looked for
		does  []string
		want  string
	}{
		{"made, then resumed", zoe, true, []string{"jobs.pause", "jobs.wipe", "jobs.resume"}, "unknown"},
		{"made, then cancelled", zoe, true, []string{"jobs.cancel", "jobs.wipe"}, "unknown"},
		{"not made", zoe, false, []string{"jobs.pause", "jobs.wipe", "jobs.resume"}, "failed"},
		{"changed", func(*gatetest.World) jobs.Item { return resets }, true, []string{"jobs.pause", "jobs.wipe", "jobs.resume"}, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			id := started(t, w, c.item(w))
			item := begun(t, w, id)
			_, err := w.Audit.Intent(t.Context(), audit.Entry{
				Actor: "somebody", Homeserver: "hs", Operation: item.Action, Targets: []string{item.Target}, RequestID: id + ".1.1.0",
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.there {
				w.Stub.Put(api.User{ID: w.Stub.ID("zoe"), CreatedMS: w.Clock.Now().UnixMilli()})
			}
			for _, do := range c.does {
				asks(t, w, do, id)
				w.Restart()
			}
			work(t, w, id)
			if got, want := lines(t, w, w.Person(api.Owner), id), "1 @zoe:example.org "+c.want+" job_password_wiped\n"; got != want {
				t.Errorf("the item is %q, want %q", got, want)
			}
			if sent := w.Stub.Calls("users.create", "users.reset_password"); len(sent) > 0 {
				t.Errorf("sent: %v", sent)
			}
		})
	}
}

func zoe(w *gatetest.World) jobs.Item { return creates(w, "zoe") }
