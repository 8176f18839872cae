// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// How many connections a process has to PostgreSQL. Reads have their own, so
// that they do not wait for writes that wait for each other.
const (
	postgresWriters = 10
	postgresReaders = 6
)

// connectTime bounds one try to connect where the address says nothing of it.
const connectTime = 10 * time.Second

// postgresParams are what a connection is set up with, unless the address says
// otherwise. A process that stands still in the middle of a transaction, or whose
// machine is gone, must not keep the locks of others' audit rows for long.
var postgresParams = map[string]string{
	"application_name":                    "gatehouse",
	"idle_in_transaction_session_timeout": "15s",
}

// lockClass tells the store's advisory locks from those of other programs in the
// same database.
const lockClass = 0x67617465 // "gate"

// IsPostgres reports whether a source names a PostgreSQL database.
func IsPostgres(source string) bool {
	return strings.HasPrefix(source, "postgres://") || strings.HasPrefix(source, "postgresql://")
}

// openPostgres opens the database at an address.
func openPostgres(ctx context.Context, source string) (_ *Store, err error) {
	s := &Store{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.pool, err = postgresPool(ctx, source, postgresWriters, false); err != nil {
		return s, err
	}
	if s.readPool, err = postgresPool(ctx, source, postgresReaders, true); err != nil {
		return s, err
	}
	s.write, s.read = stdlib.OpenDBFromPool(s.pool), stdlib.OpenDBFromPool(s.readPool)
	return s, migratePostgres(ctx, s)
}

// postgresPool opens n connections, the first of them now.
//
// A server may be set up to acknowledge a commit before it is on its disk
// (synchronous_commit=off). That is not good enough for the audit log, so such a
// server is told otherwise; a stricter one, which waits for its standbys, is not.
func postgresPool(ctx context.Context, source string, n int32, readOnly bool) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(source)
	if err != nil { // which may repeat the address
		return nil, ErrAddress
	}
	c.MaxConns = n
	if c.ConnConfig.ConnectTimeout == 0 {
		c.ConnConfig.ConnectTimeout = connectTime
	}
	params := c.ConnConfig.RuntimeParams
	for name, value := range postgresParams {
		if params[name] == "" {
			params[name] = value
		}
	}
	if readOnly {
		params["default_transaction_read_only"] = "on"
	}
	c.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, ErrAddress
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, notConnected(c.ConnConfig, err)
	}
	return pool, nil
}

// notConnected says why there is no connection, without the password.
func notConnected(c *pgx.ConnConfig, err error) error {
	where := hostPort(c)
	if said, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch said.Code {
		case "28P01", "28000":
			return fmt.Errorf("store: PostgreSQL at %s does not let the user %s in: see that the password is right and that pg_hba.conf allows it (%s)", where, c.User, said.Message)
		case "3D000":
			return fmt.Errorf("store: PostgreSQL at %s has no database %s: make it with createdb", where, c.Database)
		}
		return fmt.Errorf("store: PostgreSQL at %s: %s", where, said.Message)
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("store: there is no host %s, on which PostgreSQL should be", c.Host)
	}
	if inner := errors.Unwrap(err); inner != nil { // without the driver's list of what it tried
		err = inner
	}
	return fmt.Errorf("store: PostgreSQL at %s does not answer: %w", where, err)
}

func hostPort(c *pgx.ConnConfig) string { return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) }

// migratePostgres brings the tables to the newest version. Of processes that
// start together one does it while the others wait.
func migratePostgres(ctx context.Context, s *Store) error {
	return s.exclusively(ctx, "migrations", func(ctx context.Context) error {
		if err := ours(ctx, s.write); err != nil {
			return err
		}
		return migrate(ctx, s.write, goose.DialectPostgres)
	})
}

// ours refuses a database in which there are somebody else's tables, or whose
// texts are not UTF-8.
func ours(ctx context.Context, db *sql.DB) error {
	var encoding string
	var tables, audits int
	err := db.QueryRowContext(ctx, `
		SELECT current_setting('server_encoding'), COUNT(*) FILTER (WHERE c.relname <> 'goose_db_version'),
			COUNT(*) FILTER (WHERE c.relname = 'audit')
		FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')`,
	).Scan(&encoding, &tables, &audits)
	switch {
	case err != nil:
		return fmt.Errorf("store: look at the database: %w", err)
	case encoding != "UTF8":
		return fmt.Errorf("store: the database has the encoding %s; make one with: createdb --encoding=UTF8 --template=template0", encoding)
	case tables > 0 && audits == 0:
		return ErrForeign
	}
	return nil
}

// exclusively runs f while no other process does so under the same name. The
// lock ends with its connection, and so with a process that is killed.
func (s *Store) exclusively(ctx context.Context, name string, f func(context.Context) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1, hashtext($2))`, lockClass, name); err != nil {
		return fmt.Errorf("store: lock: %w", err)
	}
	err = f(ctx)
	if _, unlocked := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1, hashtext($2))`, lockClass, name); unlocked != nil {
		err = errors.Join(err, conn.Conn().Close(context.WithoutCancel(ctx)))
	}
	return err
}

// postgresTx is InTx on PostgreSQL.
func postgresTx(ctx context.Context, db *sql.DB, alone string, work func(context.Context, *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a panic, too; nothing after a commit
	if alone != "" {
		// A statement of its own: what comes after sees what was committed before the lock was had.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2))`, lockClass, alone); err != nil {
			return err
		}
	}
	if err := work(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// postgresWrites reports whether the server takes writes: a standby does not.
func postgresWrites(ctx context.Context, db *sql.DB) error {
	var readOnly string
	if err := db.QueryRowContext(ctx, `SHOW transaction_read_only`).Scan(&readOnly); err != nil {
		return fmt.Errorf("store: write: %w", err)
	}
	if readOnly != "off" {
		return errors.New("store: PostgreSQL takes no writes: it is a standby, or set to read only")
	}
	return nil
}
