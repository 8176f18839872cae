// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/config"
	"gatehouse/server/jobs"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// failing is a file on a disk that is full after some bytes.
type failing struct{ room int }

func (f *failing) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errDisk
	}
	return len(p), nil
}

var errDisk = errors.New("the disk is full")

// Passwords that could not be written to a file, whole and to the disk, are still there; those that were are wiped.
func TestHandOut(t *testing.T) {
	quiet(t)
	h := opened(t, written(t, func(*config.Homeserver) {}), "")
	defer h.close()
	f := filing{way: h.corridor("main")}
	f.way.homeserver = "main"
	const made = 2*api.CardsAtOnce + 1
	job := withPasswords(t, f.way, made)
	ask := func(part int64) (api.JobHandout, error) {
		return do[api.JobHandout](t.Context(), f.way, api.JobCards, api.JobPartRef{ID: job, Part: part})
	}
	closes := func(err error) error { return err }
	for name, c := range map[string]struct {
		out  io.Writer
		done func(error) error
	}{
		"in the middle": {&failing{40 << 10}, closes},
		"at the end":    {&failing{64 << 10}, closes},
		"when closed":   {io.Discard, func(err error) error { return errors.Join(err, errDisk) }},
	} {
		if err := f.handTo(t.Context(), job, c.out, c.done); !errors.Is(err, errDisk) {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := ask(3); err != nil || len(left.Parts) != 3 || len(left.Passwords) != 1 {
			t.Errorf("%s: of the passwords are left %+v, %v", name, left, err)
		}
	}
	f.flags.Handout = filepath.Join(t.TempDir(), "passwords.csv")
	if err := f.handOut(t.Context(), api.Job{ID: job, Passwords: made}); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(f.flags.Handout)
	lines := strings.Split(strings.TrimSpace(string(file)), "\r\n")
	if err != nil || len(lines) != 1+made {
		t.Fatalf("%d lines are in the file, %v", len(lines), err)
	}
	if diff := cmp.Diff("2,'@n1:example.org,=1 is a password,done 2002,'@n2001:example.org,=2001 is a password,done", lines[1]+" "+lines[made]); diff != "" {
		t.Error(diff)
	}
	if left, err := ask(0); problemCode(err) != "job_no_passwords" {
		t.Errorf("they can be had once more: %d, %v", len(left.Passwords), err)
	}
}

func problemCode(err error) string {
	p, _ := errors.AsType[*api.Problem](err)
	if p == nil {
		return ""
	}
	return p.Code
}

// emptyImport is an import of the command line's that is being planned, without rows.
func emptyImport(t *testing.T, way *corridor) store.Job {
	t.Helper()
	j := jobs.Owned(way.person)
	j.Homeserver, j.Kind, j.Request = way.homeserver, api.JobImport, "{}"
	j, err := way.jobs.Create(t.Context(), j, "")
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// withPasswords is a job that made accounts, and has their passwords.
func withPasswords(t *testing.T, way *corridor, made int) string {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	j := emptyImport(t, way)
	items := make([]store.JobItem, 0, made)
	var err error
	for n := 1; n <= made; n++ {
		i := store.JobItem{
			Job: j.ID, N: int64(n), Line: int64(n) + 1, Target: fmt.Sprintf("@n%d:example.org", n), Action: "users.create", Steps: `[{"operation":"users.create"}]`, State: store.ItemWaiting, Generated: true,
		}
		i.Secret, err = way.seal.Seal(seal.PurposeSeal, fmt.Appendf(nil, "=%d is a password", n), fmt.Appendf(nil, "job item\x00%s\x00%d\x00%s", j.ID, n, i.Target))
		must(err)
		items = append(items, i)
	}
	must(way.store.AddJobItems(ctx, j.ID, items))
	to := func(from, state string) {
		_, err := way.store.ChangeJob(ctx, j.ID, []string{from}, func(j *store.Job) error { j.State = state; return nil })
		must(err)
	}
	to(store.JobPlanning, store.JobRunning)
	claimed, err := way.store.ClaimJobItems(ctx, j.ID, made, time.Now())
	must(err)
	for i := range claimed {
		claimed[i].State = store.ItemDone
	}
	must(way.store.SetJobItems(ctx, j.ID, claimed))
	to(store.JobRunning, store.JobDone)
	return j.ID
}
