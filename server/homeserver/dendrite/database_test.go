// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakedendrite"
)

func change[T any](from, to T) *api.Change[T] { return &api.Change[T]{From: &from, To: to} }

func TestPromoteAndDemote(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		id := w.make(t, "person", "a password", false)
		token := w.signsIn(t, id, "a password")
		admin := func() bool {
			return w.raw(t, "GET", "/_matrix/client/v3/admin/whois/@_server:localhost", token, nil, nil) == 200
		}
		if u := must(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: change(false, true)}); !u.Admin || !admin() {
			t.Errorf("promoted: %+v", u)
		}
		if u := must(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: change(false, true)}); !u.Admin {
			t.Errorf("promoted twice: %+v", u)
		}
		if u := must(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: change(true, false)}); u.Admin || admin() {
			t.Errorf("demoted: %+v", u)
		}
		must(t, w, api.DeactivateUser, api.UserDeed{ID: id})
		if _, err := do(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: change(false, true)}); code(err) != "deactivated_account" {
			t.Errorf("a deactivated account: %v", err)
		}
		if _, err := do(t, w, api.UpdateUser, api.UserUpdate{ID: "@nobody:localhost", Admin: change(false, true)}); code(err) != "not_found" {
			t.Errorf("no account: %v", err)
		}
	})
}

// A form that was opened on an administrator must not demote who has been demoted and promoted meanwhile: From is compared.
func TestUpdateMeetsAnotherChange(t *testing.T) {
	w := fakeWorld(t, true)
	id := w.make(t, "person", "a password", false)
	_, err := do(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: &api.Change[bool]{From: new(bool), To: true}})
	if err != nil {
		t.Fatal(err)
	}
	// Between the look and the transaction somebody else demotes: the transaction sees it.
	w.fake.Exec("UPDATE userapi_accounts SET account_type = 1")
	if err := w.db.setKind(t.Context(), id, typeAdmin, typeUser); !errors.Is(err, errElse) {
		t.Errorf("the transaction did not look: %v", err)
	}
	w.fake.Exec("UPDATE userapi_accounts SET is_deactivated = 1 WHERE localpart = $1", id.Localpart())
	if err := w.db.setKind(t.Context(), id, typeUser, typeAdmin); !errors.Is(err, errElse) {
		t.Errorf("the transaction promoted a deactivated account: %v", err)
	}
	w.fake.Exec("UPDATE userapi_accounts SET is_deactivated = 0")
	stale := true
	_, err = do(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: &api.Change[bool]{From: &stale, To: true}})
	if code(err) != "changed_meanwhile" {
		t.Errorf("a stale form: %v", err)
	}
}

func TestUpdateRefusesWhatDendriteHasNot(t *testing.T) {
	w := fakeWorld(t, true)
	id := w.make(t, "person", "a password", false)
	_, err := do(t, w, api.UpdateUser, api.UserUpdate{ID: id, DisplayName: change("a", "b"), AvatarURL: change[api.MXC]("", "mxc://a/b"), UserType: change("", "bot"), Admin: change(false, true)})
	if code(err) != "not_supported" || !slices.Equal(at(err), []string{"display_name.to", "avatar_url.to", "user_type.to"}) {
		t.Errorf("got %v at %v", err, at(err))
	}
	if u := must(t, w, api.GetUser, api.UserRef{ID: id}); u.Admin {
		t.Error("half of it was done")
	}
	for _, kind := range []int{typeGuest, typeAppService} {
		w.fake.Exec("UPDATE userapi_accounts SET account_type = $1, appservice_id = CASE $1 WHEN 4 THEN 'irc' END WHERE localpart = $2", kind, id.Localpart())
		if _, err := do(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: change(false, true)}); code(err) != "dendrite_never_admin" {
			t.Errorf("type %d: %v", kind, err)
		}
	}
}

