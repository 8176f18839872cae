// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
)

type jobCommand struct {
	Watch jobWatchCommand `cmd:"" help:"Follow a job until it ends. The gate works it off; this only looks."`
}

type jobWatchCommand struct {
	ID         string `arg:"" help:"The job's ID, as jobs.plan answered it."`
	Homeserver string `help:"Name of the homeserver in the configuration; not needed where there is only one." short:"s"`
}

// watchJobEvery is how often it is looked how far a job is.
const watchJobEvery = time.Second

// Run prints how far a job is whenever that has changed. It ends when the job does, or waits for somebody, with status 1 unless every item is
// done or had nothing to be done.
func (c jobWatchCommand) Run(ctx context.Context, all *commands) (err error) {
	h, err := openHouse(ctx, all.Config, os.Stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	name, err := h.only(c.Homeserver)
	if err != nil {
		return err
	}
	person := operator.Local(localUser())
	return watchJob(ctx, os.Stdout, func() (any, error) {
		return h.gate.Do(ctx, gate.Visit{
			Person: &person, Homeserver: name, Operation: api.GetJob.Info().Name, Kind: api.KindRead, RequestID: gate.NewKey(),
			Decode: func(api.Op) (api.Request, error) { return api.JobRef{ID: c.ID}, api.JobRef{ID: c.ID}.Validate() },
		})
	})
}

func watchJob(ctx context.Context, out io.Writer, get func() (any, error)) error {
	last := ""
	for {
		result, err := get()
		if err != nil {
			return told(err)
		}
		j := result.(api.Job)
		if line := jobLine(j); line != last {
			last = line
			if _, err := fmt.Fprintln(out, line); err != nil {
				return err
			}
		}
		if !j.Live() {
			if j.Ended() && (j.State != api.JobDone || j.Count.Failed+j.Count.Unknown > 0) {
				return errSilent
			}
			return nil
		}
		if err := operator.Sleep(ctx, watchJobEvery); err != nil {
			return err
		}
	}
}

// jobLine is how far a job is, on one line.
func jobLine(j api.Job) string {
	c := j.Count
	line := fmt.Sprintf("%s: %d of %d, %d done, %d skipped, %d failed, %d unknown", j.State, c.Ended(), c.Total(), c.Done, c.Skipped, c.Failed, c.Unknown)
	if j.PerMinute > 0 {
		line += fmt.Sprintf(", %d a minute, %s left", j.PerMinute, time.Duration(j.LeftMS)*time.Millisecond)
	}
	if j.Code != "" {
		line += " (" + j.Code + ")"
	}
	return line
}
