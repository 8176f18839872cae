// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/app/api"
)

// serve starts a server and returns a client for it.
func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	c := New(s.URL+"/", time.Second)
	t.Cleanup(func() { c.Close(); s.Close() })
	return c
}

func TestAt(t *testing.T) {
	const user template = "/_synapse/admin/v2/users/{}/devices"
	for _, tt := range []struct{ id, want string }{
		{"@alice:example.org", "/_synapse/admin/v2/users/@alice:example.org/devices"},
		{"@a/b:example.org", "/_synapse/admin/v2/users/@a%2Fb:example.org/devices"},
		{"@a%2Fb:example.org", "/_synapse/admin/v2/users/@a%252Fb:example.org/devices"},
		{"@a?b#c:example.org", "/_synapse/admin/v2/users/@a%3Fb%23c:example.org/devices"},
		{"@../..:example.org", "/_synapse/admin/v2/users/@..%2F..:example.org/devices"},
		{"@é:example.org", "/_synapse/admin/v2/users/@%C3%A9:example.org/devices"},
		{"@a+b c:[::1]:8448", "/_synapse/admin/v2/users/@a+b%20c:%5B::1%5D:8448/devices"},
	} {
		p := At(user, tt.id)
		if p.err != nil || p.String() != tt.want {
			t.Errorf("At(%q) = %q, %v; want %q", tt.id, p, p.err, tt.want)
		}
	}
	for _, p := range []Path{At("/x/{}", ""), At("/x/{}", "."), At("/x/{}", ".."), At("/x/{}"), At("/x", "y")} {
		if p.err == nil {
			t.Errorf("%q was accepted", p)
		}
	}
}

// The path that arrives must decode to the very segments that were given, whatever is in them.
func FuzzAt(f *testing.F) {
	f.Add("@a:b", "x/y")
	f.Add("..", "%2e%2e")
	f.Add("a?b", "#c;d")
	f.Fuzz(func(t *testing.T, a, b string) {
		p := At("/one/{}/two/{}", a, b)
		if p.err != nil {
			return
		}
		req, err := http.NewRequest(http.MethodGet, "http://h"+p.String(), nil)
		if err != nil {
			t.Fatalf("%q: %v", p, err)
		}
		parts := strings.Split(req.URL.EscapedPath(), "/")
		if len(parts) != 5 || req.URL.RawQuery != "" || req.URL.Fragment != "" {
			t.Fatalf("%q became %v", p, parts)
		}
		for i, want := range map[int]string{1: "one", 2: a, 3: "two", 4: b} {
			if got, err := url.PathUnescape(parts[i]); err != nil || got != want {
				t.Fatalf("segment %d of %q is %q, %v; want %q", i, p, got, err, want)
			}
		}
	})
}

