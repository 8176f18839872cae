// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"database/sql"
	"strings"
)

// PostgresRows returns every row of every table in a database's current schema as a
// text, with bytes as they are, one a line: for tests that look for what should
// not be stored.
func PostgresRows(db *sql.DB) (string, error) {
	tables, err := texts(db, `SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')`)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, table := range tables {
		rows, err := texts(db, `SELECT x::text FROM (SELECT set_config('bytea_output', 'escape', false)) AS how, `+table+` AS x`)
		if err != nil {
			return "", err
		}
		for _, row := range rows {
			all.WriteString(table + " " + row + "\n")
		}
	}
	return all.String(), nil
}

// texts returns the rows of one column.
func texts(db *sql.DB, query string) ([]string, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}
