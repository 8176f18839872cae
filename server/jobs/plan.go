// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// plannedAtOnce is how many items are written together, and bytesAtOnce how much of rows, about: a row of a file can be long.
const (
	plannedAtOnce = 500
	bytesAtOnce   = 4 << 20
)

// plan fills a job with items. A plan that was interrupted begins anew: nothing of it has changed anything but its own rows.
func (e *Engine) plan(ctx context.Context, job store.Job) error {
	planner, ok := e.kinds[job.Kind]
	if !ok {
		return fmt.Errorf("nobody plans jobs of the kind %q", job.Kind)
	}
	if err := e.Store.ClearJobItems(ctx, job.ID); err != nil {
		return err
	}
	sheet := &sheet{e: e, ctx: ctx, job: job}
	person, err := e.gate.Standing(ctx, owner(job))
	if err == nil {
		err = e.planned(ctx, planner, job, person, sheet)
	}
	if _, refused := errors.AsType[*api.Problem](err); err == nil || refused {
		err = errors.Join(err, sheet.flush()) // what is there says why, where it was refused
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		err = e.Store.KeepRefused(ctx, job.ID)
		if err == nil {
			err = e.stop(ctx, job.ID, p, sheet.keeps)
		}
		return told(ctx, planner, job, err)
	}
	if err != nil {
		return err
	}
	_, err = e.Store.ChangeJob(ctx, job.ID, []string{store.JobPlanning}, func(j *store.Job) error {
		j.State, j.Planned = store.JobPlanned, e.Now()
		if waits(*j) {
			j.Code, j.Params = "", ""
		}
		sheet.keeps(j)
		return nil
	})
	return told(ctx, planner, job, err)
}

// planned has a planner make a plan, and says meanwhile what it waits for.
func (e *Engine) planned(ctx context.Context, planner Planner, job store.Job, person gate.Person, sheet *sheet) error {
	watched, stop := context.WithCancel(ctx)
	var around sync.WaitGroup
	around.Go(func() {
		for homeserver.Pause(watched, rateEvery) == nil {
			if job, err := e.Store.Job(watched, job.ID); err == nil && job.State == store.JobPlanning {
				e.tellWait(watched, e.throttle(job.Homeserver), job)
			}
		}
	})
	defer around.Wait()
	defer stop()
	return planner.Plan(ctx, job, person, sheet.add)
}

// told tells a planner that it will not be asked for a job again, unless err says otherwise, and returns what went wrong.
func told(ctx context.Context, p Planner, job store.Job, err error) error {
	if p, ok := p.(Planned); ok && err == nil {
		return p.Planned(ctx, job)
	}
	return err
}

// A sheet collects the items of a plan and writes them down in heaps.
type sheet struct {
	e       *Engine
	ctx     context.Context
	job     store.Job
	n       int64
	rows    []store.JobItem
	bytes   int  // of the rows of a file
	secrets bool // there are passwords
	kept    bool // there are rows of a file
}

// keeps says until when is kept what the plan has sealed.
func (s *sheet) keeps(j *store.Job) {
	until := s.e.Now().Add(s.e.Keep)
	if s.secrets {
		j.Wipe = until
	}
	if s.kept {
		j.Rows = until
	}
}

func (s *sheet) add(items ...Item) error {
	for _, i := range items {
		row, err := s.row(i)
		if err != nil {
			return err
		}
		s.rows = append(s.rows, row)
		s.bytes += len(row.Row)
		if len(s.rows) >= plannedAtOnce || s.bytes >= bytesAtOnce {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sheet) flush() error {
	if len(s.rows) == 0 {
		return nil
	}
	err := s.e.Store.AddJobItems(s.ctx, s.job.ID, s.rows)
	s.rows, s.bytes = s.rows[:0], 0
	return err
}

func (s *sheet) row(i Item) (store.JobItem, error) {
	s.n++
	target := strings.ReplaceAll(string(i.Target), "\x00", "\uFFFD") // of a row that is refused for it; no store keeps NUL
	row := store.JobItem{
		Job: s.job.ID, N: s.n, Line: i.Line, Target: target, State: i.State, Generated: i.Generated, Changes: encode(i.Changes),
	}
	if row.State == "" {
		row.State = store.ItemWaiting
	}
	if i.Problem != nil {
		row.Code, row.Params = why(i.Problem)
	}
	if len(i.Steps) > 0 {
		row.Action = i.Steps[0].Operation
		row.Steps = encode(i.Steps)
		row.Creates, row.Destroys = row.Action == api.CreateUser.Info().Name, slices.ContainsFunc(i.Steps, Step.destroys)
	}
	var err error
	if len(i.Row) > 0 && row.State != store.ItemSkipped {
		s.kept = true
		if row.Row, err = s.e.Seal.Seal(seal.PurposeSeal, i.Row, rowData(row)); err != nil {
			return row, err
		}
	}
	if i.Password.IsZero() || row.State != store.ItemWaiting {
		return row, nil
	}
	s.secrets = true
	row.Secret, err = s.e.Seal.Seal(seal.PurposeSeal, []byte(i.Password.Reveal()), secretData(row))
	return row, err
}

// destroys reports whether a step cannot be undone.
func (s Step) destroys() bool {
	op, ok := api.Find(s.Operation)
	return ok && op.Info().Destructive
}

// secretData is what a sealed password is bound to.
func secretData(i store.JobItem) []byte {
	return fmt.Appendf(nil, "job item\x00%s\x00%d\x00%s", i.Job, i.N, i.Target)
}

// rowData is what a sealed row is bound to.
func rowData(i store.JobItem) []byte { return fmt.Appendf(nil, "job row\x00%s\x00%d", i.Job, i.N) }

// RowOf returns the row of the file that an item came from, nil where it is not kept any more.
func (e *Engine) RowOf(i store.JobItem) []byte {
	if i.Row == nil {
		return nil
	}
	row, err := e.Seal.Open(seal.PurposeSeal, i.Row, rowData(i))
	if err != nil {
		return nil // the key that it was sealed with is not there any more
	}
	return row
}

// ofItem are the problems that are others in a job.
var ofItem = map[string]string{
	"changed_meanwhile": "item_changed_meanwhile", "confirm_self": "item_self", "confirm_last_admin": "item_last_admin", "confirm_perhaps_admin": "item_perhaps_admin",
}

// why is what is kept of a problem: its code, and where it names one field, that field's. An account that was changed has a code of its own here:
// nobody opened it, and there are no two versions to choose from. So has what somebody would have to confirm: nobody is asked.
func why(p *api.Problem) (code, params string) {
	if code := ofItem[p.Code]; code != "" {
		return code, encode(p.Params)
	}
	if len(p.Fields) > 0 && p.Code == "invalid_request" {
		return p.Fields[0].Code, encode(p.Fields[0].Params)
	}
	return p.Code, encode(p.Params)
}
