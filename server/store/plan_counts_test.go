// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"testing"

	"github.com/pressly/goose/v3"

	"gatehouse/server/store/storetest"
)

// What a plan comes to is counted as its items come, is gone when planning begins again, and does not change when they are done.
func TestPlanCounts(t *testing.T) { storetest.Each(t, testPlanCounts) }

func testPlanCounts(t *testing.T) {
	s, ctx := open(t), t.Context()
	must(t, s.AddJob(ctx, Job{ID: "j", Homeserver: "hs", Kind: "import", State: JobPlanning, Created: t0}, ""))
	items := []JobItem{
		{N: 1, State: ItemWaiting, Creates: true}, {N: 2, State: ItemWaiting, Creates: true, Destroys: true}, {N: 3, State: ItemWaiting, Destroys: true},
		{N: 4, State: ItemWaiting}, {N: 5, State: ItemSkipped}, {N: 6, State: ItemFailed, Creates: true, Destroys: true}, {N: 7, State: ItemFailed},
	}
	is := func(when string, want PlanCounts) {
		t.Helper()
		if j, err := s.Job(ctx, "j"); err != nil || j.Plan != want {
			t.Errorf("%s: %+v, %v, want %+v", when, j.Plan, err, want)
		}
	}
	must(t, s.AddJobItems(ctx, "j", items[:2]))
	must(t, s.AddJobItems(ctx, "j", items[2:]))
	all := PlanCounts{Create: 2, Change: 2, Leave: 1, Refuse: 2, Destroy: 2}
	is("planned", all)
	must(t, s.ClearJobItems(ctx, "j"))
	is("begun again", PlanCounts{})
	must(t, s.AddJobItems(ctx, "j", items))
	is("planned again", all)

	_, err := s.ChangeJob(ctx, "j", []string{JobPlanning}, func(j *Job) error { j.State, j.Started = JobRunning, t0; return nil })
	must(t, err)
	claimed, err := s.ClaimJobItems(ctx, "j", 2, t0)
	must(t, err)
	for i := range claimed {
		claimed[i].State = ItemFailed
	}
	must(t, s.SetJobItems(ctx, "j", claimed))
	is("under way", all)

	must(t, s.AddJob(ctx, Job{ID: "k", Homeserver: "hs", Kind: "import", State: JobPlanning, Created: t0}, ""))
	must(t, s.AddJobItems(ctx, "k", items))
	must(t, s.KeepRefused(ctx, "k"))
	if j, err := s.Job(ctx, "k"); err != nil || j.Plan != (PlanCounts{Refuse: 2}) {
		t.Errorf("refused: %+v, %v", j.Plan, err)
	}
}

// Plans that a program made which did not count are counted when the tables are changed, those that can still be started.
func TestPlansOfBeforeAreCounted(t *testing.T) {
	for name, source := range newDatabases(t) {
		t.Run(name, func(t *testing.T) {
			dialect := goose.DialectSQLite3
			if storetest.OnPostgres(source) {
				dialect = goose.DialectPostgres
			}
			raw := storetest.Raw(t, source)
			p, err := newProvider(dialect, raw)
			must(t, err)
			_, err = p.UpTo(t.Context(), 14)
			must(t, err)
			steps := func(operation string) string {
				return fmt.Sprintf(`[{"operation":"users.update","request":{"id":"@a:b","display_name":{"to":"\"operation\":\"users.erase\""}}},{"operation":%q}]`, operation)
			}
			for _, state := range []string{JobPlanned, JobScheduled, JobDone} {
				_, err = raw.Exec(`INSERT INTO jobs (id, homeserver, kind, operation, request, state, code, params, note, person, person_name, role, person_homeserver,
					address, created_ms, waiting, running, done, skipped, failed, unknown, per_minute, passwords)
					VALUES ($1, 'hs', 'import', '', '', $1, '', '', '', '', '', '', '', '', 1, 7, 0, 0, 8, 9, 0, 0, 0)`, state)
				must(t, err)
				for n, i := range []struct{ action, state, steps string }{
					{"users.create", ItemWaiting, steps("users.notice")}, {"users.create", ItemWaiting, steps("users.deactivate")},
					{"users.update", ItemWaiting, steps("users.lock")}, {"users.erase", ItemWaiting, steps("users.erase")},
					{"users.redact", ItemWaiting, steps("users.redact")}, {"media.delete_all", ItemWaiting, steps("media.delete_all")},
					{"users.deactivate", ItemWaiting, steps("users.deactivate")}, {"", ItemFailed, ""}, {"users.deactivate", ItemSkipped, steps("users.deactivate")},
				} {
					_, err = raw.Exec(`INSERT INTO job_items (job, n, line, target, action, steps, step, state, changes, generated, code, params, attempts)
						VALUES ($1, $2, 0, '', $3, $4, 0, $5, '', 0, '', '', 0)`, state, n, i.action, i.steps, i.state)
					must(t, err)
				}
			}
			s := openAt(t, source)
			want := PlanCounts{Create: 2, Change: 5, Leave: 8, Refuse: 9, Destroy: 5}
			for state, want := range map[string]PlanCounts{JobPlanned: want, JobScheduled: want, JobDone: {}} {
				if j, err := s.Job(t.Context(), state); err != nil || j.Plan != want {
					t.Errorf("%s: %+v, %v, want %+v", state, j.Plan, err, want)
				}
			}
		})
	}
}
