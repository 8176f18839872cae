// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/tools/homeserver"
)

// day is what ages are told in.
const day = 24 * time.Hour

// An elder is an account with devices and files of many ages.
type elder struct {
	id     string
	tokens map[string]string // of its devices, by the name of their age
	device map[string]string // their IDs
	file   map[string]string // IDs of its files
}

// seen is how long ago the devices of an elder were used. The last was not used yet.
var seen = map[string]time.Duration{"hour": time.Hour, "89 days": 89 * day, "91 days": 91 * day, "400 days": 400 * day, "never": 0}

// uploaded is when the files of an elder came, from the end of a day on, and how large they are.
var uploaded = map[string]struct {
	after  time.Duration
	bytes  int
	access time.Duration // how long after the end of the day it was last looked at
}{
	"long before": {-300 * day, 9000, 30 * day}, // somebody looked at it yesterday: that spares it not
	"small":       {-300 * day, 100, 0},
	"last":        {-time.Millisecond, 9000, 0},
	"next":        {0, 9000, 0},
	"later":       {20 * day, 9000, 0},
}

// newElder makes one, all of today.
func newElder(t *testing.T, hs *homeserver.Server, prefix string) elder {
	t.Helper()
	const password = "as old as the hills"
	name := unique(prefix)
	e := elder{tokens: map[string]string{}, device: map[string]string{}, file: map[string]string{}}
	e.id = register(t, hs, name, password, false).UserID // and a device, which is not aged
	for age := range seen {
		a, err := hs.Login(timeout(t), name, password)
		if err != nil {
			t.Fatal(err)
		}
		e.tokens[age], e.device[age] = a.AccessToken, a.DeviceID
	}
	for age, f := range uploaded {
		e.file[age] = upload(t, hs, e.tokens["hour"], "text/plain", age+".txt", []byte(strings.Repeat("x", f.bytes)))
	}
	return e
}

// age dates it back in the database of its Synapse, which is stopped: no API of Synapse's takes a time that is over. until is the day that files are deleted of.
func (e elder) age(ctx context.Context, tx *sql.Tx, until time.Time) error {
	for age, ago := range seen {
		var last any // NULL
		if ago > 0 {
			last = time.Now().Add(-ago).UnixMilli()
		}
		if _, err := tx.ExecContext(ctx, "UPDATE devices SET last_seen = ? WHERE user_id = ? AND device_id = ?", last, e.id, e.device[age]); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM user_ips WHERE user_id = ? AND device_id = ?", e.id, e.device[age]); err != nil {
			return err
		}
	}
	end := until.Add(day)
	for age, f := range uploaded {
		created, access := end.Add(f.after).UnixMilli(), any(nil)
		if f.access > 0 {
			access = end.Add(f.access).UnixMilli()
		}
		if _, err := tx.ExecContext(ctx, "UPDATE local_media_repository SET created_ts = ?, last_access_ts = ? WHERE user_id = ? AND media_id = ?", created, access, e.id, e.file[age]); err != nil {
			return err
		}
	}
	return nil
}

// devicesAre demands that the account has the devices of those ages, and no others but the one that it was made with.
func (e elder) devicesAre(t *testing.T, hs *homeserver.Server, want ...string) {
	t.Helper()
	var have []string
	left := devices(t, hs, e.id)
	for age, device := range e.device {
		if slices.Contains(left, device) {
			have = append(have, age)
		}
		if slices.Contains(want, age) != lives(t, hs, e.tokens[age]) {
			t.Errorf("the token of the device of %s works: %t", age, !slices.Contains(want, age))
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) || len(left) != len(want)+1 {
		t.Errorf("left are the devices of %q, %d in all, want %q", have, len(left), want)
	}
}

// filesAre demands that the homeserver has those files of the account, and no others.
func (e elder) filesAre(t *testing.T, hs *homeserver.Server, want ...string) {
	t.Helper()
	var have []string
	for age, file := range e.file {
		if _, there := mediaAt(t, hs, file); there {
			have = append(have, age)
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("left are the files %q, want %q", have, want)
	}
}

// TestAged signs out the devices of a real Synapse that were not used for some days, and deletes the files that are old enough: exactly those.
func TestAged(t *testing.T) {
	t.Parallel()
	opts := homeserver.SynapseOptions{Dir: t.TempDir(), SharedSecret: synapseSecret, Persistent: true}
	young, err := homeserver.StartSynapse(timeout(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	byCommand, byForm := newElder(t, young, "elder"), newElder(t, young, "elder")
	until := time.Now().UTC().Truncate(day).AddDate(0, 0, -40)
	if err := young.Stop(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", young.Database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(timeout(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, e := range []elder{byCommand, byForm} {
		if err := e.age(timeout(t), tx, until); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	hs := ownSynapse(t, opts)
	g := startGatehouse(t, homeservers(hs))
	last := until.Format(time.DateOnly)

	t.Run("command line", func(t *testing.T) {
		e := byCommand
		var done struct{ Count int }
		g.call(t, "devices.prune", ask(e.id, "days", 90), &done)
		if done.Count != 2 {
			t.Errorf("%d devices were signed out", done.Count)
		}
		e.devicesAre(t, hs, "hour", "89 days", "never")
		g.call(t, "media.delete_all", ask(e.id, "before", last, "larger", 5), &done)
		if done.Count != 2 {
			t.Errorf("%d files were deleted", done.Count)
		}
		e.filesAre(t, hs, "small", "next", "later")
		g.call(t, "media.delete_all", ask(e.id, "before", last), &done)
		e.filesAre(t, hs, "next", "later")
	})

	t.Run("without scripts", func(t *testing.T) {
		e := byForm
		d := signedIn(t, g, hs)
		d.visit("account/devices", "id", e.id)
		d.link("Sign out unused")
		d.link("90 days")
		if got := d.text("main"); !strings.Contains(got, e.device["91 days"]) || strings.Contains(got, e.device["89 days"]) {
			t.Errorf("the question says %q", got)
		}
		if got := d.text("main"); !strings.Contains(got, "last used "+time.Now().Add(-91*day).UTC().Format("2 Jan 2006")) {
			t.Errorf("when the device was used is told as %q", got)
		}
		d.shot("aged-devices")
		d.submit()
		e.devicesAre(t, hs, "hour", "89 days", "never")
		d.visit("account/media", "id", e.id)
		d.shot("aged-files")
		d.choose("#f-before", last)
		if status := d.clickAndLoad("#some-files button"); status != http.StatusOK {
			t.Fatalf("status %d\n%s", status, d.whereabouts())
		}
		d.shot("aged-files-delete")
		d.done("3 files are deleted")
		e.filesAre(t, hs, "next", "later")
	})
}
