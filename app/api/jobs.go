// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The operations on jobs: work on many accounts, which the gate does by itself, one account after the other. A job is planned first; what is
// done then is what its plan says.
var (
	// ListJobs returns one page of a homeserver's jobs, the newest first.
	ListJobs = Read[JobQuery, JobPage]("jobs.list", ReadUsers, AtGate, Listing)
	// GetJob returns one, with how far it is.
	GetJob = Read[JobRef, Job]("jobs.get", ReadUsers, AtGate)
	// ListJobItems returns one page of a job's items, in the order in which they are done.
	ListJobItems = Read[JobItemQuery, JobItemPage]("jobs.items", ReadUsers, AtGate, Listing)
	// PlanJob makes a job of an operation and many accounts, and looks at each of them. Nothing is changed before the job is started.
	PlanJob = Write[JobPlan, Job]("jobs.plan", RunJobs, AtGate)
	// StartJob begins a planned job, now or at a time.
	StartJob = Write[JobStart, Job]("jobs.start", RunJobs, AtGate)
	// PauseJob lets what is under way end, and begins nothing more.
	PauseJob = Write[JobRef, Job]("jobs.pause", RunJobs, AtGate)
	// ResumeJob goes on with a paused job, or with what is left of one that could not go on.
	ResumeJob = Write[JobRef, Job]("jobs.resume", RunJobs, AtGate)
	// CancelJob ends a job. What was done stays done.
	CancelJob = Write[JobRef, Job]("jobs.cancel", RunJobs, AtGate)
	// RetryJob does the failed items of a job that has ended again, and no others.
	RetryJob = Write[JobRef, Job]("jobs.retry", RunJobs, AtGate)
	// JobPasswords hands out the passwords that a job made, once, to the person whose job it is. They are wiped with it.
	JobPasswords = Write[JobRef, JobHandout]("jobs.passwords", RunJobs, Reveals, AtGate)
	// JobCards hands out the passwords that a job made part by part, to be printed as cards or written to a file, to the person whose job it is. All parts are one handing
	// out: they can be shown again until that person says that it is done (WipeJob), or the passwords have had their time.
	JobCards = Write[JobPartRef, JobHandout]("jobs.cards", RunJobs, Reveals, AtGate)
	// WipeJob wipes the passwords that a job made: all of them, unseen, or those that were handed out as cards.
	WipeJob = Write[JobWipe, Job]("jobs.wipe", RunJobs, AtGate)
)

// The states of a job.
const (
	JobPlanning  = "planning"  // its accounts are looked at
	JobPlanned   = "planned"   // it waits for somebody to start it
	JobScheduled = "scheduled" // it waits for its time
	JobRunning   = "running"
	JobPaused    = "paused"
	JobDone      = "done"      // every item has an end
	JobCancelled = "cancelled" // somebody ended it
	JobFailed    = "failed"    // it could not go on; Code says why
)

// JobStates returns them all.
func JobStates() []string {
	return []string{JobPlanning, JobPlanned, JobScheduled, JobRunning, JobPaused, JobDone, JobCancelled, JobFailed}
}

// The states of an item.
const (
	ItemWaiting = "waiting"
	ItemRunning = "running"
	ItemDone    = "done"
	ItemSkipped = "skipped" // nothing had to be done
	ItemFailed  = "failed"  // it was refused, and nothing or not all of it was done; Code says why
	ItemUnknown = "unknown" // nobody knows whether it was done
)

// ItemStates returns them all.
func ItemStates() []string {
	return []string{ItemWaiting, ItemRunning, ItemDone, ItemSkipped, ItemFailed, ItemUnknown}
}

// The kinds of jobs.
const (
	JobOperation = "operation" // one operation, many accounts
	JobImport    = "import"    // the rows of a file
)

// MaxJobIDs is how many accounts can be named one by one; more are chosen by a filter.
const MaxJobIDs = MaxPage

