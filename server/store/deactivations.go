// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"time"
)

// A Deactivation says how far a deactivation of several steps has come. The
// adapter that does it names the steps.
type Deactivation struct {
	Homeserver string
	UserID     string
	Step       string
	At         time.Time
}

// PutDeactivation notes the step that an account's deactivation has reached.
func (s *Store) PutDeactivation(ctx context.Context, d Deactivation) error {
	_, err := s.exec(ctx, `
		INSERT INTO deactivations (homeserver, user_id, step, at_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (homeserver, user_id) DO UPDATE SET step = excluded.step, at_ms = excluded.at_ms`,
		d.Homeserver, d.UserID, d.Step, d.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("store: put deactivation: %w", err)
	}
	return nil
}

// Deactivation returns how far the deactivation of an account has come, or
// [ErrNotFound].
func (s *Store) Deactivation(ctx context.Context, homeserver, userID string) (Deactivation, error) {
	d, err := scanDeactivation(s.read.QueryRowContext(ctx, `
		SELECT homeserver, user_id, step, at_ms FROM deactivations WHERE homeserver = $1 AND user_id = $2`,
		homeserver, userID))
	if err != nil {
		return Deactivation{}, fmt.Errorf("store: deactivation: %w", orNotFound(err))
	}
	return d, nil
}

// Deactivations returns all of a homeserver, oldest first.
func (s *Store) Deactivations(ctx context.Context, homeserver string) ([]Deactivation, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT homeserver, user_id, step, at_ms FROM deactivations WHERE homeserver = $1 ORDER BY at_ms, user_id`,
		homeserver)
	all, err := scanAll(rows, err, scanDeactivation)
	if err != nil {
		return nil, fmt.Errorf("store: deactivations: %w", err)
	}
	return all, nil
}

// DeleteDeactivation forgets the steps of an account. Forgetting what is not
// there is no error.
func (s *Store) DeleteDeactivation(ctx context.Context, homeserver, userID string) error {
	_, err := s.exec(ctx, `DELETE FROM deactivations WHERE homeserver = $1 AND user_id = $2`, homeserver, userID)
	if err != nil {
		return fmt.Errorf("store: delete deactivation: %w", err)
	}
	return nil
}

func scanDeactivation(row scanner) (Deactivation, error) {
	var (
		d  Deactivation
		at int64
	)
	err := row.Scan(&d.Homeserver, &d.UserID, &d.Step, &at)
	d.At = fromMillis(at)
	return d, err
}
