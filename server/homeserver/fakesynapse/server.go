// SPDX-License-Identifier: Apache-2.0

// Package fakesynapse is as much of a Synapse as the adapter's unit tests take, in memory. It answers with the shapes and
// errors of Synapse 1.163.2 and refuses every path that a real one lacks. The adapter's tests run on it and on a real one, so
// that it cannot drift.
package fakesynapse

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say what kind of Synapse it is.
type Options struct {
	Version string // default 1.163.2
	Secret  string // registration_shared_secret; "" for none
	// MAS has accounts delegated to Matrix Authentication Service: a dozen endpoints are not there.
	MAS bool
	// Introspect asks MAS about a token, where MAS is there to be asked (see mas.go).
	Introspect func(token string) (Grant, error)
	// Logins bounds how many sign-ins an address may try before it is refused (rc_login.address); 0 for no bound.
	Logins int
	// NoForwardedFor ignores X-Forwarded-For, as a listener without `x_forwarded` does.
	NoForwardedFor bool
	// Registration says what registration takes: "token", "open", or "" where nobody registers.
	Registration string
	// Notices has server notices turned on.
	Notices bool
	// Validity has accounts expire (account_validity).
	Validity bool
	// Public is the address in the well-known document; "" for no document.
	Public string
}

// Server is the fake. Its server name is localhost.
type Server struct {
	URL     string
	options Options

	mu       sync.Mutex
	users    map[string]*user
	tokens   map[string]session
	nonces   map[string]bool
	rooms    map[string]*room
	tasks    map[string]map[string]any // redactions, as their status is told
	logins   map[string]int
	ips      map[string][]string
	regs     []*registrationToken
	media    []*media
	notices  []Notice
	sent     map[string]any // answers by transaction
	requests []string
	next     int
}

type session struct {
	user   *user
	device string
	puppet bool  // it was made by sign-in as; it has no device
	until  int64 // unix milliseconds; 0: it does not end
	admin  bool  // may use the admin API
}

// New starts a fake that ends with the test.
func New(t testing.TB, options Options) *Server {
	if options.Version == "" {
		options.Version = "1.163.2"
	}
	f := &Server{
		options: options, users: map[string]*user{}, tokens: map[string]session{}, nonces: map[string]bool{},
		logins: map[string]int{}, ips: map[string][]string{}, sent: map[string]any{},
		rooms: map[string]*room{}, tasks: map[string]map[string]any{},
	}
	h := httptest.NewServer(f)
	t.Cleanup(h.Close)
	f.URL = h.URL
	return f
}

// Requests returns every request since the start, as "METHOD path".
func (f *Server) Requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.requests...)
}

// AddUser puts an account there with fields that no endpoint sets, `is_guest` for one; the fields are those of the admin API.
func (f *Server) AddUser(localpart string, set func(Fields)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.add(localpart)
	set(u.fields)
}

// Token signs an account in and returns its token.
func (f *Server) Token(id string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, token := f.signIn(f.users[id], "", "Test")
	return token
}

// Fields are what the admin API tells of one account.
type Fields map[string]any

// failure is an answer that is an error; handlers panic with it and ServeHTTP writes it.
type failure struct {
	status  int
	errcode string
	text    string
	more    map[string]any
}

func fail(status int, errcode, text string) {
	panic(failure{status, errcode, text, nil})
}

// call is a request on its way through the fake.
type call struct {
	r      *http.Request
	parts  []string // the path's segments, decoded once each
	body   map[string]any
	who    session
	status int
}

// ServeHTTP implements http.Handler.
func (f *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, r.Method+" "+r.URL.EscapedPath())
	w.Header().Set("Server", "Synapse/"+f.options.Version)
	w.Header().Set("Content-Type", "application/json")
	defer func() {
		switch e := recover().(type) {
		case nil:
		case failure:
			body := map[string]any{}
			if e.errcode != "" { // the steps of a sign-in have none
				body["errcode"], body["error"] = e.errcode, e.text
			}
			for k, v := range e.more {
				body[k] = v
			}
			w.WriteHeader(e.status)
			_ = json.NewEncoder(w).Encode(body)
		default:
			panic(e)
		}
	}()
	c := &call{r: r, status: http.StatusOK}
	out := f.route(c)
	if p, ok := out.(picture); ok {
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(p)
		return
	}
	w.WriteHeader(c.status)
	_ = json.NewEncoder(w).Encode(out)
}

