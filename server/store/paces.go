// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// A Pace is how fast something may be done: so much at once, and then one each
// time that Every is over.
type Pace struct {
	Every  time.Duration // whole microseconds
	AtOnce int
}

// longestTurn bounds how long anybody waits for a turn. What is further away than
// twice that was taken by a clock that has been set back since, and does not count.
const longestTurn = 2 * time.Minute

// TakeTurn takes the next turn to do what is named, over all processes that share
// the database, and returns how long it is until then. Where that is longer than
// longest, or than two minutes, no turn is taken, and the error is [ErrConflict].
func (s *Store) TakeTurn(ctx context.Context, name string, p Pace, now time.Time, longest time.Duration) (wait time.Duration, err error) {
	// What is kept is when the last of the turns that were taken would be over if
	// they came one by one.
	every, ahead := p.Every.Microseconds(), p.Every.Microseconds()*int64(p.AtOnce)
	latest := now.UnixMicro() + ahead + min(longest, longestTurn).Microseconds()
	astray := now.UnixMicro() + ahead + 2*longestTurn.Microseconds()
	var at int64
	err = s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `
			INSERT INTO paces (name, at_us) VALUES ($1, CAST($2 AS BIGINT) + CAST($3 AS BIGINT))
			ON CONFLICT (name) DO UPDATE SET at_us = CASE WHEN paces.at_us BETWEEN $2 AND $5 THEN paces.at_us ELSE $2 END + $3
			WHERE paces.at_us + $3 <= CAST($4 AS BIGINT) OR paces.at_us > CAST($5 AS BIGINT)
			RETURNING at_us`, name, now.UnixMicro(), every, latest, astray).Scan(&at)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrConflict
	}
	if err != nil {
		return 0, fmt.Errorf("store: turn of %s: %w", name, err)
	}
	return max(0, time.Duration(at-now.UnixMicro()-ahead)*time.Microsecond), nil
}

// PurgePaces forgets the paces at which everything may be done at once again.
func (s *Store) PurgePaces(ctx context.Context, now time.Time) (int64, error) {
	n, err := s.exec(ctx, `DELETE FROM paces WHERE at_us <= $1`, now.UnixMicro())
	if err != nil {
		return 0, fmt.Errorf("store: purge paces: %w", err)
	}
	return n, nil
}
