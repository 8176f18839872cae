// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// A MadeAccount is an account that Gatehouse created, kept because some
// homeservers cannot list theirs.
type MadeAccount struct {
	Homeserver string
	UserID     string
	Localpart  string
	Created    time.Time
	By         string
}

// A MadeQuery chooses a page of made accounts, ordered by localpart.
type MadeQuery struct {
	Homeserver string
	Search     string // part of the localpart; ASCII letters match in either case
	After      string // user ID of the last account of the page before, "" for the first page
	Descending bool
	Limit      int
}

// PutMadeAccount notes that an account was made. An account that is known
// already stays as it is.
func (s *Store) PutMadeAccount(ctx context.Context, a MadeAccount) error {
	_, err := s.exec(ctx, `
		INSERT INTO made_accounts (homeserver, user_id, localpart, created_ms, created_by) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, a.Homeserver, a.UserID, a.Localpart, a.Created.UnixMilli(), a.By)
	if err != nil {
		return fmt.Errorf("store: made account: %w", err)
	}
	return nil
}

// MadeAccount returns one made account, or [ErrNotFound].
func (s *Store) MadeAccount(ctx context.Context, homeserver, userID string) (MadeAccount, error) {
	a, err := scanMadeAccount(s.read.QueryRowContext(ctx, `
		SELECT homeserver, user_id, localpart, created_ms, created_by FROM made_accounts
		WHERE homeserver = $1 AND user_id = $2`, homeserver, userID))
	if err != nil {
		return MadeAccount{}, fmt.Errorf("store: made account: %w", orNotFound(err))
	}
	return a, nil
}

// MadeAccounts returns one page of made accounts and how many there are on all
// pages. A page is found by the last user ID of the page before, so accounts
// that are made meanwhile shift nothing.
func (s *Store) MadeAccounts(ctx context.Context, q MadeQuery) (page []MadeAccount, total int, err error) {
	where := ` FROM made_accounts WHERE homeserver = $1 AND LOWER(localpart) LIKE $2 ESCAPE '\'`
	pattern := "%" + likeEscaper().Replace(strings.ToLower(q.Search)) + "%"

	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*)`+where, q.Homeserver, pattern).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("store: count made accounts: %w", err)
	}
	than, order := ">", "ASC"
	if q.Descending {
		than, order = "<", "DESC"
	}
	after, _, _ := strings.Cut(strings.TrimPrefix(q.After, "@"), ":")
	rows, err := s.read.QueryContext(ctx, `SELECT homeserver, user_id, localpart, created_ms, created_by`+where+`
		AND ($3 = '' OR (localpart, user_id) `+than+` ($4, $3))
		ORDER BY localpart `+order+`, user_id `+order+` LIMIT $5`, q.Homeserver, pattern, q.After, after, q.Limit)
	if page, err = scanAll(rows, err, scanMadeAccount); err != nil {
		return nil, 0, fmt.Errorf("store: made accounts: %w", err)
	}
	return page, total, nil
}

func scanMadeAccount(row scanner) (MadeAccount, error) {
	var (
		a       MadeAccount
		created int64
	)
	err := row.Scan(&a.Homeserver, &a.UserID, &a.Localpart, &created, &a.By)
	a.Created = fromMillis(created)
	return a, err
}
