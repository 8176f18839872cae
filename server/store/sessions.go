// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// A Session is one signed-in browser. The browser holds its id; the store holds
// only Hash, the SHA-256 of the id in hex, which also serves as its name where
// the id must not be seen (request keys, logs).
type Session struct {
	Hash        string
	Person      string // who: `@admin:example.org` or `local:alice`
	DisplayName string
	Role        string
	Homeserver  string // that vouched for the person; "" for a local operator
	Created     time.Time
	LastActive  time.Time
	AbsoluteEnd time.Time // over then, however active
	Ended       time.Time // zero while nobody ended it
	Address     string
	UserAgent   string // cut to 200 characters
}

const (
	sessionIDBytes = 32
	maxUserAgent   = 200
	// touchEvery bounds the writes that reading makes: one a minute a session.
	// A session may therefore end up to a minute before its idle time, never after.
	touchEvery = time.Minute
)

// SessionHash returns the name under which the session with this id is stored.
func SessionHash(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// CreateSession stores a new session and returns its id: 256 random bits in
// base64url. Hash, LastActive and Ended of what is passed are ignored.
func (s *Store) CreateSession(ctx context.Context, n Session) (id string, err error) {
	var raw [sessionIDBytes]byte
	_, _ = rand.Read(raw[:]) // never fails
	id = base64.RawURLEncoding.EncodeToString(raw[:])
	_, err = s.exec(ctx, `
		INSERT INTO sessions (id_hash, person, display_name, role, homeserver, created_ms, last_active_ms,
			absolute_end_ms, address, user_agent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		SessionHash(id), n.Person, n.DisplayName, n.Role, sql.NullString{String: n.Homeserver, Valid: n.Homeserver != ""},
		n.Created.UnixMilli(), n.Created.UnixMilli(), n.AbsoluteEnd.UnixMilli(), n.Address, cut(n.UserAgent, maxUserAgent))
	if err != nil {
		return "", fmt.Errorf("store: create session: %w", err)
	}
	return id, nil
}

const selectSession = `
	SELECT id_hash, person, display_name, role, homeserver, created_ms, last_active_ms, absolute_end_ms, ended_ms, address, user_agent
	FROM sessions WHERE id_hash = $1`

// Session returns the session with this id. It fails with [ErrNotFound] if
// there is none, and with [ErrExpired] if it was ended, was idle for longer
// than idle, or has reached its absolute end; with ErrExpired the session is
// returned all the same, so that what was typed can be kept for its person.
func (s *Store) Session(ctx context.Context, id string, now time.Time, idle time.Duration) (Session, error) {
	n, err := scanSession(s.parsedReads.row(ctx, s.read, selectSession, SessionHash(id)))
	if err != nil {
		return Session{}, fmt.Errorf("store: session: %w", orNotFound(err))
	}
	if !n.Ended.IsZero() || !now.Before(n.AbsoluteEnd) || !now.Before(n.LastActive.Add(idle)) {
		return n, fmt.Errorf("store: session: %w", ErrExpired)
	}
	return n, nil
}

// TouchSession notes that the session's person did something. It writes at most
// once a minute; n is what [Store.Session] returned. Polling is not activity:
// do not call it for requests that the program makes by itself.
func (s *Store) TouchSession(ctx context.Context, n Session, now time.Time) error {
	if now.Sub(n.LastActive) < touchEvery {
		return nil
	}
	// The condition makes the second of two requests at once write nothing.
	_, err := s.exec(ctx, `
		UPDATE sessions SET last_active_ms = $1
		WHERE id_hash = $2 AND ended_ms IS NULL AND last_active_ms <= $3`,
		now.UnixMilli(), n.Hash, now.Add(-touchEvery).UnixMilli())
	if err != nil {
		return fmt.Errorf("store: touch session: %w", err)
	}
	return nil
}

// EndSession ends the session with this id. Ending one that is over, or never
// was, is no error.
func (s *Store) EndSession(ctx context.Context, id string, now time.Time) error {
	_, err := s.exec(ctx, `UPDATE sessions SET ended_ms = $1 WHERE id_hash = $2 AND ended_ms IS NULL`,
		now.UnixMilli(), SessionHash(id))
	if err != nil {
		return fmt.Errorf("store: end session: %w", err)
	}
	return nil
}

// EndSessions ends every session of a person and returns how many there were.
func (s *Store) EndSessions(ctx context.Context, person string, now time.Time) (int64, error) {
	n, err := s.exec(ctx, `UPDATE sessions SET ended_ms = $1 WHERE person = $2 AND ended_ms IS NULL`,
		now.UnixMilli(), person)
	if err != nil {
		return 0, fmt.Errorf("store: end sessions: %w", err)
	}
	return n, nil
}

// PersonNamed returns who of those that signed in lately, with an account of a
// homeserver, has a name: with or without sigil and server, in upper or lower
// case. It fails with [ErrNotFound] if nobody has.
func (s *Store) PersonNamed(ctx context.Context, homeserver, name string) (string, error) {
	whole := strings.ToLower(name)
	start := "@" + strings.TrimPrefix(whole, "@") + ":"
	var person string
	err := s.read.QueryRowContext(ctx, `
		SELECT person FROM sessions
		WHERE homeserver = $1 AND (lower(person) = $2 OR substr(lower(person), 1, length($3)) = $3)
		ORDER BY (person = $4) DESC, created_ms DESC LIMIT 1`, homeserver, whole, start, name).Scan(&person)
	if err != nil {
		return "", fmt.Errorf("store: person: %w", orNotFound(err))
	}
	return person, nil
}

// PurgeSessions deletes the sessions that were ended, or reached their absolute
// end, before a time.
func (s *Store) PurgeSessions(ctx context.Context, before time.Time) (int64, error) {
	ms := before.UnixMilli()
	n, err := s.exec(ctx, `DELETE FROM sessions WHERE ended_ms < $1 OR absolute_end_ms < $2`, ms, ms)
	if err != nil {
		return 0, fmt.Errorf("store: purge sessions: %w", err)
	}
	return n, nil
}

func scanSession(row scanner) (Session, error) {
	var (
		n                         Session
		homeserver                sql.NullString
		created, active, absolute int64
		ended                     sql.NullInt64
	)
	err := row.Scan(&n.Hash, &n.Person, &n.DisplayName, &n.Role, &homeserver, &created, &active, &absolute,
		&ended, &n.Address, &n.UserAgent)
	if err != nil {
		return Session{}, err
	}
	n.Homeserver = homeserver.String
	n.Created = fromMillis(created)
	n.LastActive = fromMillis(active)
	n.AbsoluteEnd = fromMillis(absolute)
	n.Ended = fromNullMillis(ended)
	return n, nil
}

// cut returns the first n characters of a text, without bytes that are not
// UTF-8 (PostgreSQL refuses them).
func cut(text string, n int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n])
}