// endpoint is a path of the real server and what answers it.
type endpoint struct {
	method, path string
	handle       func(*Server, *call) any
	open         bool // needs no token
	person       bool // needs a token, but no administrator's
	noMAS        bool // is not there with MAS
}

var endpoints = []endpoint{
	{"GET", "/_synapse/admin/v1/server_version", (*Server).version, true, false, false},
	{"GET", "/_synapse/admin/v1/register", (*Server).nonce, true, false, true},
	{"POST", "/_synapse/admin/v1/register", (*Server).register, true, false, true},
	{"GET", "/_matrix/federation/v1/version", (*Server).federationVersion, true, false, false},
	{"GET", "/_matrix/client/versions", (*Server).versions, true, false, false},
	{"GET", "/_matrix/key/v2/server", (*Server).signingKeys, true, false, false},
	{"GET", "/_matrix/client/v1/auth_metadata", (*Server).authMetadata, true, false, false},
	{"GET", "/.well-known/matrix/client", (*Server).wellKnown, true, false, false},
	{"POST", "/_matrix/client/v3/login", (*Server).login, true, false, true},
	{"POST", "/_matrix/client/v3/logout", (*Server).logout, false, true, true},
	{"GET", "/_matrix/client/v3/account/whoami", (*Server).whoami, false, true, false},
	{"GET", "/_synapse/admin/v3/users", (*Server).list, false, false, false},
	{"GET", "/_synapse/admin/v2/users", (*Server).list, false, false, false},
	{"GET", "/_synapse/admin/v2/users/{}", (*Server).get, false, false, false},
	{"PUT", "/_synapse/admin/v2/users/{}", (*Server).put, false, false, false},
	{"GET", "/_synapse/admin/v2/users/{}/devices", (*Server).devices, false, false, false},
	{"POST", "/_synapse/admin/v2/users/{}/delete_devices", (*Server).deleteDevices, false, false, false},
	{"GET", "/_synapse/admin/v1/username_available", (*Server).available, false, false, false},
	{"GET", "/_synapse/admin/v1/threepid/{}/users/{}", (*Server).byThreepid, false, false, false},
	{"GET", "/_synapse/admin/v1/auth_providers/{}/users/{}", (*Server).byIdentity, false, false, false},
	{"POST", "/_synapse/admin/v1/reset_password/{}", (*Server).resetPassword, false, false, true},
	{"POST", "/_synapse/admin/v1/deactivate/{}", (*Server).deactivate, false, false, false},
	{"GET", "/_synapse/admin/v1/whois/{}", (*Server).whois, false, false, false},
	{"POST", "/_matrix/client/v3/register", (*Server).publicRegister, true, false, true},
	{"GET", "/_synapse/admin/v1/registration_tokens", (*Server).listTokens, false, false, true},
	{"POST", "/_synapse/admin/v1/registration_tokens/new", (*Server).newToken, false, false, true},
	{"GET", "/_synapse/admin/v1/registration_tokens/{}", (*Server).getToken, false, false, true},
	{"PUT", "/_synapse/admin/v1/registration_tokens/{}", (*Server).putToken, false, false, true},
	{"DELETE", "/_synapse/admin/v1/registration_tokens/{}", (*Server).deleteToken, false, false, true},
	{"POST", "/_matrix/media/v3/upload", (*Server).upload, false, true, false},
	{"GET", "/_matrix/client/v1/media/thumbnail/{}/{}", (*Server).thumbnail, false, true, false},
	{"GET", "/_synapse/admin/v1/users/{}/media", (*Server).listMedia, false, false, false},
	{"DELETE", "/_synapse/admin/v1/users/{}/media", (*Server).deleteMediaPage, false, false, false},
	{"GET", "/_synapse/admin/v1/statistics/users/media", (*Server).mediaStatistics, false, false, false},
	{"POST", "/_synapse/admin/v1/user/{}/media/quarantine", (*Server).quarantineAll, false, false, false},
	{"POST", "/_synapse/admin/v1/media/quarantine/{}/{}", (*Server).quarantine, false, false, false},
	{"POST", "/_synapse/admin/v1/media/unquarantine/{}/{}", (*Server).unquarantine, false, false, false},
	{"POST", "/_synapse/admin/v1/media/protect/{}", (*Server).protect, false, false, false},
	{"POST", "/_synapse/admin/v1/media/unprotect/{}", (*Server).unprotect, false, false, false},
	{"GET", "/_synapse/admin/v1/media/{}/{}", (*Server).getMedia, false, false, false},
	{"DELETE", "/_synapse/admin/v1/media/{}/{}", (*Server).deleteMedia, false, false, false},
	{"POST", "/_synapse/admin/v1/send_server_notice", (*Server).sendNotice, false, false, false},
	{"PUT", "/_synapse/admin/v1/send_server_notice/{}", (*Server).sendNotice, false, false, false},
	{"PUT", "/_synapse/admin/v1/suspend/{}", (*Server).suspend, false, false, false},
	{"POST", "/_synapse/admin/v1/users/{}/shadow_ban", (*Server).shadowBan, false, false, false},
	{"DELETE", "/_synapse/admin/v1/users/{}/shadow_ban", (*Server).shadowBan, false, false, false},
	{"GET", "/_synapse/admin/v1/users/{}/override_ratelimit", (*Server).rateLimit, false, false, false},
	{"POST", "/_synapse/admin/v1/users/{}/override_ratelimit", (*Server).rateLimit, false, false, false},
	{"DELETE", "/_synapse/admin/v1/users/{}/override_ratelimit", (*Server).rateLimit, false, false, false},
	{"GET", "/_synapse/admin/v1/experimental_features/{}", (*Server).features, false, false, false},
	{"PUT", "/_synapse/admin/v1/experimental_features/{}", (*Server).features, false, false, false},
	{"POST", "/_synapse/admin/v1/account_validity/validity", (*Server).validity, false, false, true},
	{"POST", "/_synapse/admin/v1/users/{}/_allow_cross_signing_replacement_without_uia", (*Server).allowKeyReset, false, false, false},
	{"POST", "/_matrix/client/v3/keys/device_signing/upload", (*Server).uploadKeys, false, true, false},
	{"POST", "/_synapse/admin/v1/users/{}/login", (*Server).signInAs, false, false, true},
	{"POST", "/_synapse/admin/v2/users/{}/devices", (*Server).createDevice, false, false, false},
	{"PUT", "/_synapse/admin/v2/users/{}/devices/{}", (*Server).renameDevice, false, false, false},
}

