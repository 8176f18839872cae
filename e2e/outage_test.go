// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestPostgresRestarts stops PostgreSQL under a gate that works a job off and has a call at the homeserver, and starts it again. In between the
// gate says that it cannot, and does nothing; afterwards nothing is lost and nothing was done that is not recorded.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	database := inOwnPostgres(t)
	late := hs.UserID(unique("late"))
	var changes atomic.Int64 // at the homeserver
	asked, answer := make(chan struct{}), make(chan struct{})
	front := inFront(t, hs, func(r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/v2/users/") {
			return true
		}
		changes.Add(1)
		if strings.Contains(r.URL.Path, late) {
			close(asked)
			<-answer
		}
		return true
	})
	g := startGatehouse(t, strings.Replace(homeservers(hs), hs.URL, front.URL, 1)+"    jobs_per_second: 20\n")
	d := signedIn(t, g, hs)
	cookie := d.session()
	const n = 100
	prefix := unique("outage")
	makePeople(t, hs, n, func(i int) string { return fmt.Sprintf("%s-%03d", prefix, i) })
	ids := make([]string, n)
	for i := range ids {
		ids[i] = hs.UserID(fmt.Sprintf("%s-%03d", prefix, i))
	}
	register(t, hs, strings.TrimSuffix(strings.TrimPrefix(late, "@"), ":"+hs.ServerName), "the owner's own", false)
	lock := func(id, key string) (status int, code string) {
		return g.writes(t, cookie, "users.lock", fmt.Sprintf(`{"id":%q}`, id), key)
	}

	var j jobState
	g.call(t, "jobs.plan", object{"operation": "users.lock", "ids": ids}, &j)
	g.jobIs(t, j.ID, "planned")
	g.call(t, "jobs.start", ask(j.ID), &j)
	type end struct {
		status int
		code   string
	}
	ended := make(chan end, 1)
	go func() {
		status, code := lock(late, "the-lock-of-the-late-one")
		ended <- end{status, code}
	}()
	select {
	case <-asked:
	case <-timeout(t).Done():
		t.Fatal("the homeserver was not asked")
	}
	g.jobUntil(t, j.ID, limit, func(j jobState) bool { return j.Count.Done >= 10 })
	if err := database.Halt(); err != nil {
		t.Fatal(err)
	}
	close(answer)
	if got := <-ended; got != (end{http.StatusInternalServerError, "done_not_recorded"}) {
		t.Errorf("what was at the homeserver is answered with %+v", got)
	}
	if resp, _ := g.get("/readyz"); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("ready without a store: %d", resp.StatusCode)
	}
	if resp, _ := g.get("/healthz"); resp.StatusCode != http.StatusOK {
		t.Errorf("it runs, and is said not to: %d", resp.StatusCode)
	}
	refused := hs.UserID(prefix + "-000") // locked or not: it is asked to be unlocked
	if status, code := g.writes(t, cookie, "users.unlock", fmt.Sprintf(`{"id":%q}`, refused), "not-while-it-is-away"); status != http.StatusServiceUnavailable || code != "store_unavailable" {
		t.Errorf("a call without a store: %d %s", status, code)
	}
	if status := d.open(d.address("accounts")); status != http.StatusServiceUnavailable || !strings.Contains(d.text("body"), "look at its storage") {
		t.Errorf("a page without a store: %d %s", status, d.text("body"))
	}
	d.shot("outage-page")

	if err := database.Resume(timeout(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, limit, func() bool {
		resp, _ := g.get("/readyz")
		return resp.StatusCode == http.StatusOK
	}, func() string { return "ready" })
	if j = g.jobIs(t, j.ID, "done"); j.Count.Done != n || j.Count.Unknown+j.Count.Failed != 0 {
		t.Errorf("in the end the job is %+v", j)
	}
	g.auditAgrees(t, "users.lock", append(slices.Clone(ids), late), true)
	for _, id := range append(ids, late) {
		if !lookUp(t, hs, id).Locked {
			t.Errorf("%s is not locked", id)
		}
	}
	var recorded int64
	g.query(t, `SELECT COUNT(*) FROM audit WHERE phase = 'intent' AND operation IN ('users.lock', 'users.unlock')`, nil, &recorded)
	if made := changes.Load(); made != recorded || made != n+1 {
		t.Errorf("%d changes were made, %d recorded, %d asked for", made, recorded, n+1)
	}
	if status, code := g.writes(t, cookie, "users.unlock", fmt.Sprintf(`{"id":%q}`, refused), "not-while-it-is-away"); status != http.StatusOK {
		t.Errorf("the session, and the key of what was refused: %d %s", status, code)
	}
}
