// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Phases of an audit row.
const (
	AuditIntent  = "intent"  // before a write goes upstream
	AuditOutcome = "outcome" // after it
	AuditEvent   = "event"   // a thing that is over when it is recorded: a sign-in, a refusal
)

// An AuditRow is one row of the audit log. Request is redacted JSON.
type AuditRow struct {
	ID         int64
	At         time.Time
	RequestID  string
	Phase      string
	IntentID   int64 // of an outcome; otherwise 0
	Actor      string
	Role       string
	Address    string
	Homeserver string
	Operation  string
	Targets    []string
	Request    json.RawMessage
	Outcome    string // "" for an intent
	Code       string
	Detail     string
}

// An AuditRecord is an intent with its latest outcome, or an event.
type AuditRecord struct {
	AuditRow
	OutcomeAt time.Time // zero while an intent has no outcome
}

// An AuditResult is how an intent ended.
type AuditResult struct {
	At      time.Time
	Outcome string
	Code    string
	Detail  string
}

// auditUnknown is the one outcome that another may follow: what became of a
// request whose answer never came is sometimes found out later.
const auditUnknown = "unknown"

// auditLock is what whoever adds rows is alone with.
const auditLock = "audit"

// The statements are plain ones, one row each: with RETURNING, or with rows that come
// out of the same table, SQLite makes a table and a journal for each time, in memory.
const (
	// nextAudit is the next row number. It is read in the transaction that uses it,
	// alone, so numbers have no gaps.
	nextAudit   = `SELECT COALESCE(MAX(id), 0) + 1 FROM audit`
	appendAudit = `
		INSERT INTO audit (id, at_ms, request_id, phase, intent_id, actor, role, address, homeserver, operation,
			targets, request, outcome, code, detail, replica)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`
	appendTarget = `
		INSERT INTO audit_targets (homeserver, target, audit_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	// auditOf is an intent, and whether an outcome $2 would say nothing new of it.
	auditOf = `
		SELECT request_id, actor, role, address, homeserver, operation, EXISTS (
			SELECT 1 FROM audit o WHERE o.intent_id = i.id AND (o.outcome <> '` + auditUnknown + `' OR o.outcome = $2))
		FROM audit i WHERE i.id = $1 AND i.phase = 'intent'`
)

// AppendAudit adds an intent or an event and returns its number. When it
// returns, the row is on the disk.
func (s *Store) AppendAudit(ctx context.Context, row AuditRow) (int64, error) {
	targets := row.Targets
	if targets == nil {
		targets = []string{}
	}
	list, err := json.Marshal(targets)
	if err != nil {
		return 0, fmt.Errorf("store: audit targets: %w", err)
	}
	request := string(row.Request)
	if request == "" {
		request = "null"
	}
	err = s.InTx(plainly(ctx), auditLock, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.appendAudit(ctx, tx, &row, string(list), request); err != nil {
			return err
		}
		for _, target := range targets {
			if _, err := s.parsed.in(ctx, tx, appendTarget).ExecContext(ctx, row.Homeserver, target, row.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("store: audit: %w", err)
	}
	return row.ID, nil
}

// appendAudit adds a row and gives it its number.
func (s *Store) appendAudit(ctx context.Context, tx *sql.Tx, row *AuditRow, targets, request string) error {
	if err := s.parsed.in(ctx, tx, nextAudit).QueryRowContext(ctx).Scan(&row.ID); err != nil {
		return err
	}
	intent := sql.NullInt64{Int64: row.IntentID, Valid: row.IntentID != 0}
	_, err := s.parsed.in(ctx, tx, appendAudit).ExecContext(ctx,
		row.ID, row.At.UnixMilli(), row.RequestID, row.Phase, intent, row.Actor, row.Role, row.Address, row.Homeserver, row.Operation,
		targets, request, row.Outcome, row.Code, row.Detail, s.replica)
	return err
}

// AppendOutcome adds the outcome of an intent; who and what are copied from it.
// It fails with [ErrNotFound] if there is no such intent and with [ErrExists]
// if its outcome is known already. An outcome "unknown" may be followed by a
// known one.
func (s *Store) AppendOutcome(ctx context.Context, intentID int64, r AuditResult) error {
	err := s.InTx(plainly(ctx), auditLock, func(ctx context.Context, tx *sql.Tx) error {
		return s.appendOutcome(ctx, tx, intentID, r)
	})
	if err != nil {
		return fmt.Errorf("store: audit outcome of %d: %w", intentID, err)
	}
	return nil
}

func (s *Store) appendOutcome(ctx context.Context, tx *sql.Tx, intentID int64, r AuditResult) error {
	row := AuditRow{At: r.At, Phase: AuditOutcome, IntentID: intentID, Outcome: r.Outcome, Code: r.Code, Detail: r.Detail}
	var known bool
	err := s.parsed.in(ctx, tx, auditOf).QueryRowContext(ctx, intentID, r.Outcome).Scan(
		&row.RequestID, &row.Actor, &row.Role, &row.Address, &row.Homeserver, &row.Operation, &known)
	switch {
	case err != nil:
		return orNotFound(err)
	case known:
		return ErrExists
	}
	return s.appendAudit(ctx, tx, &row, "[]", "null")
}

// AuditHistory returns what was done to one account, or refused, newest first,
// at most limit records, all of them older than the one with the number before;
// 0 begins with the newest.
func (s *Store) AuditHistory(ctx context.Context, homeserver, target string, before int64, limit int) ([]AuditRecord, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT i.id, i.at_ms, i.request_id, i.phase, i.actor, i.role, i.address, i.homeserver, i.operation,
			i.targets, i.request, COALESCE(o.outcome, i.outcome), COALESCE(o.code, i.code),
			COALESCE(o.detail, i.detail), o.at_ms
		FROM audit_targets t
		JOIN audit i ON i.id = t.audit_id
		LEFT JOIN audit o ON o.id = (SELECT MAX(id) FROM audit WHERE intent_id = i.id)
		WHERE t.homeserver = $1 AND t.target = $2 AND (CAST($3 AS BIGINT) = 0 OR t.audit_id < $3)
		ORDER BY t.audit_id DESC LIMIT $4`, homeserver, target, before, limit)
	records, err := scanAll(rows, err, scanRecord)
	if err != nil {
		return nil, fmt.Errorf("store: audit history: %w", err)
	}
	return records, nil
}

func scanRecord(row scanner) (AuditRecord, error) {
	var (
		r         AuditRecord
		at        int64
		outcomeAt sql.NullInt64
		targets   string
		request   string
	)
	err := row.Scan(&r.ID, &at, &r.RequestID, &r.Phase, &r.Actor, &r.Role, &r.Address, &r.Homeserver, &r.Operation,
		&targets, &request, &r.Outcome, &r.Code, &r.Detail, &outcomeAt)
	if err != nil {
		return r, err
	}
	r.At = fromMillis(at)
	r.OutcomeAt = fromNullMillis(outcomeAt)
	r.Request = json.RawMessage(request)
	if err := json.Unmarshal([]byte(targets), &r.Targets); err != nil {
		return r, fmt.Errorf("targets of row %d: %w", r.ID, err)
	}
	return r, nil
}
