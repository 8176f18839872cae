// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// States of a request.
const (
	RequestRunning = "running"
	RequestDone    = "done"
)

// RequestKeyLife is how long a request key is remembered at least: a second arrival of
// the same form within this time does nothing.
const RequestKeyLife = 15 * time.Minute

// A Request is one arrival of a form or of a client's write. Its answer is not
// here: it may hold a password.
type Request struct {
	Session    string // a session's Hash, or a local actor's name
	Key        string // random, made when the form was drawn
	Operation  string
	Homeserver string
	BodyHash   string
	State      string
	Status     int    // HTTP status of the answer, once done
	Code       string // problem code, "" if it went well
	Location   string // the next screen, if the answer was a redirect
	At         time.Time
	Replica    string // of the process that it arrived at; see [Store.Lives]
}

// SameWrite reports whether another arrival with the same key asks for the same thing.
func (r Request) SameWrite(other Request) bool {
	return r.Operation == other.Operation && r.Homeserver == other.Homeserver && r.BodyHash == other.BodyHash
}

// BeginRequest notes that a request has arrived. Of any number of arrivals with
// the same session and key, at once or later, exactly one gets first = true;
// the others get the row that the first one made, as it is by now.
func (s *Store) BeginRequest(ctx context.Context, r Request) (row Request, first bool, err error) {
	err = s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO request_keys (session, request, operation, homeserver, body_hash, state, status, code, location, at_ms, replica)
			VALUES ($1, $2, $3, $4, $5, 'running', 0, '', '', $6, $7)
			ON CONFLICT DO NOTHING`,
			r.Session, r.Key, r.Operation, r.Homeserver, r.BodyHash, r.At.UnixMilli(), s.replica)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		first = n == 1
		row, err = scanRequest(tx.QueryRowContext(ctx, `
			SELECT session, request, operation, homeserver, body_hash, state, status, code, location, at_ms, replica
			FROM request_keys WHERE session = $1 AND request = $2`, r.Session, r.Key))
		return err
	})
	if err != nil {
		return Request{}, false, fmt.Errorf("store: begin request: %w", err)
	}
	return row, first, nil
}

// Request returns the row of a request that has arrived, or [ErrNotFound].
func (s *Store) Request(ctx context.Context, session, key string) (Request, error) {
	row, err := scanRequest(s.read.QueryRowContext(ctx, `
		SELECT session, request, operation, homeserver, body_hash, state, status, code, location, at_ms, replica
		FROM request_keys WHERE session = $1 AND request = $2`, session, key))
	if err != nil {
		return Request{}, fmt.Errorf("store: request: %w", orNotFound(err))
	}
	return row, nil
}

// FinishRequest notes how a running request was answered. It fails with
// [ErrNotFound] if there is none.
func (s *Store) FinishRequest(ctx context.Context, session, key string, status int, code, location string) error {
	n, err := s.exec(ctx, `
		UPDATE request_keys SET state = 'done', status = $1, code = $2, location = $3
		WHERE session = $4 AND request = $5 AND state = 'running'`, status, code, location, session, key)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: finish request: %w", err)
	}
	return nil
}

// CancelRequest forgets a running request of which nothing was done (it was
// refused before it went upstream), so that it may be sent again.
func (s *Store) CancelRequest(ctx context.Context, session, key string) error {
	_, err := s.exec(ctx, `DELETE FROM request_keys WHERE session = $1 AND request = $2 AND state = 'running'`,
		session, key)
	if err != nil {
		return fmt.Errorf("store: cancel request: %w", err)
	}
	return nil
}

// PurgeRequests deletes the requests that arrived before a time: now less
// [RequestKeyLife].
func (s *Store) PurgeRequests(ctx context.Context, before time.Time) (int64, error) {
	n, err := s.exec(ctx, `DELETE FROM request_keys WHERE at_ms < $1`, before.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("store: purge requests: %w", err)
	}
	return n, nil
}

func scanRequest(row scanner) (Request, error) {
	var (
		r  Request
		at int64
	)
	err := row.Scan(&r.Session, &r.Key, &r.Operation, &r.Homeserver, &r.BodyHash, &r.State, &r.Status, &r.Code,
		&r.Location, &at, &r.Replica)
	r.At = fromMillis(at)
	return r, err
}
