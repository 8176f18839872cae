// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"gatehouse/tools/homeserver"
)

// kills is how often the gate is killed in the middle of a job.
const kills = 20

// TestJobKilled kills the gate at random moments of a job. After each restart it goes on; in the end every item is done, once as far as
// the audit log and the homeserver can tell, and nothing is left open.
func TestJobKilled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, operation string
		with            []object
		start           func(*testing.T) *homeserver.Server
		n               int
	}{
		{"synapse", "users.lock", []object{{"name": "reason", "value": "a test"}}, synapse, 200},
		{"dendrite", "users.reset_password", []object{{"name": "password.mode", "value": "random"}}, dendrite, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hs := c.start(t)
			g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 30\n")
			ids := make([]string, c.n)
			prefix := unique("killed")
			makePeople(t, hs, c.n, func(i int) string { return fmt.Sprintf("%s-%03d", prefix, i) })
			for i := range ids {
				ids[i] = hs.UserID(fmt.Sprintf("%s-%03d", prefix, i))
			}
			var j jobState
			g.call(t, "jobs.plan", object{"operation": c.operation, "ids": ids, "with": c.with}, &j)
			if j = g.jobIs(t, j.ID, "planned"); j.Count.Waiting != c.n {
				t.Fatalf("the plan is %+v", j)
			}
			g.call(t, "jobs.start", ask(j.ID), &j)
			g.killAgainAndAgain(kills)
			j = g.jobIs(t, j.ID, "done")
			if j.Count.Done != c.n || j.Count.Unknown != 0 || j.Count.Failed != 0 {
				t.Errorf("in the end the job is %+v", j)
			}
			g.auditAgrees(t, c.operation, ids, hs.Kind == homeserver.Synapse)
			if c.operation == "users.lock" {
				for _, id := range ids {
					if !lookUp(t, hs, id).Locked {
						t.Errorf("%s is not locked", id)
					}
				}
				return
			}
			var out struct {
				Passwords []struct{ ID, Password string }
			}
			if g.call(t, "jobs.passwords", ask(j.ID), &out); len(out.Passwords) != c.n {
				t.Errorf("%d passwords were handed out", len(out.Passwords))
			}
			for _, p := range out.Passwords {
				g.keepSecret(p.ID, p.Password)
				canSignIn(t, hs, p.ID, p.Password)
			}
		})
	}
}

// killAgainAndAgain kills the gate at random moments, and starts it again each time.
func (g *gatehouse) killAgainAndAgain(times int) {
	for range times {
		time.Sleep(time.Duration(50+rand.IntN(500)) * time.Millisecond) // the moment is the test's own choice: nothing is waited for
		g.kill()
		g.start()
	}
}

// auditAgrees reads the audit log past the gate: each account has an intent that is done, or was found to be done later, and none is without an
// outcome. With once, no second one is done, because the first was found to be; an operation that may be repeated can have been.
func (g *gatehouse) auditAgrees(t *testing.T, operation string, ids []string, once bool) {
	t.Helper()
	db := g.store()
	defer db.Close()
	rows, err := db.Query(`
		SELECT t.target, CASE WHEN i.phase = 'event' THEN i.outcome ELSE COALESCE(o.outcome, 'open') END FROM audit i JOIN audit_targets t ON t.audit_id = i.id
		LEFT JOIN audit o ON o.id = (SELECT MAX(id) FROM audit WHERE intent_id = i.id)
		WHERE i.operation = $1 AND i.phase IN ('intent', 'event')`, operation)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	done, all := map[string]int{}, 0
	for rows.Next() {
		var target, outcome string
		if err := rows.Scan(&target, &outcome); err != nil {
			t.Fatal(err)
		}
		all++
		switch {
		case outcome == "done":
			done[target]++
		case outcome == "open", outcome == "unknown" && once:
			t.Errorf("of %s the log says %s", target, outcome)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if done[id] == 0 || once && done[id] > 1 {
			t.Errorf("%s was done %d times", id, done[id])
		}
	}
	t.Logf("%d tries of %d accounts", all, len(ids))
}

// makePeople registers accounts, some at a time.
func makePeople(t *testing.T, hs *homeserver.Server, n int, name func(int) string) {
	t.Helper()
	slots := make(chan struct{}, 8)
	for i := range n {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			if _, err := hs.Register(timeout(t), name(i), "the owner's own", false); err != nil {
				t.Errorf("register %s: %v", name(i), err)
			}
		}()
	}
	for range cap(slots) {
		slots <- struct{}{}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// TestJobReplicas lets two gates share a PostgreSQL, and kills the one that works at an import: the other one finishes it, and every password signs in.
func TestJobReplicas(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	inPostgres(t)
	first := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 15\n")
	second := first.beside()
	const n = 150
	file, ids, passwords := roster(hs, unique("shared"), n)
	id := first.imports(t, file)
	j := first.jobUntil(t, id, limit, func(j jobState) bool { return j.Count.Done >= 30 })
	// Which of them is at work is theirs to decide; so both die, the second after the work has gone on without the first.
	first.kill()
	before := j.Count.Done
	first.jobUntil(t, id, limit, func(j jobState) bool { return j.Count.Done > before })
	first.start()
	second.kill(t)
	j = first.jobIs(t, id, "done")
	if j.Count.Done != n || j.Count.Unknown != 0 {
		t.Errorf("in the end the job is %+v", j)
	}
	first.auditAgrees(t, "users.create", ids, true)
	first.knowsAll(t, hs, id, passwords, n)
}
