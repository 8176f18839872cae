// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/tools/homeserver"
)

// TestJobTokenRevoked takes the administrator's token away in the middle of a job: it waits, its page says which token it is and where to set another, and
// with another it goes on, and locks every account once.
func TestJobTokenRevoked(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	const n = 60
	password := "a password of the holder"
	holder := register(t, hs, unique("holder"), password, true)
	g := startGatehouse(t, fmt.Sprintf("homeservers:\n  %s:\n    url: %s\n    admin_token: %q\n    jobs_per_second: 10\n", hs.Kind, hs.URL, holder.AccessToken))
	prefix := unique("revoked")
	ids := lockedOnes(t, hs, prefix, n)
	var j jobState
	g.call(t, "jobs.plan", object{"operation": "users.lock", "ids": ids}, &j)
	g.jobIs(t, j.ID, "planned")
	g.call(t, "jobs.start", ask(j.ID), &j)
	g.jobUntil(t, j.ID, limit, func(j jobState) bool { return j.Count.Done >= 10 })
	if err := hs.Call(timeout(t), http.MethodPost, "/_matrix/client/v3/logout", holder.AccessToken, object{}, nil); err != nil {
		t.Fatal(err)
	}
	j = g.jobUntil(t, j.ID, limit, func(j jobState) bool { return j.State != "running" })
	if j.State != "paused" || j.Code != "job_key_token" || j.Count.Waiting+j.Count.Done != n || j.Count.Waiting == 0 {
		t.Fatalf("without the token the job is %+v", j)
	}
	d := signedIn(t, g, hs)
	d.visit("jobs/job", "id", j.ID)
	if got := d.text("main"); !strings.Contains(got, "no longer takes the admin token of Gatehouse") || !strings.Contains(got, "then resume the job") {
		t.Errorf("the page of the job says %q", got)
	}
	var plan jobState
	g.call(t, "jobs.plan", object{"operation": "users.unlock", "ids": ids[:3]}, &plan)
	if plan = g.jobUntil(t, plan.ID, limit, func(j jobState) bool { return j.State != "planning" }); plan.State != "failed" || plan.Code != "homeserver_token_dead" {
		t.Errorf("a plan without the token is %+v", plan)
	}
	again, err := hs.Login(timeout(t), holder.UserID, password)
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(g.Config)
	if err != nil {
		t.Fatal(err)
	}
	g.stop()
	g.write("gatehouse.yaml", []byte(strings.Replace(string(config), holder.AccessToken, again.AccessToken, 1)))
	g.start()
	g.call(t, "jobs.resume", ask(j.ID), &j)
	if j = g.jobUntil(t, j.ID, limit, func(j jobState) bool { return j.State != "running" }); j.State != "done" || j.Count.Done != n {
		t.Errorf("in the end the job is %+v: %+v", j, jobItems(t, g, j.ID))
	}
	g.auditAgrees(t, "users.lock", ids, true)
	for _, id := range ids {
		if !lookUp(t, hs, id).Locked {
			t.Errorf("%s is not locked", id)
		}
	}
}

// TestJobServiceTokenRevoked signs the gate's own account out in the middle of a job. The gate makes another and the job goes on by itself; where that is signed
// out, too, within ten minutes, the job waits, and goes on when the gate was started again.
func TestJobServiceTokenRevoked(t *testing.T) {
	t.Parallel()
	hs := ownSynapse(t, homeserver.SynapseOptions{ServerName: "revoked.example", SharedSecret: synapseSecret})
	const n = 200
	g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 20\n")
	ids := lockedOnes(t, hs, unique("service"), n)
	var j jobState
	g.call(t, "jobs.plan", object{"operation": "users.lock", "ids": ids}, &j)
	g.jobIs(t, j.ID, "planned")
	g.call(t, "jobs.start", ask(j.ID), &j)
	signOut := func(done int) {
		t.Helper()
		g.jobUntil(t, j.ID, limit, func(j jobState) bool { return j.Count.Done >= done })
		path := "/_synapse/admin/v1/reset_password/" + url.PathEscape(serviceAccount(t, g, hs))
		if err := hs.Admin(timeout(t), http.MethodPost, path, object{"new_password": "a password of nobody", "logout_devices": true}, nil); err != nil {
			t.Fatal(err)
		}
	}
	first := serviceAccount(t, g, hs)
	signOut(10)
	if j = g.jobUntil(t, j.ID, limit, func(j jobState) bool { return j.State != "running" || j.Count.Done >= 60 }); j.State != "running" {
		t.Fatalf("without the first account the job is %+v", j)
	}
	if second := serviceAccount(t, g, hs); second == first {
		t.Errorf("the gate still works as %s", first)
	}
	signOut(60)
	if j = g.jobUntil(t, j.ID, limit, func(j jobState) bool { return j.State != "running" }); j.State != "paused" || j.Code != "job_key_account" || j.Count.Waiting+j.Count.Done != n {
		t.Fatalf("without the second account the job is %+v", j)
	}
	g.stop()
	g.start()
	g.call(t, "jobs.resume", ask(j.ID), &j)
	if j = g.jobUntil(t, j.ID, limit, func(j jobState) bool { return j.State != "running" }); j.State != "done" || j.Count.Done != n {
		t.Errorf("in the end the job is %+v", j)
	}
	g.auditAgrees(t, "users.lock", ids, true)
	lockedAre(t, hs, ids, n)
}

