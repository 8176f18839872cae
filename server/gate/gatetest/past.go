// SPDX-License-Identifier: Apache-2.0

package gatetest

import (
	"fmt"

	"gatehouse/server/store/storetest"
)

// Break makes every further change of a table fail, as a full disk would: change is INSERT, UPDATE or DELETE, when a condition on
// NEW, or "true". The function that it returns mends it.
func (w *World) Break(table, change, when string) (mend func()) {
	w.t.Helper()
	exec := func(query string) {
		_, err := w.raw.Exec(query)
		must(w.t, err)
	}
	name := "broken_" + table + "_" + change
	on := fmt.Sprintf(`CREATE TRIGGER %s BEFORE %s ON %s`, name, change, table)
	if !storetest.OnPostgres(w.Source) {
		exec(fmt.Sprintf(`%s WHEN %s BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`, on, when))
		return func() { exec(`DROP TRIGGER ` + name) }
	}
	exec(`CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$`)
	exec(fmt.Sprintf(`%s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION broken()`, on, when))
	return func() { exec(fmt.Sprintf(`DROP TRIGGER %s ON %s`, name, table)) }
}

// Stored returns all that the store has kept.
func (w *World) Stored() string {
	w.t.Helper()
	return storetest.Stored(w.t, w.Source)
}
