// SPDX-License-Identifier: Apache-2.0

// Package fakedendrite is a Dendrite for unit tests: it answers as Dendrite 0.15.2 does, keeps its accounts in a SQLite file with
// Dendrite's own tables, and can lose answers. It refuses every path that it does not know and fails the test for it; the tests of
// the adapter run against a real Dendrite too, so that what is believed here is true there.
package fakedendrite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // the driver of the file
)

// Server is a running fake.
type Server struct {
	URL        string
	ServerName string
	Secret     string
	// Database is the connection string of its accounts, as Dendrite's configuration would have it.
	Database string

	t      testing.TB
	db     *sql.DB
	mu     sync.Mutex
	nonces map[string]bool
	faults map[string][]Fault
	calls  []string
	public string
	// signInAs is what sign-ins answer, where it is not what is true.
	signInAs  string
	listed    []string
	notices   []Notice
	noNotices bool
	sent      map[string]bool // transactions of notices
}

// Fault is what happens to one call.
type Fault int

// The faults.
const (
	// Lost does what was asked and closes the connection instead of answering.
	Lost Fault = iota
	// Cut closes the connection and does nothing.
	Cut
	// Broken answers 500 as Dendrite does when its database fails, and does nothing.
	Broken
	// Failed does what was asked and answers 500 as Dendrite does when a later step of a write fails.
	Failed
	// Limited answers 429 and does nothing.
	Limited
)

// New starts a fake that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dendrite.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		ServerName: "localhost", Secret: "fake-" + rand.Text(), Database: "file:" + path,
		t: t, db: db, nonces: map[string]bool{}, faults: map[string][]Fault{}, sent: map[string]bool{},
	}
	s.exec(schema)
	s.insert("_server", rand.Text(), "Server Alert", 1)
	web := httptest.NewServer(s.routes())
	s.URL = web.URL
	t.Cleanup(func() {
		web.Close()
		db.Close()
	})
	return s
}

// Inject makes the next calls of a method and path pattern, as in routes, meet these faults, one each.
func (s *Server) Inject(route string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[route] = append(s.faults[route], faults...)
}

// Calls returns the calls since the last time, as `METHOD route`.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// Exec changes the accounts behind everybody's back.
func (s *Server) Exec(query string, args ...any) { s.exec(query, args...) }

// Row asks for one row of the tables.
func (s *Server) Row(query string, args ...any) *sql.Row { return s.db.QueryRow(query, args...) }

// Lock holds the file as Dendrite does while it writes, until the function it returns is called.
func (s *Server) Lock() (release func()) {
	conn, err := s.db.Conn(context.Background())
	if err == nil {
		_, err = conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	}
	if err != nil {
		s.t.Fatalf("fake Dendrite: %v", err)
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			s.t.Errorf("fake Dendrite: %v", err)
		}
		conn.Close()
	}
}

// SignInAs makes every later sign-in answer with this Matrix ID, whoever signs in.
func (s *Server) SignInAs(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signInAs = id
}

// Public makes the server say where clients find it (well_known_client_name).
func (s *Server) Public(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.public = address
}

// List puts accounts into the user directory, as if they shared a room with whoever asks.
func (s *Server) List(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed = append(s.listed, ids...)
}

// routes are the paths of Dendrite that the adapter uses.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for route, handle := range map[string]func(*http.Request) (int, any){
		"GET /_matrix/client/versions":                    s.versions,
		"GET /_matrix/federation/v1/version":              s.version,
		"GET /.well-known/matrix/client":                  s.wellKnown,
		"GET /_dendrite/monitor/up":                       func(*http.Request) (int, any) { return 200, nil },
		"GET /_synapse/admin/v1/register":                 s.nonce,
		"POST /_synapse/admin/v1/register":                s.register,
		"POST /_dendrite/admin/resetPassword/{id}":        s.resetPassword,
		"GET /_matrix/client/v3/admin/whois/{id}":         s.whois,
		"GET /_matrix/client/v3/profile/{id}":             s.profile,
		"GET /_matrix/client/v3/register/available":       s.available,
		"GET /_matrix/client/v3/account/whoami":           s.whoami,
		"POST /_matrix/client/v3/user_directory/search":   s.directory,
		"POST /_matrix/client/v3/login":                   s.login,
		"POST /_matrix/client/v3/logout":                  s.logout,
		"POST /_matrix/client/v3/logout/all":              s.logoutAll,
		"POST /_matrix/client/v3/account/deactivate":      s.deactivate,
		"POST /_synapse/admin/v1/send_server_notice":      s.notice,
		"PUT /_synapse/admin/v1/send_server_notice/{txn}": s.notice,
	} {
		mux.Handle(route, s.handler(route, handle))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.t.Errorf("Dendrite has no %s %s", r.Method, r.URL.Path)
		answer(w, 404, matrixError("M_UNRECOGNIZED", "Unrecognized request"))
	})
	return mux
}

func (s *Server) handler(route string, handle func(*http.Request) (int, any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, route)
		fault := Fault(-1)
		if queue := s.faults[route]; len(queue) > 0 {
			fault, s.faults[route] = queue[0], queue[1:]
		}
		s.mu.Unlock()
		switch fault {
		case Cut:
			panic(http.ErrAbortHandler)
		case Broken:
			answer(w, 500, map[string]string{"Err": ""})
			return
		case Limited:
			answer(w, 429, map[string]any{"errcode": "M_LIMIT_EXCEEDED", "error": "You are sending too many requests too quickly!", "retry_after_ms": 500})
			return
		}
		status, body := handle(r)
		switch fault {
		case Lost:
			panic(http.ErrAbortHandler)
		case Failed:
			status, body = 500, matrixError("M_UNKNOWN", "failed to create device")
		}
		answer(w, status, body)
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

func matrixError(code, text string) map[string]string {
	return map[string]string{"errcode": code, "error": text}
}

func (s *Server) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(query, args...); err != nil {
		s.t.Errorf("fake Dendrite: %v", err)
	}
}
