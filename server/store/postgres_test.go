// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"net/url"
	"strings"
	"sync"
	"testing"

	"gatehouse/server/store/storetest"
)

func TestPostgresPools(t *testing.T) {
	s := openAt(t, storetest.Postgres(t))
	if s.Path() != "" || s.Pool() == nil || s.Pool().Config().MaxConns != postgresWriters {
		t.Errorf("path %q, pool %v", s.Path(), s.Pool())
	}
	for name, db := range map[string]*sql.DB{"write": s.Writer(), "read": s.read} {
		// The server of the tests is set up not to wait for its disk.
		var commit, readOnly, app string
		must(t, db.QueryRow(`SELECT current_setting('synchronous_commit'), current_setting('transaction_read_only'),
			current_setting('application_name')`).Scan(&commit, &readOnly, &app))
		if want := map[string]string{"write": "off", "read": "on"}[name]; commit != "on" || readOnly != want || app != "gatehouse" {
			t.Errorf("%s: synchronous_commit %s, transaction_read_only %s, application_name %s", name, commit, readOnly, app)
		}
	}
}

// with returns an address with something of it changed.
func with(t *testing.T, source string, change func(*url.URL, url.Values)) string {
	t.Helper()
	u, err := url.Parse(source)
	must(t, err)
	query := u.Query()
	change(u, query)
	u.RawQuery = query.Encode()
	return u.String()
}

func TestPostgresRefuses(t *testing.T) {
	good := storetest.Postgres(t)
	must(t, openAt(t, good).Healthy(t.Context()))

	const password = "hunter2-not-to-be-seen"
	tests := []struct{ name, source, want string }{
		{"no address", "postgres://u:" + password + "@host:port:port/x", "is not one"},
		{"a number that is none", "postgres://u:" + password + "@localhost:99999999/x", "is not one"},
		{"no such host", "postgres://u:" + password + "@nowhere.invalid/x", "there is no host nowhere.invalid"},
		{"nobody there", "postgres://u:" + password + "@127.0.0.1:1/x", "PostgreSQL at 127.0.0.1:1 does not answer"},
		{"wrong password", with(t, good, func(u *url.URL, _ url.Values) { u.User = url.UserPassword("postgres", password) }), "does not let the user postgres in"},
		{"no such database", with(t, good, func(u *url.URL, _ url.Values) { u.Path = "/nothing" }), "has no database nothing"},
		{"read only", with(t, good, func(_ *url.URL, q url.Values) { q.Set("default_transaction_read_only", "on") }), "takes no writes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Open(t.Context(), tt.source)
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), password) {
				t.Errorf("%v\nwant it to say: %s", err, tt.want)
			}
		})
	}
}

// Who gives the same name is alone; who gives another, or none, is not held up.
func TestAlone(t *testing.T) {
	source := storetest.Postgres(t)
	one, two := openAt(t, source), openAt(t, source)
	var wg sync.WaitGroup
	inside := 0 // without a lock of its own, for the race detector
	for _, s := range []*Store{one, two} {
		for range 4 {
			wg.Go(func() {
				err := s.InTx(t.Context(), "the same", func(ctx context.Context, tx *sql.Tx) error {
					// What the one before committed is seen.
					var have int
					if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM meta`).Scan(&have); err != nil {
						return err
					}
					if have != inside {
						t.Errorf("sees %d rows of %d", have, inside)
					}
					inside++
					return setMeta(ctx, tx, strings.Repeat("x", inside), "")
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	err := one.InTx(t.Context(), "a", func(context.Context, *sql.Tx) error {
		for _, name := range []string{"b", ""} {
			if err := two.InTx(t.Context(), name, put("while "+name)); err != nil {
				t.Errorf("%q was held up: %v", name, err)
			}
		}
		return nil
	})
	must(t, err)
}

// Who stands still in a transaction loses it, and with it the lock.
func TestAloneIsNotForEver(t *testing.T) {
	source := storetest.Postgres(t)
	impatient := with(t, source, func(_ *url.URL, q url.Values) { q.Set("idle_in_transaction_session_timeout", "50ms") })
	two := openAt(t, source) // makes the tables, which may take longer
	one := openAt(t, impatient)
	err := one.InTx(t.Context(), "a", func(ctx context.Context, tx *sql.Tx) error {
		must(t, two.InTx(t.Context(), "a", put("put two")))
		return put("put one")(ctx, tx)
	})
	if err == nil {
		t.Error("it was committed all the same")
	}
	if _, err := two.Meta(t.Context(), "put one"); err == nil {
		t.Error("it was written all the same")
	}
	must(t, two.InTx(t.Context(), "a", put("put again")))
}
