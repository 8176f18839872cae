// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// handed is the condition that an item's password waits to be handed out.
const handed = `(state = 'done' AND generated > 0 OR generated = 2) AND secret IS NOT NULL`

// handedColumns are the itemColumns with nothing in those that a password does not
// need: of 200,000 items they would be most of the memory.
const handedColumns = `job, n, line, target, '', '', step, state, '', secret, generated, '', '', 0, 0, NULL, NULL`

// A JobPart is how many passwords wait to be handed out of a part of a job's items,
// which are counted from 1.
type JobPart struct{ Part, Count int64 }

// JobPasswordParts returns those parts of a job, each of size items, that have such passwords.
func (s *Store) JobPasswordParts(ctx context.Context, job string, size int64) ([]JobPart, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT (n - 1) / $2 + 1 AS part, COUNT(*) FROM job_items WHERE job = $1 AND `+handed+` GROUP BY part ORDER BY part`, job, size)
	parts, err := scanAll(rows, err, func(row scanner) (p JobPart, err error) { return p, row.Scan(&p.Part, &p.Count) })
	if err != nil {
		return nil, fmt.Errorf("store: parts of job passwords: %w", err)
	}
	return parts, nil
}

// JobPasswords returns the items of a job, from the number first to the last, whose
// passwords wait to be handed out. They go on waiting.
func (s *Store) JobPasswords(ctx context.Context, job string, first, last int64) ([]JobItem, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+handedColumns+` FROM job_items WHERE job = $1 AND n BETWEEN $2 AND $3 AND `+handed+` ORDER BY n`, job, first, last)
	items, err := scanAll(rows, err, scanJobItem)
	if err != nil {
		return nil, fmt.Errorf("store: job passwords: %w", err)
	}
	return items, nil
}

// TakeJobPasswords returns the items of a job whose accounts have their generated
// password, also where something else failed after it, and of which nobody knows
// whether they have. It wipes them: nobody gets it a second time. An error of use rolls
// the wiping back and is returned.
func (s *Store) TakeJobPasswords(ctx context.Context, job string, use func([]JobItem) error) error {
	err := s.InTx(ctx, "job "+job, func(ctx context.Context, tx *sql.Tx) error {
		j, err := s.jobNow(ctx, tx, job)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+handedColumns+` FROM job_items WHERE job = $1 AND `+handed+` ORDER BY n`, job)
		items, err := scanAll(rows, err, scanJobItem)
		if err != nil {
			return err
		}
		if err := use(items); err != nil {
			return err
		}
		return s.wipeHanded(ctx, tx, j)
	})
	if err != nil {
		return fmt.Errorf("store: job passwords: %w", err)
	}
	return nil
}

// WipeHandedOut wipes the passwords of a job that waited to be handed out, if they are
// as many as its owner was told; else it fails with [ErrConflict].
func (s *Store) WipeHandedOut(ctx context.Context, job string, told int64) error {
	err := s.InTx(ctx, "job "+job, func(ctx context.Context, tx *sql.Tx) error {
		j, err := s.jobNow(ctx, tx, job)
		if err != nil {
			return err
		}
		if j.Passwords != told {
			return ErrConflict
		}
		return s.wipeHanded(ctx, tx, j)
	})
	if err != nil {
		return fmt.Errorf("store: wipe what was handed out: %w", err)
	}
	return nil
}

// wipeHanded wipes the passwords of a job that waited to be handed out.
func (s *Store) wipeHanded(ctx context.Context, tx *sql.Tx, j Job) error {
	if _, err := tx.ExecContext(ctx, `UPDATE job_items SET secret = NULL WHERE job = $1 AND (state = 'done' OR generated = 2)`, j.ID); err != nil {
		return err
	}
	if err := unlessSealed(ctx, tx, &j); err != nil {
		return err
	}
	return s.count(ctx, tx, j.ID, JobCounts{}, -j.Passwords)
}

// WipeJobPasswords is [Store.ChangeJob], and wipes all passwords of the job, of
// items of whatever state, and the rows of its file, in which there may be some.
func (s *Store) WipeJobPasswords(ctx context.Context, id string, from []string, change func(*Job) error) error {
	err := s.InTx(ctx, "job "+id, func(ctx context.Context, tx *sql.Tx) error {
		j, err := s.changeJob(ctx, tx, id, from, func(j *Job) error {
			err := change(j)
			j.Wipe, j.Rows = time.Time{}, time.Time{}
			return err
		})
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE job_items SET secret = NULL, row_sealed = NULL
			WHERE job = $1 AND (secret IS NOT NULL OR row_sealed IS NOT NULL)`, id); err != nil {
			return err
		}
		return s.count(ctx, tx, id, JobCounts{}, -j.Passwords)
	})
	if err != nil {
		return fmt.Errorf("store: wipe job passwords: %w", err)
	}
	return nil
}

