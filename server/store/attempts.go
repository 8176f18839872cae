// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A Limit is how many attempts may count under a key at a time.
type Limit struct {
	Key  string
	Most int
}

// maxAttempts bounds how many rows [Store.PurgeAttempts] leaves: whoever has very
// many addresses shall not fill the disk.
const maxAttempts = 100_000

// Full returns when the first of the attempts ends to count that fill one of the
// limits, and which one that is; the zero time where none is full.
func (s *Store) Full(ctx context.Context, limits []Limit, now time.Time) (until time.Time, full Limit, err error) {
	if until, full, err = fullLimit(ctx, s.read, limits, now); err != nil {
		return time.Time{}, Limit{}, fmt.Errorf("store: attempts: %w", err)
	}
	return until, full, nil
}

// BeginAttempt counts an attempt under the keys of all limits until a time, over
// all processes that share the database. Where one of them is full it counts
// nowhere, and the answer is that of [Store.Full]. attempt is a name that nothing
// else has. Attempts wait for each other where the first of their keys is the
// same, so whoever shares one of the others has to share that.
func (s *Store) BeginAttempt(ctx context.Context, attempt string, limits []Limit, now, until time.Time) (free time.Time, full Limit, err error) {
	// Who is turned away costs no transaction.
	if free, full, err = s.Full(ctx, limits, now); err != nil || !free.IsZero() {
		return free, full, err
	}
	err = s.InTx(ctx, "attempts of "+limits[0].Key, func(ctx context.Context, tx *sql.Tx) error {
		free, full, err = fullLimit(ctx, tx, limits, now)
		if err != nil || !free.IsZero() {
			return err
		}
		for _, l := range limits {
			if err := countAttempt(ctx, tx, attempt, l.Key, until); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return time.Time{}, Limit{}, fmt.Errorf("store: begin attempt: %w", err)
	}
	return free, full, nil
}

// FailAttempt has an attempt count under keys until a time.
func (s *Store) FailAttempt(ctx context.Context, attempt string, keys []string, until time.Time) error {
	err := s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		for _, key := range keys {
			if err := countAttempt(ctx, tx, attempt, key, until); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: fail attempt: %w", err)
	}
	return nil
}

// EndAttempt has an attempt count no more, nor any other under the keys to forget.
func (s *Store) EndAttempt(ctx context.Context, attempt string, forget ...string) error {
	err := s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM attempts WHERE attempt = $1`, attempt)
		for _, key := range forget {
			if err == nil {
				_, err = tx.ExecContext(ctx, `DELETE FROM attempts WHERE limit_key = $1`, key)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store: end attempt: %w", err)
	}
	return nil
}

// Attempts returns how many count under a key.
func (s *Store) Attempts(ctx context.Context, key string, now time.Time) (int, error) {
	n, _, err := attemptsOf(ctx, s.read, key, now)
	if err != nil {
		return 0, fmt.Errorf("store: attempts: %w", err)
	}
	return n, nil
}

// PurgeAttempts deletes what counts no more, and what will first end to count
// where there is too much.
func (s *Store) PurgeAttempts(ctx context.Context, now time.Time) (int64, error) {
	return s.purgeAttempts(ctx, now, maxAttempts)
}

func (s *Store) purgeAttempts(ctx context.Context, now time.Time, most int) (int64, error) {
	n, err := s.exec(ctx, `
		DELETE FROM attempts WHERE ends_ms <= $1
			OR ends_ms < (SELECT ends_ms FROM attempts ORDER BY ends_ms DESC LIMIT 1 OFFSET $2)`, now.UnixMilli(), most-1)
	if err != nil {
		return 0, fmt.Errorf("store: purge attempts: %w", err)
	}
	return n, nil
}

func countAttempt(ctx context.Context, tx *sql.Tx, attempt, key string, until time.Time) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO attempts (attempt, limit_key, ends_ms) VALUES ($1, $2, $3)
		ON CONFLICT (attempt, limit_key) DO UPDATE SET ends_ms = excluded.ends_ms`, attempt, key, until.UnixMilli())
	return err
}

// fullLimit returns the limit that is full for the longest time.
func fullLimit(ctx context.Context, q querier, limits []Limit, now time.Time) (until time.Time, full Limit, err error) {
	for _, l := range limits {
		n, first, err := attemptsOf(ctx, q, l.Key, now)
		if err != nil {
			return time.Time{}, Limit{}, err
		}
		if n >= l.Most && first.After(until) {
			until, full = first, l
		}
	}
	return until, full, nil
}

// attemptsOf returns how many count under a key, and when the first ends to.
func attemptsOf(ctx context.Context, q querier, key string, now time.Time) (n int, first time.Time, err error) {
	var ends int64
	err = q.QueryRowContext(ctx, `
		SELECT COUNT(*), COALESCE(MIN(ends_ms), 0) FROM attempts WHERE limit_key = $1 AND ends_ms > $2`,
		key, now.UnixMilli()).Scan(&n, &ends)
	return n, fromMillis(ends), err
}
