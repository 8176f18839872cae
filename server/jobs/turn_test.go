// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/homeserver"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// A maker is a homeserver that makes accounts as a test says.
type maker struct {
	w *gatetest.World
	traffic
	calls map[api.Localpart]int
	ahead int           // so many intents more than calls there were, at most
	least time.Duration // that a call had
}

// makes has accounts made by a job, none of which does more.
func makes(t *testing.T, w *gatetest.World, n int, answer func(n int) (time.Duration, error)) (*maker, string) {
	t.Helper()
	m := &maker{w: w, calls: map[api.Localpart]int{}, least: time.Hour}
	gatetest.On(w.Stub, api.CreateUser, func(ctx context.Context, r api.UserCreate) (api.Handout, error) {
		m.mu.Lock()
		call := m.begin()
		m.calls[r.Localpart]++
		if end, ok := ctx.Deadline(); ok {
			m.least = min(m.least, time.Until(end))
		}
		if !homeserver.HasPace(ctx) {
			t.Error("a call of a job waits for its turn twice")
		}
		m.mu.Unlock()
		takes, err := answer(call)
		time.Sleep(takes)
		m.mu.Lock()
		m.running--
		m.ahead = max(m.ahead, w.Intents()-m.n)
		m.mu.Unlock()
		u := api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().UnixMilli()}
		if err == nil {
			w.Stub.Put(u)
		}
		return api.Handout{User: u, Password: r.Password.Password}, err
	})
	items := make([]jobs.Item, n)
	for i := range items {
		name := fmt.Sprintf("new%03d", i)
		request, _ := json.Marshal(api.UserCreate{Localpart: api.Localpart(name), Password: api.PasswordChoice{Mode: api.PasswordTyped}})
		items[i] = jobs.Item{
			Target: w.Stub.ID(name), Password: api.NewSecret("kept for " + name), Steps: []jobs.Step{{Operation: "users.create", Request: request}},
		}
	}
	return m, started(t, w, items...)
}

// once reports whether each account was asked for just once.
func (m *maker) once(n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for calls := range maps.Values(m.calls) {
		if calls > 1 {
			return false
		}
	}
	return len(m.calls) == n
}

func quick(int) (time.Duration, error) { return 100 * time.Millisecond, nil }

// Accounts wait for their turn with their intents written, no more of them than twice as many as may be made at once, and the homeserver is asked for no more than that. Where
// a pace says when an item is begun nothing is written ahead of it.
func TestIntentsAreAhead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pace        jobs.Pace
		most, ahead int
	}{
		"three at once":      {jobs.Pace{AtOnce: 3}, 3, 6},
		"one after another":  {jobs.Pace{AtOnce: 1}, 1, 2},
		"so many in a while": {jobs.Pace{AtOnce: 3, PerSecond: 5}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				storetest.OnSQLite(t) // where one is written after the other: elsewhere the next one is seen before the call that it follows
				w := gatetest.New(t, gatetest.Options{Pace: c.pace})
				m, id := makes(t, w, 30, quick)
				before := w.Intents()
				work(t, w, id)
				if j := look(t, w, id); j.State != api.JobDone || j.Count.Done != 30 || !m.once(30) {
					t.Errorf("%s %+v", j.State, j.Count)
				}
				if m.most != c.most || m.ahead-before != c.ahead {
					t.Errorf("%d calls at once, %d intents more than calls", m.most, m.ahead-before)
				}
			})
		})
	}
}

// Twice as many wait with their intents written as are being made, also where the homeserver is asked for fewer at once than it may be.
func TestAheadWhileFewAreMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{Pace: jobs.Pace{AtOnce: 100}})
		m, id := makes(t, w, 30, func(int) (time.Duration, error) { return 20 * time.Second, nil })
		before := w.Intents()
		ended := make(chan struct{})
		go func() { defer close(ended); work(t, w, id) }()
		time.Sleep(10 * time.Second)
		m.mu.Lock()
		calls, intents := m.n, w.Intents()-before
		m.mu.Unlock()
		if calls != 4 || intents != 12 {
			t.Errorf("%d intents, %d calls", intents, calls)
		}
		<-ended
	})
}

// No write waits for others while the homeserver waits for it: what a job begins with, and its end.
func TestHomeserverWaitsForNoOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		storetest.OnSQLite(t) // elsewhere nothing waits for others
		w := gatetest.New(t, gatetest.Options{Pace: jobs.Pace{AtOnce: 4}})
		_, id := makes(t, w, 12, quick)
		began := time.Now()
		work(t, w, id)
		if took := time.Since(began); took != 300*time.Millisecond {
			t.Errorf("three times 100 ms took %s", took)
		}
	})
}

