// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// OnPostgres reports whether a source is PostgreSQL.
func OnPostgres(source string) bool { return strings.HasPrefix(source, "postgres://") }

// Raw opens a database past the store. It is closed with the test.
func Raw(t testing.TB, source string) *sql.DB {
	t.Helper()
	driver, name := "sqlite", (&url.URL{Scheme: "file", Path: source}).String()+"?_pragma=busy_timeout(5000)"
	if OnPostgres(source) {
		driver, name = "pgx", source
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Stored returns all that a database keeps: SQLite's files, or each row of
// PostgreSQL as a text, with bytes as they are.
func Stored(t testing.TB, source string) string {
	t.Helper()
	if !OnPostgres(source) {
		var all strings.Builder
		for _, file := range []string{source, source + "-wal"} {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(data)
		}
		return all.String()
	}
	rows, err := homeserver.PostgresRows(Raw(t, source))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
