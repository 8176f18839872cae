// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
)

// auditSettledKey names the number up to which every intent is known to have
// an outcome, so that settling does not read the whole log each time.
const auditSettledKey = "audit.settled"

// settleEvery is how many rows may be added before that number is moved, where
// there is nothing to settle.
const settleEvery = 1000

// SettleAudit gives every intent without an outcome, of a process that is gone,
// the result r and returns their numbers. See [Store.Beat] for who is gone; what
// a process does that never called it counts as left behind. Where there is
// nothing to settle it writes nothing, so it may be called often.
func (s *Store) SettleAudit(ctx context.Context, r AuditResult) ([]int64, error) {
	open, err := lookForOpen(ctx, s.read)
	if err == nil && len(open.left) == 0 && open.last-open.settled < settleEvery {
		return nil, nil
	}
	if err == nil {
		err = s.InTx(ctx, auditLock, func(ctx context.Context, tx *sql.Tx) error {
			if open, err = lookForOpen(ctx, tx); err != nil {
				return err
			}
			for _, id := range open.left {
				if err := s.appendOutcome(ctx, tx, id, r); err != nil {
					return err
				}
			}
			return setMeta(ctx, tx, auditSettledKey, strconv.FormatInt(open.until, 10))
		})
	}
	if err != nil {
		return nil, fmt.Errorf("store: settle audit: %w", err)
	}
	return open.left, nil
}

// openIntents are those without an outcome.
type openIntents struct {
	settled int64   // up to here there is none
	last    int64   // the newest row
	left    []int64 // of processes that are gone
	until   int64   // up to here there is none once those are settled
}

func lookForOpen(ctx context.Context, q querier) (o openIntents, err error) {
	value, err := getMeta(ctx, q, auditSettledKey)
	if err == nil {
		o.settled, err = strconv.ParseInt(value, 10, 64)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return o, err
	}
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM audit`).Scan(&o.last); err != nil {
		return o, err
	}
	type intent struct {
		id   int64
		gone bool
	}
	rows, err := q.QueryContext(ctx, `
		SELECT i.id, NOT EXISTS (SELECT 1 FROM replicas r WHERE r.id = i.replica) FROM audit i
		WHERE i.id > $1 AND i.id <= $2 AND i.phase = 'intent' AND NOT EXISTS (SELECT 1 FROM audit o WHERE o.intent_id = i.id)
		ORDER BY i.id`, o.settled, o.last)
	all, err := scanAll(rows, err, func(row scanner) (i intent, err error) { return i, row.Scan(&i.id, &i.gone) })
	o.until = o.last
	for _, i := range all {
		switch {
		case i.gone:
			o.left = append(o.left, i.id)
		case i.id <= o.until:
			o.until = i.id - 1
		}
	}
	return o, err
}
