// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

func TestCards(t *testing.T) { storetest.Each(t, testCards) }

// Passwords that are handed out as cards come part by part, as often as they are asked for, until the job's owner has them all. A part is of the same
// items whatever becomes of the others. What failed keeps its password for another try.
func testCards(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me, other := w.Person(api.Owner), w.Person(api.Owner)
	other.ID = string(w.Stub.ID("root"))
	items := []jobs.Item{creates(w, "a"), creates(w, "later")}
	for i := len(items); i < 2*api.CardsAtOnce; i++ {
		items = append(items, jobs.Item{Target: w.Stub.ID(fmt.Sprint("same-", i)), State: store.ItemSkipped, Problem: api.NewProblem(api.StatusConflict, "import_same")})
	}
	items = append(items, creates(w, "y"), creates(w, "z"))
	busy := true
	gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, c api.UserCreate) (api.Handout, error) {
		if c.Localpart == "later" && busy {
			return api.Handout{}, api.NewProblem(api.StatusBadRequest, "homeserver_refused")
		}
		return api.Handout{User: api.User{ID: w.Stub.ID(string(c.Localpart))}, Password: c.Password.Password}, nil
	})
	id := started(t, w, items...)
	work(t, w, id)
	part := func(n int64) string {
		card, err := gatetest.Try[api.JobHandout](t, w, me, "jobs.cards", api.JobPartRef{ID: id, Part: n})
		if err != nil {
			return gatetest.Code(err)
		}
		var b strings.Builder
		fmt.Fprint(&b, card.Part, " of ", card.Parts, " of ", card.Items, ":")
		for _, p := range card.Passwords {
			fmt.Fprint(&b, " ", p.ID.Localpart(), "=", p.Password.Reveal())
		}
		return b.String()
	}
	is := func(n int64, want string) {
		t.Helper()
		if diff := cmp.Diff(want, part(n)); diff != "" {
			t.Error(n, diff)
		}
	}
	for range 2 {
		is(0, "1 of [{1 1} {3 2}] of 2002: a=kept for a")
	}
	is(3, "3 of [{1 1} {3 2}] of 2002: y=kept for y z=kept for z")
	is(2, "job_no_passwords")
	busy = false
	asks(t, w, "jobs.retry", id)
	work(t, w, id)
	is(3, "3 of [{1 2} {3 2}] of 2002: y=kept for y z=kept for z")
	is(1, "1 of [{1 2} {3 2}] of 2002: a=kept for a later=kept for later")
	if _, err := gatetest.Try[api.JobHandout](t, w, other, "jobs.cards", api.JobPartRef{ID: id}); gatetest.Code(err) != "job_of_another" {
		t.Errorf("somebody else: %v", err)
	}
	if _, err := gatetest.Try[api.Job](t, w, other, "jobs.wipe", api.JobWipe{ID: id, Told: 4}); gatetest.Code(err) != "job_of_another" {
		t.Errorf("somebody else has them: %v", err)
	}
	if _, err := gatetest.Try[api.Job](t, w, me, "jobs.wipe", api.JobWipe{ID: id, Told: 3}); gatetest.Code(err) != "job_more_passwords" {
		t.Errorf("one more came meanwhile: %v", err)
	}
	recorded := 0
	for _, row := range w.Log() {
		if row.Detail == "2 passwords were handed out, part 3." {
			recorded++
		}
	}
	if recorded != 2 {
		t.Errorf("part 3 is recorded %d times", recorded)
	}
	if j := gatetest.Must[api.Job](t, w, me, "jobs.wipe", api.JobWipe{ID: id, Told: 4}); j.Passwords != 0 || j.WipeMS != 0 {
		t.Errorf("%+v", j)
	}
	is(1, "job_no_passwords")
	if _, err := gatetest.Try[api.JobHandout](t, w, me, "jobs.passwords", api.JobRef{ID: id}); gatetest.Code(err) != "job_no_passwords" {
		t.Errorf("and at once: %v", err)
	}
}

// The cards are handed out; what failed still has its password, for another try.
func TestCardsLeaveOthers(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, c api.UserCreate) (api.Handout, error) {
		if c.Localpart == "b" {
			return api.Handout{}, api.NewProblem(api.StatusBadRequest, "homeserver_refused")
		}
		return api.Handout{User: api.User{ID: w.Stub.ID(string(c.Localpart))}, Password: c.Password.Password}, nil
	})
	id := started(t, w, creates(w, "a"), creates(w, "b"))
	work(t, w, id)
	gatetest.Must[api.JobHandout](t, w, w.Person(api.Owner), "jobs.cards", api.JobPartRef{ID: id})
	j := gatetest.Must[api.Job](t, w, w.Person(api.Owner), "jobs.wipe", api.JobWipe{ID: id, Told: 1})
	if got := sealed(t, w, id); got != "b" || j.WipeMS == 0 {
		t.Errorf("it has the passwords of %q: %+v", got, j)
	}
}
