// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A Draft is what a person had typed into a screen's form when their session
// ended, sealed by the caller and without the secret fields.
type Draft struct {
	Person     string
	Homeserver string
	Screen     string
	Sealed     []byte
	Expires    time.Time
}

// How many drafts are kept: of one person, and of all together. An expired
// session is enough to leave one, so without an end to them anybody who once
// signed in could fill the disk.
const (
	maxDraftsOfPerson = 10
	maxDrafts         = 200
)

// PutDraft keeps a draft; it replaces an older one of the same person,
// homeserver and screen, and the oldest ones where there are too many.
func (s *Store) PutDraft(ctx context.Context, d Draft) error {
	err := s.InTx(ctx, "drafts of "+d.Person, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO drafts (person, homeserver, screen, sealed, expires_ms) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (person, homeserver, screen)
			DO UPDATE SET sealed = excluded.sealed, expires_ms = excluded.expires_ms`,
			d.Person, d.Homeserver, d.Screen, d.Sealed, d.Expires.UnixMilli())
		if err != nil {
			return err
		}
		// The new one stays, whatever its time.
		_, err = tx.ExecContext(ctx, `
			DELETE FROM drafts WHERE person = $1 AND (homeserver, screen) NOT IN (
				SELECT homeserver, screen FROM drafts WHERE person = $1
				ORDER BY (homeserver = $2 AND screen = $3) DESC, expires_ms DESC LIMIT $4)`,
			d.Person, d.Homeserver, d.Screen, maxDraftsOfPerson)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			DELETE FROM drafts WHERE (person, homeserver, screen) NOT IN (
				SELECT person, homeserver, screen FROM drafts
				ORDER BY (person = $1 AND homeserver = $2 AND screen = $3) DESC, expires_ms DESC LIMIT $4)`,
			d.Person, d.Homeserver, d.Screen, maxDrafts)
		return err
	})
	if err != nil {
		return fmt.Errorf("store: put draft: %w", err)
	}
	return nil
}

// TakeDraft returns a draft and deletes it. It fails with [ErrNotFound] if
// there is none or its time is over.
func (s *Store) TakeDraft(ctx context.Context, person, homeserver, screen string, now time.Time) (Draft, error) {
	d := Draft{Person: person, Homeserver: homeserver, Screen: screen}
	var expires int64
	err := s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `
			DELETE FROM drafts WHERE person = $1 AND homeserver = $2 AND screen = $3
			RETURNING sealed, expires_ms`, person, homeserver, screen).Scan(&d.Sealed, &expires)
	})
	if err != nil {
		return Draft{}, fmt.Errorf("store: take draft: %w", orNotFound(err))
	}
	d.Expires = fromMillis(expires)
	if !now.Before(d.Expires) {
		return Draft{}, fmt.Errorf("store: take draft: %w", ErrNotFound)
	}
	return d, nil
}

// PurgeDrafts deletes the drafts whose time is over.
func (s *Store) PurgeDrafts(ctx context.Context, now time.Time) (int64, error) {
	n, err := s.exec(ctx, `DELETE FROM drafts WHERE expires_ms <= $1`, now.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("store: purge drafts: %w", err)
	}
	return n, nil
}
