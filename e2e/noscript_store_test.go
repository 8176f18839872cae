// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"database/sql"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"gatehouse/tools/homeserver"
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

// serviceAccount is the Matrix ID of the account that the gate has made for itself.
func serviceAccount(t *testing.T, g *gatehouse, hs *homeserver.Server) string {
	t.Helper()
	var id string
	g.query(t, `SELECT user_id FROM service_accounts WHERE homeserver = $1 AND retired_ms IS NULL`, []any{hs.Kind}, &id)
	return id
}

// keepServiceToken has the canary look for the token of the gate's own account at a
// Dendrite. Nobody knows it but Dendrite's database; Synapse's tokens are known by their
// form.
func (g *gatehouse) keepServiceToken(t *testing.T, hs *homeserver.Server) {
	t.Helper()
	db, err := sql.Open("sqlite", hs.Database+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name, _, _ := strings.Cut(strings.TrimPrefix(serviceAccount(t, g, hs), "@"), ":")
	var token string
	if err := db.QueryRowContext(timeout(t), `SELECT access_token FROM userapi_devices WHERE localpart = ?`, name).Scan(&token); err != nil {
		t.Fatal(err)
	}
	g.keepSecret("", token)
}

// audit returns what the log has of an operation about an account, in order: the phase
// of each row, its outcome and the code of its problem.
func (g *gatehouse) audit(operation, about string) []string {
	g.t.Helper()
	db := g.store()
	defer db.Close()
	rows, err := db.QueryContext(timeout(g.t), `
		SELECT r.phase, r.outcome, r.code FROM audit r LEFT JOIN audit i ON i.id = COALESCE(r.intent_id, r.id)
		WHERE i.operation = $1 AND i.targets || i.request LIKE '%' || $2 || '%' ORDER BY r.id`, operation, about)
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