// Job is work on many accounts.
type Job struct {
	ID        string     `json:"id"`
	Kind      string     `json:"kind"` // operation or import
	Operation string     `json:"operation,omitempty"`
	With      []JobField `json:"with,omitempty"`
	State     string     `json:"state"`
	// Code and Params say why the job waits, or ended as it did, or that its plan is about a list that is not whole (`problem.<code>`).
	Code   string            `json:"code,omitempty"`
	Params map[string]string `json:"params,omitempty"`
	Note   string            `json:"note,omitempty"`
	// Owner is whose job it is: the gate does it on their behalf, as far as they may at that time.
	Owner     string `json:"owner"`
	OwnerName string `json:"owner_name,omitempty"`
	Mine      bool   `json:"mine,omitempty"`
	CreatedMS int64  `json:"created_ms"` // unix milliseconds
	AtMS      int64  `json:"at_ms,omitempty"`
	StartedMS int64  `json:"started_ms,omitempty"`
	EndedMS   int64  `json:"ended_ms,omitempty"`
	// NowMS is the gate's clock, for how long it has been running.
	NowMS int64     `json:"now_ms"`
	Count JobCounts `json:"count"`
	// Plan is what its plan comes to. It stays, whatever becomes of the items.
	Plan PlanCounts `json:"plan,omitzero"`
	// Confirm is how many accounts jobs.start has to be told, as long as it can be started: those to which it does what cannot be undone. 0: none.
	Confirm int64 `json:"confirm,omitempty"`
	// PerMinute is how many items ended in the last minute of work; LeftMS is how long the rest takes at that rate, 0: not known.
	PerMinute int64 `json:"per_minute,omitempty"`
	LeftMS    int64 `json:"left_ms,omitempty"`
	// Retry is how many of the failed items can be tried again, those that the plan did not refuse, where the job can.
	Retry int64 `json:"retry,omitempty"`
	// Passwords is how many generated passwords wait to be handed out.
	Passwords int64 `json:"passwords,omitempty"`
	// WipeMS is when all passwords of the job are wiped, those that its waiting items need, too, unless it goes on before; 0: there are none, or it is at
	// work or will be by itself.
	WipeMS int64 `json:"wipe_ms,omitempty"`
	// RowsMS is until when the rows of its file that are left are kept as they were sent, for its owner; where the job goes on, until later. 0: they are not.
	RowsMS int64 `json:"rows_ms,omitempty"`
}

// WipeWarning is how long before a job's passwords are wiped people are warned.
const WipeWarning = 24 * time.Hour

// WipeSoon reports whether that is to be warned of.
func (j Job) WipeSoon() bool {
	return j.WipeMS > 0 && j.WipeMS-j.NowMS <= WipeWarning.Milliseconds()
}

// Ended reports whether nothing more happens by itself.
func (j Job) Ended() bool {
	return j.State == JobDone || j.State == JobCancelled || j.State == JobFailed
}

// Stopped reports whether the job could not go on in the middle: what is left of it waits for its owner to resume it.
func (j Job) Stopped() bool {
	return j.State == JobFailed && j.StartedMS > 0 && j.Count.Waiting+j.Count.Running > 0
}

// WaitsUntilMS is until when the homeserver asks the job to wait, in unix milliseconds; 0: it does not, or nobody knows.
func (j Job) WaitsUntilMS() int64 {
	until, err := strconv.ParseInt(j.Params["until_ms"], 10, 64)
	if err != nil || until <= j.NowMS || j.State != JobRunning {
		return 0
	}
	return until
}

// Live reports whether the job is at work or will be by itself, so that it is worth looking again.
func (j Job) Live() bool {
	return j.State == JobPlanning || j.State == JobRunning || j.State == JobScheduled
}

// JobCounts is how many items are in which state.
type JobCounts struct {
	Waiting int64 `json:"waiting"`
	Running int64 `json:"running"`
	Done    int64 `json:"done"`
	Skipped int64 `json:"skipped"`
	Failed  int64 `json:"failed"`
	Unknown int64 `json:"unknown"`
}

// Total is how many there are.
func (c JobCounts) Total() int64 { return c.Waiting + c.Running + c.Ended() }

// Ended is how many need nothing more.
func (c JobCounts) Ended() int64 { return c.Done + c.Skipped + c.Failed + c.Unknown }

// Of is how many are in a state.
func (c JobCounts) Of(state string) int64 {
	switch state {
	case ItemWaiting:
		return c.Waiting
	case ItemRunning:
		return c.Running
	case ItemDone:
		return c.Done
	case ItemSkipped:
		return c.Skipped
	case ItemFailed:
		return c.Failed
	case ItemUnknown:
		return c.Unknown
	}
	return 0
}

// PlanCounts is what a plan comes to, in accounts.
type PlanCounts struct {
	Create int64 `json:"create"`
	Change int64 `json:"change"`
	Leave  int64 `json:"leave"`  // alone: nothing has to be done
	Refuse int64 `json:"refuse"` // Code of their items says why
	// Destroy is to how many of those that are made or changed something is done that cannot be undone: an import deactivates them.
	Destroy int64 `json:"destroy,omitempty"`
}

// Counts reports whether the gate that made the plan has counted what it comes to, of so many items that wait to be started. One of an older
// version did not.
func (c PlanCounts) Counts(waiting int64) bool { return c.Create+c.Change == waiting }

