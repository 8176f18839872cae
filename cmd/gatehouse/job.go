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
	"gatehouse/server/homeserver"
)

type jobCommand struct {
	Watch   jobWatchCommand   `cmd:"" help:"Follow a job until it ends. The gate works it off; this only looks."`
	Handout jobHandoutCommand `cmd:"" help:"Write the passwords that a job of yours made to a file, once, as CSV. Then they are wiped."`
}

type jobHandoutCommand struct {
	ID         string `arg:"" help:"The job's ID."`
	File       string `arg:"" help:"File to write, which must not be there yet." type:"path"`
	Homeserver string `help:"Name of the homeserver in the configuration; not needed where there is only one." short:"s"`
}

// Run hands the passwords of a job out.
func (c jobHandoutCommand) Run(ctx context.Context, all *commands) (err error) {
	way, err := openCorridor(ctx, all, c.Homeserver)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, way.close()) }()
	out, done, err := output(c.File)
	if err != nil {
		return err
	}
	return plain(filing{way: way}.handTo(ctx, c.ID, out, done))
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
	way, err := openCorridor(ctx, all, c.Homeserver)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, way.close()) }()
	return watchJob(ctx, os.Stdout, func() (api.Job, error) { return do[api.Job](ctx, way, api.GetJob, api.JobRef{ID: c.ID}) })
}

func watchJob(ctx context.Context, out io.Writer, get func() (api.Job, error)) error {
	last := ""
	for {
		j, err := get()
		if err != nil {
			return plain(err)
		}
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
		if err := homeserver.Pause(ctx, watchJobEvery); err != nil {
			return err
		}
	}
}

// jobLine is how far a job is, on one line.
func jobLine(j api.Job) string {
	c := j.Count
	line := fmt.Sprintf("%s: %d of %d, %d done, %d skipped, %d failed, %d unknown", j.State, c.Ended(), c.Total(), c.Done, c.Skipped, c.Failed, c.Unknown)
	if j.PerMinute > 0 {
		line += fmt.Sprintf(", %d a minute, %s left", j.PerMinute, (time.Duration(j.LeftMS) * time.Millisecond).Round(time.Second))
	}
	if j.Code != "" {
		line += " (" + j.Code + ")"
	}
	return line
}