// lockedOnes makes accounts that are to be locked.
func lockedOnes(t *testing.T, hs *homeserver.Server, prefix string, n int) []string {
	t.Helper()
	name := func(i int) string { return fmt.Sprintf("%s-%03d", prefix, i) }
	makePeople(t, hs, n, name)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = hs.UserID(name(i))
	}
	return ids
}

// TestJobServerReplaced has an empty homeserver in the place of the one that jobs work at, at the same address, under the same name and with the same shared
// secret, in the middle of an import and of a job that locks accounts: both wait, no account is made at the new one, and none has failed. When the old one is
// back, and the gate is started again, they go on to their end.
func TestJobServerReplaced(t *testing.T) {
	t.Parallel()
	const n = 300
	for _, kind := range []string{"import", "locks"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			opts := homeserver.SynapseOptions{Dir: t.TempDir(), Persistent: true, ServerName: "replaced.example", SharedSecret: synapseSecret}
			start := func() *homeserver.Server {
				hs, err := homeserver.StartSynapse(timeout(t), opts)
				if err != nil {
					t.Fatal(err)
				}
				return hs
			}
			hs := start()
			defer func() { _ = hs.Stop() }()
			at, err := url.Parse(hs.URL)
			if err != nil {
				t.Fatal(err)
			}
			opts.Port, _ = strconv.Atoi(at.Port())
			g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 40\n")
			prefix := unique("replaced")
			var id string
			var ids []string
			if kind == "import" {
				var file string
				file, ids, _ = roster(hs, prefix, n)
				id = g.imports(t, file)
			} else {
				ids = lockedOnes(t, hs, prefix, n)
				var j jobState
				g.call(t, "jobs.plan", object{"operation": "users.lock", "ids": ids}, &j)
				g.jobIs(t, j.ID, "planned")
				g.call(t, "jobs.start", ask(j.ID), &j)
				id = j.ID
			}
			g.jobUntil(t, id, limit, func(j jobState) bool { return j.Count.Done >= 50 })
			if err := hs.Stop(); err != nil {
				t.Fatal(err)
			}
			old := opts.Dir
			opts.Dir = t.TempDir()
			key, err := os.ReadFile(filepath.Join(old, "signing.key"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(opts.Dir, "signing.key"), key, 0o600); err != nil { // it is in the configuration's folder for many
				t.Fatal(err)
			}
			hs = start()
			j := g.jobUntil(t, id, time.Minute, func(j jobState) bool { return j.State != "running" })
			t.Logf("at the new one: %+v", j)
			if j.State != "paused" || j.Code != "job_homeserver_replaced" || j.Count.Failed+j.Count.Unknown > 0 || j.Count.Waiting == 0 {
				t.Errorf("the job is %+v: %+v", j, jobItems(t, g, id))
			}
			for _, id := range ids {
				if isThere(t, hs, id) {
					t.Errorf("%s was made at the new one", id)
				}
			}
			g.call(t, "jobs.resume", ask(id), &j)
			if j = g.jobUntil(t, id, limit, func(j jobState) bool { return j.State != "running" }); j.State != "paused" || j.Code != "job_homeserver_replaced" {
				t.Errorf("resumed at the new one it is %+v", j)
			}
			if err := hs.Stop(); err != nil {
				t.Fatal(err)
			}
			opts.Dir = old
			hs = start()
			g.stop() // or it would get itself a token there in ten minutes
			g.start()
			g.call(t, "jobs.resume", ask(id), &j)
			if j = g.jobUntil(t, id, 2*time.Minute, func(j jobState) bool { return j.State != "running" }); j.State != "done" || j.Count.Done != n {
				t.Errorf("back at the old one it is %+v: %+v", j, jobItems(t, g, id))
			}
			for _, id := range ids {
				switch {
				case !isThere(t, hs, id):
					t.Errorf("%s was not made", id)
				case kind == "locks" && !lookUp(t, hs, id).Locked:
					t.Errorf("%s is not locked", id)
				}
			}
		})
	}
}
