// SPDX-License-Identifier: Apache-2.0

package store

import "errors"

var (
	// ErrNotFound means that there is no such row.
	ErrNotFound = errors.New("store: not found")

	// ErrExists means that a row with this key is already there, and that
	// nothing was changed.
	ErrExists = errors.New("store: already exists")

	// ErrConflict means that the row is not, or no longer, in the state that
	// the caller took for granted, and that nothing was changed.
	ErrConflict = errors.New("store: changed by somebody else")

	// ErrExpired means that the row is there, but its time is over.
	ErrExpired = errors.New("store: expired")

	// ErrAddress means that the address of a database is none. It does not repeat
	// it, because there may be a password in it.
	ErrAddress = errors.New("store: the address of the database is not one: write postgres://user:password@host:5432/database, with what is special in the password as %XX")

	// ErrForeign means that the database has tables, and not Gatehouse's.
	ErrForeign = errors.New("store: the database is another program's; give Gatehouse one of its own")

	// ErrTooNew means that the database was written by a newer Gatehouse.
	ErrTooNew = errors.New("store: the database was written by a newer version of Gatehouse; start that version, or restore a backup made before the upgrade")
)
