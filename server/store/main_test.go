// SPDX-License-Identifier: Apache-2.0

package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// t0 is the time at which every test begins.
var t0 = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// open returns an empty store: SQLite, or PostgreSQL where [postgresEnv] says so.
func open(t *testing.T) *Store {
	t.Helper()
	if base := os.Getenv(postgresEnv); base != "" {
		return openPostgres(t, base)
	}
	return openSQLite(t)
}

// openSQLite is for tests of what is SQLite's own.
func openSQLite(t *testing.T) *Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "gatehouse.db"))
}

func openAt(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
