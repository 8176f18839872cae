// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// States of a job's item.
const (
	ItemWaiting = "waiting"
	ItemRunning = "running"
	ItemDone    = "done"
	ItemSkipped = "skipped"
	ItemFailed  = "failed"
	ItemUnknown = "unknown"
)

// A JobItem is what a job does to one account.
type JobItem struct {
	Job       string
	N         int64 // from 1
	Line      int64 // of a file
	Target    string
	Action    string // an operation
	Steps     string // JSON, as the caller gives it; "" where the job's own request is meant
	Step      int    // how many steps are done
	State     string
	Changes   string // JSON, as the caller gives it
	Secret    []byte // a password, sealed
	Row       []byte // the row of a file, sealed; JobItemsLeft alone reads it
	Creates   bool   // it makes the account; AddJobItems alone reads it, as Destroys
	Destroys  bool   // a step of it cannot be undone
	Generated bool   // people are to be told the password
	Set       bool   // the account has it, however the item ended; where that is unknown, it may have
	Code      string
	Params    string // JSON, as the caller gives it
	Attempts  int
	Failures  int // how many of the attempts the homeserver answered with an error of its own
	Started   time.Time
	Ended     time.Time

	told bool // it is counted among the passwords that wait to be handed out
}

// In the column generated stands whether people are to be told the password, and
// that it is counted.
const (
	isGenerated = 1
	isTold      = 2
)

const itemColumns = `job, n, line, target, action, steps, step, state, changes, secret, generated, code, params, attempts, failures, started_ms, ended_ms`

// AddJobItems adds items to a job that is being planned; else it fails with
// [ErrConflict]. They bring their numbers.
func (s *Store) AddJobItems(ctx context.Context, job string, items []JobItem) error {
	err := s.InTx(ctx, "job "+job, func(ctx context.Context, tx *sql.Tx) error {
		j, err := s.jobNow(ctx, tx, job)
		if err != nil {
			return err
		}
		if j.State != JobPlanning {
			return ErrConflict
		}
		for some := range slices.Chunk(items, itemsInOneInsert) {
			if err := insertItems(ctx, tx, job, some); err != nil {
				return err
			}
		}
		var by JobCounts
		for _, i := range items {
			*by.of(i.State)++
			j.Plan.add(i)
		}
		if err := setPlan(ctx, tx, job, j.Plan); err != nil {
			return err
		}
		return s.count(ctx, tx, job, by, 0)
	})
	if err != nil {
		return fmt.Errorf("store: add job items: %w", err)
	}
	return nil
}

// itemsInOneInsert bounds a statement: what SQLite's driver takes to bind its
// parameters grows with the square of their number.
const itemsInOneInsert = 8

func insertItems(ctx context.Context, tx *sql.Tx, job string, items []JobItem) error {
	const columns = 14
	var query strings.Builder
	query.WriteString(`INSERT INTO job_items (job, n, line, target, action, steps, step, state, changes, secret, generated, code, params, row_sealed, attempts) VALUES `)
	args := make([]any, 0, columns*len(items))
	for i, item := range items {
		if i > 0 {
			query.WriteByte(',')
		}
		query.WriteByte('(')
		for c := range columns {
			fmt.Fprintf(&query, "$%d,", i*columns+c+1)
		}
		query.WriteString("0)")
		args = append(args, job, item.N, item.Line, item.Target, item.Action, item.Steps, item.Step, item.State, item.Changes, item.Secret,
			whole(item.Generated), item.Code, item.Params, item.Row)
	}
	_, err := tx.ExecContext(ctx, query.String(), args...)
	return err
}

