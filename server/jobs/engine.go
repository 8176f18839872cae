// SPDX-License-Identifier: Apache-2.0

// Package jobs works on many accounts by itself: one item after the other, through the same corridor as a single call, on behalf of the person
// whose job it is. What is to be done, is being done and was done stands in the store; River (github.com/riverqueue/river) only says when a
// job is to be looked at, by its ID. A process that is killed in the middle loses nothing: whoever takes the job up finds in the audit log what
// was begun, and looks at the homeserver where the log does not say how it ended.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// A Planner fills the jobs of a kind with items.
type Planner interface {
	// Plan adds the items of a job, in the order in which they shall be done. It changes nothing at the homeserver. Where it was interrupted it
	// is called again, on a job without items. A *api.Problem is why the job cannot be planned.
	Plan(ctx context.Context, job store.Job, person gate.Person, add func(...Item) error) error
}

// Planned is a Planner that is told when a plan is kept, or was refused as a whole: it will not be asked for again.
type Planned interface {
	Planned(ctx context.Context, job store.Job) error
}

// An Item is what shall be done to one account.
type Item struct {
	Line   int64      // of a file
	Target api.UserID // whole, also where the account is yet to be made
	// Steps are done one after the other; with none there is nothing to do, and State says why.
	Steps []Step
	// State is waiting, or how it ended already: skipped (nothing has to be done) or failed (it was refused), for the reason Problem.
	State   string
	Problem *api.Problem
	Changes []api.JobChange
	// Password is what a step's request with the password mode "typed" and no password is sent with. Generated says that people are to be told it.
	Password  api.Secret
	Generated bool
	// Row is the row of the file, in a form that is the planner's to choose. It is kept sealed, as long as passwords are, until the item is done.
	Row []byte
}

// A Step is one call: an operation of the catalogue and its request, as JSON without secrets.
type Step struct {
	Operation string          `json:"operation"`
	Request   json.RawMessage `json:"request,omitempty"` // none: the job's own
	Saw       Seen            `json:"saw,omitempty"`     // of the first step
}

// A Waker has Engine.Work called for a job, in this process or another one: soon, or at a time.
type Waker interface {
	Wake(ctx context.Context, job string, at time.Time) error
}

// Pace bounds how fast the jobs of a homeserver work, all together.
type Pace struct {
	AtOnce    int // calls at the same time, at most; 0: DefaultAtOnce
	PerSecond int // items begun a second, at most; 0: as fast as the homeserver can
}

// DefaultAtOnce is how many calls of jobs a homeserver gets at the same time, at most, unless told.
const DefaultAtOnce = 16

// Config is what an Engine is made of.
type Config struct {
	Store *store.Store
	Audit *audit.Log
	Seal  *seal.Keys
	Log   *slog.Logger
	Now   func() time.Time
	// Keep is how long a job that is at rest keeps passwords: those that wait to be handed out, and those that waiting items need.
	Keep time.Duration
	// Paces are by the homeserver's name.
	Paces map[string]Pace
}

// An Engine plans jobs and works them off.
type Engine struct {
	Config
	gate  *gate.Gate
	waker Waker
	files Files
	kinds map[string]Planner
	holds *holds

	mu        sync.Mutex
	working   map[string]bool
	throttles map[string]*throttle
}

// New returns an engine that knows the kind "operation". Tell it the gate (Use) before anything else.
func New(c Config) *Engine {
	e := &Engine{Config: c, kinds: map[string]Planner{}, working: map[string]bool{}, throttles: map[string]*throttle{}}
	e.holds = &holds{store: c.Store, log: c.Log, now: c.Now, held: map[string]*hold{}}
	e.Register(api.JobOperation, &operationPlanner{e})
	return e
}

// Register tells the engine who plans the jobs of a kind.
func (e *Engine) Register(kind string, p Planner) { e.kinds[kind] = p }

// UseFiles tells the engine where the files are that jobs are made of.
func (e *Engine) UseFiles(f Files) { e.files = f }

// Use tells the engine the corridor that its items go through, and who wakes it. Both are made with what the engine gives them.
func (e *Engine) Use(g *gate.Gate, w Waker) { e.gate, e.waker = g, w }