func TestReactivate(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		id := w.make(t, "person", "first password", false)
		if _, err := do(t, w, api.ReactivateUser, api.UserReactivation{ID: id, Password: typed("new password")}); code(err) != "not_deactivated" {
			t.Errorf("an active account: %v", err)
		}
		must(t, w, api.DeactivateUser, api.UserDeed{ID: id})
		out := must(t, w, api.ReactivateUser, api.UserReactivation{ID: id, Password: api.PasswordChoice{Mode: api.PasswordPassphrase}})
		if out.User.Deactivated || w.signsIn(t, id, out.Password.Reveal()) == "" || w.signsIn(t, id, "first password") != "" {
			t.Errorf("reactivated: %+v", out)
		}
		must(t, w, api.DeactivateUser, api.UserDeed{ID: id})
		out = must(t, w, api.ReactivateUser, api.UserReactivation{ID: id, Password: api.PasswordChoice{Mode: api.PasswordNone}})
		if out.User.Deactivated || !out.Password.IsZero() || w.signsIn(t, id, "first password") != "" {
			t.Errorf("reactivated without a password: %+v", out)
		}
	})
}

func TestWritesAreOptional(t *testing.T) {
	fake := fakedendrite.New(t)
	for name, test := range map[string]struct {
		source string
		writes bool
		want   string
	}{
		"no database": {"", true, "dendrite_needs_database"},
		"read only":   {fake.Database, false, "dendrite_needs_database_writes"},
		"writes":      {fake.Database, true, ""},
	} {
		settings := settingsOf(fake.URL, fake.Secret, "", false)
		settings.Database, settings.DatabaseWrites = api.NewSecret(test.source), test.writes
		w := build(t, settings, fake)
		for _, op := range []api.Op{api.UpdateUser, api.ReactivateUser} {
			entry, _ := w.adapter.Find(op.Info().Name)
			if why := entry.Why(); why != test.want {
				t.Errorf("%s: %s is %q", name, op.Info().Name, why)
			}
		}
	}
}

// The handle for reading cannot write, whatever it is told.
func TestReadingCannotWrite(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		err := w.db.look(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE userapi_accounts SET account_type = 3")
			return err
		})
		if code(err) != "dendrite_database_down" {
			t.Errorf("got %v", err)
		}
	})
}

// Whatever options Dendrite's own connection string has, the file is opened for reading only and its journal stays as it is.
func TestSQLiteFileIsLeftAlone(t *testing.T) {
	fake := fakedendrite.New(t)
	settings := settingsOf(fake.URL, fake.Secret, fake.Database+"?_journal_mode=WAL&_pragma=journal_mode(WAL)&mode=rwc", true)
	w := build(t, settings, fake)
	must(t, w, api.ListUsers, api.UserQuery{})
	id := w.make(t, "person", "a password", false)
	must(t, w, api.UpdateUser, api.UserUpdate{ID: id, Admin: change(false, true)})
	var mode string
	if err := w.db.read.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode); err != nil || mode != "delete" {
		t.Errorf("the journal is %q, %v", mode, err)
	}
	missing := build(t, settingsOf(fake.URL, fake.Secret, "file:"+filepath.Join(t.TempDir(), "nothing.db"), true), fake)
	if _, err := do(t, missing, api.ListUsers, api.UserQuery{}); code(err) != "dendrite_database_down" {
		t.Errorf("a file that is not there: %v", err)
	}
}

// Nothing in a connection string makes the handle for reading one that writes or makes a file.
func TestReadingMakesNoFile(t *testing.T) {
	for _, tail := range []string{"", "?mode=rwc", "#x", "#x?mode=rwc", "%23x", "?a=b#c", "%3fmode=rwc"} {
		folder := t.TempDir()
		d := openDatabase(api.NewSecret("file:" + filepath.Join(folder, "dendrite.db") + tail))
		if _, err := d.read.ExecContext(t.Context(), "CREATE TABLE made (a)"); err == nil {
			t.Errorf("%q: written to", tail)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("%q: made %v, %v", tail, left, err)
		}
	}
}

