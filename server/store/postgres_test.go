// SPDX-License-Identifier: Apache-2.0

package store

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// postgresEnv names a PostgreSQL database (postgres://…) to run the subjects'
// tests on as well. There is no PostgreSQL backend yet; this keeps the tables
// and the queries such that it can come.
const postgresEnv = "GATEHOUSE_TEST_POSTGRES"

// openPostgres returns a store on a schema of its own that ends with the test.
func openPostgres(t *testing.T, base string) *Store {
	t.Helper()
	schema := fmt.Sprintf("t_%d_%s", os.Getpid(), strings.ToLower(strings.Map(func(r rune) rune {
		if r == '/' || r == '-' || r == ',' || r == '#' {
			return '_'
		}
		return r
	}, t.Name())))
	admin, err := sql.Open("pgx", base)
	must(t, err)
	_, err = admin.Exec(`CREATE SCHEMA "` + schema + `"`)
	must(t, err)
	t.Cleanup(func() {
		if _, err := admin.Exec(`DROP SCHEMA "` + schema + `" CASCADE`); err != nil {
			t.Error(err)
		}
		_ = admin.Close()
	})

	dsn, err := url.Parse(base)
	must(t, err)
	query := dsn.Query()
	query.Set("search_path", schema)
	dsn.RawQuery = query.Encode()
	db := func() *sql.DB {
		db, err := sql.Open("pgx", dsn.String())
		must(t, err)
		return db
	}
	s := &Store{write: db(), read: db()}
	s.write.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	p, err := newProvider(goose.DialectPostgres, s.write)
	must(t, err)
	_, err = p.Up(t.Context())
	must(t, err)
	return s
}
