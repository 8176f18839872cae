// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
)

// appendOnlyVersion is the number of the migration that makes the audit tables
// append-only. It is Go and not an SQL file because triggers are written
// differently in every database; PostgreSQL gets its own text under the same
// number, with a function and REVOKE.
const appendOnlyVersion = 2

// appendOnly makes SQLite refuse UPDATE and DELETE on the audit tables. This
// keeps the program's own mistakes away from the log. It does not stop
// somebody who can open the file with another program: for that the rows are
// numbered without gaps, and a hash chain can be laid over them.
func appendOnly(ctx context.Context, tx *sql.Tx) error {
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
