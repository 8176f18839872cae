// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// TakeJobPasswords returns the items of a job whose accounts have their generated
// password, also where something else failed after it, and of which nobody knows
// whether they have. It wipes them: nobody gets it a second time. An error of use rolls
// the wiping back and is returned.
func (s *Store) TakeJobPasswords(ctx context.Context, job string, use func([]JobItem) error) error {
	err := s.InTx(ctx, "job "+job, func(ctx context.Context, tx *sql.Tx) error {
		j, err := jobNow(ctx, tx, job)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+itemColumns+` FROM job_items
			WHERE job = $1 AND (state = 'done' AND generated > 0 OR generated = 2) AND secret IS NOT NULL ORDER BY n`, job)
		items, err := scanAll(rows, err, scanJobItem)
		if err != nil {
			return err
		}
		if err := use(items); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE job_items SET secret = NULL WHERE job = $1 AND (state = 'done' OR generated = 2)`, job); err != nil {
			return err
		}
		if err := unlessSealed(ctx, tx, &j); err != nil {
			return err
		}
		return count(ctx, tx, job, JobCounts{}, -j.Passwords)
	})
	if err != nil {
		return fmt.Errorf("store: job passwords: %w", err)
	}
	return nil
}

// WipeJobPasswords is [Store.ChangeJob], and wipes all passwords of the job, of
// items of whatever state, and the rows of its file, in which there may be some.
func (s *Store) WipeJobPasswords(ctx context.Context, id string, from []string, change func(*Job) error) error {
	err := s.InTx(ctx, "job "+id, func(ctx context.Context, tx *sql.Tx) error {
		j, err := changeJob(ctx, tx, id, from, func(j *Job) error {
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
		return count(ctx, tx, id, JobCounts{}, -j.Passwords)
	})
	if err != nil {
		return fmt.Errorf("store: wipe job passwords: %w", err)
	}
	return nil
}

// CancelJob is [Store.ChangeJob] for the end of a job of which nothing is done any
// more: it wipes the passwords of items that will never need them. Those stay that
// wait to be handed out, and those of items that are under way.
func (s *Store) CancelJob(ctx context.Context, id string, from []string, change func(*Job) error) (Job, error) {
	var now Job
	err := s.InTx(ctx, "job "+id, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE job_items SET secret = NULL
			WHERE job = $1 AND secret IS NOT NULL AND state <> 'running' AND generated <> 2 AND NOT (state = 'done' AND generated > 0)`, id)
		if err != nil {
			return err
		}
		now, err = changeJob(ctx, tx, id, from, change)
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
