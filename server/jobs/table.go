// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
)

// desk answers the operations on the jobs of one homeserver.
type desk struct {
	*Engine
	settings homeserver.Settings
}

// Table implements gate.Own.
func (e *Engine) Table(s homeserver.Settings, _ homeserver.Adapter) homeserver.Adapter {
	d := desk{e, s}
	return homeserver.Adapter{
		homeserver.Implement(api.ListJobs, d.list),
		homeserver.Implement(api.GetJob, d.get),
		homeserver.Implement(api.ListJobItems, d.items),
		homeserver.Implement(api.PlanJob, d.planJob),
		homeserver.Implement(api.StartJob, d.start),
		homeserver.Implement(api.PauseJob, d.pause),
		homeserver.Implement(api.ResumeJob, d.resume),
		homeserver.Implement(api.CancelJob, d.cancel),
		homeserver.Implement(api.RetryJob, d.retry),
		homeserver.Implement(api.JobPasswords, d.passwords),
		homeserver.Implement(api.JobCards, d.cards),
		homeserver.Implement(api.WipeJob, d.wipeJob),
	}
}

func (d desk) list(ctx context.Context, q api.JobQuery) (api.JobPage, error) {
	find := store.JobQuery{Homeserver: d.settings.Name, State: q.State, Limit: orPage(q.Limit)}
	if q.Wiping {
		find.Person, find.WipeBy = homeserver.Caller(ctx), d.Now().Add(api.WipeWarning)
	}
	if q.Cursor != "" {
		at, id, ok := strings.Cut(q.Cursor, ".")
		ms, err := strconv.ParseInt(at, 10, 64)
		if !ok || err != nil || ms <= 0 {
			return api.JobPage{}, invalidCursor()
		}
		find.BeforeMS, find.BeforeID = ms, id
	}
	find.Limit++ // to know whether there are more
	rows, err := d.Store.Jobs(ctx, find)
	if err != nil {
		return api.JobPage{}, err
	}
	page := api.JobPage{Jobs: []api.Job{}}
	if len(rows) == find.Limit {
		rows = rows[:len(rows)-1]
		last := rows[len(rows)-1]
		page.Next = ms(last.Created) + "." + last.ID
	}
	for _, j := range rows {
		page.Jobs = append(page.Jobs, d.Show(ctx, j))
	}
	return page, nil
}

func orPage(limit int) int {
	if limit == 0 {
		return api.DefaultPage
	}
	return limit
}

func invalidCursor() error {
	return api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
}

// find returns a job of this homeserver.
func (d desk) find(ctx context.Context, id string) (store.Job, error) {
	j, err := d.Store.Job(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && j.Homeserver != d.settings.Name {
		return j, api.NewProblem(api.StatusNotFound, "job_not_found")
	}
	return j, err
}

func (d desk) get(ctx context.Context, r api.JobRef) (api.Job, error) {
	j, err := d.find(ctx, r.ID)
	if err != nil {
		return api.Job{}, err
	}
	return d.Show(ctx, j), nil
}

func (d desk) items(ctx context.Context, q api.JobItemQuery) (api.JobItemPage, error) {
	if _, err := d.find(ctx, q.ID); err != nil {
		return api.JobItemPage{}, err
	}
	find := store.JobItemQuery{Job: q.ID, State: q.State, Limit: orPage(q.Limit) + 1}
	if q.Does != "" {
		find.Action, find.Other = api.CreateUser.Info().Name, q.Does == api.DoesChange
	}
	if q.Cursor != "" {
		after, err := strconv.ParseInt(q.Cursor, 10, 64)
		if err != nil {
			return api.JobItemPage{}, invalidCursor()
		}
		find.After = after
	}
	rows, err := d.Store.JobItems(ctx, find)
	if err != nil {
		return api.JobItemPage{}, err
	}
	page := api.JobItemPage{Items: []api.JobItem{}}
	if len(rows) == find.Limit {
		rows = rows[:len(rows)-1]
		page.Next = strconv.FormatInt(rows[len(rows)-1].N, 10)
	}
	for _, i := range rows {
		page.Items = append(page.Items, showItem(i))
	}
	return page, nil
}

// planJob makes a job of an operation. What can never be done to any account is refused now.
func (d desk) planJob(ctx context.Context, p api.JobPlan) (api.Job, error) {
	t, err := newTemplate(p)
	if err != nil {
		return api.Job{}, err
	}
	// Any account of the homeserver does to check what is asked.
	if _, err := t.request(api.UserID("@a:" + d.settings.ServerName)); err != nil {
		return api.Job{}, t.placed(err)
	}
	server, _ := d.gate.Homeserver(d.settings.Name)
	entry, _ := server.Adapter.Find(p.Operation)
	if why := entry.Why(); why != "" {
		return api.Job{}, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why)
	}
	person, ok := gate.Asking(ctx)
	if !ok {
		return api.Job{}, errors.New("nobody asks")
	}
	j := Owned(person)
	j.Homeserver, j.Kind, j.Operation, j.Request, j.Note = d.settings.Name, api.JobOperation, p.Operation, encode(p), p.Note
	if p.File.ID != "" {
		name, err := d.files.Name(ctx, d.settings.Name, person.ID, p.File)
		if err != nil {
			return api.Job{}, err
		}
		j.Note = cmp.Or(p.Note, name)
	}
	j, err = d.Create(ctx, j, p.File.ID)
	if errors.Is(err, store.ErrConflict) {
		return api.Job{}, api.NewProblem(api.StatusConflict, "import_planned")
	}
	if err != nil {
		return api.Job{}, err
	}
	return d.Show(ctx, j), nil
}

