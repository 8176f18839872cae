// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A jobState is what "gatehouse call jobs.get" tells.
type jobState struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Code  string `json:"code"`
	Count struct {
		Waiting, Running, Done, Skipped, Failed, Unknown int
	} `json:"count"`
	Passwords int `json:"passwords"`
}

// jobUntil waits until something is so of a job.
func (g *gatehouse) jobUntil(t *testing.T, id string, within time.Duration, so func(jobState) bool, flags ...string) (j jobState) {
	t.Helper()
	eventually(t, within, func() bool {
		g.call(t, "jobs.get", ask(id), &j, flags...)
		return so(j)
	}, func() string { return fmt.Sprintf("the job is %+v", j) })
	return j
}

// jobIs waits until a job is in a state.
func (g *gatehouse) jobIs(t *testing.T, id, state string) jobState {
	t.Helper()
	return g.jobUntil(t, id, limit, func(j jobState) bool { return j.State == state })
}

// TestCLIJobs does an operation to many accounts from the command line, while a gate runs that works the job off.
func TestCLIJobs(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	var ids []string
	for range 3 {
		name := unique("many")
		register(t, hs, name, "the owner's own", false)
		ids = append(ids, hs.UserID(name))
	}
	var j jobState
	plan := func(t *testing.T, operation string, with ...object) {
		t.Helper()
		g.call(t, "jobs.plan", object{"operation": operation, "ids": ids, "with": with}, &j)
		j = g.jobIs(t, j.ID, "planned")
	}
	steps := []cliStep{
		{"jobs.plan", func(t *testing.T) {
			plan(t, "users.lock", object{"name": "reason", "value": "spam"})
			if j.Count.Waiting != 3 || lookUp(t, hs, ids[0]).Locked {
				t.Errorf("the plan is %+v", j)
			}
			if p := g.callFails(t, "jobs.plan", object{"operation": "users.sign_in_as", "ids": ids}); p.Status != http.StatusUnprocessableEntity {
				t.Errorf("signing in as many: %+v", p)
			}
		}},
		{"jobs.start", func(t *testing.T) {
			g.call(t, "jobs.start", ask(j.ID), &j)
			if j = g.jobIs(t, j.ID, "done"); j.Count.Done != 3 {
				t.Errorf("the job is %+v", j)
			}
			for _, id := range ids {
				if !lookUp(t, hs, id).Locked {
					t.Errorf("%s is not locked", id)
				}
			}
		}},
		{"jobs.items", func(t *testing.T) {
			var page struct {
				Items []struct{ Target, State string }
			}
			g.call(t, "jobs.items", ask(j.ID, "state", "done"), &page)
			if len(page.Items) != 3 || page.Items[0].Target != ids[0] {
				t.Errorf("the items are %+v", page)
			}
			for does, want := range map[string]int{"create": 0, "change": 3} {
				page.Items = nil
				if g.call(t, "jobs.items", ask(j.ID, "does", does), &page); len(page.Items) != want {
					t.Errorf("%s: the items are %+v", does, page)
				}
			}
		}},
		{"jobs.retry", func(t *testing.T) {
			if p := g.callFails(t, "jobs.retry", ask(j.ID)); p.Code != "job_nothing_failed" {
				t.Errorf("nothing failed: %+v", p)
			}
		}},
		{"jobs.list", func(t *testing.T) {
			var page struct{ Jobs []jobState }
			if g.call(t, "jobs.list", object{"state": "done"}, &page); len(page.Jobs) != 1 || page.Jobs[0].ID != j.ID {
				t.Errorf("the list is %+v", page)
			}
		}},
		{"jobs.pause", func(t *testing.T) {
			plan(t, "users.unlock")
			g.call(t, "jobs.start", ask(j.ID, "at", "2999-01-01T00:00"), &j)
			if j.State != "scheduled" {
				t.Errorf("the job is %+v", j)
			}
			g.call(t, "jobs.pause", ask(j.ID), &j)
			g.jobIs(t, j.ID, "paused")
		}},
		{"jobs.resume", func(t *testing.T) {
			g.call(t, "jobs.resume", ask(j.ID), &j)
			g.jobIs(t, j.ID, "done")
			if lookUp(t, hs, ids[2]).Locked {
				t.Error("it is locked still")
			}
		}},
		{"jobs.cancel", func(t *testing.T) {
			plan(t, "users.deactivate")
			if p := g.callFails(t, "jobs.start", ask(j.ID, "confirm", 2)); p.Code != "confirm_count" {
				t.Errorf("started for another number: %+v", p)
			}
			g.call(t, "jobs.cancel", ask(j.ID), &j)
			g.jobIs(t, j.ID, "cancelled")
		}},
		{"jobs.passwords", func(t *testing.T) {
			plan(t, "users.reset_password", object{"name": "password.mode", "value": "random"})
			g.call(t, "jobs.start", ask(j.ID), &j)
			if j = g.jobIs(t, j.ID, "done"); j.Passwords != 3 {
				t.Errorf("the job is %+v", j)
			}
			var out struct {
				Passwords []struct{ ID, Password string }
			}
			g.call(t, "jobs.passwords", ask(j.ID), &out)
			for _, p := range out.Passwords {
				g.keepSecret(p.ID, p.Password)
				canSignIn(t, hs, p.ID, p.Password)
			}
			if p := g.callFails(t, "jobs.passwords", ask(j.ID)); len(out.Passwords) != 3 || p.Code != "job_no_passwords" {
				t.Errorf("%d passwords, and then %+v", len(out.Passwords), p)
			}
		}},
		{"jobs.cards", func(t *testing.T) {
			plan(t, "users.reset_password", object{"name": "password.mode", "value": "passphrase"})
			g.call(t, "jobs.start", ask(j.ID), &j)
			g.jobIs(t, j.ID, "done")
			for range 2 { // until it is said that it is done
				var out struct {
					Passwords []struct{ ID, Password string }
				}
				g.call(t, "jobs.cards", ask(j.ID, "part", 1), &out)
				for _, p := range out.Passwords {
					g.keepSecret(p.ID, p.Password)
					canSignIn(t, hs, p.ID, p.Password)
				}
				if len(out.Passwords) != 3 {
					t.Errorf("%d passwords", len(out.Passwords))
				}
			}
			g.call(t, "jobs.wipe", ask(j.ID, "told", 3), &j)
			if p := g.callFails(t, "jobs.cards", ask(j.ID)); j.Passwords != 0 || p.Code != "job_no_passwords" {
				t.Errorf("%d are kept, and then %+v", j.Passwords, p)
			}
		}},
		{"jobs.wipe", func(t *testing.T) {
			plan(t, "users.reset_password", object{"name": "password.mode", "value": "passphrase"})
			g.call(t, "jobs.start", ask(j.ID), &j)
			g.jobIs(t, j.ID, "done")
			if g.call(t, "jobs.wipe", ask(j.ID), &j); j.Passwords != 0 {
				t.Errorf("the job is %+v", j)
			}
		}},
	}
	done := map[string]bool{"jobs.get": true} // by all of them
	for _, step := range steps {
		done[step.operation] = true
		t.Run(step.operation, step.do)
	}
	for _, o := range operations(t) {
		if ofJobs(o) && !done[o.Name] {
			t.Errorf("%s was not called", o.Name)
		}
	}
}

// ofJobs reports whether an operation is one that TestCLIJobs calls, because a gate has to be at work for it.
func ofJobs(o operation) bool { return strings.HasPrefix(o.Name, "jobs.") }
