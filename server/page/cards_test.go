// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/server/gate/gatetest"
)

// Without the program the cards of a job are pages that forms ask for, as often as they are wanted, until one says that they are all there.
func TestCardsByForm(t *testing.T) {
	t.Parallel()
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	job := route.Job("hs", s.PutJob(s.Person(api.Owner), api.JobDone))
	_, values := s.open(job, "jobs.passwords")
	action := route.Do("hs", "jobs.cards")
	for range 3 {
		rec := s.post(action, values)
		card(t, rec, gatetest.Generated)
		before := values.Get("_key")
		if _, values = form(t, rec, action); values.Get("_key") == before {
			t.Error("the next part is the same request")
		}
	}
	rec := s.post(action, values)
	done, values := form(t, rec, route.Do("hs", "jobs.wipe"))
	if to := seeOther(t, s.post(done, values)); to != job {
		t.Errorf("it leads to %s", to)
	}
	if page := s.get(job).Body.String(); strings.Contains(page, "jobs.passwords") {
		t.Error("there are passwords to hand out still")
	}
}