// While the homeserver asks to wait nothing is sent to it, however many are ready, and what waits has all of its time when it is its turn.
func TestReadyWhileItAsksToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{Pace: jobs.Pace{AtOnce: 4}})
		limited := api.NewProblem(api.StatusTooMany, "homeserver_limited", "wait", "120")
		limited.RetryMS = 120_000
		var from time.Time
		m, id := makes(t, w, 60, func(n int) (time.Duration, error) {
			if n == 6 {
				from = time.Now().Add(time.Second)
				return time.Second, limited
			}
			return 100 * time.Millisecond, nil
		})
		work(t, w, id)
		if j := look(t, w, id); j.State != api.JobDone || j.Count.Done != 60 {
			t.Errorf("%s %+v", j.State, j.Count)
		}
		for _, at := range m.when {
			if at.After(from) && at.Before(from.Add(2*time.Minute)) {
				t.Errorf("%s after it was asked to wait for two minutes it was called", at.Sub(from))
			}
		}
		if m.least < 30*time.Second {
			t.Errorf("a call had %s", m.least)
		}
	})
}

// What was ready when its job was paused was not sent, and that is no more than twice what the homeserver was being asked at once by then: the log says so, and it is done when the job goes on.
func TestPausedWhileReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{Pace: jobs.Pace{AtOnce: 10}})
		m, id := makes(t, w, 40, func(int) (time.Duration, error) { return 20 * time.Second, nil })
		me := w.Person(api.Owner)
		ended := make(chan struct{})
		go func() { defer close(ended); work(t, w, id) }()
		time.Sleep(30 * time.Second)
		gatetest.Must[api.Job](t, w, me, "jobs.pause", api.JobRef{ID: id})
		<-ended
		if j := look(t, w, id); j.Count.Running != 0 || j.Count.Failed != 0 || int(j.Count.Done) != m.n {
			t.Errorf("%+v after %d calls", j.Count, m.n)
		}
		unsent, begun := 0, 0
		for _, row := range w.Log() {
			switch {
			case row.Operation != "users.create":
			case row.Phase == store.AuditIntent:
				begun++
			case row.Code == "item_not_sent" && row.Outcome == string(audit.Failed):
				unsent++
			}
		}
		if unsent == 0 || unsent > 10 || begun != m.n+unsent {
			t.Errorf("of %d intents %d were not sent, %d were", begun, unsent, m.n)
		}
		gatetest.Must[api.Job](t, w, me, "jobs.resume", api.JobRef{ID: id})
		work(t, w, id)
		if j := look(t, w, id); j.State != api.JobDone || j.Count.Done != 40 || !m.once(40) {
			t.Errorf("%s %+v, %d calls", j.State, j.Count, m.n)
		}
	})
}

// A gate that is killed after it wrote that a call was not sent, and before its item could be written, knows it when it is back: an account of that name that
// somebody else made is not taken for its own.
func TestKilledWhenNotSent(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]bool{"free": false, "somebody else's": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			_, id := makes(t, w, 1, func(int) (time.Duration, error) {
				if made {
					return 0, api.NewProblem(api.StatusConflict, "name_in_use")
				}
				return 0, nil
			})
			item := begun(t, w, id)
			intent, err := w.Audit.Intent(t.Context(), audit.Entry{
				Actor: "somebody", Homeserver: "hs", Operation: "users.create", Targets: []string{item.Target}, RequestID: fmt.Sprintf("%s.1.1.0", id),
			})
			if err == nil {
				err = w.Audit.Outcome(t.Context(), intent, audit.Result{Outcome: audit.Failed, Code: "item_not_sent"})
			}
			if err != nil {
				t.Fatal(err)
			}
			if made {
				w.Stub.Put(api.User{ID: api.UserID(item.Target), CreatedMS: w.Clock.Now().UnixMilli()})
			}
			w.Restart()
			work(t, w, id)
			want := "1 @new000:example.org done\n"
			if made {
				want = "1 @new000:example.org failed name_in_use\n"
			}
			if got := lines(t, w, w.Person(api.Owner), id); got != want || len(w.Stub.Calls("users.reset_password")) > 0 {
				t.Errorf("the item is %q, want %q", got, want)
			}
		})
	}
}
