// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/tools/homeserver"
)

// troubled passes on to a homeserver what it is asked. What becomes of a registration is for trouble to say, by its number from 1: to answer it
// itself, to pass it on, or both.
func troubled(t *testing.T, hs *homeserver.Server, trouble func(n int64, w http.ResponseWriter, r *http.Request, pass http.Handler)) (front *httptest.Server) {
	t.Helper()
	target, err := url.Parse(hs.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	var n atomic.Int64
	front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/register") {
			trouble(n.Add(1), w, r, proxy)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front
}

// says answers as Synapse does where something is wrong.
func says(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// lost is a handler whose answer does not arrive.
func lost(h http.Handler, r *http.Request) {
	h.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// TestImportThroughTrouble imports accounts while the homeserver answers 429, 500, late, or not at all in the middle: the job slows, waits and goes on
// by itself, and nothing is doubled. While it waits, what is left can be downloaded and is a file that imports.
func TestImportThroughTrouble(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	const n = 30
	var when atomic.Int64 // the homeserver has asked to wait until then, in ms
	front := troubled(t, hs, func(n int64, w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if wait := when.Load() - time.Now().UnixMilli(); wait > 500 { // half a second is what its own clock may be off
			t.Errorf("registration %d came though it was to wait for %d ms more", n, wait)
		}
		switch n {
		case 6:
			when.Store(time.Now().UnixMilli() + 8000)
			says(w, http.StatusTooManyRequests, `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":8000}`)
		case 11, 12:
			says(w, http.StatusInternalServerError, `{"errcode":"M_UNKNOWN","error":"Internal server error"}`)
		case 15: // done, and nobody hears of it
			lost(pass, r)
		case 18: // not done, and no answer
			panic(http.ErrAbortHandler)
		case 21: // done, after the gate has given up
			select {
			case <-r.Context().Done():
			case <-time.After(20 * time.Second):
			}
			lost(pass, r.WithContext(timeout(t)))
		default:
			pass.ServeHTTP(w, r)
		}
	})
	config := strings.Replace(homeservers(hs), hs.URL, front.URL, 1)
	g := startGatehouse(t, config+"    timeout: 3s\n    jobs_at_once: 1\n")
	prefix := unique("trouble")
	var file strings.Builder
	file.WriteString("id,password\n")
	passwords := map[string]string{}
	for i := range n {
		name, password := fmt.Sprintf("%s-%02d", prefix, i), ""
		if i%2 == 0 {
			password = fmt.Sprintf("the password of row %d", i)
			passwords[hs.UserID(name)] = password
		}
		fmt.Fprintf(&file, "%s,%s\n", name, password)
	}
	id := g.imports(t, file.String())
	j := g.jobUntil(t, id, limit, func(j jobState) bool { return j.Code == "job_waits_limited" })
	var left struct{ Rows []struct{ ID, State string } }
	if g.call(t, "imports.left", ask(id), &left); j.State != "running" || len(left.Rows) != n-j.Count.Done || len(left.Rows) < n-10 {
		t.Errorf("while it waits %d rows are left of %+v", len(left.Rows), j)
	}
	var again strings.Builder
	again.WriteString("id,state\n")
	for _, row := range left.Rows {
		fmt.Fprintf(&again, "%s,%s\n", row.ID, row.State)
	}
	// By the time that it is planned, some of it may be done.
	out, _, _ := g.command("", "import", writeFile(t, again.String()), "--dry-run")
	if makes := strings.Count(out, "users.create"); makes == 0 || makes+strings.Count(out, "There is such an account already") != len(left.Rows) {
		t.Errorf("what is left does not import: %s", out)
	}
	j = g.jobUntil(t, id, 3*time.Minute, func(j jobState) bool { return j.State != "running" })
	if j.State != "done" || j.Count.Done != n {
		t.Errorf("in the end the job is %+v: %+v", j, jobItems(t, g, id))
	}
	g.knowsAll(t, hs, id, passwords, n)
}

// isThere reports whether a homeserver has an account.
func isThere(t *testing.T, hs *homeserver.Server, id string) bool {
	t.Helper()
	answer, err := http.Get(hs.URL + "/_matrix/client/v3/profile/" + url.PathEscape(id))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// knowsAll takes the passwords that were made, and fails the test unless those and the file's are those of n accounts, and sign in. Of those of which
// nobody knows whether they were made, those count that were.
func (g *gatehouse) knowsAll(t *testing.T, hs *homeserver.Server, job string, passwords map[string]string, n int) {
	t.Helper()
	var handout struct {
		Passwords []struct {
			ID, Password string
			Unknown      bool
		}
	}
	g.call(t, "jobs.passwords", ask(job), &handout)
	for i, p := range handout.Passwords {
		if p.Unknown && !isThere(t, hs, p.ID) {
			continue
		}
		if i%10 == 0 {
			g.keepSecret(p.ID, p.Password)
		}
		if passwords[p.ID] != "" {
			t.Errorf("%s got a password though it had one", p.ID)
		}
		passwords[p.ID] = p.Password
	}
	if len(passwords) != n {
		t.Errorf("%d passwords are known of %d accounts", len(passwords), n)
	}
	signInAll(t, hs, passwords)
}

// imports begins to import a file, and returns the job.
func (g *gatehouse) imports(t *testing.T, file string) (id string) {
	t.Helper()
	out, errs, _ := g.command("", "import", writeFile(t, file))
	id, _, ok := strings.Cut(strings.TrimPrefix(out, "Job "), ":")
	if !ok {
		t.Fatalf("%s\n%s", out, errs)
	}
	return id
}

// roster is a file of n new accounts, their IDs, and the passwords that the file gives every other one; the others get one that is made.
func roster(hs *homeserver.Server, prefix string, n int) (file string, ids []string, passwords map[string]string) {
	var b strings.Builder
	b.WriteString("id,display_name,password\n")
	passwords = map[string]string{}
	for i := range n {
		name, password := fmt.Sprintf("%s-%03d", prefix, i), ""
		id := hs.UserID(name)
		ids = append(ids, id)
		if i%2 == 0 {
			password = fmt.Sprintf("the password of row %d", i)
			passwords[id] = password
		}
		fmt.Fprintf(&b, "%s,Number %d,%s\n", name, i, password)
	}
	return b.String(), ids, passwords
}

// TestImportKilled kills the gate at random moments of an import. After each restart it goes on; in the end every account is there once, with a password
// that somebody knows, and of accounts of which nobody can tell whether they were made the report says so.
func TestImportKilled(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *homeserver.Server{"synapse": synapse, "dendrite": dendrite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hs := start(t)
			const n = 240
			g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 8\n")
			file, ids, passwords := roster(hs, unique("import-killed"), n)
			id := g.imports(t, file)
			g.killAgainAndAgain(kills)
			j := g.jobUntil(t, id, limit, func(jobState) bool { return true })
			if j.State != "running" || j.Count.Done == 0 {
				t.Errorf("the last time it was killed not in the middle: %+v", j)
			}
			j = g.jobUntil(t, id, 3*time.Minute, func(j jobState) bool { return j.State != "running" })
			items := jobItems(t, g, id)
			// Dendrite does not tell when an account was made. What it was at when the gate was killed may be somebody else's: that is said.
			most := 0
			if hs.Kind == homeserver.Dendrite {
				most = kills
			}
			if j.State != "done" || j.Count.Done+j.Count.Unknown != n || j.Count.Unknown > most {
				t.Errorf("in the end the job is %+v: %+v", j, items)
			}
			t.Logf("%+v", j.Count)
			var done []string
			there := n
			for i, item := range items {
				if item.Line != i+2 || item.Target != ids[i] {
					t.Errorf("the report says %+v of line %d", item, i+2)
				}
				if item.State == "done" {
					done = append(done, item.Target)
				} else if !isThere(t, hs, item.Target) { // else its password is that of the file, or is handed out
					delete(passwords, item.Target)
					there--
				}
			}
			g.auditAgrees(t, "users.create", done, j.Count.Unknown == 0)
			g.knowsAll(t, hs, id, passwords, there)
		})
	}
}