// since are the versions that endpoints came with, where the adapter cares.
var since = map[string][2]int{
	"GET /_synapse/admin/v3/users":                                                  {1, 103},
	"GET /_synapse/admin/v1/media/{}/{}":                                            {1, 140},
	"GET /_matrix/client/v1/media/thumbnail/{}/{}":                                  {1, 111},
	"GET /_synapse/admin/v1/registration_tokens":                                    {1, 42},
	"POST /_synapse/admin/v1/registration_tokens/new":                               {1, 42},
	"GET /_synapse/admin/v1/registration_tokens/{}":                                 {1, 42},
	"PUT /_synapse/admin/v1/registration_tokens/{}":                                 {1, 42},
	"DELETE /_synapse/admin/v1/registration_tokens/{}":                              {1, 42},
	"PUT /_synapse/admin/v1/suspend/{}":                                             {1, 122},
	"DELETE /_synapse/admin/v1/users/{}/shadow_ban":                                 {1, 48},
	"GET /_synapse/admin/v1/users/{}/override_ratelimit":                            {1, 32},
	"POST /_synapse/admin/v1/users/{}/override_ratelimit":                           {1, 32},
	"DELETE /_synapse/admin/v1/users/{}/override_ratelimit":                         {1, 32},
	"GET /_synapse/admin/v1/experimental_features/{}":                               {1, 83},
	"PUT /_synapse/admin/v1/experimental_features/{}":                               {1, 83},
	"POST /_synapse/admin/v1/users/{}/_allow_cross_signing_replacement_without_uia": {1, 97},
	"POST /_synapse/admin/v1/users/{}/login":                                        {1, 24},
	"POST /_synapse/admin/v2/users/{}/devices":                                      {1, 85},
	"GET /_synapse/admin/v1/users/{}/memberships":                                   {1, 145},
	"GET /_synapse/admin/v1/users/{}/sent_invite_count":                             {1, 122},
	"GET /_synapse/admin/v1/users/{}/cumulative_joined_room_count":                  {1, 122},
	"POST /_synapse/admin/v1/user/{}/redact":                                        {1, 116},
	"GET /_synapse/admin/v1/user/redact_status/{}":                                  {1, 116},
}

