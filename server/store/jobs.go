// SPDX-License-Identifier: Apache-2.0

package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// States of a job.
const (
	JobPlanning  = "planning"
	JobPlanned   = "planned"
	JobScheduled = "scheduled"
	JobRunning   = "running"
	JobPaused    = "paused"
	JobDone      = "done"
	JobCancelled = "cancelled"
	JobFailed    = "failed"
)

// A Job is work on many accounts. It is done on behalf of a person, who need not
// be there; no session and no secret is in it.
type Job struct {
	ID         string
	Homeserver string
	Kind       string // operation or import
	Operation  string // "" where each item has its own
	Request    string // JSON, as the caller gives it, without secrets
	State      string
	Code       string // a problem code: why it waits, or ended so
	Params     string // JSON, as the caller gives it
	Note       string

	Person           string
	PersonName       string
	Role             string
	PersonHomeserver string
	Address          string

	Created time.Time
	Planned time.Time // zero while it is not
	At      time.Time // when it is to begin; zero: when somebody starts it
	Started time.Time
	Ended   time.Time
	Wipe    time.Time // when its passwords are wiped, unless it goes on before
	Rows    time.Time // when the rows of its file are, that are kept to be given back; zero: there are none

	Count     JobCounts
	Plan      PlanCounts
	PerMinute int64 // how many items ended in the last minute of work
	Passwords int64 // generated ones, of items that ended and whose accounts have or may have them, that wait to be handed out
}

// JobCounts is how many items of a job are in which state.
type JobCounts struct{ Waiting, Running, Done, Skipped, Failed, Unknown int64 }

func (c *JobCounts) of(state string) *int64 {
	switch state {
	case ItemWaiting:
		return &c.Waiting
	case ItemRunning:
		return &c.Running
	case ItemDone:
		return &c.Done
	case ItemSkipped:
		return &c.Skipped
	case ItemFailed:
		return &c.Failed
	}
	return &c.Unknown
}

// PlanCounts is what the plan of a job comes to: how many accounts are made, changed, left
// alone and refused, and to how many of those that are made or changed something is done
// that cannot be undone. It stays as it was planned.
type PlanCounts struct{ Create, Change, Leave, Refuse, Destroy int64 }

// add counts an item that was planned.
func (c *PlanCounts) add(i JobItem) {
	switch i.State {
	case ItemWaiting:
		if i.Creates {
			c.Create++
		} else {
			c.Change++
		}
		if i.Destroys {
			c.Destroy++
		}
	case ItemSkipped:
		c.Leave++
	case ItemFailed:
		c.Refuse++
	}
}

const jobColumns = `id, homeserver, kind, operation, request, state, code, params, note, person, person_name, role, person_homeserver, address,
	created_ms, planned_ms, at_ms, started_ms, ended_ms, wipe_ms, rows_ms, waiting, running, done, skipped, failed, unknown, per_minute,
	passwords, plan_create, plan_change, plan_leave, plan_refuse, plan_destroy`

const selectJob = `SELECT ` + jobColumns + ` FROM jobs WHERE id = $1`

// AddJob stores a new job, without items. upload is the file that it is made of,
// "" for none: of a file of which one was made already none is made a second
// time, and the error is [ErrConflict].
func (s *Store) AddJob(ctx context.Context, j Job, upload string) error {
	err := s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		if upload != "" {
			res, err := tx.ExecContext(ctx, `UPDATE uploads SET job = $1 WHERE id = $2 AND job = ''`, j.ID, upload)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				return cmp.Or(err, ErrConflict)
			}
		}
		return insertJob(ctx, tx, j)
	})
	if err != nil {
		return fmt.Errorf("store: add job: %w", err)
	}
	return nil
}

