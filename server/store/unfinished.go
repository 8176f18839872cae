// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"time"
)

// An UnfinishedAccount is one whose making was begun and that has not got all
// that it was asked to have. The adapter that makes it says what Asked and
// Left hold.
type UnfinishedAccount struct {
	Homeserver string
	UserID     string
	Account    string // the homeserver's own name of it
	By         string
	Asked      string
	Left       string
	At         time.Time
}

// PutUnfinishedAccount notes an account, in place of what was noted of it.
func (s *Store) PutUnfinishedAccount(ctx context.Context, a UnfinishedAccount) error {
	_, err := s.exec(ctx, `
		INSERT INTO unfinished_accounts (homeserver, user_id, account, begun_by, asked, left_over, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (homeserver, user_id) DO UPDATE SET
			account = excluded.account, begun_by = excluded.begun_by, asked = excluded.asked, left_over = excluded.left_over, at_ms = excluded.at_ms`,
		a.Homeserver, a.UserID, a.Account, a.By, a.Asked, a.Left, a.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("store: put unfinished account: %w", err)
	}
	return nil
}

// UnfinishedAccount returns what is noted of an account, or [ErrNotFound].
func (s *Store) UnfinishedAccount(ctx context.Context, homeserver, userID string) (UnfinishedAccount, error) {
	var (
		a  UnfinishedAccount
		at int64
	)
	err := s.read.QueryRowContext(ctx, `
		SELECT homeserver, user_id, account, begun_by, asked, left_over, at_ms FROM unfinished_accounts WHERE homeserver = $1 AND user_id = $2`,
		homeserver, userID).Scan(&a.Homeserver, &a.UserID, &a.Account, &a.By, &a.Asked, &a.Left, &at)
	if err != nil {
		return UnfinishedAccount{}, fmt.Errorf("store: unfinished account: %w", orNotFound(err))
	}
	a.At = fromMillis(at)
	return a, nil
}

// DeleteUnfinishedAccount forgets an account. Forgetting what is not there is
// no error.
func (s *Store) DeleteUnfinishedAccount(ctx context.Context, homeserver, userID string) error {
	_, err := s.exec(ctx, `DELETE FROM unfinished_accounts WHERE homeserver = $1 AND user_id = $2`, homeserver, userID)
	if err != nil {
		return fmt.Errorf("store: delete unfinished account: %w", err)
	}
	return nil
}
