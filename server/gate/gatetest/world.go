// SPDX-License-Identifier: Apache-2.0

package gatetest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/intake"
	"gatehouse/server/invitation"
	"gatehouse/server/jobs"
	"gatehouse/server/operator"
	"gatehouse/server/seal"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// Start is the time that a World's clock begins at.
var Start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// A Clock is moved by the test.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns its time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves it.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Options say how a World differs from the usual one.
type Options struct {
	Public  string // "https://gate.example" unless told
	Proxies []netip.Prefix
	Terms   []homeserver.Term // of both homeservers
	MAS     homeserver.MAS    // of the homeserver
	// Pages adds routes, once everything else stands.
	Pages func(*World) func(*echo.Echo)
	Pace  jobs.Pace // of the jobs of hs
	// Beside is a World whose store, clock and homeservers this one has, too: another gate beside the first.
	Beside *World
	// Lacks is a homeserver that is not in the configuration.
	Lacks string
}

// A World is a gate in front of two homeservers: hs (example.org) and other (other.example).
type World struct {
	Options Options
	Clock   *Clock
	Source  string // of the store
	Store   *store.Store
	Audit   *audit.Log
	Seal    *seal.Keys
	Gate    *gate.Gate

	Invitations *invitation.Book
	Jobs        *jobs.Engine
	Woken       *Woken
	Intake      *intake.Desk
	Web         *gate.Web
	Stub        *Stub // hs
	Other       *Stub // other
	Handler     http.Handler

	t    testing.TB
	logs lines
	raw  *sql.DB // past the program

	counted struct { // how far Intents has counted
		sync.Mutex
		last    int64
		intents int
	}
}

type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// New makes a World that is gone with the test.
func New(t testing.TB, o Options) *World {
	t.Helper()
	if o.Public == "" {
		o.Public = "https://gate.example"
	}
	w := &World{Options: o, t: t}
	if o.Beside != nil {
		w.Clock, w.Source, w.Stub, w.Other = o.Beside.Clock, o.Beside.Source, o.Beside.Stub, o.Beside.Other
	} else {
		w.Clock, w.Source, w.Stub, w.Other = &Clock{now: Start}, storetest.Source(t), NewStub("example.org"), NewStub("other.example")
		if !storetest.OnPostgres(w.Source) {
			tables, err := migrated()
			must(t, err)
			must(t, os.WriteFile(w.Source, tables, 0o600))
		}
	}
	keys, err := seal.New([]byte("0123456789abcdefghijklmnopqrstuv"))
	must(t, err)
	w.Seal = keys
	w.open()
	w.raw = storetest.Raw(t, w.Source)
	t.Cleanup(func() { _ = w.Store.Close() })
	return w
}

// migrated is an SQLite file with the store's tables and no rows: to make them takes longer than most tests do.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "gatehouse-store-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "gatehouse.db")
	s, err := store.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Restart stops the gate and starts another on the same store.
func (w *World) Restart() {
	w.t.Helper()
	must(w.t, w.Store.Leave(context.Background()))
	must(w.t, w.Store.Close())
	w.open()
}

func (w *World) open() {
	t := w.t
	t.Helper()
	var err error
	w.Store, err = store.Open(context.Background(), w.Source)
	must(t, err)
	must(t, w.Store.Beat(context.Background(), w.Clock.Now()))
	log := slog.New(slog.NewJSONHandler(&w.logs, nil))
	w.Audit = audit.New(w.Store, w.Clock.Now)
	server := func(name string, s *Stub) *gate.Homeserver {
		return &gate.Homeserver{Settings: homeserver.Settings{Name: name, ServerName: s.name, Terms: w.Options.Terms, MAS: w.Options.MAS}, Kind: "synapse", Adapter: s.Adapter(t)}
	}
	w.Invitations = invitation.New(w.Store, w.Seal, w.Options.Public, w.Clock.Now)
	w.Jobs = jobs.New(jobs.Config{Store: w.Store, Audit: w.Audit, Seal: w.Seal, Log: log, Now: w.Clock.Now, Keep: 7 * 24 * time.Hour, Paces: map[string]jobs.Pace{"hs": w.Options.Pace}})
	w.Woken = &Woken{}
	w.Intake = &intake.Desk{Store: w.Store, Seal: w.Seal, Jobs: w.Jobs, Log: log, Now: w.Clock.Now}
	servers := []*gate.Homeserver{server("hs", w.Stub), server("other", w.Other)}
	servers = slices.DeleteFunc(servers, func(s *gate.Homeserver) bool { return s.Settings.Name == w.Options.Lacks })
	w.Gate, err = gate.New(gate.Config{
		Homeservers: servers, Store: w.Store, Audit: w.Audit, Log: log,
		MAC: []byte("fingerprints of requests, 32 byte"), Now: w.Clock.Now,
		Own: []gate.Own{w.Invitations.Table, w.Jobs.Table, w.Intake.Table}, Invitations: w.Invitations,
	})
	must(t, err)
	w.Jobs.Use(w.Gate, w.Woken)
	w.Intake.Use(w.Gate)
	public, err := url.Parse(w.Options.Public)
	must(t, err)
	kid, _ := w.Seal.JWTKey()
	w.Web = &gate.Web{
		Gate: w.Gate,
		Desk: &operator.Desk{Store: w.Store, Audit: w.Audit, Limits: operator.NewLimits(w.Store, []byte("limits"), w.Clock.Now), Verify: w.verify, Now: w.Clock.Now, Wait: w.wait},
		Sessions: &operator.Sessions{
			Store: w.Store, Keys: w.Seal.JWTKeys(), KeyID: kid, Audience: w.Options.Public, Idle: 15 * time.Minute, Absolute: 8 * time.Hour, Now: w.Clock.Now,
		},
		Log: log, Public: public, Proxies: w.Options.Proxies, Version: "test",
	}
	pages := func(*echo.Echo) {}
	if w.Options.Pages != nil {
		pages = w.Options.Pages(w)
	}
	w.Handler, err = w.Web.Handler(pages)
	must(t, err)
}

