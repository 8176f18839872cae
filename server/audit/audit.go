// SPDX-License-Identifier: Apache-2.0

// Package audit records who did what to whom, before it is done and after.
//
// It fails closed: a write goes upstream only after its intent is on the disk,
// and while an outcome could not be recorded no other write may begin.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"gatehouse/server/store"
)

// An Outcome says how something ended.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "done"
	Failed  Outcome = "failed"
	Refused Outcome = "refused" // by the gate or by the homeserver; nothing was changed
	Unknown Outcome = "unknown" // the answer never came; it may have been done
)

func (o Outcome) valid() bool {
	switch o {
	case Done, Failed, Refused, Unknown:
		return true
	}
	return false
}

// CodeInterrupted is the code of an intent that the gate did not live to see
// the end of.
const CodeInterrupted = "interrupted"

// UnknownActor stands for somebody who tried to sign in under a name that nobody
// is known to have. What was typed is not kept: it may be a password.
const UnknownActor = "unknown"

// GateActor is the gate itself, where it acts of its own accord: it registers and ends accounts of its own.
const GateActor = "gatehouse"

// An Entry is who does what to whom. Request is what was asked, as JSON with
// its secrets redacted: see [Redact].
type Entry struct {
	RequestID  string
	Actor      string // `@admin:example.org`, `local:alice`; [UnknownActor] where a sign-in failed of nobody who is known
	Role       string
	Address    string
	Homeserver string
	Operation  string
	Targets    []string
	Request    json.RawMessage
}

// A Result is how it ended. Code is a problem code, "" if it went well; Detail
// is a sentence for people, without secrets.
type Result struct {
	Outcome Outcome
	Code    string
	Detail  string
}

// Rows is where the log is kept; *store.Store is one.
type Rows interface {
	AppendAudit(context.Context, store.AuditRow) (int64, error)
	AppendOutcome(ctx context.Context, intentID int64, r store.AuditResult) error
	SettleAudit(context.Context, store.AuditResult) ([]int64, error)
	AuditHistory(ctx context.Context, homeserver, target string, before int64, limit int) ([]store.AuditRecord, error)
	Probe(context.Context, time.Time) error
}

var (
	// ErrBroken means that an outcome could not be recorded and that the store
	// still does not take writes. Nothing may be done until it does.
	ErrBroken = errors.New("the audit log cannot be written, so nothing is changed until it can; see that the database can be reached and written to, and that its disk is not full")

	// ErrEntry means that an entry or a result is malformed, which is a mistake
	// in the program.
	ErrEntry = errors.New("audit: malformed entry")
)

// writeTimeout bounds how long one record may take. It is the log's own: what
// a person does must be recorded even if their browser is gone.
const writeTimeout = 10 * time.Second

// Longest texts that are kept, in bytes. Longer ones are cut: a record must
// not fail because a browser sent too much.
const (
	maxText    = 512
	maxDetail  = 2000
	maxRequest = 64 << 10
)

// A Log is the audit log. Its methods may be called from many goroutines.
type Log struct {
	rows Rows
	now  func() time.Time

	mu sync.Mutex
	// pending are the outcomes that could not be written. It cannot grow
	// without end: while it is not empty no intent is accepted, so only what
	// was under way can join it.
	pending map[int64]store.AuditResult
	// recovering is held by the one who tries to write what is pending.
	recovering sync.Mutex
}

// New returns the log that is kept in rows. now is the clock.
func New(rows Rows, now func() time.Time) *Log {
	return &Log{rows: rows, now: now, pending: map[int64]store.AuditResult{}}
}

// Redact encodes a request for an [Entry]. Types that hold secrets redact
// themselves when they are encoded as JSON (api.Secret does).
func Redact(request any) (json.RawMessage, error) { return json.Marshal(request) }

// Intent records that somebody is about to do something and returns the number
// to end it with. When it returns without an error the record is on the disk;
// with an error, nothing may be done. While the log is broken it first tries
// to mend it and fails with [ErrBroken] if it cannot.
func (l *Log) Intent(ctx context.Context, e Entry) (int64, error) {
	// A request that nobody waits for any more is not begun.
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := l.Recover(ctx); err != nil {
		return 0, err
	}
	return l.append(ctx, e, store.AuditIntent, Result{})
}

