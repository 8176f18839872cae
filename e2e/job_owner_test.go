// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// setRole gives an operator another role, past the program, which has no command for it.
func (g *gatehouse) setRole(name, role string) {
	g.t.Helper()
	driver, source := "pgx", g.database
	if g.database == "" {
		driver, source = "sqlite", "file:"+filepath.Join(g.Dir, "data", "gatehouse.db")+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		g.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(timeout(g.t), `UPDATE operators SET role = $1 WHERE name = $2`, role, name); err != nil {
		g.t.Fatal(err)
	}
}

// TestJobOwnerForbidden takes from whose job it is the right to do it, in the middle: it stops, and says why on its page. With the right back it is resumed
// there, and every account is locked, once.
func TestJobOwnerForbidden(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	const n, password = 200, "an operator's own words"
	g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 20\n")
	g.keepSecret("", password)
	if out, errs, code := g.command(password+"\n", "operator", "add", "olga"); code != 0 {
		t.Fatalf("operator add: %d\n%s%s", code, out, errs)
	}
	p := newPage(t, false)
	signIn := func() {
		t.Helper()
		p.open(g.URL + "/sign-in")
		p.choose("#f-homeserver", "")
		p.fill("#f-name", "olga")
		p.fill("#f-password", password)
		if status := p.clickAndLoad("#sign-in button[type=submit]"); status != http.StatusOK {
			t.Fatalf("status %d\n%s", status, p.whereabouts())
		}
	}
	signIn()
	others := lockedOnes(t, hs, unique("other"), 3)
	ids := lockedOnes(t, hs, unique("forbidden"), n)
	if status, code := g.writes(t, p.session(), "jobs.plan", fmt.Sprintf(`{"operation":"users.lock","ids":["%s"]}`, strings.Join(ids, `","`)), "the-plan-of-the-operator-olga"); status != http.StatusOK {
		t.Fatal(status, code)
	}
	var list struct{ Jobs []jobState }
	g.call(t, "jobs.list", object{}, &list)
	if len(list.Jobs) != 1 {
		t.Fatalf("%+v", list)
	}
	id := list.Jobs[0].ID
	g.jobIs(t, id, "planned")
	if status, code := g.writes(t, p.session(), "jobs.start", fmt.Sprintf(`{"id":%q}`, id), "the-start-of-the-operator-olga"); status != http.StatusOK {
		t.Fatal(status, code)
	}
	g.jobUntil(t, id, limit, func(j jobState) bool { return j.Count.Done >= 20 })
	g.setRole("olga", "auditor")
	j := g.jobIs(t, id, "failed")
	if j.Code != "job_owner_forbidden" || j.Count.Failed+j.Count.Unknown > 0 || j.Count.Waiting == 0 || j.Count.Waiting+j.Count.Done != n {
		t.Fatalf("without the right the job is %+v", j)
	}
	lockedAre(t, hs, ids, j.Count.Done)
	g.setRole("olga", "owner")
	p.open(g.URL + "/" + hs.Kind + "/jobs/job?id=" + id)
	if strings.HasPrefix(p.url(), g.URL+"/sign-in") {
		signIn()
		p.open(g.URL + "/" + hs.Kind + "/jobs/job?id=" + id)
	}
	if got := p.text("main"); !strings.Contains(got, "now, which may not") {
		t.Errorf("the page says %q", got)
	}
	if status := p.clickAndLoad(`form[action$="/jobs.resume"] button`); status != http.StatusOK {
		t.Fatalf("resume: status %d\n%s", status, p.whereabouts())
	}
	if j = g.jobUntil(t, id, limit, func(j jobState) bool { return j.State != "running" }); j.State != "done" || j.Code != "" || j.Count.Done != n {
		t.Errorf("in the end the job is %+v", j)
	}
	g.auditAgrees(t, "users.lock", ids, true)
	lockedAre(t, hs, ids, n)
	lockedAre(t, hs, others, 0)
}

// lockedAre looks at accounts, and fails the test unless so many of them are locked.
func lockedAre(t *testing.T, hs *homeserver.Server, ids []string, want int) {
	t.Helper()
	n := 0
	for _, id := range ids {
		if lookUp(t, hs, id).Locked {
			n++
		}
	}
	if n != want {
		t.Errorf("%d of %d accounts are locked, not %d", n, len(ids), want)
	}
}