func whole(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ClearJobItems takes away all items of a job that is being planned, so that
// its planning can begin again.
func (s *Store) ClearJobItems(ctx context.Context, job string) error {
	return s.dropJobItems(ctx, job, "")
}

// KeepRefused takes away all items of a job that is being planned but those
// that were refused, and with them their passwords: nothing of it will be done.
func (s *Store) KeepRefused(ctx context.Context, job string) error {
	return s.dropJobItems(ctx, job, ItemFailed)
}

// dropJobItems takes away the items of a job that is being planned, but those in
// one state; "" keeps none.
func (s *Store) dropJobItems(ctx context.Context, job, keep string) error {
	err := s.InTx(ctx, "job "+job, func(ctx context.Context, tx *sql.Tx) error {
		j, err := s.jobNow(ctx, tx, job)
		if err != nil {
			return err
		}
		if j.State != JobPlanning {
			return ErrConflict
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM job_items WHERE job = $1 AND state <> $2`, job, keep); err != nil {
			return err
		}
		gone, plan := minus(j.Count), PlanCounts{}
		if keep != "" {
			*gone.of(keep) = 0
		}
		if keep == ItemFailed {
			plan.Refuse = j.Plan.Refuse
		}
		if err := setPlan(ctx, tx, job, plan); err != nil {
			return err
		}
		return s.count(ctx, tx, job, gone, -j.Passwords)
	})
	if err != nil {
		return fmt.Errorf("store: drop job items: %w", err)
	}
	return nil
}

func minus(c JobCounts) JobCounts {
	return JobCounts{-c.Waiting, -c.Running, -c.Done, -c.Skipped, -c.Failed, -c.Unknown}
}

const claimItems = `
	UPDATE job_items SET state = 'running', attempts = attempts + 1, started_ms = $1, ended_ms = NULL, code = '', params = ''
	WHERE job = $2 AND n IN (SELECT n FROM job_items WHERE job = $2 AND state = 'waiting' ORDER BY n LIMIT $3)
	RETURNING ` + itemColumns

// ClaimJobItems makes up to limit items that wait running ones, in their order,
// and returns them. Of a job that does not run it claims none.
func (s *Store) ClaimJobItems(ctx context.Context, job string, limit int, now time.Time) ([]JobItem, error) {
	var items []JobItem
	err := s.InTx(ctx, "job "+job, func(ctx context.Context, tx *sql.Tx) error {
		j, err := s.jobNow(ctx, tx, job)
		if err != nil || j.State != JobRunning || j.Count.Waiting == 0 {
			return err
		}
		rows, err := s.parsed.in(ctx, tx, claimItems).QueryContext(ctx, now.UnixMilli(), job, limit)
		if items, err = scanAll(rows, err, scanJobItem); err != nil {
			return err
		}
		n := int64(len(items))
		return s.count(ctx, tx, job, JobCounts{Waiting: -n, Running: n}, 0)
	})
	if err != nil {
		return nil, fmt.Errorf("store: claim job items: %w", err)
	}
	return items, nil
}

const setJobItem = `
	UPDATE job_items SET state = $1, step = $2, code = $3, params = $4, attempts = $5, failures = $6, ended_ms = $7,
		secret = CASE WHEN $11 THEN NULL ELSE secret END, generated = $10,
		row_sealed = CASE WHEN $1 = 'done' THEN NULL ELSE row_sealed END
	WHERE job = $8 AND n = $9 AND state = 'running' AND started_ms = $12`

// SetJobItems notes how running items go on: State, Step, Code, Params, Attempts,
// Failures and Ended count. A password that nobody needs any more is wiped. An item
// that no longer runs stays as it is, and so does one that was claimed again since
// (Started tells): its process had stood still, and another one is at it.
func (s *Store) SetJobItems(ctx context.Context, job string, items []JobItem) error {
	err := s.InTx(ctx, "job "+job, func(ctx context.Context, tx *sql.Tx) error {
		j, err := s.jobNow(ctx, tx, job)
		if err != nil {
			return err
		}
		var by JobCounts
		var passwords int64
		for _, i := range items {
			ended := i.State == ItemDone || i.State == ItemUnknown || i.Set && i.State == ItemFailed
			tell, generated := ended && i.Generated && i.Secret != nil && !i.told, whole(i.Generated)
			if tell || i.told {
				generated = isTold
			}
			// Nobody is to be told it, and no try needs it any more: CancelJob left it to the item that was under way.
			useless := generated != isTold && (i.State == ItemDone || j.State == JobCancelled && i.State != ItemRunning)
			res, err := s.parsed.in(ctx, tx, setJobItem).ExecContext(ctx,
				i.State, i.Step, i.Code, i.Params, i.Attempts, i.Failures, nullMillis(i.Ended), job, i.N, generated, useless, i.Started.UnixMilli())
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			by.Running -= n
			*by.of(i.State) += n
			if tell {
				passwords += n
			}
		}
		return s.count(ctx, tx, job, by, passwords)
	})
	if err != nil {
		return fmt.Errorf("store: set job items: %w", err)
	}
	return nil
}

// A JobItemQuery chooses a page of a job's items, in their order.
type JobItemQuery struct {
	Job   string
	State string // "" for all
	// Action is how they begin; with Other those that begin with another one, and
	// do something. "" for all.
	Action string
	Other  bool
	After  int64 // number of the last one of the page before
	Limit  int
}

// JobItems returns one page of items.
func (s *Store) JobItems(ctx context.Context, q JobItemQuery) ([]JobItem, error) {
	where := `job = $1 AND n > $2`
	args := []any{q.Job, q.After, q.Limit}
	if q.State != "" {
		args = append(args, q.State)
		where += fmt.Sprintf(` AND state = $%d`, len(args))
	}
	if q.Action != "" {
		args = append(args, q.Action)
		is := ` AND action = $%d`
		if q.Other {
			is = ` AND action NOT IN ('', $%d)`
		}
		where += fmt.Sprintf(is, len(args))
	}
	rows, err := s.read.QueryContext(ctx, `SELECT `+itemColumns+` FROM job_items WHERE `+where+` ORDER BY n LIMIT $3`, args...)
	page, err := scanAll(rows, err, scanJobItem)
	if err != nil {
		return nil, fmt.Errorf("store: job items: %w", err)
	}
	return page, nil
}

// JobItemsLeft returns items of a job that are neither done nor needless, in their
// order behind the number after, with the rows of the file that they came from.
func (s *Store) JobItemsLeft(ctx context.Context, job string, after int64, limit int) ([]JobItem, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+itemColumns+`, row_sealed FROM job_items
		WHERE job = $1 AND n > $2 AND state NOT IN ('done', 'skipped') ORDER BY n LIMIT $3`, job, after, limit)
	page, err := scanAll(rows, err, func(row scanner) (JobItem, error) {
		var sealed []byte
		item, err := scanJobItem(andLast{row, &sealed})
		item.Row = sealed
		return item, err
	})
	if err != nil {
		return nil, fmt.Errorf("store: job items left: %w", err)
	}
	return page, nil
}

// andLast scans one column more, the last one.
type andLast struct {
	row  scanner
	last any
}

func (w andLast) Scan(into ...any) error { return w.row.Scan(append(into, w.last)...) }

func scanJobItem(row scanner) (JobItem, error) {
	var (
		i              JobItem
		generated      int
		started, ended sql.NullInt64
	)
	err := row.Scan(&i.Job, &i.N, &i.Line, &i.Target, &i.Action, &i.Steps, &i.Step, &i.State, &i.Changes, &i.Secret, &generated, &i.Code,
		&i.Params, &i.Attempts, &i.Failures, &started, &ended)
	i.Generated, i.told, i.Set = generated >= isGenerated, generated == isTold, generated == isTold
	i.Started, i.Ended = fromNullMillis(started), fromNullMillis(ended)
	return i, err
}
