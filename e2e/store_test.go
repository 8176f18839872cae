// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"gatehouse/tools/homeserver"
)

// storeEnv says which store the gatehouses of all tests have: with "postgres" it is
// PostgreSQL. Otherwise it is SQLite, but for the tests of eachStore, which run on both.
const storeEnv = "GATEHOUSE_E2E_STORE"

// onPostgres has, by the names of the tests, whose PostgreSQL it is that their gatehouses have.
var onPostgres sync.Map

// eachStore runs a test, which is parallel by itself, with each store that a gatehouse can have.
func eachStore(t *testing.T, test func(*testing.T)) {
	t.Parallel()
	if !storedInPostgres(t) {
		t.Run("sqlite", test)
	}
	t.Run("postgres", func(t *testing.T) {
		inPostgres(t)
		test(t)
	})
}

// inPostgres has the gatehouses of a test keep their store in PostgreSQL.
func inPostgres(t *testing.T) { onPostgres.Store(t.Name(), postgresServer) }

// inOwnPostgres is inPostgres with one that the test may halt.
func inOwnPostgres(t *testing.T) *homeserver.Postgres {
	t.Helper()
	p, err := homeserver.StartPostgres(timeout(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	onPostgres.Store(t.Name(), func() (*homeserver.Postgres, error) { return p, nil })
	return p
}

func storedInPostgres(t *testing.T) bool {
	_, told := postgresOf(t)
	return told || os.Getenv(storeEnv) == "postgres"
}

// postgresOf returns the PostgreSQL that a test has databases from, and whether its gatehouses were told to keep their store there.
func postgresOf(t *testing.T) (server func() (*homeserver.Postgres, error), told bool) {
	for name := t.Name(); name != "."; name = filepath.Dir(name) {
		if server, ok := onPostgres.Load(name); ok {
			return server.(func() (*homeserver.Postgres, error)), true
		}
	}
	return postgresServer, false
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

// TestCLIPostgres sets the panel up with a store in PostgreSQL, and hears what is wrong where there is none.
func TestCLIPostgres(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	database := postgres(t)
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := address.User.Password()
	try := func(t *testing.T, address string) (dir, said string, code int) {
		t.Helper()
		dir = t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "address"), []byte(address+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, said, code = runIn(t, dir, nil, lines(hs.URL, hs.SharedSecret, "", ""), "init", "--store-database-file", "address")
		if strings.Contains(said, password) {
			t.Errorf("init prints the password:\n%s", said)
		}
		return dir, said, code
	}
	dir, said, code := try(t, database)
	if code != 0 || !strings.Contains(said, "The store can be used: PostgreSQL at "+address.Host) {
		t.Fatalf("init: status %d\n%s", code, said)
	}
	checkPrivate(t, filepath.Join(dir, "gatehouse.yaml"))
	if _, err := os.Stat(filepath.Join(dir, "data")); err == nil {
		t.Error("there is a folder for a file")
	}
	out, said, code := runIn(t, dir, nil, "", "check")
	if code != 0 || !strings.Contains(out, "Store: PostgreSQL at "+address.Host) || strings.Contains(out+said, password) {
		t.Errorf("check: status %d\n%s%s", code, out, said)
	}
	for name, wrong := range map[string][2]string{
		"no such host": {strings.Replace(database, address.Host, "nowhere.invalid:5432", 1), "there is no host nowhere.invalid"},
		"no password":  {strings.Replace(database, password, "not-the-password", 1), "does not let the user postgres in"},
		"no database":  {strings.Replace(database, address.Path, "/nothing", 1), "has no database nothing"},
		"a file":       {"data/gatehouse.db", "does not begin with postgres://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, said, code := try(t, wrong[0])
			if code != 1 || !strings.Contains(said, wrong[1]) {
				t.Errorf("init: status %d\n%s", code, said)
			}
			if _, err := os.Stat(filepath.Join(dir, "gatehouse.yaml")); err == nil {
				t.Error("it wrote a configuration")
			}
			// Where it becomes wrong later, everything that needs it says so.
			config := "store: {database: '" + wrong[0] + "'}\n" + homeservers(hs)
			if name == "a file" {
				return
			}
			g := prepareGatehouse(t, config)
			if _, said, code := g.command("", "check"); code != 1 || !strings.Contains(said, wrong[1]) {
				t.Errorf("check: status %d\n%s", code, said)
			}
		})
	}
}
