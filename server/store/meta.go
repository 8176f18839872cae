// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"
)

// Meta returns the value kept under a name, or [ErrNotFound].
func (s *Store) Meta(ctx context.Context, name string) (string, error) {
	value, err := getMeta(ctx, s.read, name)
	if err != nil {
		return "", fmt.Errorf("store: meta %s: %w", name, err)
	}
	return value, nil
}

// SetMeta keeps a value under a name. It is no place for secrets.
func (s *Store) SetMeta(ctx context.Context, name, value string) error {
	err := s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		return setMeta(ctx, tx, name, value)
	})
	if err != nil {
		return fmt.Errorf("store: meta %s: %w", name, err)
	}
	return nil
}

// Probe proves that the database takes writes, by making one that reaches the
// disk.
func (s *Store) Probe(ctx context.Context, now time.Time) error {
	return s.SetMeta(ctx, "probe", strconv.FormatInt(now.UnixMilli(), 10))
}

func getMeta(ctx context.Context, q querier, name string) (string, error) {
	var value string
	err := q.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = $1`, name).Scan(&value)
	return value, orNotFound(err)
}

func setMeta(ctx context.Context, q querier, name, value string) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO meta (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