// mine is find for what goes on in somebody's name, which is theirs to begin and nobody else's.
func (d desk) mine(ctx context.Context, id string) (store.Job, error) {
	j, err := d.find(ctx, id)
	if err == nil && homeserver.Caller(ctx) != j.Person {
		return j, api.NewProblem(api.StatusForbidden, "job_of_another", "name", j.Person)
	}
	return j, err
}

// moved answers with a job that was moved to another state, and has it looked at.
func (d desk) moved(ctx context.Context, j store.Job, err error) (api.Job, error) {
	if errors.Is(err, store.ErrConflict) {
		return api.Job{}, api.NewProblem(api.StatusConflict, "job_state", "state", j.State)
	}
	if err != nil {
		return api.Job{}, err
	}
	if j.State == store.JobRunning || j.State == store.JobScheduled {
		if err := d.waker.Wake(ctx, j.ID, j.At); err != nil {
			d.Log.Warn("a job is taken up a little later", "job", j.ID, "error", err.Error()) // Sweep finds it
		}
	}
	return d.Show(ctx, j), nil
}

func (d desk) start(ctx context.Context, s api.JobStart) (api.Job, error) {
	if _, err := d.mine(ctx, s.ID); err != nil {
		return api.Job{}, err
	}
	j, err := d.Store.ChangeJob(ctx, s.ID, []string{store.JobPlanned, store.JobScheduled}, func(j *store.Job) error {
		if n := confirms(*j); s.Confirm != n && n > 0 {
			return api.NewProblem(api.StatusConflict, "confirm_count", "count", strconv.FormatInt(n, 10)).At("confirm")
		}
		j.Code, j.Params = "", "" // what the plan lacks was told
		at := time.UnixMilli(s.At.MS())
		if s.At == "" || !at.After(d.Now()) {
			j.State, j.Started, j.At = store.JobRunning, d.Now(), time.Time{}
			return nil
		}
		j.State, j.At = store.JobScheduled, at.UTC()
		return nil
	})
	return d.moved(ctx, j, err)
}

// confirms is how many accounts somebody has to type in before a job is started: those to which its plan does what cannot be undone.
// Where an older gate beside this one made the plan, it has not counted them, and it is all that are not left alone.
func confirms(j store.Job) int64 {
	if counted := api.PlanCounts(j.Plan).Counts(j.Count.Waiting); !counted && (j.Operation == "" || Step{Operation: j.Operation}.destroys()) {
		return j.Count.Waiting
	}
	return j.Plan.Destroy
}

func (d desk) pause(ctx context.Context, r api.JobRef) (api.Job, error) {
	if _, err := d.find(ctx, r.ID); err != nil {
		return api.Job{}, err
	}
	j, err := d.Store.ChangeJob(ctx, r.ID, []string{store.JobRunning, store.JobScheduled}, func(j *store.Job) error {
		j.State, j.Code, j.Params = store.JobPaused, "", ""
		d.keep(j)
		return nil
	})
	return d.moved(ctx, j, err)
}

func (d desk) resume(ctx context.Context, r api.JobRef) (api.Job, error) {
	if _, err := d.mine(ctx, r.ID); err != nil {
		return api.Job{}, err
	}
	j, err := d.Store.ChangeJob(ctx, r.ID, []string{store.JobPaused, store.JobFailed}, func(j *store.Job) error {
		if j.State == store.JobFailed && !j.Stopped() {
			return store.ErrConflict
		}
		if j.State = store.JobRunning; j.Started.IsZero() {
			j.Started = d.Now()
		}
		j.At, j.Ended, j.Code, j.Params = time.Time{}, time.Time{}, "", ""
		return nil
	})
	return d.moved(ctx, j, err)
}

