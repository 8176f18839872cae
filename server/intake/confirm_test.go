// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store/storetest"
)

// leavers is a world and the plan of a file that makes two accounts, one of which is deactivated at once, changes three, two of which are deactivated, leaves
// one alone and is refused for one row.
func leavers(t *testing.T) (*gatetest.World, operator.Person, api.Job) {
	t.Helper()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	for _, name := range []string{"bob", "cat", "dan", "eve"} {
		w.Stub.Put(api.User{ID: w.Stub.ID(name), DisplayName: name})
	}
	plan := upload(t, w, p, "id,display_name,deactivated\nnew,New,no\ngone,Gone,yes\nbob,Bobby,\ncat,,yes\ndan,Daniel,yes\neve,eve,no\nUpper,U,\n")
	plan.Mode = api.ImportBoth
	job, _ := planned(t, w, p, plan)
	return w, p, job
}

// An import that deactivates accounts is started by saying how many, now or for a time. The plan says it, and what else it comes to.
func TestImportAsksForTheNumber(t *testing.T) { storetest.Each(t, testImportAsksForTheNumber) }

func testImportAsksForTheNumber(t *testing.T) {
	t.Parallel()
	w, p, job := leavers(t)
	want := api.PlanCounts{Create: 2, Change: 3, Leave: 1, Refuse: 1, Destroy: 3}
	if job.Plan != want || job.Confirm != 3 {
		t.Errorf("the plan comes to %+v, asks for %d", job.Plan, job.Confirm)
	}
	for _, at := range []api.Moment{"", "2126-11-21T10:30"} {
		for _, n := range []int64{0, 1, 2, 5, 7} {
			_, err := gatetest.Try[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID, At: at, Confirm: n})
			if gatetest.Code(err) != "confirm_count" || !strings.Contains(err.Error(), "confirm: confirm_count") {
				t.Errorf("at %q, with %d: %v", at, n, err)
			}
		}
	}
	if job, _ := worked(t, w, p, job.ID); job.State != api.JobPlanned || len(w.Stub.Calls("users.create", "users.update", "users.deactivate")) > 0 {
		t.Errorf("it was refused, and is %s", job.State)
	}
	scheduled := gatetest.Must[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID, At: "2126-11-21T10:30", Confirm: 3})
	if scheduled.State != api.JobScheduled {
		t.Errorf("it is %s", scheduled.State)
	}
	if _, err := gatetest.Try[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID}); gatetest.Code(err) != "confirm_count" {
		t.Errorf("earlier, without the number: %v", err)
	}
	// One that was paused was confirmed before.
	gatetest.Must[api.Job](t, w, p, "jobs.pause", api.JobRef{ID: job.ID})
	gatetest.Must[api.Job](t, w, p, "jobs.resume", api.JobRef{ID: job.ID})
	done, _ := worked(t, w, p, job.ID)
	if done.State != api.JobDone || done.Plan != want || done.Confirm != 0 || len(w.Stub.Calls("users.deactivate")) != 3 {
		t.Errorf("%s, %+v, %d, %v", done.State, done.Plan, done.Confirm, w.Stub.Calls("users.deactivate"))
	}
}

// What is planned by a gate that does not count, beside this one, is not started without a number either.
func TestAnUncountedImportAsksForAll(t *testing.T) {
	t.Parallel()
	w, p, job := leavers(t)
	if _, err := storetest.Raw(t, w.Source).Exec(`UPDATE jobs SET plan_create = 0, plan_change = 0, plan_destroy = 0`); err != nil {
		t.Fatal(err)
	}
	if job = gatetest.Must[api.Job](t, w, p, "jobs.get", api.JobRef{ID: job.ID}); job.Confirm != 5 {
		t.Errorf("it asks for %d", job.Confirm)
	}
	if _, err := gatetest.Try[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID}); gatetest.Code(err) != "confirm_count" {
		t.Errorf("without the number: %v", err)
	}
	gatetest.Must[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID, Confirm: 5})
}
