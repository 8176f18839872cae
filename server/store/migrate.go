// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrateTries bounds how often migrate starts again when another process
// migrates the same new file at the same time: each round at least one of the
// two gets further.
const migrateTries = 5

// migrate brings the tables to the newest version, each step in a transaction
// of its own. Two processes may do so at once (serve and call on a new file):
// the one that comes second fails on a step that the first has done, looks
// again and goes on from there.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect) error {
	p, err := newProvider(dialect, db)
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	for range migrateTries {
		var have, want int64
		if have, want, err = p.GetVersions(ctx); err != nil {
			continue
		}
		if have > want {
			return fmt.Errorf("%w (it has version %d, this program knows %d)", ErrTooNew, have, want)
		}
		if have == want {
			return nil
		}
		_, err = p.Up(ctx)
		if ctx.Err() != nil {
			break
		}
	}
	if err == nil {
		err = errors.New("still not at the newest version")
	}
	return fmt.Errorf("store: migrate: %w", err)
}

// newProvider puts the migrations together: SQL files that every dialect runs,
// and in Go those whose text differs. It uses none of goose's globals.
func newProvider(dialect goose.Dialect, db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files,
		goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()),
		goose.WithGoMigrations(goose.NewGoMigration(appendOnlyVersion, &goose.GoFunc{RunTx: appendOnly[dialect]}, nil)),
	)
}
