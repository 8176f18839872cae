// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMAC holds the code against vectors computed by Synapse's own script, the
// last one by a running Synapse (Dendrite's register_secret_test.go).
func TestMAC(t *testing.T) {
	const long = "759f047f312b99ff428b21d581256f8592b8976e58bc1b543972dc6147e529a79657605b52d7becd160ff5137f3de11975684319187e06901955f79e5a6c5a79"
	tests := []struct {
		secret, nonce string
		r             Registration
		want          string
	}{
		{"shared_secret", "thisisanonce", Registration{Username: "pepper_roni", Password: "pizza", Admin: true}, "48715842ad67d5dc9a9ee938a3bda4fcfae8d7c7"},
		{"shared_secret", "thisisanonce", Registration{Username: "pepper_roni", Password: "pizza"}, "cf2391885316861a8e3871bfdcd223ab3913221d"},
		{"shared_secret", "thisisanonce", Registration{Username: "pepper_roni", Password: "pizza", UserType: "support"}, "b7f4d18c034bc28e97a674cb1be4ab6c1744abc5"},
		{"sécret ✓", "abcd", Registration{Username: "alice", Password: "päss wörd"}, "fa7c2d5d8ff6bfe365db7b9ed56eaac494b73bab"},
		{"dendritetest", long, Registration{Username: "alice", Password: "wonderland"}, "f1ba8d37123866fd659b40de4bad9b0f8965c565"},
	}
	for _, tt := range tests {
		if got := mac(tt.secret, tt.nonce, tt.r); got != tt.want {
			t.Errorf("mac(%q, %q, %+v) = %s, want %s", tt.secret, tt.nonce, tt.r, got, tt.want)
		}
	}
}

func TestSynapseConfig(t *testing.T) {
	s := &Server{ServerName: "example.org"}
	bare := SynapseOptions{DefaultLimits: true}.config(s, "127.0.0.1:8008")
	full := SynapseOptions{
		SharedSecret: `a"b`, Persistent: true, XForwarded: true, Approval: true, UserTypes: []string{"teacher", "x: y"},
	}.config(s, "127.0.0.1:8008")
	for _, want := range []string{
		`server_name: "example.org"`, "port: 8008", "x_forwarded: true", `registration_shared_secret: "a\"b"`,
		`database: "homeserver.db"`, "msc3866", `extra_user_types: ["teacher", "x: y"]`, "rc_login",
	} {
		if !strings.Contains(full, want) {
			t.Errorf("the full configuration lacks %s:\n%s", want, full)
		}
	}
	for _, unwanted := range []string{"registration_shared_secret", "homeserver.db", "msc3866", "user_types", "rc_", "x_forwarded: true"} {
		if strings.Contains(bare, unwanted) {
			t.Errorf("the bare configuration has %s:\n%s", unwanted, bare)
		}
	}
}

func TestCallReadsEveryKindOfError(t *testing.T) {
	tests := []struct {
		name, body    string
		status        int
		code, message string
	}{
		{"matrix", `{"errcode":"M_FORBIDDEN","error":"no"}`, 403, "M_FORBIDDEN", "no"},
		{"dendrite's other body", `{"message":"nonce"}`, 500, "", ""},
		{"a proxy", "<html>", 502, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(tt.status)
				w.Write([]byte(tt.body))
			}))
			defer server.Close()
			err := (&Server{URL: server.URL}).Call(t.Context(), http.MethodGet, "/x", "", nil, nil)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if e.Status != tt.status || e.Code != tt.code || e.Message != tt.message || string(e.Body) != tt.body {
				t.Errorf("got %+v", e)
			}
			if !strings.Contains(err.Error(), "GET /x") {
				t.Errorf("%q does not say which call failed", err)
			}
		})
	}
}

func TestWaitHealthyGivesUp(t *testing.T) {
	down := httptest.NewServer(http.NotFoundHandler())
	defer down.Close()

	ended := make(chan struct{})
	close(ended)
	if err := WaitHealthy(t.Context(), down.URL, time.Hour, ended); err == nil || !strings.Contains(err.Error(), "ended") {
		t.Errorf("with a server that is gone: %v", err)
	}
	if err := WaitHealthy(t.Context(), down.URL, time.Millisecond, nil); err == nil || !strings.Contains(err.Error(), "1ms") {
		t.Errorf("after the limit: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WaitHealthy(ctx, down.URL, time.Hour, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller has given up: %v", err)
	}
}

func TestRoot(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "tools", "homeserver", "homeserver_test.go")); err != nil {
		t.Error(err)
	}
	t.Chdir(t.TempDir())
	if root, err := Root(); err == nil {
		t.Errorf("outside the repository Root is %s", root)
	}
}

func TestTail(t *testing.T) {
	for _, tt := range []struct {
		text  string
		lines int
		want  string
	}{
		{"a\nb\nc\n", 2, "b\nc"},
		{"a\nb", 5, "a\nb"},
		{"", 3, ""},
		{"a\n\n\n", 1, "a"},
	} {
		if got := string(tail([]byte(tt.text), tt.lines)); got != tt.want {
			t.Errorf("tail(%q, %d) = %q, want %q", tt.text, tt.lines, got, tt.want)
		}
	}
}
