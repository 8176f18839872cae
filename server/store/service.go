// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A ServiceAccount is an account that the gate registered for itself.
type ServiceAccount struct {
	Homeserver  string
	UserID      string
	SealedToken []byte // its access token, sealed; empty once retired
	Reason      string // why it took the place of the one before; "" for the first one
	Created     time.Time
	Retired     time.Time // zero for the live one
	Ended       time.Time // when it was seen to be deactivated; zero before
}

const serviceColumns = `homeserver, user_id, sealed_token, reason, created_ms, retired_ms, ended_ms`

// ServiceAccount returns the live service account of a homeserver, or [ErrNotFound].
func (s *Store) ServiceAccount(ctx context.Context, homeserver string) (ServiceAccount, error) {
	a, err := liveServiceAccount(ctx, s.read, homeserver)
	if err != nil {
		return ServiceAccount{}, fmt.Errorf("store: service account of %s: %w", homeserver, err)
	}
	return a, nil
}

// ServiceAccounts returns the live and the retired service accounts of a
// homeserver, newest first. None of them is a person.
func (s *Store) ServiceAccounts(ctx context.Context, homeserver string) ([]ServiceAccount, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+serviceColumns+` FROM service_accounts
		WHERE homeserver = $1 ORDER BY created_ms DESC, user_id`, homeserver)
	all, err := scanAll(rows, err, scanServiceAccount)
	if err != nil {
		return nil, fmt.Errorf("store: service accounts of %s: %w", homeserver, err)
	}
	return all, nil
}

// ReplaceServiceAccount makes next the live service account of its homeserver
// and retires the one before, whose token it deletes. old is the user ID that
// the caller took for the live one, "" for none; if another is live by now,
// nothing changes and the error is [ErrConflict].
func (s *Store) ReplaceServiceAccount(ctx context.Context, old string, next ServiceAccount) error {
	err := s.InTx(ctx, "service account of "+next.Homeserver, func(ctx context.Context, tx *sql.Tx) error {
		live, err := liveServiceAccount(ctx, tx, next.Homeserver)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if live.UserID != old {
			return ErrConflict
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE service_accounts SET retired_ms = $1, sealed_token = $2
			WHERE homeserver = $3 AND retired_ms IS NULL AND user_id <> $4`,
			next.Created.UnixMilli(), []byte{}, next.Homeserver, next.UserID)
		if err != nil {
			return err
		}
		// The same account with a new token is replaced in place.
		_, err = tx.ExecContext(ctx, `
			INSERT INTO service_accounts (homeserver, user_id, sealed_token, reason, created_ms) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (homeserver, user_id) DO UPDATE
			SET sealed_token = excluded.sealed_token, reason = excluded.reason, created_ms = excluded.created_ms,
				retired_ms = NULL, ended_ms = NULL`,
			next.Homeserver, next.UserID, next.SealedToken, next.Reason, next.Created.UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("store: replace service account of %s: %w", next.Homeserver, err)
	}
	return nil
}

// RetireServiceAccount notes an account that the gate registered and does not
// use, so that it can be ended. It has no token, and one that is live stays so.
// Of one that is noted already, the reason and the time are those of today.
func (s *Store) RetireServiceAccount(ctx context.Context, a ServiceAccount) error {
	_, err := s.exec(ctx, `
		INSERT INTO service_accounts (homeserver, user_id, sealed_token, reason, created_ms, retired_ms)
		VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (homeserver, user_id) DO UPDATE
		SET reason = excluded.reason, created_ms = excluded.created_ms, retired_ms = excluded.retired_ms
		WHERE service_accounts.retired_ms IS NOT NULL AND service_accounts.ended_ms IS NULL`,
		a.Homeserver, a.UserID, []byte{}, a.Reason, a.Created.UnixMilli())
	if err != nil {
		return fmt.Errorf("store: retire service account of %s: %w", a.Homeserver, err)
	}
	return nil
}

// ForgetServiceAccount deletes a retired account that was noted for reason: it
// was never made.
func (s *Store) ForgetServiceAccount(ctx context.Context, homeserver, userID, reason string) error {
	_, err := s.exec(ctx, `
		DELETE FROM service_accounts WHERE homeserver = $1 AND user_id = $2 AND reason = $3 AND retired_ms IS NOT NULL`,
		homeserver, userID, reason)
	if err != nil {
		return fmt.Errorf("store: forget service account of %s: %w", homeserver, err)
	}
	return nil
}

// EndServiceAccount notes that a retired account is deactivated. It fails with
// [ErrNotFound] if there is no such account, or it is the live one.
func (s *Store) EndServiceAccount(ctx context.Context, homeserver, userID string, at time.Time) error {
	n, err := s.exec(ctx, `
		UPDATE service_accounts SET ended_ms = $1 WHERE homeserver = $2 AND user_id = $3 AND retired_ms IS NOT NULL`,
		at.UnixMilli(), homeserver, userID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: end service account of %s: %w", homeserver, err)
	}
	return nil
}

// SealServiceAccount puts another sealing of the same token in place of before.
// Where somebody else has changed it since, theirs stays.
func (s *Store) SealServiceAccount(ctx context.Context, homeserver, userID string, before, now []byte) error {
	_, err := s.exec(ctx, `
		UPDATE service_accounts SET sealed_token = $1
		WHERE homeserver = $2 AND user_id = $3 AND retired_ms IS NULL AND sealed_token = $4`,
		now, homeserver, userID, before)
	if err != nil {
		return fmt.Errorf("store: seal service account of %s: %w", homeserver, err)
	}
	return nil
}

func liveServiceAccount(ctx context.Context, q querier, homeserver string) (ServiceAccount, error) {
	a, err := scanServiceAccount(q.QueryRowContext(ctx, `
		SELECT `+serviceColumns+` FROM service_accounts
		WHERE homeserver = $1 AND retired_ms IS NULL`, homeserver))
	return a, orNotFound(err)
}

func scanServiceAccount(row scanner) (ServiceAccount, error) {
	var (
		a       ServiceAccount
		created int64
		retired sql.NullInt64
		ended   sql.NullInt64
	)
	if err := row.Scan(&a.Homeserver, &a.UserID, &a.SealedToken, &a.Reason, &created, &retired, &ended); err != nil {
		return ServiceAccount{}, err
	}
	a.Created = fromMillis(created)
	a.Retired, a.Ended = fromNullMillis(retired), fromNullMillis(ended)
	return a, nil
}
