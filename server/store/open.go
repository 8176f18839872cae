// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// readers is the size of the read pool. In WAL mode readers block nobody and
// nobody blocks them; more than a few only cost memory.
const readers = 4

// A Store is an open database. Its methods may be called from many goroutines.
//
// It has exactly one handle that writes, with one connection: SQLite has one
// writer at a time anyway, and waiting in Go's queue is far shorter than
// SQLite's busy handler, which sleeps. Reads have a pool of their own, which
// the database itself keeps from writing.
type Store struct {
	path  string
	write *sql.DB
	read  *sql.DB
}

// Open opens the database file at path, makes it (mode 0600) and its folder
// (mode 0700) where they are missing, and brings its tables up to date. A file
// that others can read is narrowed to 0600, because it names every
// administrator and everything they did. It fails with [ErrTooNew] for a
// database of a newer version.
func Open(ctx context.Context, path string) (*Store, error) {
	if path == "" || strings.HasPrefix(path, ":memory:") {
		return nil, errors.New("store: give the path of a database file")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := privateFile(abs); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}

	s := &Store{path: abs}
	if s.write, err = openPool(abs, 1, "_txlock=immediate"); err != nil {
		return nil, err
	}
	if err := migrate(ctx, s.write); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.read, err = openPool(abs, readers, "_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.Healthy(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// privateFile makes the file and its folder where they are missing. SQLite
// gives the -wal and -shm files the mode of the database, so this one is enough.
func privateFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	// The files beside it were made with the old mode.
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Chmod(name, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// openPool opens a pool of at most n connections. The pragmas are part of the
// data source name, so that every connection of the pool has them.
//
// synchronous=FULL makes a commit in WAL mode wait for the disk: an audit
// intent that was acknowledged survives a power cut (with NORMAL it may not).
// Without recursive_triggers an INSERT OR REPLACE would delete an audit row
// behind the trigger that forbids it.
func openPool(path string, n int, extra string) (*sql.DB, error) {
	dsn := (&url.URL{Scheme: "file", Path: path}).String() +
		"?_pragma=busy_timeout(5000)" +
		"&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)" +
		"&_pragma=recursive_triggers(1)" +
		"&_pragma=trusted_schema(0)" +
		"&" + extra
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// Path returns the absolute path of the database file.
func (s *Store) Path() string { return s.path }

// Close waits for running queries and closes the database.
func (s *Store) Close() error {
	var errs []error
	// The writer closes last: the last connection folds the WAL into the file.
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Healthy reports whether the database can be read and its write lock can be
// had before ctx ends. It writes nothing (see [Store.Probe]), so it may be
// asked every second.
func (s *Store) Healthy(ctx context.Context) error {
	var n int
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM meta`).Scan(&n); err != nil {
		return fmt.Errorf("store: read: %w", err)
	}
	// The transaction begins with the write lock (_txlock=immediate).
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: write lock: %w", err)
	}
	if err := tx.Rollback(); err != nil {
		return fmt.Errorf("store: write lock: %w", err)
	}
	return nil
}

// inTx runs f in one write transaction. Any error of f rolls all of it back.
func (s *Store) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		// After a cancelled context the transaction is rolled back already.
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			return errors.Join(err, back)
		}
		return err
	}
	return tx.Commit()
}

// exec runs one write and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := s.write.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