// CancelJob is [Store.ChangeJob] for the end of a job of which nothing is done any
// more: it wipes the passwords of items that will never need them. Those stay that
// wait to be handed out, and those of items that are under way.
// Of a job that was never started nothing is left to be given back: the rows of its file
// go, too.
func (s *Store) CancelJob(ctx context.Context, id string, from []string, change func(*Job) error) (Job, error) {
	var now Job
	err := s.InTx(ctx, "job "+id, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE job_items SET secret = NULL
			WHERE job = $1 AND secret IS NOT NULL AND state <> 'running' AND generated <> 2 AND NOT (state = 'done' AND generated > 0)`, id)
		if err != nil {
			return err
		}
		now, err = s.changeJob(ctx, tx, id, from, func(j *Job) error {
			err := change(j)
			if j.Started.IsZero() {
				j.Rows = time.Time{}
			}
			return err
		})
		if err == nil && now.Started.IsZero() {
			_, err = tx.ExecContext(ctx, `UPDATE job_items SET row_sealed = NULL WHERE job = $1 AND row_sealed IS NOT NULL`, id)
		}
		return err
	})
	if err != nil {
		return now, fmt.Errorf("store: cancel job: %w", err)
	}
	return now, nil
}

// unlessSealed forgets when a job's passwords are wiped, where it has none any more.
func unlessSealed(ctx context.Context, tx *sql.Tx, j *Job) error {
	res, err := tx.ExecContext(ctx, `UPDATE jobs SET wipe_ms = NULL
		WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM job_items WHERE job = $1 AND secret IS NOT NULL)`, j.ID)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if n > 0 {
		j.Wipe = time.Time{}
	}
	return err
}

// AtRest are the states of jobs with which nothing happens by itself. The passwords
// of all others stay, whatever time it is.
var AtRest = []string{JobPlanned, JobPaused, JobDone, JobCancelled, JobFailed}

var atRest = inStates(AtRest...)

// Retriable returns how many failed items of a job can be tried again: those that
// the plan did not refuse.
func (s *Store) Retriable(ctx context.Context, job string) (n int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM job_items WHERE job = $1 AND state = 'failed' AND action <> ''`, job).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: retriable job items: %w", err)
	}
	return n, nil
}

// JobsToWipe returns the jobs at rest whose passwords, or rows of a file, have had their time.
func (s *Store) JobsToWipe(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM jobs WHERE (wipe_ms <= $1 OR rows_ms <= $1) AND `+atRest+` ORDER BY id`, now.UnixMilli())
	ids, err := scanAll(rows, err, scanValue[string])
	if err != nil {
		return nil, fmt.Errorf("store: jobs to wipe: %w", err)
	}
	return ids, nil
}

// SealedJobItems returns items of all jobs in which something is sealed, a password or
// the row of a file: their names and that alone, in an order of their own behind an item.
func (s *Store) SealedJobItems(ctx context.Context, job string, n int64, limit int) ([]JobItem, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT job, n, target, secret, row_sealed FROM job_items
		WHERE (job, n) > ($1, $2) AND (secret IS NOT NULL OR row_sealed IS NOT NULL) ORDER BY job, n LIMIT $3`, job, n, limit)
	items, err := scanAll(rows, err, func(row scanner) (i JobItem, err error) {
		return i, row.Scan(&i.Job, &i.N, &i.Target, &i.Secret, &i.Row)
	})
	if err != nil {
		return nil, fmt.Errorf("store: sealed job items: %w", err)
	}
	return items, nil
}

// SealJobItems puts what was sealed again in the place of what is sealed in an item,
// unless that is another by now. What is nil in again stays.
func (s *Store) SealJobItems(ctx context.Context, items, again []JobItem) error {
	err := s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		for i, now := range again {
			for query, sealed := range map[string][2][]byte{
				`UPDATE job_items SET secret = $1 WHERE job = $2 AND n = $3 AND secret = $4`:         {now.Secret, items[i].Secret},
				`UPDATE job_items SET row_sealed = $1 WHERE job = $2 AND n = $3 AND row_sealed = $4`: {now.Row, items[i].Row},
			} {
				if sealed[0] == nil {
					continue
				}
				if _, err := tx.ExecContext(ctx, query, sealed[0], now.Job, now.N, sealed[1]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: seal job items: %w", err)
	}
	return nil
}

// An Attempt is what the audit log has of one try of a job's item.
type Attempt struct {
	Intent  int64
	At      time.Time // when it was begun
	Outcome string    // "" while there is none
	Code    string
}

// Attempt returns what the audit log has of the call with that request ID about
// an account, or [ErrNotFound]: without an intent, nothing was sent.
func (s *Store) Attempt(ctx context.Context, homeserver, target, requestID string) (Attempt, error) {
	var a Attempt
	var at int64
	err := s.read.QueryRowContext(ctx, `
		SELECT i.id, i.at_ms, COALESCE(o.outcome, i.outcome), COALESCE(o.code, i.code)
		FROM audit_targets t JOIN audit i ON i.id = t.audit_id
		LEFT JOIN audit o ON o.id = (SELECT MAX(id) FROM audit WHERE intent_id = i.id)
		WHERE t.homeserver = $1 AND t.target = $2 AND i.request_id = $3 AND i.phase = 'intent'
		ORDER BY i.id DESC LIMIT 1`, homeserver, target, requestID).Scan(&a.Intent, &at, &a.Outcome, &a.Code)
	if err != nil {
		return a, fmt.Errorf("store: attempt: %w", orNotFound(err))
	}
	a.At = time.UnixMilli(at)
	return a, nil
}
