// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"

	"gatehouse/tools/homeserver"
	"gatehouse/tools/homeserver/process"
)

// A replica is another process of a gatehouse, with the same configuration and store,
// that listens elsewhere.
type replica struct {
	listen string
	proc   *process.Process
}

// beside starts another process of the gatehouse. It is stopped with the test.
func (g *gatehouse) beside() *replica {
	g.t.Helper()
	listen, err := homeserver.FreeAddress()
	if err != nil {
		g.t.Fatal(err)
	}
	path, err := binary()
	if err != nil {
		g.t.Fatal(err)
	}
	log, err := os.OpenFile(g.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		g.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(path, g.args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = g.Dir, append(environment(), "GATEHOUSE_LISTEN="+listen), log, log
	r := &replica{listen: listen}
	if r.proc, err = process.Start(cmd, process.Options{Grace: 30 * time.Second}); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() {
		if r.proc == nil {
			return
		}
		if err := r.proc.Stop(); err != nil {
			g.t.Error(err)
		}
	})
	if err := homeserver.WaitHealthy(timeout(g.t), "http://"+listen+"/readyz", limit, r.proc.Done()); err != nil {
		g.t.Fatalf("start another gatehouse: %v", err)
	}
	return r
}

// kill ends the process at once, as a power cut does.
func (r *replica) kill(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-r.proc.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-r.proc.Done()
	r.proc = nil
}

// inFront passes on to a homeserver what it is asked, after before, which may keep it waiting. What before says no to is not answered.
func inFront(t *testing.T, hs *homeserver.Server, before func(*http.Request) bool) *httptest.Server {
	t.Helper()
	target, err := url.Parse(hs.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before(r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	return front
}

// holding passes on to a homeserver what it is asked. While hold is set it does not answer to
// changes, and says on held which they are.
func holding(t *testing.T, hs *homeserver.Server) (front *httptest.Server, hold *atomic.Bool, held chan string) {
	t.Helper()
	hold, held = &atomic.Bool{}, make(chan string, 10)
	ended := make(chan struct{})
	front = inFront(t, hs, func(r *http.Request) bool {
		if r.Method == http.MethodGet || !hold.Load() {
			return true
		}
		held <- r.Method + " " + r.URL.Path
		select {
		case <-r.Context().Done():
		case <-ended:
		}
		return false
	})
	t.Cleanup(func() { close(ended) })
	return front, hold, held
}

// writes sends a write to the API as the program does, and returns its status and the code of its problem; 0 and why, where there is no answer.
func (g *gatehouse) writes(t *testing.T, session *network.Cookie, operation, body, key string) (status int, code string) {
	t.Helper()
	req, err := http.NewRequestWithContext(timeout(t), http.MethodPost, g.URL+"/api/synapse/"+operation, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Origin": g.URL, "Idempotency-Key": key} {
		req.Header.Set(name, value)
	}
	req.AddCookie(&http.Cookie{Name: session.Name, Value: session.Value})
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	var said struct {
		Code string `json:"code"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		t.Error(err)
	}
	return resp.StatusCode, said.Code
}

// TestReplicas works with two gatehouses on one PostgreSQL, in turn behind one address. One of
// them is killed in the middle of a call.
func TestReplicas(t *testing.T) {
	t.Parallel()
	inPostgres(t)
	hs := synapse(t)
	front, hold, held := holding(t, hs)
	g := startGatehouse(t, strings.Replace(homeservers(hs), hs.URL, front.URL, 1))
	one, two := g.listen, g.beside()

	// Signed in at one, at work at the other.
	d := signedIn(t, g, hs)
	g.wire.to(two.listen)
	name := unique("shared")
	d.visit("accounts/create")
	d.fill("#f-localpart", name)
	id := hs.UserID(name)
	d.handOut(id)
	if got := lookUp(t, hs, id); got.Deactivated {
		t.Errorf("the account is %+v", got)
	}
	cookie := d.session()

	// The two made one account for themselves.
	var accounts int
	g.query(t, `SELECT COUNT(*) FROM service_accounts WHERE homeserver = $1`, []any{hs.Kind}, &accounts)
	if accounts != 1 {
		t.Errorf("%d service accounts", accounts)
	}

	// One is killed while it changes the account.
	g.wire.to(one)
	lock := func() (status int, code string) {
		return g.writes(t, cookie, "users.lock", fmt.Sprintf(`{"id":%q}`, id), "the-lock-of-the-account")
	}
	hold.Store(true)
	answered := make(chan int, 1)
	go func() {
		status, _ := lock()
		answered <- status
	}()
	select {
	case <-held:
	case <-timeout(t).Done():
		t.Fatal("the homeserver was not asked")
	}
	g.kill()
	if status := <-answered; status != 0 {
		t.Errorf("a gatehouse that was killed answered with %d", status)
	}
	// The other one waits until it is known that the first is gone, and does not do it again.
	g.wire.to(two.listen)
	if status, code := lock(); status != http.StatusConflict || code != "outcome_unknown" {
		t.Errorf("the same call at the other: %d %s", status, code)
	}
	want := []string{"intent", "outcome unknown interrupted"}
	eventually(t, limit, func() bool { return slices.Equal(g.audit("users.lock", id), want) },
		func() string { return fmt.Sprintf("the log has %q, want %q", g.audit("users.lock", id), want) })
	// Out at one, out at the other, which has been started again meanwhile.
	g.start()
	d.visit("accounts")
	g.post(d, "/sign-out")
	g.wire.to(one)
	d.open(g.URL + "/")
	if got := d.url(); got != g.URL+"/sign-in" {
		t.Errorf("signed out at the other, the browser is at %s", got)
	}
}
