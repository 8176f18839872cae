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
// SQLite's busy handler, which sleeps. Writes that wait for it share a
// transaction. Reads have a pool of their own, which
// the database itself keeps from writing.
type Store struct {
	path  string
	write *sql.DB
	read  *sql.DB
	group *group // what writes, but for River
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
	s.group = &group{db: s.write}
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

// Writer returns the one handle that writes, for River: on SQLite its only
// connection, which River then shares with the store's own writes. Whoever holds
// it asks nothing else of the store meanwhile, and [Store.InTx] from inside of a
// transaction waits for itself.
func (s *Store) Writer() *sql.DB { return s.write }

// InTx runs work in one write transaction, and returns when it is on the disk.
// Any error of work rolls all of it back. work uses the context that it is given,
// and of the store nothing but tx.
//
// Of those that give the same name in alone, at most one is in its transaction at
// any time, over all processes that share the database: whoever reads first and
// then writes what follows from it names what that is about. "" is for nothing.
// On SQLite every write transaction is alone.
func (s *Store) InTx(ctx context.Context, alone string, work func(ctx context.Context, tx *sql.Tx) error) error {
	return s.group.do(ctx, work)
}

// exec runs one write and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var n int64
	err := s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}