func TestDoSends(t *testing.T) {
	var got *http.Request
	var body []byte
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("Server", "Synapse/1.163.2")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"a":1}`)
	})
	var out struct{ A int }
	answer, err := c.Do(t.Context(), Call{
		Method:       http.MethodPut,
		Path:         At("/x/{}", "a/b"),
		Query:        url.Values{"name": {"a+b c"}},
		Token:        api.NewSecret("tok"),
		Body:         map[string]any{"password": api.NewSecret("pw")},
		ForwardedFor: "192.0.2.1",
	}, &out)
	if err != nil || out.A != 1 || answer.Status != http.StatusCreated || answer.Server != "Synapse/1.163.2" || answer.Date.IsZero() {
		t.Fatalf("answer %+v, %v, out %+v", answer, err, out)
	}
	if got.RequestURI != "/x/a%2Fb?name=a%2Bb+c" || got.Header.Get("Authorization") != "Bearer tok" ||
		got.Header.Get("X-Forwarded-For") != "192.0.2.1" || got.Header.Get("Content-Type") != "application/json" || string(body) != `{"password":"pw"}` {
		t.Errorf("sent %s %v %s", got.RequestURI, got.Header, body)
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name            string
		status          int
		header          http.Header
		body            string
		want            Error
		unknown         bool
		code            string
		unrecognized    bool
		notFound, token bool
	}{
		{name: "errcode", status: 403, body: `{"errcode":"M_UNKNOWN","error":"HMAC incorrect"}`, want: Error{Errcode: "M_UNKNOWN", Text: "HMAC incorrect"}, code: "homeserver_refused"},
		{name: "message", status: 500, body: `{"message":"incorrect or expired nonce"}`, want: Error{Text: "incorrect or expired nonce"}, code: "homeserver_error"},
		{name: "Err", status: 500, body: `{"Err":"x"}`, want: Error{Text: "x"}, code: "homeserver_error"},
		{name: "no errcode", status: 409, body: `{"error":"exists"}`, want: Error{Text: "exists"}, code: "homeserver_refused"},
		{name: "errcode on 200", status: 200, body: `{"errcode":"M_NOT_FOUND","error":"no"}`, want: Error{Errcode: "M_NOT_FOUND", Text: "no"}, code: "homeserver_refused"},
		{name: "unrecognized", status: 404, body: `{"errcode":"M_UNRECOGNIZED"}`, want: Error{Errcode: "M_UNRECOGNIZED"}, unrecognized: true, code: "not_supported"},
		{name: "wrong verb", status: 405, body: `{"errcode":"M_UNRECOGNIZED"}`, want: Error{Errcode: "M_UNRECOGNIZED"}, unrecognized: true, code: "not_supported"},
		{name: "absent", status: 404, body: `{"errcode":"M_NOT_FOUND","error":"User not found"}`, want: Error{Errcode: "M_NOT_FOUND", Text: "User not found"}, notFound: true, code: "not_found"},
		{name: "page of a proxy", status: 404, body: `<html>`, code: "homeserver_hidden"},
		{name: "bad gateway", status: 502, body: `<html>`, unknown: true, code: "homeserver_down"},
		{name: "JSON that is no object", status: 503, body: `[]`, unknown: true, code: "homeserver_down"},
		{name: "limited by header", status: 429, header: http.Header{"Retry-After": {"332"}}, body: `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":null}`, want: Error{Errcode: "M_LIMIT_EXCEEDED", RetryAfter: 332 * time.Second}, code: "homeserver_limited"},
		{name: "limited by field", status: 429, body: `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1500}`, want: Error{Errcode: "M_LIMIT_EXCEEDED", RetryAfter: 1500 * time.Millisecond}, code: "homeserver_limited"},
		{name: "limited by a proxy", status: 429, body: `slow down`, code: "homeserver_limited"},
		{name: "dead token", status: 401, body: `{"errcode":"M_UNKNOWN_TOKEN","error":"x","soft_logout":true}`, want: Error{Errcode: "M_UNKNOWN_TOKEN", Text: "x", SoftLogout: true}, token: true, code: "homeserver_token_dead"},
		{name: "another step of a sign-in", status: 401, body: `{"flows":[],"session":"s"}`, code: "homeserver_hidden"},
		{name: "no administrator", status: 403, body: `{"errcode":"M_FORBIDDEN","error":"You are not a server admin"}`, want: Error{Errcode: "M_FORBIDDEN", Text: "You are not a server admin"}, code: "homeserver_not_admin"},
		{name: "hostile text", status: 400, body: `{"errcode":"M_UNKNOWN","error":"a\u0000\u001b[1m\u202e\nb` + strings.Repeat("é", 400) + `"}`, want: Error{Errcode: "M_UNKNOWN", Text: "a[1m b" + strings.Repeat("é", 294) + "…"}, code: "homeserver_refused"},
		{name: "error of another type", status: 400, body: `{"errcode":5,"error":{}}`, code: "homeserver_hidden"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			})
			_, err := c.Do(t.Context(), Call{Method: http.MethodPost, Path: At("/x")}, nil)
			got, ok := As(err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			tt.want.Status = tt.status
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got %+v, want %+v", *got, tt.want)
			}
			if Unknown(err) != tt.unknown || Unrecognized(err) != tt.unrecognized || NotFound(err) != tt.notFound || TokenDead(err) != tt.token {
				t.Errorf("unknown %t, unrecognized %t, not found %t, token dead %t", Unknown(err), Unrecognized(err), NotFound(err), TokenDead(err))
			}
			if p := Problem(err); p.Code != tt.code {
				t.Errorf("problem %+v, want %s", p, tt.code)
			}
		})
	}
}

func TestRetryAfterReachesThePerson(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":270100}`)
	})
	_, err := c.Do(t.Context(), Call{Method: http.MethodPost, Path: At("/x")}, nil)
	if p := Problem(err); p.Status != 429 || p.Params["wait"] != "271" || p.RetryMS != 270100 {
		t.Errorf("problem %+v", p)
	}
}

func TestNoRedirect(t *testing.T) {
	var calls atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	_, err := c.Do(t.Context(), Call{Method: http.MethodGet, Path: At("/x"), Token: api.NewSecret("tok")}, nil)
	if p := Problem(err); p.Code != "homeserver_redirects" || p.Params["location"] != "/elsewhere" || calls.Load() != 1 {
		t.Errorf("problem %+v after %d calls", p, calls.Load())
	}
}

