// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A Store is an open database. Its methods may be called from many goroutines.
//
// On SQLite it has exactly one handle that writes, with one connection: SQLite
// has one writer at a time anyway, and waiting in Go's queue is far shorter than
// SQLite's busy handler, which sleeps. Writes that wait for it share a
// transaction. Reads have a pool of their own, which the database itself keeps
// from writing.
//
// On PostgreSQL, which several processes may share, both are pools.
type Store struct {
	path    string // of SQLite's file
	replica string
	write   *sql.DB
	read    *sql.DB
	group   *group      // SQLite's: what writes, but for River
	failing atomic.Bool // SQLite's file could not be written when it was last tried

	parsed, parsedReads parsed // SQLite's, of write and read

	pool, readPool *pgxpool.Pool // PostgreSQL's, behind write and read

	listening sync.Mutex
	silent    map[string]silence // the other replicas, by ID
}

// Open opens a database and brings its tables up to date. source is the address
// of a PostgreSQL database, postgres://…, or the path of an SQLite file.
//
// The file is made (mode 0600), and its folder (mode 0700), where they are
// missing. A file that others can read is narrowed to 0600, because it names
// every administrator and everything they did. A PostgreSQL database has to be
// there, empty or Gatehouse's. Open fails with [ErrTooNew] for a database of a
// newer version. No error has the address in it, which may hold a password.
func Open(ctx context.Context, source string) (*Store, error) {
	open := openSQLite
	if IsPostgres(source) {
		open = openPostgres
	} else if strings.Contains(source, "://") {
		return nil, errors.New("store: give the path of a file, or the address of a PostgreSQL database: postgres://user:password@host/database")
	}
	s, err := open(ctx, source)
	if err != nil {
		return nil, err
	}
	s.replica = rand.Text()
	here.Store(s.replica, true)
	if err := s.Healthy(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Path returns the absolute path of the database file; "" on PostgreSQL.
func (s *Store) Path() string { return s.path }

// Place says for people where the database is, without a password.
func (s *Store) Place() string {
	if s.pool == nil {
		return "SQLite, " + s.path
	}
	c := s.pool.Config().ConnConfig
	return fmt.Sprintf("PostgreSQL at %s, database %s", hostPort(c), c.Database)
}

// Close waits for running queries and closes the database.
func (s *Store) Close() error {
	here.Delete(s.replica)
	var errs []error
	// The writer closes last: SQLite's last connection folds the WAL into the file.
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	for _, pool := range []*pgxpool.Pool{s.readPool, s.pool} {
		if pool != nil {
			pool.Close()
		}
	}
	return errors.Join(errs...)
}

// Healthy reports whether the database can be read, and could be written to,
// before ctx ends. It writes nothing as long as writes work (see [Store.Probe]),
// so it may be asked every second.
func (s *Store) Healthy(ctx context.Context) error {
	var n int
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM meta`).Scan(&n); err != nil {
		return fmt.Errorf("store: read: %w", err)
	}
	if s.pool != nil {
		return postgresWrites(ctx, s.write)
	}
	if s.failing.Load() { // a lock says nothing of a disk that is full
		return s.Probe(ctx, time.Now())
	}
	// SQLite's transaction begins with the write lock (_txlock=immediate).
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

// Pool returns the connections behind [Store.Writer] on PostgreSQL; nil on SQLite.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// InTx runs work in one write transaction, and returns when it is on the disk.
// Any error of work rolls all of it back. work uses the context that it is given,
// and of the store nothing but tx.
//
// Of those that give the same name in alone, at most one is in its transaction at
// any time, over all processes that share the database: whoever reads first and
// then writes what follows from it names what that is about. "" is for nothing.
// On SQLite every write transaction is alone.
func (s *Store) InTx(ctx context.Context, alone string, work func(ctx context.Context, tx *sql.Tx) error) error {
	if s.pool != nil {
		return postgresTx(ctx, s.write, alone, work)
	}
	err := s.group.do(ctx, work)
	if failed := unwritable(err) || damaged(err) || readOnly(err); failed || err == nil {
		s.failing.Store(failed)
	}
	return err
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
