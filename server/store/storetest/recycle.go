// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"database/sql"
	"strings"
	"sync"
	"testing"
)

// used are schemas with tables in which there is nothing: to make the tables takes
// longer than most tests do.
var used struct {
	sync.Mutex
	schemas []string
}

// recycled returns the address of a schema in which there are no rows. The tables
// may be there already.
func recycled(t testing.TB) string {
	t.Helper()
	NeedPostgres(t)
	server, admin, err := started()
	if err != nil {
		t.Fatal(err)
	}
	schema := take()
	if schema == "" {
		schema = newSchema(t, admin)
	}
	t.Cleanup(func() {
		if t.Failed() || empty(admin, schema) != nil {
			dropSchema(t, admin, schema)
			return
		}
		used.Lock()
		defer used.Unlock()
		used.schemas = append(used.schemas, schema)
	})
	return within(t, server, schema)
}

func take() string {
	used.Lock()
	defer used.Unlock()
	n := len(used.schemas)
	if n == 0 {
		return ""
	}
	schema := used.schemas[n-1]
	used.schemas = used.schemas[:n-1]
	return schema
}

// empty deletes all rows but those that say which migrations have been done.
func empty(admin *sql.DB, schema string) error {
	var tables string
	err := admin.QueryRow(`
		SELECT COALESCE(string_agg(format('%I.%I', schemaname, tablename), ', '), '') FROM pg_tables
		WHERE schemaname = $1 AND tablename NOT IN ('goose_db_version', 'river_migration')`, schema).Scan(&tables)
	if err != nil || tables == "" {
		return err
	}
	// What is append-only can be emptied where no trigger is asked.
	_, err = admin.Exec(strings.Join([]string{
		`BEGIN`, `SET LOCAL session_replication_role = replica`, `TRUNCATE ` + tables + ` RESTART IDENTITY`, `COMMIT`,
	}, "; "))
	return err
}
