// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"gatehouse/app/api"
)

// tables are the tables and columns that are read or changed, with the types that they have in Dendrite 0.13 to 0.15
// (userapi/storage/{sqlite3,postgres}/*_table.go).
var tables = []struct {
	name    string
	columns map[string]string // column → class of its type
}{
	{"userapi_accounts", map[string]string{
		"localpart": text, "server_name": text, "created_ts": integer, "appservice_id": text, "is_deactivated": boolean, "account_type": integer,
	}},
	{"userapi_profiles", map[string]string{"localpart": text, "server_name": text, "display_name": text, "avatar_url": text}},
	{"userapi_devices", map[string]string{
		"device_id": text, "localpart": text, "server_name": text, "display_name": text, "last_seen_ts": integer, "ip": text, "user_agent": text,
	}},
	{"userapi_threepids", map[string]string{"threepid": text, "medium": text, "localpart": text, "server_name": text}},
}

// The classes of types, and the names that the two databases give them.
const (
	text    = "text"
	integer = "integer"
	boolean = "boolean"
)

var classes = map[string]string{
	"text": text, "character varying": text,
	"smallint": integer, "integer": integer, "bigint": integer,
	"boolean": boolean,
}

// checkSchema looks whether the tables are the ones that this package was written for. Where they are not it returns a
// *api.Problem that names the first difference; nothing is written to a database that differs.
func (d *database) checkSchema(ctx context.Context, tx *sql.Tx) error {
	for _, table := range tables {
		have, err := d.columns(ctx, tx, table.name)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			return schemaProblem(table.name)
		}
		names := make([]string, 0, len(table.columns))
		for name := range table.columns {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if have[name] != table.columns[name] {
				return schemaProblem(table.name + "." + name)
			}
		}
	}
	return nil
}

func schemaProblem(what string) *api.Problem {
	return api.NewProblem(api.StatusUnavailable, "dendrite_database_schema", "what", what)
}

// columns returns the columns of a table with the class of each one's type.
func (d *database) columns(ctx context.Context, tx *sql.Tx, table string) (map[string]string, error) {
	query := "SELECT name, type FROM pragma_table_info($1)"
	if d.kind == kindPostgres {
		query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1 AND table_schema = ANY(current_schemas(false))"
	}
	rows, err := tx.QueryContext(ctx, query, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := map[string]string{}
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		have[name] = classes[strings.ToLower(kind)]
	}
	return have, rows.Err()
}
