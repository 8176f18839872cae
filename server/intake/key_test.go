// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"context"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// A plan that meets a dead key of the gate says so as a whole, and refuses no row for it.
func TestKeyIsDeadWhilePlanned(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	gatetest.On(w.Stub, api.GetUser, func(_ context.Context, r api.UserRef) (api.User, error) {
		if r.ID == w.Stub.ID("admin") { // who plans it
			return w.Stub.Get(r.ID)
		}
		return api.User{}, api.NewProblem(api.StatusBadGateway, "homeserver_token_dead")
	})
	plan := upload(t, w, me, "id,display_name\nann,Ann\nbob,Bob\n")
	plan.Mode = api.ImportUpdate
	job, items := planned(t, w, me, plan)
	if job.State != api.JobFailed || job.Code != "homeserver_token_dead" || job.Stopped() || len(items) > 0 {
		t.Errorf("%s %s, rows %v", job.State, job.Code, short(items))
	}
}
