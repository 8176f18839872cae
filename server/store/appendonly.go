// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"

	"github.com/pressly/goose/v3"
)

// appendOnlyVersion is the number of the migration that makes the audit tables
// append-only. It is Go and not an SQL file because triggers are written
// differently in every database.
//
// This keeps the program's own mistakes away from the log. It does not stop
// somebody who can open the database with another program: for that the rows are
// numbered without gaps, and a hash chain can be laid over them.
const appendOnlyVersion = 2

// appendOnly makes a database refuse to change and to delete audit rows.
var appendOnly = map[goose.Dialect]func(context.Context, *sql.Tx) error{
	goose.DialectSQLite3:  appendOnlySQLite,
	goose.DialectPostgres: appendOnlyPostgres,
}

func appendOnlySQLite(ctx context.Context, tx *sql.Tx) error {
	for _, table := range []string{"audit", "audit_targets"} {
		for _, verb := range []string{"UPDATE", "DELETE"} {
			_, err := tx.ExecContext(ctx, `CREATE TRIGGER `+table+`_no_`+verb+` BEFORE `+verb+` ON `+table+`
				BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END`)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// appendOnlyPostgres takes TRUNCATE away, too, which SQLite does not have. It
// revokes no right: those of the owner, as whom Gatehouse connects, are what the
// references from table to table are checked with, and nobody else has any.
func appendOnlyPostgres(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege'; END $$`)
	for _, table := range []string{"audit", "audit_targets"} {
		if err == nil {
			_, err = tx.ExecContext(ctx, `CREATE TRIGGER `+table+`_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON `+table+`
				FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()`)
		}
	}
	return err
}
