// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// An account that was locked, deactivated or made an administrator since the plan gets no other password, and says so, again and again; one that is as
// it was gets it.
func TestChangedSinceThePlan(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	ids := []string{"same", "locked", "gone", "boss"}
	file := "id,password\n"
	for _, name := range ids {
		w.Stub.Put(api.User{ID: w.Stub.ID(name)})
		file += name + ",a new password of " + name + "\n"
	}
	plan := upload(t, w, me, file)
	plan.Mode, plan.Reset = api.ImportUpdate, true
	job, _ := planned(t, w, me, plan)
	w.Stub.Put(api.User{ID: w.Stub.ID("locked"), Locked: true})
	w.Stub.Put(api.User{ID: w.Stub.ID("gone"), Deactivated: true})
	w.Stub.Put(api.User{ID: w.Stub.ID("boss"), Admin: true})
	for _, do := range []string{"jobs.start", "jobs.retry"} {
		if do == "jobs.start" {
			gatetest.Must[api.Job](t, w, me, do, api.JobStart{ID: job.ID})
		} else {
			gatetest.Must[api.Job](t, w, me, do, api.JobRef{ID: job.ID})
		}
		_, items := worked(t, w, me, job.ID)
		want := []string{"@same:example.org done", "@locked:example.org failed item_changed_meanwhile", "@gone:example.org failed item_changed_meanwhile", "@boss:example.org failed item_changed_meanwhile"}
		var got []string
		for _, i := range items {
			got = append(got, strings.TrimSpace(string(i.Target)+" "+i.State+" "+i.Code))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", do, diff)
		}
		if n := len(w.Stub.Calls("users.reset_password")); n != 1 {
			t.Errorf("%s: %d passwords were set", do, n)
		}
	}
}