// Outcome records how an intent ended. It takes no notice of the cancelling of
// ctx. If it fails, the thing was done but not recorded: the caller must say
// so, and the log refuses new intents until the outcome could be written
// after all. An outcome [Unknown] may be followed by another one.
func (l *Log) Outcome(ctx context.Context, intent int64, r Result) error {
	if !r.Outcome.valid() {
		return fmt.Errorf("%w: outcome %q", ErrEntry, r.Outcome)
	}
	row := store.AuditResult{
		At: l.now(), Outcome: string(r.Outcome), Code: clean(r.Code, maxText), Detail: clean(r.Detail, maxDetail),
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err := l.rows.AppendOutcome(ctx, intent, row)
	if err == nil {
		return nil
	}
	// An outcome of an intent that is not there, or is over, is a mistake of
	// the caller. It is no reason to stop everybody.
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) {
		return err
	}
	l.mu.Lock()
	l.pending[intent] = row
	l.mu.Unlock()
	return fmt.Errorf("%w (%w)", ErrBroken, err)
}

// Event records something that is over already, with its outcome: a sign-in, a
// refusal, a read that is worth a record. It takes no notice of the cancelling
// of ctx. If it fails, what it records must not take effect.
func (l *Log) Event(ctx context.Context, e Entry, r Result) error {
	if !r.Outcome.valid() {
		return fmt.Errorf("%w: outcome %q", ErrEntry, r.Outcome)
	}
	_, err := l.append(ctx, e, store.AuditEvent, r)
	return err
}

func (l *Log) append(ctx context.Context, e Entry, phase string, r Result) (int64, error) {
	if e.Actor == "" || e.Operation == "" {
		return 0, fmt.Errorf("%w: no actor or no operation", ErrEntry)
	}
	request, err := bounded(e.Request)
	if err != nil {
		return 0, err
	}
	targets := make([]string, len(e.Targets))
	for i, target := range e.Targets {
		targets[i] = clean(target, maxText)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return l.rows.AppendAudit(ctx, store.AuditRow{
		At:         l.now(),
		RequestID:  clean(e.RequestID, maxText),
		Phase:      phase,
		Actor:      clean(e.Actor, maxText),
		Role:       clean(e.Role, maxText),
		Address:    clean(e.Address, maxText),
		Homeserver: clean(e.Homeserver, maxText),
		Operation:  clean(e.Operation, maxText),
		Targets:    targets,
		Request:    request,
		Outcome:    string(r.Outcome),
		Code:       clean(r.Code, maxText),
		Detail:     clean(r.Detail, maxDetail),
	})
}

// Healthy reports whether every outcome is recorded. While it is false the log
// refuses intents.
func (l *Log) Healthy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending) == 0
}

// Recover mends a broken log: it proves that the store takes writes and then
// records the outcomes that are waiting. It costs nothing while the log is
// healthy, and fails with [ErrBroken] if it is broken and stays so.
func (l *Log) Recover(ctx context.Context) error {
	if l.Healthy() {
		return nil
	}
	l.recovering.Lock()
	defer l.recovering.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if err := l.rows.Probe(ctx, l.now()); err != nil {
		return fmt.Errorf("%w (%w)", ErrBroken, err)
	}
	l.mu.Lock()
	waiting := make(map[int64]store.AuditResult, len(l.pending))
	for id, row := range l.pending {
		waiting[id] = row
	}
	l.mu.Unlock()
	for id, row := range waiting {
		// ErrExists: it was written after all, and only the answer was lost.
		err := l.rows.AppendOutcome(ctx, id, row)
		if err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("%w (%w)", ErrBroken, err)
		}
		l.mu.Lock()
		delete(l.pending, id)
		l.mu.Unlock()
	}
	return nil
}

// Settle records [Unknown] for every intent that has no outcome, of a gate that is
// gone, and returns their numbers: what it was doing when it was killed. It
// belongs at the start of a gate, after the store's first Beat, and after each.
func (l *Log) Settle(ctx context.Context) ([]int64, error) {
	return l.rows.SettleAudit(ctx, store.AuditResult{
		At: l.now(), Outcome: string(Unknown), Code: CodeInterrupted,
		Detail: "The gate stopped before it learned how this ended.",
	})
}

// bounded checks that a request is JSON and replaces one that is too long.
func bounded(request json.RawMessage) (json.RawMessage, error) {
	if len(request) == 0 {
		return nil, nil
	}
	if !json.Valid(request) || !utf8.Valid(request) {
		return nil, fmt.Errorf("%w: the request is not JSON", ErrEntry)
	}
	if len(request) > maxRequest {
		return json.Marshal(map[string]int{"omitted_bytes": len(request)})
	}
	return request, nil
}

// clean cuts a text to n bytes and takes out what a database may refuse.
func clean(text string, n int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	if len(text) <= n {
		return text
	}
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
