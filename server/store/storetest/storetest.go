// SPDX-License-Identifier: Apache-2.0

// Package storetest gives tests empty databases, of each kind that a store can
// be on.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"gatehouse/tools/homeserver"
)

// PostgresEnv names a PostgreSQL database (postgres://…) to use in place of one
// that is started for the tests of a package. Its user has to be allowed to make
// schemas.
const PostgresEnv = "GATEHOUSE_TEST_POSTGRES"

// StoreEnv says on what all tests are that do not say it themselves: "postgres", or
// SQLite, so that a whole suite runs on both.
const StoreEnv = "GATEHOUSE_TEST_STORE"

func allOnPostgres() bool { return os.Getenv(StoreEnv) == "postgres" }

// onPostgres has the names of the tests that run on PostgreSQL, and says of those
// that run on SQLite that they do not.
var onPostgres sync.Map

// Each runs a test on SQLite and, where it is installed, on PostgreSQL. The test,
// and what it calls, has its databases from [Source].
func Each(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		OnSQLite(t)
		test(t)
	})
	t.Run("postgres", func(t *testing.T) {
		NeedPostgres(t)
		onPostgres.Store(t.Name(), true)
		test(t)
	})
}

// OnSQLite has a test, and what it calls, on SQLite, whatever StoreEnv says.
func OnSQLite(t testing.TB) { onPostgres.Store(t.Name(), false) }

// NeedPostgres skips a test where there is no PostgreSQL.
func NeedPostgres(t testing.TB) {
	t.Helper()
	if os.Getenv(PostgresEnv) == "" && !homeserver.PostgresInstalled() {
		t.Skip("PostgreSQL is not installed here; go run ./tools/setup -only postgres")
	}
}

// Source returns where an empty database is, as store.Open takes it, that is gone
// with the test: on PostgreSQL within [Each]'s "postgres" and where StoreEnv says so,
// else an SQLite file.
func Source(t testing.TB) string {
	t.Helper()
	source := source(t)
	given.Store(t.Name(), source)
	t.Cleanup(func() { given.Delete(t.Name()) })
	return source
}

// given has what Source returned last, by the test's name.
var given sync.Map

// Given returns what [Source] returned to this test last.
func Given(t testing.TB) string {
	t.Helper()
	source, ok := given.Load(t.Name())
	if !ok {
		t.Fatal("this test has no database")
	}
	return source.(string)
}

func source(t testing.TB) string {
	t.Helper()
	postgres := allOnPostgres()
	for name := t.Name(); name != "." && name != "/"; name = filepath.Dir(name) {
		if on, ok := onPostgres.Load(name); ok {
			postgres = on.(bool)
			break
		}
	}
	if postgres {
		return recycled(t)
	}
	return filepath.Join(folder(t), "gatehouse.db")
}

// folder returns one that is gone with the test: in memory, where there is such a
// place. Tests write a lot, and none is about the disk.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "gatehouse-store-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

var schemas atomic.Int64

// Postgres returns the address of a new schema in PostgreSQL, that is gone with the
// test.
func Postgres(t testing.TB) string {
	t.Helper()
	NeedPostgres(t)
	server, admin, err := started()
	if err != nil {
		t.Fatal(err)
	}
	schema := newSchema(t, admin)
	t.Cleanup(func() { dropSchema(t, admin, schema) })
	return within(t, server, schema)
}

func newSchema(t testing.TB, admin *sql.DB) string {
	t.Helper()
	schema := fmt.Sprintf("t%d_%d", os.Getpid(), schemas.Add(1))
	if _, err := admin.Exec(`CREATE SCHEMA ` + schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func dropSchema(t testing.TB, admin *sql.DB, schema string) {
	t.Helper()
	if _, err := admin.Exec(`DROP SCHEMA ` + schema + ` CASCADE`); err != nil {
		t.Error(err)
	}
}

// within returns the address of a schema.
func within(t testing.TB, server, schema string) string {
	t.Helper()
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("search_path", schema)
	address.RawQuery = query.Encode()
	return address.String()
}

// stops says that Main is there to stop what is started.
var stops bool

// one is the server that the tests of a package share.
var one struct {
	sync.Mutex
	server *homeserver.Postgres // nil where PostgresEnv names another
	source string
	admin  *sql.DB
}

// started returns the address of a database on it and a handle of its own, and
// starts it for the first who asks.
func started() (source string, admin *sql.DB, err error) {
	one.Lock()
	defer one.Unlock()
	if one.admin != nil {
		return one.source, one.admin, nil
	}
	if !stops {
		return "", nil, errors.New("nothing would stop PostgreSQL: give the package a TestMain that calls storetest.Main")
	}
	if source = os.Getenv(PostgresEnv); source == "" {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if one.server, err = homeserver.StartPostgres(ctx); err != nil {
			return "", nil, err
		}
		if source, err = one.server.CreateDatabase(ctx, "gatehouse"); err != nil {
			return "", nil, err
		}
	}
	one.source = source
	one.admin, err = sql.Open("pgx", source)
	if err == nil {
		one.admin.SetMaxIdleConns(0) // a connection that was made in a bubble of synctest is of no use out of it
	}
	return source, one.admin, err
}

// stop ends what was started.
func stop() error {
	var errs []error
	if one.admin != nil {
		errs = append(errs, one.admin.Close())
	}
	if one.server != nil {
		errs = append(errs, one.server.Stop())
	}
	return errors.Join(errs...)
}

// Main runs a package's tests and stops what they started. check, which may be
// nil, comes after that and says what else is wrong.
func Main(m *testing.M, check func() error) {
	stops = true
	if allOnPostgres() {
		if _, _, err := started(); err != nil { // not within a bubble of synctest, where the first test may be
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	code := m.Run()
	err := stop()
	if err == nil && check != nil {
		err = check()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}
