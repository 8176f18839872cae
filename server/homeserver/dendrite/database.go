// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"gatehouse/app/api"
)

// The kinds of database that Dendrite keeps its accounts in.
const (
	kindSQLite   = "sqlite"
	kindPostgres = "postgres"
)

// How long one look into the database, or one change of it, may take. Dendrite waits 10 s for its own SQLite file, so a
// change that holds the file must be far shorter than that.
const (
	lookTime   = 20 * time.Second
	changeTime = 5 * time.Second
)

// database reads Dendrite's account tables, and changes them where it is told so. It never selects access_token or
// password_hash. A nil *database stands for a configuration without one.
type database struct {
	kind string
	read *sql.DB
	// writer opens a handle for one change. Between changes there is none, so that nothing is held in Dendrite's database.
	writer func() (*sql.DB, error)
	// broken says why there is no handle at all.
	broken error
}

// errSource says that a connection string is none.
var errSource = errors.New("the connection string is neither file:… nor postgres://…")

// openDatabase prepares the database of a connection string as Dendrite's own configuration has it, `file:…` or
// `postgres://…`. It does no I/O; what is wrong shows when the database is used.
func openDatabase(source api.Secret) *database {
	text := source.Reveal()
	switch {
	case text == "":
		return nil
	case strings.HasPrefix(text, "file:"):
		return openSQLite(text)
	case strings.HasPrefix(text, "postgres://"), strings.HasPrefix(text, "postgresql://"):
		return openPostgres(text)
	}
	return &database{broken: errSource}
}

// openSQLite opens Dendrite's file. What the connection string says behind a question mark is left out: it is meant for
// Dendrite's driver, and a journal mode given here would change the file under a running server. So is what stands behind a #, where
// SQLite stops reading: our own mode=ro would stand behind it.
func openSQLite(text string) *database {
	path := text
	if end := strings.IndexAny(text, "?#"); end >= 0 {
		path = text[:end]
	}
	open := func(query string) (*sql.DB, error) {
		return sql.Open("sqlite", path+"?"+query+"&_pragma="+url.QueryEscape("busy_timeout(3000)"))
	}
	read, err := open("mode=ro")
	if err != nil {
		return &database{kind: kindSQLite, broken: err}
	}
	read.SetMaxOpenConns(4)
	read.SetConnMaxIdleTime(time.Minute)
	return &database{kind: kindSQLite, read: read, writer: func() (*sql.DB, error) { return open("mode=rw&_txlock=immediate") }}
}

func openPostgres(text string) *database {
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return &database{kind: kindPostgres, broken: errSource}
	}
	config.RuntimeParams["application_name"] = "gatehouse"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = changeTime
	}
	read := stdlib.OpenDB(*config)
	read.SetMaxOpenConns(4)
	read.SetConnMaxIdleTime(time.Minute)
	return &database{kind: kindPostgres, read: read, writer: func() (*sql.DB, error) { return stdlib.OpenDB(*config), nil }}
}

// close ends the handles.
func (d *database) close() error {
	if d == nil || d.read == nil {
		return nil
	}
	return d.read.Close()
}

// look runs f in one read-only transaction, so that all of it sees the same state. Errors are *api.Problem.
func (d *database) look(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	if d == nil {
		return databaseDown(errSource)
	}
	if d.broken != nil {
		return databaseDown(d.broken)
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	return d.explain(ctx, d.transact(ctx, d.read, &sql.TxOptions{ReadOnly: true}, f))
}

// errCommit marks a change of which it is not known whether it was made.
var errCommit = errors.New("commit")

// change runs f in one transaction that has checked the tables first. Where the commit itself fails the error is errCommit:
// only a look tells what came of it.
func (d *database) change(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	if d.broken != nil {
		return databaseDown(d.broken)
	}
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	db, err := d.writer()
	if err != nil {
		return databaseDown(err)
	}
	defer db.Close()
	err = d.transact(ctx, db, nil, func(ctx context.Context, tx *sql.Tx) error {
		if err := d.checkSchema(ctx, tx); err != nil {
			return err
		}
		return f(ctx, tx)
	})
	if errors.Is(err, errCommit) || errors.Is(err, errNothing) {
		return err
	}
	return d.explain(ctx, err)
}

// writable looks whether the database could be changed: it begins a change and takes it back.
func (d *database) writable(ctx context.Context) error {
	err := d.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if d.kind == kindPostgres {
			var may bool
			if err := tx.QueryRowContext(ctx, "SELECT has_table_privilege('userapi_accounts', 'UPDATE')").Scan(&may); err != nil {
				return err
			}
			if !may {
				return api.NewProblem(api.StatusUnavailable, "dendrite_database_read_only")
			}
		}
		return errNothing
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// errNothing takes a change back that was only begun to see whether it can be.
var errNothing = errors.New("nothing to change")

func (d *database) transact(ctx context.Context, db *sql.DB, options *sql.TxOptions, f func(context.Context, *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, options)
	if err != nil {
		return err
	}
	if err := f(ctx, tx); err != nil {
		return errors.Join(err, rollback(tx))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%w: %w", errCommit, err)
	}
	return nil
}

// rollback ends a transaction; that its context ended it already is no error.
func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// explain turns an error of the database into a Problem: a query that fails because the tables are not the ones known is
// told apart from a database that cannot be reached.
func (d *database) explain(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) || errors.Is(err, errElse) {
		return err
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	var schema *api.Problem
	check := d.transact(ctx, d.read, &sql.TxOptions{ReadOnly: true}, d.checkSchema)
	if errors.As(check, &schema) {
		return schema
	}
	return databaseDown(err)
}

// databaseDown is the problem of a database that does not answer. It names the sort of trouble and never the connection
// string, which may hold a password.
func databaseDown(err error) *api.Problem {
	cause, detail := trouble(err)
	return api.NewProblem(api.StatusUnavailable, "dendrite_database_down", "cause", cause, "detail", detail)
}

// trouble sorts an error of a driver; the sentence is the text `dendrite_database_cause.<cause>`. Drivers write user names, hosts and
// paths into theirs, so nothing of those is passed on but a code of the database as detail.
func trouble(err error) (cause, detail string) {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		detail = "SQLITE " + strconv.Itoa(e.Code())
		switch e.Code() & 0xff {
		case sqlitelib.SQLITE_CANTOPEN:
			return "cannot_open", detail
		case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED:
			return "locked", detail
		case sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_PERM:
			return "read_only", detail
		case sqlitelib.SQLITE_NOTADB, sqlitelib.SQLITE_CORRUPT:
			return "no_database", detail
		}
		return "error", detail
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return "error", "SQLSTATE " + e.Code
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return "unreachable", ""
	}
	switch {
	case errors.Is(err, errSource):
		return "connection_string", ""
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", ""
	}
	return "error", ""
}
