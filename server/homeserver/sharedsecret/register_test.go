// SPDX-License-Identifier: Apache-2.0

package sharedsecret

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

const secret = "right secret"

// server is as much of a homeserver as registering takes. Its answers are those of the two servers' source.
type server struct {
	t    *testing.T
	kind Kind

	mu       sync.Mutex
	secret   string // "": none configured
	nonces   int
	stale    int // how many nonces to forget before they are used
	accounts map[string]string
	tokens   map[string]bool
	calls    []string
	posted   map[string]any
}

func start(t *testing.T, kind Kind) (*server, *matrix.Client) {
	s := &server{t: t, kind: kind, secret: secret, accounts: map[string]string{}, tokens: map[string]bool{}}
	h := httptest.NewServer(s)
	c := matrix.New(h.URL, 5*time.Second)
	t.Cleanup(func() { c.Close(); h.Close() })
	return s, c
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	answer := func(status int, format string, args ...any) {
		w.WriteHeader(status)
		fmt.Fprintf(w, format, args...)
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch r.Method + " " + r.URL.Path {
	case "GET /_synapse/admin/v1/register":
		if s.kind == Dendrite && s.secret == "" {
			answer(404, `{"errcode":"M_UNRECOGNIZED"}`)
			return
		}
		s.nonces++
		answer(200, `{"nonce":"nonce%d"}`, s.nonces)
	case "POST /_synapse/admin/v1/register":
		s.register(r, answer)
	case "POST /_matrix/client/v3/logout":
		delete(s.tokens, token)
		answer(200, `{}`)
	case "GET /_matrix/client/v3/account/whoami":
		if !s.tokens[token] {
			answer(401, `{"errcode":"M_UNKNOWN_TOKEN","error":"Invalid access token passed.","soft_logout":false}`)
			return
		}
		answer(200, `{"user_id":"@%s:h"}`, strings.TrimPrefix(token, "token of "))
	default:
		answer(404, `{"errcode":"M_UNRECOGNIZED"}`)
	}
}

func (s *server) register(r *http.Request, answer func(int, string, ...any)) {
	var b struct {
		Nonce, Username, Password, MAC string
		Admin                          bool
		UserType                       string `json:"user_type"`
		NoLogin                        bool   `json:"inhibit_login"`
	}
	body := map[string]any{}
	var raw json.RawMessage
	if json.NewDecoder(r.Body).Decode(&raw) != nil || json.Unmarshal(raw, &body) != nil || json.Unmarshal(raw, &b) != nil {
		s.t.Error("no JSON object was posted")
	}
	s.posted = body
	mac, _ := MAC(api.NewSecret(s.secret), b.Nonce, b.Username, api.NewSecret(b.Password), b.Admin, b.UserType)
	switch {
	case s.secret == "":
		answer(400, `{"errcode":"M_UNKNOWN","error":"Shared secret registration is not enabled"}`)
	case b.Nonce != fmt.Sprintf("nonce%d", s.nonces) || s.stale > 0:
		s.stale--
		if s.kind == Dendrite {
			answer(500, `{"message":"incorrect or expired nonce: %s"}`, b.Nonce)
			return
		}
		answer(400, `{"errcode":"M_UNKNOWN","error":"unrecognised nonce"}`)
	case mac != b.MAC && s.kind == Dendrite:
		answer(403, `{"errcode":"M_FORBIDDEN","error":"bad mac"}`)
	case mac != b.MAC:
		answer(403, `{"errcode":"M_UNKNOWN","error":"HMAC incorrect"}`)
	case b.Username == "" || b.Username[0] == '_':
		answer(400, `{"errcode":"M_INVALID_USERNAME","error":"User ID may not begin with _"}`)
	case s.accounts[b.Username] != "":
		answer(400, `{"errcode":"M_USER_IN_USE","error":"User ID already taken."}`)
	case b.NoLogin && s.kind == Synapse:
		s.accounts[b.Username] = b.Password
		answer(200, `{"user_id":"@%s:h","home_server":"h"}`, b.Username)
	default:
		s.accounts[b.Username] = b.Password
		s.tokens["token of "+b.Username] = true
		answer(200, `{"user_id":"@%[1]s:h","access_token":"token of %[1]s","device_id":"D"}`, b.Username)
	}
}

func TestRegister(t *testing.T) {
	alice := Account{Username: "alice", Password: api.NewSecret("wonderland"), DisplayName: "Alice", Admin: true}
	for _, kind := range []Kind{Synapse, Dendrite} {
		t.Run(string(kind), func(t *testing.T) {
			s, c := start(t, kind)
			r := NewRegistrar(c, kind, api.NewSecret(secret), nil)
			done, err := r.Register(t.Context(), alice)
			if err != nil || done.ID != "@alice:h" || done.Token.IsZero() != (kind == Synapse) {
				t.Fatalf("%+v, %v", done, err)
			}
			if s.posted["inhibit_login"] != true || s.posted["displayname"] != "Alice" || s.posted["admin"] != true || s.accounts["alice"] != "wonderland" {
				t.Errorf("posted %v", s.posted)
			}
			if _, has := s.posted["user_type"]; has {
				t.Error("a user type was sent that nobody asked for")
			}
			if _, err = r.Register(t.Context(), alice); Problem(err).Code != "name_in_use" || Problem(err).Fields[0].Field != "localpart" {
				t.Errorf("twice: %v", err)
			}
		})
	}
}

func TestStaleNonceIsReplacedOnce(t *testing.T) {
	for _, kind := range []Kind{Synapse, Dendrite} {
		for stale, ok := range map[int]bool{1: true, 2: false} {
			s, c := start(t, kind)
			s.stale = stale
			_, err := NewRegistrar(c, kind, api.NewSecret(secret), nil).Register(t.Context(), Account{Username: "alice", Password: api.NewSecret("wonderland")})
			if (err == nil) != ok || len(s.calls) != 4 {
				t.Errorf("%s, %d stale: %v after %v", kind, stale, err, s.calls)
			}
		}
	}
}

func TestProve(t *testing.T) {
	for _, tt := range []struct {
		name         string
		kind         Kind
		mine, theirs string
		want         error
		code         string
	}{
		{"right", Synapse, secret, secret, nil, ""},
		{"wrong", Synapse, "x", secret, ErrWrong, "homeserver_secret_wrong"},
		{"none there", Synapse, secret, "", ErrNotConfigured, "homeserver_secret_missing"},
		{"none here", Synapse, "", secret, ErrNotConfigured, "homeserver_secret_missing"},
		{"right", Dendrite, secret, secret, nil, ""},
		{"wrong", Dendrite, "x", secret, ErrWrong, "homeserver_secret_wrong"},
		{"none there", Dendrite, secret, "", ErrNotConfigured, "homeserver_secret_missing"},
	} {
		t.Run(string(tt.kind)+" "+tt.name, func(t *testing.T) {
			s, c := start(t, tt.kind)
			s.secret = tt.theirs
			err := NewRegistrar(c, tt.kind, api.NewSecret(tt.mine), nil).Prove(t.Context())
			if !errors.Is(err, tt.want) || (err != nil) != (tt.want != nil) || len(s.accounts) != 0 {
				t.Errorf("%v, accounts %v", err, s.accounts)
			}
			if err != nil && Problem(err).Code != tt.code {
				t.Errorf("problem %v", Problem(err))
			}
		})
	}
	t.Run("Synapse with MAS", func(t *testing.T) {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`)
		}))
		defer h.Close()
		err := NewRegistrar(matrix.New(h.URL, time.Second), Synapse, api.NewSecret(secret), nil).Prove(t.Context())
		if !errors.Is(err, ErrDelegated) || Problem(err).Params["reason"] != "mas" {
			t.Errorf("%v", err)
		}
	})
}

// Each waits for its turn, and where it would have to wait for longer than there is time, nothing is sent.
func TestTurns(t *testing.T) {
	s, c := start(t, Synapse)
	var end error
	wait := time.Duration(0)
	r := NewRegistrar(c, Synapse, api.NewSecret(secret), func(context.Context) (time.Duration, error) { return wait, end })
	want := func(err error, calls int) {
		t.Helper()
		soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if got := r.Prove(soon); !errors.Is(got, err) || len(s.calls) != calls {
			t.Errorf("%v after %d calls, want %v after %d", got, len(s.calls), err, calls)
		}
	}
	if err := r.Prove(t.Context()); err != nil || len(s.calls) != 2 {
		t.Errorf("%v after %v", err, s.calls)
	}
	wait = time.Millisecond
	if err := r.Prove(t.Context()); err != nil || len(s.calls) != 4 {
		t.Errorf("%v after %v", err, s.calls)
	}
	wait = time.Hour
	want(context.DeadlineExceeded, 4)
	end = errors.New("no turn")
	want(end, 4)
	// A job has a pace of its own.
	if err := r.Prove(homeserver.WithPace(t.Context())); err != nil || len(s.calls) != 6 {
		t.Errorf("a job: %v after %v", err, s.calls)
	}
}
