// SPDX-License-Identifier: Apache-2.0

// Package fakemas is as much of a Matrix Authentication Service as the adapter's unit tests take, in memory, with a fake Synapse that
// leaves its accounts to it. It answers with the shapes and errors of 1.22.0 and refuses what a real one refuses; what that ignores, an
// unknown filter or field, it refuses too, because nobody means to send one.
package fakemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/server/homeserver/fakesynapse"
)

// The client that may use the admin API.
const (
	ClientID     = "01J44RKQYM4G3TNVANTMTDYTX6"
	ClientSecret = "canary-client: secret"
)

// Options say what kind of MAS it is. The zero value is one as the configuration asks for.
type Options struct {
	NotAdminClient bool // policy.data.admin_clients lacks the client
	NoAdminAPI     bool // no listener has the resource adminapi
	NoPasswords    bool // passwords.enabled is false
	NoCompat       bool // no listener has the resource compat
	ServerName     string
	TTL            int64 // seconds that an access token lasts; default 300
	// Held keeps the jobs that tell Synapse of changes until Run.
	Held bool
	// Racing has a job tell what there was when it was queued, and the newest of those that were held go first, as may be where several run at once.
	Racing bool
	// Check is called with every request and its answer.
	Check func(r *http.Request, body []byte, status int, answer []byte)
}

// Server is the fake, and Synapse the one that leaves its accounts to it.
type Server struct {
	URL     string
	Synapse *fakesynapse.Server
	options Options
	// Now is its clock.
	Now func() time.Time

	mu       sync.Mutex
	users    []*User
	emails   []*entry
	links    []*entry
	upstream []*entry
	sessions []*Session
	invites  []*entry // registration tokens
	oauth    []*entry // clients
	policy   *entry   // data that was given at run time
	jobs     []func()
	requests []string
	down     bool // itself
	alone    bool // it does not reach Synapse
	next     int

	tokens map[string]*token
	// told is what Synapse is told of tokens. It asks while it is being told things itself, so it is not held up by mu.
	told atomic.Pointer[answers]
}

// answers are those to Synapse's questions about tokens; nil where MAS is down.
type answers map[string]answer

type answer struct {
	fakesynapse.Grant
	expires time.Time
}

type token struct {
	session *Session
	expires time.Time
}

// User is an account.
type User struct {
	ID, Username, Password string
	Created                time.Time
	Locked, Deactivated    *time.Time
	Admin, Guest           bool
}

// entry is an address, a link or a provider.
type entry struct {
	id      string
	created time.Time
	fields  map[string]any
}

// Session is one of the four kinds.
type Session struct {
	Kind, ID, UserID, ClientID, Scope, Device, Name string
	Owner                                           string // of a personal session, a user; "" where the client made it
	Created                                         time.Time
	Finished                                        *time.Time
	Expires                                         *time.Time
	token                                           string
}

// New starts a fake, with its Synapse, that ends with the test.
func New(t testing.TB, options Options) *Server {
	if options.TTL == 0 {
		options.TTL = 300
	}
	if options.ServerName == "" {
		options.ServerName = "localhost"
	}
	f := &Server{options: options, Now: time.Now, tokens: map[string]*token{}}
	f.oauth = []*entry{{id: ClientID, created: f.Now(), fields: map[string]any{"client_name": "Client of tests"}}}
	f.publish()
	f.Synapse = fakesynapse.New(t, fakesynapse.Options{MAS: true, Introspect: f.introspect})
	h := httptest.NewServer(f)
	t.Cleanup(h.Close)
	f.URL = h.URL
	return f
}

// Down has MAS answer nobody, as a proxy in front of one that is down does; Alone keeps it from Synapse.
func (f *Server) Down(down bool) { f.with(func() { f.down = down }) }

// Alone keeps MAS from reaching Synapse.
func (f *Server) Alone(alone bool) { f.with(func() { f.alone = alone }) }

// Run does the jobs that were held.
func (f *Server) Run() {
	var jobs []func()
	f.with(func() { jobs, f.jobs = f.jobs, nil })
	if f.options.Racing {
		slices.Reverse(jobs)
	}
	for _, job := range jobs {
		job()
	}
}

func (f *Server) with(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	f.publish()
}