// there reports whether this version, so configured, has an endpoint.
func (f *Server) there(e endpoint) bool {
	v, ok := since[e.method+" "+e.path]
	return !(e.noMAS && f.options.MAS) && !(ok && f.older(v[0], v[1]))
}

// route finds the endpoint and checks the token and the body, in Synapse's order.
func (f *Server) route(c *call) any {
	wrongVerb := false
	for _, e := range slices.Concat(endpoints, activityEndpoints) {
		if !f.there(e) || !c.match(e.path) {
			continue
		}
		if e.method != c.r.Method {
			wrongVerb = true
			continue
		}
		if !e.open {
			c.who = f.authenticate(c)
			if !e.person && !c.who.admin {
				fail(403, "M_FORBIDDEN", "You are not a server admin")
			}
		}
		if c.r.Method != http.MethodGet && c.r.Method != http.MethodDelete && !strings.Contains(e.path, "/media") {
			if json.NewDecoder(c.r.Body).Decode(&c.body) != nil {
				fail(400, "M_NOT_JSON", "Content not JSON.")
			}
		}
		return e.handle(f, c)
	}
	if wrongVerb {
		fail(405, "M_UNRECOGNIZED", "Unrecognized request")
	}
	fail(404, "M_UNRECOGNIZED", "Unrecognized request")
	return nil
}

// match compares the path segment by segment, as it was sent, and decodes those that are values.
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

func (f *Server) authenticate(c *call) session {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		fail(401, "M_MISSING_TOKEN", "Missing access token")
	}
	if f.options.Introspect != nil {
		return f.introspect(c, token)
	}
	s, ok := f.tokens[token]
	switch {
	case !ok:
		panic(failure{401, "M_UNKNOWN_TOKEN", "Invalid access token passed.", map[string]any{"soft_logout": false}})
	case s.until != 0 && s.until <= time.Now().UnixMilli():
		panic(failure{401, "M_UNKNOWN_TOKEN", "Access token has expired", map[string]any{"soft_logout": true}})
	case s.user.is("locked"):
		panic(failure{401, "M_USER_LOCKED", "User account has been locked", map[string]any{"soft_logout": true}})
	}
	if s.user.until != 0 && s.user.until <= time.Now().UnixMilli() {
		fail(403, "ORG_MATRIX_EXPIRED_ACCOUNT", "User account has expired")
	}
	if !s.puppet {
		s.user.seen[s.device] = time.Now().UnixMilli()
	}
	f.ips[s.user.id()] = append(f.ips[s.user.id()], f.address(c))
	s.admin = s.user.is("admin")
	return s
}

func (f *Server) address(c *call) string {
	if forwarded := c.r.Header.Get("X-Forwarded-For"); forwarded != "" && !f.options.NoForwardedFor {
		return strings.TrimSpace(strings.Split(forwarded, ",")[0])
	}
	return "127.0.0.1"
}

func (f *Server) older(major, minor int) bool {
	var a, b int
	_, _ = fmt.Sscanf(f.options.Version, "%d.%d", &a, &b)
	return a < major || (a == major && b < minor)
}

func (f *Server) random(prefix string) string {
	f.next++
	return fmt.Sprintf("%s%d", prefix, f.next)
}

func (f *Server) version(*call) any { return map[string]any{"server_version": f.options.Version} }

func (f *Server) federationVersion(*call) any {
	return map[string]any{"server": map[string]any{"name": "Synapse", "version": f.options.Version}}
}

func (f *Server) versions(*call) any { return map[string]any{"versions": []string{"r0.6.1", "v1.15"}} }

func (f *Server) signingKeys(*call) any { return map[string]any{"server_name": "localhost"} }

func (f *Server) authMetadata(*call) any {
	if !f.options.MAS {
		fail(404, "M_UNRECOGNIZED", "Unrecognized request")
	}
	return map[string]any{"issuer": "https://auth.localhost/"}
}

func (f *Server) wellKnown(*call) any {
	if f.options.Public == "" {
		fail(404, "M_NOT_FOUND", ".well-known not available")
	}
	return map[string]any{"m.homeserver": map[string]any{"base_url": f.options.Public}}
}

func now() int64 { return time.Now().Unix() }