func (d desk) cancel(ctx context.Context, r api.JobRef) (api.Job, error) {
	if _, err := d.find(ctx, r.ID); err != nil {
		return api.Job{}, err
	}
	open := []string{store.JobPlanning, store.JobPlanned, store.JobScheduled, store.JobRunning, store.JobPaused}
	j, err := d.Store.CancelJob(ctx, r.ID, open, func(j *store.Job) error {
		j.State, j.Ended, j.Code, j.Params = store.JobCancelled, d.Now(), "", ""
		d.keep(j)
		return nil
	})
	return d.moved(ctx, j, err)
}

func (d desk) retry(ctx context.Context, r api.JobRef) (api.Job, error) {
	if _, err := d.mine(ctx, r.ID); err != nil {
		return api.Job{}, err
	}
	retriable, err := d.Store.Retriable(ctx, r.ID)
	if err != nil {
		return api.Job{}, err
	}
	j, err := d.Store.RetryJob(ctx, r.ID, canRetry, func(j *store.Job) error {
		if retriable == 0 {
			return api.NewProblem(api.StatusConflict, "job_nothing_failed")
		}
		j.State, j.Ended, j.Code, j.Params = store.JobRunning, time.Time{}, "", ""
		return nil
	})
	return d.moved(ctx, j, err)
}

// canRetry are the states of jobs of which what failed can be tried again.
var canRetry = []string{store.JobDone, store.JobPaused, store.JobFailed}

// Show writes a job for whoever asks.
func (e *Engine) Show(ctx context.Context, j store.Job) api.Job {
	c := api.JobCounts(j.Count)
	out := api.Job{
		ID: j.ID, Kind: j.Kind, Operation: j.Operation, State: j.State, Code: j.Code, Params: decode[map[string]string](j.Params), Note: j.Note,
		Owner: j.Person, OwnerName: j.PersonName, Mine: j.Person == homeserver.Caller(ctx), CreatedMS: j.Created.UnixMilli(), NowMS: e.Now().UnixMilli(),
		AtMS: millis(j.At), StartedMS: millis(j.Started), EndedMS: millis(j.Ended), Passwords: j.Passwords, RowsMS: millis(j.Rows),
		Count: c, Plan: api.PlanCounts(j.Plan),
	}
	if j.Kind == api.JobOperation {
		out.With = decode[api.JobPlan](j.Request).With
	}
	if c.Failed > 0 && slices.Contains(canRetry, j.State) {
		out.Retry, _ = e.Store.Retriable(ctx, j.ID) // without an answer a button is not there
	}
	if j.State == store.JobPlanned || j.State == store.JobScheduled {
		out.Confirm = confirms(j)
	}
	if slices.Contains(store.AtRest, j.State) {
		out.WipeMS = millis(j.Wipe)
	}
	if j.State == store.JobRunning && j.PerMinute > 0 {
		out.PerMinute = j.PerMinute
		out.LeftMS = (c.Waiting + c.Running) * time.Minute.Milliseconds() / j.PerMinute
	}
	return out
}

func showItem(i store.JobItem) api.JobItem {
	out := api.JobItem{
		N: i.N, Line: i.Line, Target: api.UserID(i.Target), Action: i.Action, State: i.State, Changes: decode[[]api.JobChange](i.Changes),
		Code: i.Code, Params: decode[map[string]string](i.Params), Attempts: i.Attempts, StartedMS: millis(i.Started), EndedMS: millis(i.Ended),
		Password: i.Generated && i.Secret != nil && (i.State == store.ItemDone || i.Set),
	}
	if i.Step == 0 && i.State != store.ItemFailed && i.State != store.ItemUnknown {
		return out // nothing was begun, or nobody knows yet
	}
	steps := decode[[]Step](i.Steps)
	if len(steps) < 2 || i.Step >= len(steps) {
		return out
	}
	refused := i.Step == 0 && i.State == store.ItemFailed && i.Code != itemLeft
	for n, s := range steps {
		switch {
		case n < i.Step:
			out.Did = append(out.Did, s.Operation)
		case n == i.Step && !refused:
			out.At = s.Operation
		default:
			out.Undone = append(out.Undone, s.Operation)
		}
	}
	return out
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
