// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"gatehouse/tools/homeserver"
)

// storeEnv says which store the gatehouses of all tests have: with "postgres" it is
// PostgreSQL. Otherwise it is SQLite, but for the tests of eachStore, which run on both.
const storeEnv = "GATEHOUSE_E2E_STORE"

// onPostgres has the names of the tests whose gatehouses have PostgreSQL.
var onPostgres sync.Map

// eachStore runs a test with each store that a gatehouse can have.
func eachStore(t *testing.T, test func(*testing.T)) {
	t.Parallel()
	if storedInPostgres(t) {
		test(t)
		return
	}
	t.Run("sqlite", test)
	t.Run("postgres", func(t *testing.T) {
		inPostgres(t)
		test(t)
	})
}

// inPostgres has the gatehouses of a test keep their store in PostgreSQL.
func inPostgres(t *testing.T) { onPostgres.Store(t.Name(), true) }

func storedInPostgres(t *testing.T) bool {
	for name := t.Name(); name != "."; name = filepath.Dir(name) {
		if _, ok := onPostgres.Load(name); ok {
			return true
		}
	}
	return os.Getenv(storeEnv) == "postgres"
}

// store opens the store of a gatehouse, to be read.
func (g *gatehouse) store() *sql.DB {
	g.t.Helper()
	driver, name := "pgx", g.database
	if g.database == "" {
		stores, err := filepath.Glob(filepath.Join(g.Dir, "data", "*.db"))
		if err != nil || len(stores) != 1 {
			g.t.Fatalf("stores: %v, %v", stores, err)
		}
		driver, name = "sqlite", (&url.URL{Scheme: "file", Path: stores[0]}).String()+"?mode=ro&_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		g.t.Fatal(err)
	}
	return db
}

// searchStore returns what a canary finds in the rows of a store in PostgreSQL. One in
// SQLite is a file of the gatehouse's folder.
func (g *gatehouse) searchStore(c canary) []string {
	if g.database == "" {
		return nil
	}
	db := g.store()
	defer db.Close()
	rows, err := homeserver.PostgresRows(db)
	if err != nil {
		return []string{"the store, which cannot be read: " + err.Error()}
	}
	return c.search([]byte(rows))
}