// Requests returns every request since the start, as "METHOD path?query".
func (f *Server) Requests() (list []string) {
	f.with(func() { list = slices.Clone(f.requests) })
	return list
}

// introspect is what Synapse is told of a token.
func (f *Server) introspect(text string) (fakesynapse.Grant, error) {
	told := f.told.Load()
	if told == nil {
		return fakesynapse.Grant{}, errors.New("MAS does not answer")
	}
	a, ok := (*told)[text]
	if !ok || f.Now().After(a.expires) {
		return fakesynapse.Grant{}, nil
	}
	return a.Grant, nil
}

// publish makes the answers for Synapse anew.
func (f *Server) publish() {
	if f.down {
		f.told.Store(nil)
		return
	}
	all := answers{}
	for text, t := range f.tokens {
		if t.session.Finished != nil {
			continue
		}
		g := fakesynapse.Grant{Active: true, Scope: t.session.Scope, Device: t.session.Device}
		for _, u := range f.users {
			if u.ID == t.session.UserID {
				g.Active, g.Username = u.Locked == nil && u.Deactivated == nil, u.Username
			}
		}
		all[text] = answer{g, t.expires}
	}
	f.told.Store(&all)
}

// failure is an answer that is an error; handlers panic with it and ServeHTTP writes it.
type failure struct {
	status int
	body   any
}

// fail fails as the admin API does: each further title is the cause of the one before.
func fail(status int, titles ...string) {
	list := make([]map[string]string, 0, len(titles))
	for _, title := range titles {
		list = append(list, map[string]string{"title": title})
	}
	panic(failure{status, map[string]any{"errors": list}})
}

// text fails as axum does, for a body that is not what it should be.
func text(status int, words string) { panic(failure{status, words}) }

// call is a request on its way through the fake.
type call struct {
	r      *http.Request
	parts  []string
	query  url.Values
	body   map[string]any
	raw    []byte
	who    *Session
	status int
}

// ServeHTTP implements http.Handler.
func (f *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var answer bytes.Buffer
	status := f.serve(r, raw, &answer)
	w.Header().Set("Content-Type", kindOf(answer.Bytes()))
	w.WriteHeader(status)
	_, _ = w.Write(answer.Bytes())
	if f.options.Check != nil {
		r.Body = io.NopCloser(bytes.NewReader(raw))
		f.options.Check(r, raw, status, answer.Bytes())
	}
	if !f.options.Held {
		f.Run()
	}
}

func kindOf(body []byte) string {
	switch {
	case bytes.HasPrefix(body, []byte("<")):
		return "text/html"
	case bytes.HasPrefix(body, []byte("{")):
		return "application/json"
	}
	return "text/plain"
}

func (f *Server) serve(r *http.Request, raw []byte, w *bytes.Buffer) (status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.publish()
	f.requests = append(f.requests, r.Method+" "+r.URL.EscapedPath()+question(r.URL.RawQuery))
	defer func() {
		switch e := recover().(type) {
		case nil:
		case failure:
			status = e.status
			w.Reset()
			if s, ok := e.body.(string); ok {
				w.WriteString(s)
				return
			}
			_ = json.NewEncoder(w).Encode(e.body)
		default:
			panic(e)
		}
	}()
	if f.down {
		text(http.StatusBadGateway, "<html>Bad Gateway</html>")
	}
	c := &call{r: r, raw: raw, query: r.URL.Query(), status: http.StatusOK}
	out := f.route(c)
	if out != nil {
		_ = json.NewEncoder(w).Encode(out)
	}
	return c.status
}

func question(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

// random makes an identifier: a ULID that is larger than those before.
func (f *Server) random() string {
	f.next++
	return fmt.Sprintf("01K%023d", f.next)
}

func stamp(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// match compares the path segment by segment, as it was sent.
func (c *call) match(path string) bool {
	have, want := strings.Split(c.r.URL.EscapedPath(), "/"), strings.Split(path, "/")
	if len(have) != len(want) {
		return false
	}
	var parts []string
	for i := range want {
		if want[i] != "{}" {
			if have[i] != want[i] {
				return false
			}
			continue
		}
		part, err := url.PathUnescape(have[i])
		if err != nil {
			return false
		}
		parts = append(parts, part)
	}
	c.parts = parts
	return true
}
