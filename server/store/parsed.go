// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
)

// parsed are statements that SQLite has parsed already: to parse one takes as
// long as to carry it out. PostgreSQL's driver keeps those that are repeated by
// itself, and has none here.
type parsed map[string]*sql.Stmt

// oftenRun are the statements that work in bulk runs for each account, and oftenRead those that whoever watches it reads with all the time.
var (
	oftenRun  = []string{nextAudit, appendAudit, appendTarget, auditOf, claimItems, setJobItem, selectJob, countJob}
	oftenRead = []string{selectJob, selectSession}
)

func parse(ctx context.Context, db *sql.DB, queries []string) (parsed, error) {
	p := parsed{}
	for _, query := range queries {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		p[query] = stmt
	}
	return p, nil
}

// A statement of a transaction.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// in returns a statement to be run in tx.
func (p parsed) in(ctx context.Context, tx *sql.Tx, query string) statement {
	if stmt := p[query]; stmt != nil {
		return tx.StmtContext(ctx, stmt)
	}
	return unparsed{tx, query}
}

// row asks for one row outside of a transaction.
func (p parsed) row(ctx context.Context, db *sql.DB, query string, args ...any) *sql.Row {
	if stmt := p[query]; stmt != nil {
		return stmt.QueryRowContext(ctx, args...)
	}
	return db.QueryRowContext(ctx, query, args...)
}

type unparsed struct {
	tx    *sql.Tx
	query string
}

func (u unparsed) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return u.tx.ExecContext(ctx, u.query, args...)
}

func (u unparsed) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return u.tx.QueryContext(ctx, u.query, args...)
}

func (u unparsed) QueryRowContext(ctx context.Context, args ...any) *sql.Row {
	return u.tx.QueryRowContext(ctx, u.query, args...)
}