// Create makes a job, to be planned by the planner of its kind. ID, State and Created are the engine's to say.
// upload is the uploaded file that it is made of, "" for none, and store.ErrConflict says that one was made of it before.
func (e *Engine) Create(ctx context.Context, j store.Job, upload string) (store.Job, error) {
	j.ID, j.State, j.Created = gate.NewKey(), store.JobPlanning, e.Now()
	if err := e.Store.AddJob(ctx, j, upload); err != nil {
		return j, err
	}
	return j, e.waker.Wake(ctx, j.ID, time.Time{})
}

// Owned returns a job that is done on behalf of somebody.
func Owned(p gate.Person) store.Job {
	return store.Job{Person: p.ID, PersonName: p.Name, Role: string(p.Role), PersonHomeserver: p.Homeserver, Address: p.Address}
}

// owner is on whose behalf a job is done, as they were when they made it.
func owner(j store.Job) gate.Person {
	return operator.Person{
		ID: j.Person, Name: j.PersonName, Role: api.Role(j.Role), Homeserver: j.PersonHomeserver, Address: j.Address, Session: "job:" + j.ID,
	}
}

// Work does what there is to do for a job: it plans it, or works it off until it ends, is paused, or ctx ends. again says when to look at it
// again, 0 that nobody needs to. Of any number of calls at once, in any number of processes, one works and the others come back later.
func (e *Engine) Work(ctx context.Context, id string) (again time.Duration, err error) {
	if !e.begin(id) {
		return 0, nil
	}
	defer e.end(id)
	again, err = e.work(ctx, id)
	if errors.Is(err, store.ErrConflict) {
		return 0, nil // somebody paused it or cancelled it meanwhile
	}
	return again, err
}

func (e *Engine) work(ctx context.Context, id string) (again time.Duration, err error) {
	job, err := e.Store.Job(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if left, err := e.forOthers(ctx, job); left || err != nil {
		return 0, err
	}
	if job.State == store.JobScheduled {
		if wait := job.At.Sub(e.Now()); wait > 0 {
			return wait, nil
		}
		job, err = e.Store.ChangeJob(ctx, id, []string{store.JobScheduled}, func(j *store.Job) error {
			j.State, j.Started = store.JobRunning, e.Now()
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	if job.State != store.JobPlanning && job.State != store.JobRunning && !job.Left() {
		return 0, nil
	}
	held, release, err := e.holds.take(ctx, job.Homeserver)
	if errors.Is(err, store.ErrConflict) {
		return takenAgain, nil // another process works for this homeserver
	}
	if err != nil {
		return 0, err
	}
	defer release()
	switch {
	case job.Left():
		return 0, e.settleLeft(held, job)
	case job.State == store.JobPlanning:
		return 0, e.plan(held, job)
	}
	return e.run(held, job)
}

// forOthers reports whether a job is left to other processes on the store: its homeserver is not in this one's configuration, and may be in theirs.
func (e *Engine) forOthers(ctx context.Context, job store.Job) (bool, error) {
	if _, ok := e.gate.Homeserver(job.Homeserver); ok {
		return false, nil
	}
	return e.Store.Others(ctx)
}

// begin reports whether nobody works on the job in this process; then the caller does.
func (e *Engine) begin(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.working[id] {
		return false
	}
	e.working[id] = true
	return true
}

func (e *Engine) end(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.working, id)
}

func (e *Engine) throttle(homeserver string) *throttle {
	e.mu.Lock()
	defer e.mu.Unlock()
	t, ok := e.throttles[homeserver]
	if !ok {
		t = newThrottle(e.Paces[homeserver])
		e.throttles[homeserver] = t
	}
	return t
}

// stop ends a job that cannot go on, for a reason that people are told. keep says until when is kept what it has sealed.
func (e *Engine) stop(ctx context.Context, id string, why *api.Problem, keep func(*store.Job)) error {
	_, err := e.Store.ChangeJob(ctx, id, []string{store.JobPlanning, store.JobRunning}, func(j *store.Job) error {
		j.State, j.Ended, j.Code, j.Params = store.JobFailed, e.Now(), why.Code, encode(why.Params)
		keep(j)
		return nil
	})
	return err
}

// encode writes what is kept as JSON, "" for nothing.
func encode[T any](value T) string {
	data, err := json.Marshal(value)
	if err != nil || string(data) == "null" || string(data) == "{}" {
		return ""
	}
	return string(data)
}

// decode reads what encode wrote.
func decode[T any](text string) (value T) {
	if text != "" {
		_ = json.Unmarshal([]byte(text), &value)
	}
	return value
}
