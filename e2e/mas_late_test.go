// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// TestMASMadeLate imports an account that MAS makes only after the job has looked for it in vain: the next try is told that it is begun, goes on with it, and the
// password that is handed out is the account's.
func TestMASMadeLate(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	name := unique("late")
	id := "@" + name + ":localhost"
	var g *gatehouse
	notDone := func() bool {
		out, _, code := g.command(`{"id":"`+id+`"}`, "call", "users.history")
		return code == 0 && strings.Contains(out, "item_not_done")
	}
	target, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	var made atomic.Int64
	var held atomic.Pointer[http.Request] // that MAS has not been asked yet
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/api/admin/v1/users" {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if bytes.Contains(body, []byte(`"`+name+`"`)) && made.Add(1) == 1 { // nobody answers
				held.Store(r.Clone(timeout(t)))
				panic(http.ErrAbortHandler)
			}
		}
		if held.Load() != nil && strings.HasSuffix(r.URL.Path, "/by-username/"+name) && notDone() {
			if late := held.Swap(nil); late != nil {
				answer := httptest.NewRecorder()
				if proxy.ServeHTTP(answer, late); answer.Code != http.StatusCreated {
					t.Errorf("MAS does not make it: %d %s", answer.Code, answer.Body)
				}
			}
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(front.Close)
	between := *w
	between.url = front.URL
	g = startGatehouse(t, between.config())

	job := g.imports(t, "id,emails\n"+name+","+name+"@example.org\n")
	g.jobIs(t, job, "done")
	items := jobItems(t, g, job)
	var handout struct {
		Passwords []struct{ ID, Password string }
	}
	g.call(t, "jobs.passwords", ask(job), &handout)
	if len(items) != 1 || items[0].State != "done" || len(handout.Passwords) != 1 {
		t.Fatalf("%+v, %d passwords", items, len(handout.Passwords))
	}
	g.keepSecret(id, handout.Passwords[0].Password)
	if w.signIn(name, handout.Passwords[0].Password) == "" {
		t.Error("it does not sign in")
	}
	var history struct {
		Events []struct{ Operation, Outcome, Code string }
	}
	g.call(t, "users.history", ask(id), &history)
	var tries []string // the latest first
	for _, e := range history.Events {
		if e.Operation == "users.create" {
			tries = append(tries, strings.TrimSpace(e.Outcome+" "+e.Code))
		}
	}
	if got := strings.Join(tries, ", "); got != "done, failed name_begun, failed item_not_done" || made.Load() != 1 {
		t.Errorf("%s; MAS was asked to make it %d times", got, made.Load())
	}
}