func insertJob(ctx context.Context, tx *sql.Tx, j Job) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO jobs (id, homeserver, kind, operation, request, state, code, params, note, person, person_name, role, person_homeserver,
			address, created_ms, planned_ms, at_ms, started_ms, ended_ms, wipe_ms, waiting, running, done, skipped, failed, unknown, per_minute, passwords)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0)`,
		j.ID, j.Homeserver, j.Kind, j.Operation, j.Request, j.State, j.Code, j.Params, j.Note, j.Person, j.PersonName, j.Role,
		j.PersonHomeserver, j.Address, j.Created.UnixMilli())
	return err
}

// Job returns a job, or [ErrNotFound].
func (s *Store) Job(ctx context.Context, id string) (Job, error) {
	j, err := scanJob(s.parsedReads.row(ctx, s.read, selectJob, id))
	if err != nil {
		return Job{}, fmt.Errorf("store: job: %w", orNotFound(err))
	}
	return j, nil
}

// A JobQuery chooses a page of a homeserver's jobs, the newest first.
type JobQuery struct {
	Homeserver string
	State      string // "" for all
	BeforeMS   int64  // of the last one of the page before, 0 for the first page
	BeforeID   string
	Person     string    // whose they are; "" for everybody's
	WipeBy     time.Time // those alone whose passwords are wiped until then, if nothing is done; zero for all
	Limit      int
}

// Jobs returns one page of jobs.
func (s *Store) Jobs(ctx context.Context, q JobQuery) ([]Job, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+jobColumns+` FROM jobs
		WHERE homeserver = $1 AND ($2 = '' OR state = $2) AND (CAST($3 AS BIGINT) = 0 OR (created_ms, id) < ($3, $4))
			AND ($6 = '' OR person = $6) AND (CAST($7 AS BIGINT) IS NULL OR wipe_ms <= $7 AND `+atRest+`)
		ORDER BY created_ms DESC, id DESC LIMIT $5`, q.Homeserver, q.State, q.BeforeMS, q.BeforeID, q.Limit, q.Person, nullMillis(q.WipeBy))
	page, err := scanAll(rows, err, scanJob)
	if err != nil {
		return nil, fmt.Errorf("store: jobs: %w", err)
	}
	return page, nil
}

// JobsIn returns all jobs in one of the states, of every homeserver, the oldest first.
func (s *Store) JobsIn(ctx context.Context, states ...string) ([]Job, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+jobColumns+` FROM jobs WHERE `+inStates(states...)+` ORDER BY created_ms, id`)
	all, err := scanAll(rows, err, scanJob)
	if err != nil {
		return nil, fmt.Errorf("store: jobs: %w", err)
	}
	return all, nil
}

// inStates is the condition that a job is in one of some states, which are constants of
// this package.
func inStates(states ...string) string { return "state IN ('" + strings.Join(states, "', '") + "')" }

// leftIn are the states of jobs in which no item is begun any more, while some may
// be running.
var leftIn = []string{JobPaused, JobCancelled, JobFailed}

// Left reports whether a job has ended or is paused, and items of it are running: whoever
// was at them ended before it knew what became of them.
func (j Job) Left() bool { return j.Count.Running > 0 && slices.Contains(leftIn, j.State) }

// Stopped reports whether a job ended because it could not go on, with items that are
// not done: it can be resumed. One of which the plan failed has nothing to go on with.
func (j Job) Stopped() bool {
	return j.State == JobFailed && !j.Started.IsZero() && j.Count.Waiting+j.Count.Running > 0
}

// JobsLeft returns the jobs of which that is so (see [Job.Left]). The oldest comes first.
func (s *Store) JobsLeft(ctx context.Context) ([]Job, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+jobColumns+` FROM jobs WHERE `+inStates(leftIn...)+` AND running > 0 ORDER BY created_ms, id`)
	all, err := scanAll(rows, err, scanJob)
	if err != nil {
		return nil, fmt.Errorf("store: jobs: %w", err)
	}
	return all, nil
}

// ChangeJob sets a job's state, what is said of it and its times as change says,
// if it is in one of the states from; else it fails with [ErrConflict]. An error
// of change leaves it as it is and is returned. It returns the job as it is
// then. Its items are not touched.
func (s *Store) ChangeJob(ctx context.Context, id string, from []string, change func(*Job) error) (Job, error) {
	var now Job
	err := s.InTx(ctx, "job "+id, func(ctx context.Context, tx *sql.Tx) (err error) {
		now, err = s.changeJob(ctx, tx, id, from, change)
		return err
	})
	if err != nil {
		return now, fmt.Errorf("store: change job: %w", err)
	}
	return now, nil
}

func (s *Store) changeJob(ctx context.Context, tx *sql.Tx, id string, from []string, change func(*Job) error) (Job, error) {
	j, err := s.jobNow(ctx, tx, id)
	if err != nil {
		return j, err
	}
	if !slices.Contains(from, j.State) {
		return j, ErrConflict
	}
	if err := change(&j); err != nil {
		return j, err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE jobs SET state = $1, code = $2, params = $3, planned_ms = $4, at_ms = $5, started_ms = $6, ended_ms = $7, wipe_ms = $8, rows_ms = $9 WHERE id = $10`,
		j.State, j.Code, j.Params, nullMillis(j.Planned), nullMillis(j.At), nullMillis(j.Started), nullMillis(j.Ended), nullMillis(j.Wipe),
		nullMillis(j.Rows), id)
	if err == nil && !j.Ended.IsZero() && !j.Wipe.IsZero() {
		err = unlessSealed(ctx, tx, &j)
	}
	return j, err
}

