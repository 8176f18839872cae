// SPDX-License-Identifier: Apache-2.0

package gatetest

import (
	"context"
	"sync"
	"time"

	"gatehouse/server/operator"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// Woken remembers which jobs are to be looked at. Nothing is worked by itself: tests call Jobs.Work.
type Woken struct {
	mu   sync.Mutex
	jobs []string
}

// Wake implements jobs.Waker.
func (w *Woken) Wake(_ context.Context, job string, _ time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs = append(w.jobs, job)
	return nil
}

// Jobs returns them, in the order in which they were woken.
func (w *Woken) Jobs() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.jobs...)
}

// PutJob makes a job of a person in a state, with an item that is done, has a generated password and is @ann's, and one that failed and is @bob's.
// It returns its ID.
func (w *World) PutJob(p operator.Person, state string) string {
	w.t.Helper()
	ctx := context.Background()
	j, err := w.Jobs.Create(ctx, store.Job{
		Homeserver: "hs", Kind: "operation", Operation: "users.reset_password", Person: p.ID, PersonName: p.Name, Role: string(p.Role),
		Request:          `{"operation":"users.reset_password","with":[{"name":"password.mode","value":"random"}],"ids":["@ann:example.org","@bob:example.org"]}`,
		PersonHomeserver: p.Homeserver, Address: p.Address,
	}, "")
	must(w.t, err)
	items := []store.JobItem{
		{Job: j.ID, N: 1, Target: "@ann:example.org", Action: "users.reset_password", Steps: `[{"operation":"users.reset_password"}]`, State: "waiting", Generated: true},
		{Job: j.ID, N: 2, Target: "@bob:example.org", Action: "users.reset_password", Steps: `[{"operation":"users.reset_password"}]`, State: "waiting", Generated: true},
	}
	for i := range items {
		items[i].Secret, err = w.Seal.Seal(seal.PurposeSeal, []byte(Generated), []byte("job item\x00"+j.ID+"\x00"+string('1'+rune(i))+"\x00"+items[i].Target))
		must(w.t, err)
	}
	must(w.t, w.Store.AddJobItems(ctx, j.ID, items))
	set := func(to string) {
		from := j.State
		j, err = w.Store.ChangeJob(ctx, j.ID, []string{from}, func(j *store.Job) error {
			j.State, j.Wipe = to, w.Clock.Now().Add(time.Hour)
			if to == store.JobRunning {
				j.Started = w.Clock.Now()
			}
			return nil
		})
		must(w.t, err)
	}
	set(store.JobRunning)
	claimed, err := w.Store.ClaimJobItems(ctx, j.ID, 2, w.Clock.Now())
	must(w.t, err)
	claimed[0].State, claimed[1].State, claimed[1].Code = store.ItemDone, store.ItemFailed, "not_found"
	must(w.t, w.Store.SetJobItems(ctx, j.ID, claimed))
	if state != store.JobRunning {
		set(state)
	}
	return j.ID
}
