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
	"slices"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // and the driver of this name
	sqlite3 "modernc.org/sqlite/lib"
)

// readers is the size of the read pool. In WAL mode readers block nobody and
// nobody blocks them; more than a few only cost memory.
const readers = 4

// openSQLite opens or makes the file at path. An error says what to do, where that is
// known: SQLite itself says little more than a number.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	s, err := openAFile(ctx, path)
	switch {
	case damaged(err):
		return nil, fmt.Errorf("store: %s is damaged, or not a database: see whether the disk is sound, move the file and those beside it that begin with its name elsewhere, and put the last backup in its place (README.md, Backups and upgrades): %w", path, err)
	case readOnly(err):
		return nil, fmt.Errorf("store: Gatehouse may not write %s, or the files that it needs beside it: see whether file and folder belong to the user that it runs as, and whether they are mounted read-only: %w", path, err)
	case unwritable(err):
		return nil, fmt.Errorf("store: %s cannot be written, nor the files beside it: see whether the disk is full, and what stands in the way: %w", path, err)
	}
	return s, err
}

func openAFile(ctx context.Context, path string) (*Store, error) {
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
	if err := oursSQLite(ctx, s.write); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := migrate(ctx, s.write, goose.DialectSQLite3); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.parsed, err = parse(ctx, s.write, oftenRun); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.read, err = openPool(abs, readers, "_pragma=query_only(1)"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.parsedReads, err = parse(ctx, s.read, oftenRead); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// oursSQLite refuses a file in which there are somebody else's tables.
func oursSQLite(ctx context.Context, db *sql.DB) error {
	var tables, audits int
	err := db.QueryRowContext(ctx, `
		SELECT COUNT(*), COALESCE(SUM(name = 'audit'), 0) FROM sqlite_master
		WHERE type = 'table' AND name <> 'goose_db_version' AND name NOT LIKE 'sqlite_%'`).Scan(&tables, &audits)
	switch {
	case err != nil:
		return fmt.Errorf("store: look at the file: %w", err)
	case tables > 0 && audits == 0:
		return ErrForeign
	}
	return nil
}

// unwritable reports whether an error says that the file cannot be written: the
// disk is full, or broken, or something is in the way.
func unwritable(err error) bool {
	return says(err, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
}

// damaged reports whether an error says that what is in the file is not what was
// written there.
func damaged(err error) bool { return says(err, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) }

// readOnly reports whether an error says that the file, or its folder, is not for us
// to write.
func readOnly(err error) bool {
	return says(err, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// says reports whether an error is one of SQLite's with one of these codes.
func says(err error, codes ...int) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && slices.Contains(codes, e.Code()&0xff)
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