// JobField is one field of the request that is made for each account, as in a form: display_name.to.
type JobField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// JobItem is what is done to one account.
type JobItem struct {
	N      int64  `json:"n"`              // from 1
	Line   int64  `json:"line,omitempty"` // of the file
	Target UserID `json:"target,omitempty"`
	Action string `json:"action,omitempty"` // the operation, or the first of several; none where nothing is done
	State  string `json:"state"`
	// Changes is what it does, field by field, as the plan saw the account.
	Changes []JobChange `json:"changes,omitempty"`
	// Code and Params say why it was skipped, or ended as it did.
	Code      string            `json:"code,omitempty"`
	Params    map[string]string `json:"params,omitempty"`
	Attempts  int               `json:"attempts,omitempty"`
	StartedMS int64             `json:"started_ms,omitempty"`
	EndedMS   int64             `json:"ended_ms,omitempty"`
	Password  bool              `json:"password,omitempty"` // a generated one waits to be handed out
	// Of an item of several steps that did not come to its end: the operations that were done; the one at which it stopped, for the reason Code, and which may
	// be done in part; and those that were not done.
	Did    []string `json:"did,omitempty"`
	At     string   `json:"at,omitempty"`
	Undone []string `json:"undone,omitempty"`
}

// JobChange is a field that changes.
type JobChange struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// JobQuery asks for a page of jobs.
type JobQuery struct {
	State string `json:"state,omitempty"` // default: all
	// Wiping asks for the jobs of whoever asks alone, and of them for those whose passwords are wiped within a day.
	Wiping bool   `json:"wiping,omitempty"`
	Limit  int    `json:"limit,omitempty"`
	Cursor string `json:"cursor,omitempty"` // from Next of a page asked with the same state
}

// Validate implements Request.
func (q JobQuery) Validate() error { return checkPage(q.State, JobStates(), q.Limit, q.Cursor).Err() }

// Targets implements Request.
func (JobQuery) Targets() []UserID { return nil }

// checkPage checks what pages of jobs, of their items and of invitations have alike.
func checkPage(state string, states []string, limit int, cursor string) *Invalid {
	var v Invalid
	if state != "" && !slices.Contains(states, state) {
		v.Add("state", "invalid_choice", "choices", strings.Join(states, ", "))
	}
	if limit < 0 || limit > MaxPage {
		v.Add("limit", "out_of_range", "min", "1", "max", strconv.Itoa(MaxPage))
	}
	if len(cursor) > 100 {
		v.Add("cursor", "invalid_cursor")
	}
	return &v
}

// JobPage is a page of jobs.
type JobPage struct {
	Jobs []Job  `json:"jobs"`
	Next string `json:"next,omitempty"` // cursor; "" on the last page
}

// What the plan of a job does to an account.
const (
	DoesCreate = "create"
	DoesChange = "change"
)

// JobItemQuery asks for a page of a job's items.
type JobItemQuery struct {
	ID    string `json:"id"`
	State string `json:"state,omitempty"` // default: all
	// Does asks for the accounts that the plan makes (create) or changes (change), whatever became of them; default: all.
	Does   string `json:"does,omitempty"`
	Limit  int    `json:"limit,omitempty"`
	Cursor string `json:"cursor,omitempty"`
}

// Validate implements Request.
func (q JobItemQuery) Validate() error {
	v := checkPage(q.State, ItemStates(), q.Limit, q.Cursor)
	if q.Does != "" && q.Does != DoesCreate && q.Does != DoesChange {
		v.Add("does", "invalid_choice", "choices", DoesCreate+", "+DoesChange)
	}
	checkOwnID(v, q.ID, "job_not_found")
	return v.Err()
}

// Targets implements Request.
func (JobItemQuery) Targets() []UserID { return nil }

// JobItemPage is a page of items.
type JobItemPage struct {
	Items []JobItem `json:"items"`
	Next  string    `json:"next,omitempty"`
}

// JobRef names a job.
type JobRef struct {
	ID string `json:"id"`
}

// Validate implements Request.
func (r JobRef) Validate() error {
	var v Invalid
	checkOwnID(&v, r.ID, "job_not_found")
	return v.Err()
}

// Targets implements Request.
func (JobRef) Targets() []UserID { return nil }

// checkOwnID checks the ID of something that the gate keeps; code says that there is no such thing.
func checkOwnID(v *Invalid, id, code string) {
	switch {
	case id == "":
		v.Add("id", "missing")
	case !plainID(id):
		v.Add("id", code)
	}
}

// plainID reports whether a text can be an ID that the gate made.
func plainID(id string) bool {
	return id != "" && len(id) <= 32 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