// Take has a person send a file to hs, and returns its ID.
func (w *World) Take(p gate.Person, name string, file io.Reader) (string, error) {
	return w.Intake.Take(context.Background(), intake.Arrival{Person: p, Homeserver: "hs", RequestID: gate.NewKey(), Name: name, Content: file})
}

// verify goes to the stub of a homeserver, as the program does.
func (w *World) verify(ctx context.Context, name string, c api.Credentials) (api.Identity, error) {
	server, ok := w.Gate.Homeserver(name)
	if !ok {
		return api.Identity{}, api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", name)
	}
	return homeserver.Call(ctx, server.Adapter, api.VerifyOperator, c)
}

// wait moves the clock in place of waiting.
func (w *World) wait(ctx context.Context, d time.Duration) error {
	if d > 0 {
		w.Clock.Advance(d)
	}
	return ctx.Err()
}

// Logs returns what was logged so far.
func (w *World) Logs() string {
	w.logs.mu.Lock()
	defer w.logs.mu.Unlock()
	return w.logs.b.String()
}

// CookieName is that of the session's cookie.
func (w *World) CookieName() string {
	if strings.HasPrefix(w.Options.Public, "https:") {
		return "__Host-gatehouse"
	}
	return "gatehouse"
}

// Person returns somebody with a role, an administrator of hs.
func (w *World) Person(role api.Role) operator.Person {
	return operator.Person{ID: string(w.Stub.ID("admin")), Name: "Admin", Role: role, Homeserver: "hs", Address: "192.0.2.1"}
}

// Session opens a session for somebody and returns its cookie.
func (w *World) Session(p operator.Person) *http.Cookie {
	w.t.Helper()
	token, _, err := w.Web.Sessions.Open(context.Background(), p, "test")
	must(w.t, err)
	return &http.Cookie{Name: w.CookieName(), Value: token}
}

// Serve answers a request.
func (w *World) Serve(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, r)
	return rec
}

// Request makes a request as a browser at the public address sends it.
func (w *World) Request(method, target, body string, cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = w.Web.Public.Host
	r.RemoteAddr = "192.0.2.1:4711"
	for _, c := range cookies {
		if c != nil {
			r.AddCookie(c)
		}
	}
	return r
}

// Call makes an API call of a write with a request key.
func (w *World) Call(cookie *http.Cookie, operation, key, body string) *httptest.ResponseRecorder {
	r := w.Request(http.MethodPost, "/api/hs/"+operation, body, cookie)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(gate.KeyHeader, key)
	return w.Serve(r)
}

// A Row is one of the audit log.
type Row struct {
	Phase, Operation, Actor, Role, Targets, Request, Outcome, Code, Detail, Address, RequestID string
}

// String writes what tests compare most.
func (r Row) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Phase, r.Operation, r.Outcome, r.Code))
}

// Log returns the audit log, read past the program.
func (w *World) Log() []Row {
	w.t.Helper()
	rows, err := w.raw.Query(`SELECT phase, operation, actor, role, targets, request, outcome, code, detail, address, request_id FROM audit ORDER BY id`)
	must(w.t, err)
	defer rows.Close()
	var list []Row
	for rows.Next() {
		var r Row
		must(w.t, rows.Scan(&r.Phase, &r.Operation, &r.Actor, &r.Role, &r.Targets, &r.Request, &r.Outcome, &r.Code, &r.Detail, &r.Address, &r.RequestID))
		list = append(list, r)
	}
	must(w.t, rows.Err())
	return list
}

// Intents returns how many writes were begun.
func (w *World) Intents() int {
	w.t.Helper()
	w.counted.Lock()
	defer w.counted.Unlock()
	c, n := &w.counted, 0
	must(w.t, w.raw.QueryRow(`SELECT COALESCE(MAX(id), $1), COUNT(CASE phase WHEN 'intent' THEN 1 END) FROM audit WHERE id > $1`, c.last).Scan(&c.last, &n))
	c.intents += n
	return c.intents
}

// Phases returns the audit log in short, one text a row.
func (w *World) Phases() []string {
	w.t.Helper()
	list := []string{}
	for _, r := range w.Log() {
		list = append(list, r.String())
	}
	return list
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
