// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
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
	var all strings.Builder
	if !OnPostgres(source) {
		for _, file := range []string{source, source + "-wal"} {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(data)
		}
		return all.String()
	}
	db := Raw(t, source)
	for _, table := range texts(t, db, `SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`) {
		rows := texts(t, db, `SELECT x::text FROM (SELECT set_config('bytea_output', 'escape', false)) AS how, `+table+` AS x`)
		all.WriteString(strings.Join(rows, "\n") + "\n")
	}
	return all.String()
}

// texts returns the rows of one column.
func texts(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		list = append(list, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}
