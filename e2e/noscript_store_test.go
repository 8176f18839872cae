// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// query reads one row of the store of a gatehouse, which may be running.
func (g *gatehouse) query(t *testing.T, query string, args []any, into ...any) {
	t.Helper()
	db := g.store()
	defer db.Close()
	if err := db.QueryRowContext(timeout(t), query, args...).Scan(into...); err != nil {
		t.Fatal(err)
	}
}

// store opens the store of a gatehouse, to be read.
func (g *gatehouse) store() *sql.DB {
	g.t.Helper()
	stores, err := filepath.Glob(filepath.Join(g.Dir, "data", "*.db"))
	if err != nil || len(stores) != 1 {
		g.t.Fatalf("stores: %v, %v", stores, err)
	}
	db, err := sql.Open("sqlite", "file:"+stores[0]+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		g.t.Fatal(err)
	}
	return db
}

// audit returns what the log has of an operation about an account, in order: the phase
// of each row, its outcome and the code of its problem.
func (g *gatehouse) audit(operation, about string) []string {
	g.t.Helper()
	db := g.store()
	defer db.Close()
	rows, err := db.QueryContext(timeout(g.t), `
		SELECT r.phase, r.outcome, r.code FROM audit r LEFT JOIN audit i ON i.id = COALESCE(r.intent_id, r.id)
		WHERE i.operation = ? AND instr(i.targets || i.request, ?) > 0 ORDER BY r.id`, operation, about)
	if err != nil {
		g.t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var phase, outcome, code string
		if err := rows.Scan(&phase, &outcome, &code); err != nil {
			g.t.Fatal(err)
		}
		list = append(list, strings.Join(strings.Fields(phase+" "+outcome+" "+code), " "))
	}
	if err := rows.Err(); err != nil {
		g.t.Fatal(err)
	}
	return list
}