// RetryJob is [Store.ChangeJob], and lets the failed items wait again that the
// plan did not refuse. Where one had several steps, it goes on with the one that
// failed.
func (s *Store) RetryJob(ctx context.Context, id string, from []string, change func(*Job) error) (Job, error) {
	var now Job
	err := s.InTx(ctx, "job "+id, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := s.changeJob(ctx, tx, id, from, change); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `
			UPDATE job_items SET state = 'waiting', failures = 0, ended_ms = NULL WHERE job = $1 AND state = 'failed' AND action <> ''`, id)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if err := s.count(ctx, tx, id, JobCounts{Waiting: n, Failed: -n}, 0); err != nil {
			return err
		}
		now, err = s.jobNow(ctx, tx, id)
		return err
	})
	if err != nil {
		return now, fmt.Errorf("store: retry job: %w", err)
	}
	return now, nil
}

// jobNow reads a job in a transaction that is alone with it.
func (s *Store) jobNow(ctx context.Context, tx *sql.Tx, id string) (Job, error) {
	j, err := scanJob(s.parsed.in(ctx, tx, selectJob).QueryRowContext(ctx, id))
	return j, orNotFound(err)
}

const countJob = `
	UPDATE jobs SET waiting = waiting + $1, running = running + $2, done = done + $3, skipped = skipped + $4, failed = failed + $5,
		unknown = unknown + $6, passwords = passwords + $7 WHERE id = $8`

// count changes a job's counts by what changed in its items.
func (s *Store) count(ctx context.Context, tx *sql.Tx, id string, by JobCounts, passwords int64) error {
	_, err := s.parsed.in(ctx, tx, countJob).ExecContext(ctx,
		by.Waiting, by.Running, by.Done, by.Skipped, by.Failed, by.Unknown, passwords, id)
	return err
}

// setPlan writes down what the plan of a job comes to by now.
func setPlan(ctx context.Context, tx *sql.Tx, id string, p PlanCounts) error {
	_, err := tx.ExecContext(ctx, `UPDATE jobs SET plan_create = $1, plan_change = $2, plan_leave = $3, plan_refuse = $4, plan_destroy = $5 WHERE id = $6`,
		p.Create, p.Change, p.Leave, p.Refuse, p.Destroy, id)
	return err
}

// SetJobRate notes how many items of a job ended in the last minute.
func (s *Store) SetJobRate(ctx context.Context, id string, perMinute int64) error {
	if _, err := s.exec(ctx, `UPDATE jobs SET per_minute = $1 WHERE id = $2`, perMinute, id); err != nil {
		return fmt.Errorf("store: job rate: %w", err)
	}
	return nil
}

func nullMillis(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

func scanJob(row scanner) (Job, error) {
	var (
		j                                       Job
		created                                 int64
		planned, at, started, ended, wipe, rows sql.NullInt64
	)
	c, p := &j.Count, &j.Plan
	err := row.Scan(&j.ID, &j.Homeserver, &j.Kind, &j.Operation, &j.Request, &j.State, &j.Code, &j.Params, &j.Note, &j.Person, &j.PersonName,
		&j.Role, &j.PersonHomeserver, &j.Address, &created, &planned, &at, &started, &ended, &wipe, &rows,
		&c.Waiting, &c.Running, &c.Done, &c.Skipped, &c.Failed, &c.Unknown, &j.PerMinute, &j.Passwords,
		&p.Create, &p.Change, &p.Leave, &p.Refuse, &p.Destroy)
	j.Created, j.Planned, j.At = fromMillis(created), fromNullMillis(planned), fromNullMillis(at)
	j.Started, j.Ended, j.Wipe, j.Rows = fromNullMillis(started), fromNullMillis(ended), fromNullMillis(wipe), fromNullMillis(rows)
	return j, err
}
