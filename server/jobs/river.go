// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"gatehouse/server/store"
)

// How River is used: it holds the IDs of jobs that are to be looked at, and from when on. A job of ours is one of River's for as long as it runs,
// so River has nothing to write for an item. It may believe that one that runs for long is stuck and offer it again; whoever takes it then finds
// the lease taken.
const (
	pollEvery    = time.Second
	jobsAtOnce   = 16
	rescueAfter  = 10 * time.Minute
	forgetAfter  = time.Hour
	riverStopsIn = 15 * time.Second
)

// args is what River keeps of a job. There is never more in it.
type args struct {
	Job string `json:"job"`
}

// Kind implements river.JobArgs.
func (args) Kind() string { return "gatehouse_job" }

// River is a Waker that keeps its calls in the store's database, for whichever process comes to it.
type River struct{ client client }

// client is what of river.Client does not depend on the database.
type client interface {
	Insert(context.Context, river.JobArgs, *river.InsertOpts) (*rivertype.JobInsertResult, error)
	Start(context.Context) error
	StopAndCancel(context.Context) error
}

// OpenRiver makes River's tables where they are missing. Nothing is worked before Start.
func OpenRiver(ctx context.Context, s *store.Store, e *Engine) (*River, error) {
	if pool := s.Pool(); pool != nil {
		return openRiver(ctx, riverpgxv5.New(pool), e, false)
	}
	return openRiver(ctx, riversqlite.New(s.Writer()), e, true)
}

func openRiver[Tx any](ctx context.Context, driver riverdriver.Driver[Tx], e *Engine, pollOnly bool) (*River, error) {
	log := slog.New(warnings{e.Log.Handler()})
	if err := migrate(ctx, driver, log); err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{engine: e})
	client, err := river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: jobsAtOnce}}, Workers: workers,
		FetchPollInterval: pollEvery, PollOnly: pollOnly, JobTimeout: -1, RescueStuckJobsAfter: rescueAfter,
		CompletedJobRetentionPeriod: forgetAfter, CancelledJobRetentionPeriod: forgetAfter, DiscardedJobRetentionPeriod: forgetAfter,
		Logger: log,
	})
	if err != nil {
		return nil, err
	}
	return &River{client}, nil
}

// migrateTries bounds how often migrate begins again when another process migrates the same database at the same time: each round at least one
// of them gets further.
const migrateTries = 5

func migrate[Tx any](ctx context.Context, driver riverdriver.Driver[Tx], log *slog.Logger) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return err
	}
	for range migrateTries {
		if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("the tables of River: %w", err)
}

// Wake implements Waker.
func (r *River) Wake(ctx context.Context, job string, at time.Time) error {
	_, err := r.client.Insert(ctx, args{Job: job}, &river.InsertOpts{ScheduledAt: at})
	return err
}

// Start begins to work jobs, until ctx ends; then it lets what is under way end, and ended says so. River must not be asked for anything
// while it starts, so nothing may call Wake before Start returns.
func (r *River) Start(ctx context.Context) (ended <-chan error, err error) {
	if err := r.client.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, err
	}
	over := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), riverStopsIn)
		defer cancel()
		over <- r.client.StopAndCancel(stop)
	}()
	return over, nil
}

type worker struct {
	river.WorkerDefaults[args]
	engine *Engine
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	again, err := w.engine.Work(ctx, job.Args.Job)
	if err != nil && ctx.Err() == nil { // else River stops
		// Sweep wakes it again. A row that waited for that as well would be one more each time that it fails.
		w.engine.Log.Error("a job stopped; it is taken up again", "job", job.Args.Job, "error", err.Error())
	}
	if again > 0 {
		return river.JobSnooze(again)
	}
	return nil
}

// warnings leaves out what is no news to who runs the gate.
type warnings struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}
