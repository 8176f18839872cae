// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store"
)

// listen opens the events of a job.
func listen(t *testing.T, w *gatetest.World, server *httptest.Server, cookie *http.Cookie, id string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/hs/jobs/"+id+"/events", nil)
	must(t, err)
	r.Host = w.Web.Public.Host
	if cookie != nil {
		r.AddCookie(cookie)
	}
	resp, err := server.Client().Do(r)
	must(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// next reads one event.
func next(t *testing.T, from *bufio.Reader) api.Job {
	t.Helper()
	var j api.Job
	for {
		line, err := from.ReadString('\n')
		must(t, err)
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			must(t, json.Unmarshal([]byte(data), &j))
			return j
		}
	}
}

// Events tell how far a job is as long as it goes on, and to nobody whose session has ended. Listening keeps no session alive.
func TestEvents(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	server := httptest.NewServer(w.Handler)
	defer server.Close()
	me := w.Person(api.Owner)
	cookie := w.Session(me)
	id := w.PutJob(me, store.JobRunning)

	resp := listen(t, w, server, cookie, id)
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || kind != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", resp.StatusCode, kind)
	}
	body := bufio.NewReader(resp.Body)
	if j := next(t, body); j.ID != id || j.State != api.JobRunning || !j.Mine {
		t.Errorf("%+v", j)
	}
	must(t, w.Store.SetJobRate(t.Context(), id, 77))
	if j := next(t, body); j.PerMinute != 77 {
		t.Errorf("%+v", j)
	}
	_, err := w.Store.ChangeJob(t.Context(), id, []string{store.JobRunning}, func(j *store.Job) error { j.State = store.JobDone; return nil })
	must(t, err)
	if j := next(t, body); j.State != api.JobDone {
		t.Errorf("%+v", j)
	}
	if rest, err := io.ReadAll(body); err != nil || strings.TrimSpace(string(rest)) != "" {
		t.Errorf("after the end: %q, %v", rest, err)
	}

	// Idle for as long as a session may be: listening was no activity.
	id = w.PutJob(me, store.JobRunning)
	body = bufio.NewReader(listen(t, w, server, cookie, id).Body)
	next(t, body)
	w.Clock.Advance(16 * time.Minute)
	if rest, err := io.ReadAll(body); err != nil || strings.Contains(string(rest), "data:") {
		t.Errorf("after the session: %q, %v", rest, err)
	}
	for name, resp := range map[string]*http.Response{"nobody": listen(t, w, server, nil, id), "expired": listen(t, w, server, cookie, id)} {
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	if resp := listen(t, w, server, w.Session(me), "none"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("no such job: %d", resp.StatusCode)
	}
}

// Whoever listens does not keep the server open.
func TestEventsEndWithTheServer(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	server := httptest.NewUnstartedServer(w.Handler)
	server.Config = w.Web.Server(w.Handler)
	server.Start()
	defer server.Close()
	me := w.Person(api.Owner)
	body := bufio.NewReader(listen(t, w, server, w.Session(me), w.PutJob(me, store.JobRunning)).Body)
	next(t, body)
	must(t, server.Config.Shutdown(t.Context()))
}
