// SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/server/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, func() error { return goleak.Find() }) }

// t0 is the time at which every test begins.
var t0 = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// open returns an empty store, of the kind that storetest.Each is at.
func open(t *testing.T) *Store {
	t.Helper()
	return openAt(t, storetest.Source(t))
}

// openFile is for tests of what is SQLite's own.
func openFile(t *testing.T) *Store {
	t.Helper()
	storetest.OnSQLite(t)
	return open(t)
}

func openAt(t *testing.T, source string) *Store {
	t.Helper()
	s, err := Open(t.Context(), source)
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