func TestAnswersAreBounded(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, io.MultiReader(strings.NewReader(`{"a":"`), io.LimitReader(endless{}, maxAnswer), strings.NewReader(`"}`)))
	})
	_, err := c.Do(t.Context(), Call{Method: http.MethodGet, Path: At("/x")}, nil)
	if e, ok := As(err); !ok || e.Kind != Odd {
		t.Errorf("error %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestFailuresOfTheNetwork(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	broken := func(calls *atomic.Int32) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}
	}
	for _, tt := range []struct {
		name, method string
		serve        func(calls *atomic.Int32) http.HandlerFunc
		kind         Kind
		unknown      bool
		code         string
		calls        int32
	}{
		{"a lost write is not repeated", http.MethodPost, broken, Lost, true, "homeserver_down", 1},
		{"a lost PUT is not repeated", http.MethodPut, broken, Lost, true, "homeserver_down", 1},
		{"a lost read is repeated", http.MethodGet, broken, Lost, true, "homeserver_down", 2},
		{"no answer", http.MethodPost, func(calls *atomic.Int32) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) { calls.Add(1); <-hang }
		}, TimedOut, true, "homeserver_timeout", 1},
		{"no end of the answer", http.MethodGet, func(calls *atomic.Int32) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				fmt.Fprint(w, "{")
				w.(http.Flusher).Flush()
				<-hang
			}
		}, TimedOut, true, "homeserver_timeout", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var calls atomic.Int32
			s := httptest.NewServer(tt.serve(&calls))
			c := New(s.URL, 200*time.Millisecond, WithTransport(&http.Transport{DisableKeepAlives: true}))
			t.Cleanup(func() { s.CloseClientConnections() })
			_, err := c.Do(t.Context(), Call{Method: tt.method, Path: At("/x")}, nil)
			e, ok := As(err)
			if !ok || e.Kind != tt.kind || Unknown(err) != tt.unknown || Problem(err).Code != tt.code || calls.Load() != tt.calls {
				t.Errorf("error %v (%+v), calls %d", err, e, calls.Load())
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		s := httptest.NewServer(nil)
		s.Close()
		_, err := New(s.URL, time.Second).Do(t.Context(), Call{Method: http.MethodPost, Path: At("/x")}, nil)
		if e, ok := As(err); !ok || e.Kind != Down || Unknown(err) || Problem(err).Code != "homeserver_down" {
			t.Errorf("error %v", err)
		}
	})
	t.Run("refused path", func(t *testing.T) {
		_, err := New("http://127.0.0.1:1", time.Second).Do(t.Context(), Call{Method: http.MethodPost, Path: At("/x/{}", "..")}, nil)
		if e, ok := As(err); !ok || e.Kind != Unsent || Unknown(err) || Problem(err).Code != "invalid_request" {
			t.Errorf("error %v", err)
		}
	})
}

// A server that quotes what it was given must not make a secret of ours visible, nor may the error itself.
func TestNoSecretInErrors(t *testing.T) {
	const token, password = "canary-token", "canary-password"
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text, _ := json.Marshal(strings.Repeat("x", 280) + r.Header.Get("Authorization") + string(body))
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errcode":"M_UNKNOWN","error":%s}`, text)
	})
	type inner struct{ Password *api.Secret }
	secret := api.NewSecret(password)
	for _, body := range []any{
		map[string]any{"password": secret},
		struct{ List []inner }{[]inner{{&secret}}},
	} {
		_, err := c.Do(t.Context(), Call{Method: http.MethodPost, Path: At("/x"), Token: api.NewSecret(token), Body: body}, nil)
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Error("x", "err", err, "problem", Problem(err))
		for _, seen := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, Problem(err)), log.String()} {
			if strings.Contains(seen, "canary") {
				t.Errorf("a secret shows in %s", seen)
			}
		}
	}
}

// A secret that JSON writes another way is one in that way, too.
func TestNoSecretInQuotedBodies(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text, _ := json.Marshal(string(body))
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errcode":"M_UNKNOWN","error":%s}`, text)
	})
	for _, password := range []string{`canary`, `"canary"`, `canary\`, "<canary>&", "canary\té"} {
		_, err := c.Do(t.Context(), Call{Method: http.MethodPost, Path: At("/x"), Body: map[string]any{"password": api.NewSecret(password)}}, nil)
		e, ok := As(err)
		if !ok || strings.Contains(e.Text, "canary") || !strings.Contains(e.Text, api.Redacted) {
			t.Errorf("%q: %v", password, err)
		}
	}
}

// Whatever an error's body is, what is kept of it can be shown.
func FuzzDecodeError(f *testing.F) {
	f.Add(400, `{"errcode":"M_UNKNOWN","error":"x"}`, "5")
	f.Add(500, `{"message":"\u202e\u0007"}`, "")
	f.Add(429, `{"retry_after_ms":1e300}`, "-1")
	f.Add(302, `<html>`, "99999999999999")
	f.Fuzz(func(t *testing.T, status int, body, retry string) {
		resp := &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retry}, "Location": {body}}}
		e := decodeError(resp, []byte(body), Call{})
		if e == nil {
			return
		}
		for _, s := range []string{e.Text, e.Errcode, e.Location} {
			if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxText+1 || strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("kept %q", s)
			}
		}
		if e.RetryAfter < 0 || e.RetryAfter > 24*time.Hour {
			t.Errorf("wait %s", e.RetryAfter)
		}
		if p := Problem(e); p.Code == "" || p.Status < 400 {
			t.Errorf("problem %+v", p)
		}
	})
}

func TestProblemOfOthers(t *testing.T) {
	known := api.NewProblem(409, "changed_meanwhile")
	if Problem(fmt.Errorf("x: %w", known)) != known {
		t.Error("a problem was replaced")
	}
	if p := Problem(context.DeadlineExceeded); p.Code != "homeserver_timeout" {
		t.Errorf("problem %+v", p)
	}
	if p := Problem(io.EOF); p.Code != "internal" {
		t.Errorf("problem %+v", p)
	}
}
