// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// TakeJobPasswords returns the items of a job whose accounts have their generated
// password, also where something else failed after it. It wipes them: nobody gets it a second time. An error of use rolls
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
		return count(ctx, tx, job, JobCounts{}, -j.Passwords)
	})
	if err != nil {
		return fmt.Errorf("store: job passwords: %w", err)
	}
	return nil
}

// WipeJobPasswords wipes all passwords of a job, of whatever state.
func (s *Store) WipeJobPasswords(ctx context.Context, job string) error {
	err := s.InTx(ctx, "job "+job, func(ctx context.Context, tx *sql.Tx) error {
		j, err := jobNow(ctx, tx, job)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE job_items SET secret = NULL WHERE job = $1 AND secret IS NOT NULL`, job); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE jobs SET wipe_ms = NULL WHERE id = $1`, job); err != nil {
			return err
		}
		return count(ctx, tx, job, JobCounts{}, -j.Passwords)
	})
	if err != nil {
		return fmt.Errorf("store: wipe job passwords: %w", err)
	}
	return nil
}

// Retriable returns how many failed items of a job can be tried again: those that
// the plan did not refuse.
func (s *Store) Retriable(ctx context.Context, job string) (n int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM job_items WHERE job = $1 AND state = 'failed' AND action <> ''`, job).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("store: retriable job items: %w", err)
	}
	return n, nil
}

// JobsToWipe returns the jobs whose passwords have had their time.
func (s *Store) JobsToWipe(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id FROM jobs WHERE wipe_ms <= $1 ORDER BY id`, now.UnixMilli())
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