func TestSchemaIsChecked(t *testing.T) {
	for name, test := range map[string]struct{ sql, what string }{
		"no table":       {"DROP TABLE userapi_profiles", "userapi_profiles"},
		"no column":      {"ALTER TABLE userapi_accounts RENAME COLUMN is_deactivated TO gone", "userapi_accounts.is_deactivated"},
		"another type":   {"ALTER TABLE userapi_accounts DROP COLUMN is_deactivated; ALTER TABLE userapi_accounts ADD COLUMN is_deactivated TEXT DEFAULT 'no'", "userapi_accounts.is_deactivated"},
		"no devices' IP": {"ALTER TABLE userapi_devices DROP COLUMN ip", "userapi_devices.ip"},
	} {
		t.Run(name, func(t *testing.T) {
			w := fakeWorld(t, true)
			id := w.make(t, "person", "a password", false)
			w.fake.Exec(test.sql)
			for op, err := range map[string]error{
				"check":   w.db.look(t.Context(), w.db.checkSchema),
				"promote": w.db.setKind(t.Context(), id, typeUser, typeAdmin),
			} {
				if p, ok := err.(*api.Problem); !ok || p.Code != "dendrite_database_schema" || p.Params["what"] != test.what {
					t.Errorf("%s: %v", op, err)
				}
			}
			report := must(t, w, api.CheckServer, api.ServerQuery{})
			if c := find(report, "dendrite_database_schema"); c.State != api.CheckFailed || c.Params["what"] != test.what {
				t.Errorf("the report says %+v", report.Checks)
			}
		})
	}
	// A query that fails says why: the tables are not the ones known.
	w := fakeWorld(t, true)
	w.fake.Exec("DROP TABLE userapi_profiles")
	if _, err := do(t, w, api.ListUsers, api.UserQuery{}); code(err) != "dendrite_database_schema" {
		t.Errorf("a list: %v", err)
	}
}

// The password of a connection string is in no error.
func TestDatabaseErrorsHoldNoSecret(t *testing.T) {
	const secret = "canary-8231"
	notADatabase := filepath.Join(t.TempDir(), secret)
	if err := os.WriteFile(notADatabase, []byte(strings.Repeat("this is not SQLite ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{
		"postgres://dendrite:" + secret + "@127.0.0.1:1/dendrite?sslmode=disable",
		"postgres://dendrite:" + secret + "@127.0.0.1:notaport/dendrite",
		"mysql://dendrite:" + secret + "@127.0.0.1/dendrite",
		"file:/nowhere/" + secret, "file:" + notADatabase,
	} {
		fake := fakedendrite.New(t)
		w := build(t, settingsOf(fake.URL, fake.Secret, source, true), fake)
		_, err := do(t, w, api.ListUsers, api.UserQuery{})
		if code(err) != "dendrite_database_down" || strings.Contains(described(err), secret) {
			t.Errorf("%s", described(err))
		}
		report := must(t, w, api.CheckServer, api.ServerQuery{})
		if c := find(report, "dendrite_database_down"); c.State != api.CheckFailed || strings.Contains(c.Params["cause"]+c.Params["detail"], secret) {
			t.Errorf("the report says %+v", report.Checks)
		}
	}
}

// A database of another homeserver is found out before anything is written to it.
func TestDatabaseOfAnotherServer(t *testing.T) {
	fake, elsewhere := fakedendrite.New(t), fakedendrite.New(t)
	w := build(t, settingsOf(fake.URL, fake.Secret, elsewhere.Database, true), fake)
	if c := find(must(t, w, api.CheckServer, api.ServerQuery{}), "dendrite_database_other"); c.State != api.CheckFailed {
		t.Errorf("the report does not say it: %+v", c)
	}
}

// A role that may read but not write is told apart.
func TestPostgresReadOnlyRole(t *testing.T) {
	everywhere(t, "database", func(t *testing.T, w *world) {
		if w.db.kind != kindPostgres {
			t.Skip("SQLite has no roles")
		}
		u, err := url.Parse(w.settings.Database.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		admin, err := w.db.writer()
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close()
		for _, q := range []string{"CREATE ROLE reader LOGIN PASSWORD 'reader'", "GRANT SELECT ON userapi_accounts, userapi_profiles, userapi_devices, userapi_threepids TO reader"} {
			if _, err := admin.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		u.User = url.UserPassword("reader", "reader")
		settings := settingsOf(w.settings.URL, w.settings.Secret.Reveal(), u.String(), true)
		reader := build(t, settings, nil)
		must(t, reader, api.ListUsers, api.UserQuery{})
		if c := find(must(t, reader, api.CheckServer, api.ServerQuery{}), "dendrite_database_read_only"); c.State != api.CheckFailed {
			t.Error("the report does not say that the role cannot write")
		}
	})
}

func find(r api.Report, code string) api.Check {
	for _, c := range r.Checks {
		if c.Code == code {
			return c
		}
	}
	return api.Check{}
}

var _ homeserver.Keeper = (*keeper)(nil)
