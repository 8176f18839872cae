// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/server/config"
)

// aDendrite answers what init asks of a Dendrite; an administrator's token is "right".
func aDendrite(t *testing.T, secret bool) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := map[string]string{
			"/_matrix/client/versions":          `{"versions":["v1.1"]}`,
			"/_matrix/federation/v1/version":    `{"server":{"name":"Dendrite","version":"0.15.2"}}`,
			"/_dendrite/monitor/up":             `{}`,
			"/_matrix/key/v2/server":            `{"server_name":"hs.example"}`,
			"/_matrix/client/v3/account/whoami": `{"user_id":"@root:hs.example"}`,
			"/_synapse/admin/v1/register":       `{"nonce":"n"}`,
		}[r.URL.Path]
		switch {
		case strings.HasPrefix(r.URL.Path, "/_matrix/client/v3/admin/whois/"):
			body = `{"devices":{}}`
		case strings.HasSuffix(r.URL.Path, "/register") && !secret:
			body = ""
		case strings.HasSuffix(r.URL.Path, "/register") && r.Method == http.MethodPost: // a right MAC, and a name that cannot be
			w.WriteHeader(http.StatusBadRequest)
			body = `{"errcode":"M_INVALID_USERNAME","error":"x"}`
		}
		if token := r.Header.Get("Authorization"); token != "" && token != "Bearer right" {
			w.WriteHeader(http.StatusUnauthorized)
			body = `{"errcode":"M_UNKNOWN_TOKEN","error":"Unknown token"}`
		}
		if body == "" {
			w.WriteHeader(http.StatusNotFound)
			body = `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// init asks a Dendrite without a shared secret for none: its first question about keys is the token.
func TestInitAsksWhatDendriteHas(t *testing.T) {
	for name, tt := range map[string]struct {
		secret                  bool
		answers                 string // key, token, database
		wantSecret, wantedToken string
	}{
		"without a secret":            {false, "right\n\n", "", "right"},
		"with a secret":               {true, "the secret\n\n", "the secret", ""},
		"with one, that is not known": {true, "\nright\n\n", "", "right"},
	} {
		t.Run(name, func(t *testing.T) {
			all := commandIn(t, tt.answers)
			c := initCommand{URL: aDendrite(t, tt.secret), PublicURL: "http://localhost:8765", ClientURL: "-"}
			if err := c.Run(t.Context(), all); err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Load(all.Config, nil)
			if err != nil {
				t.Fatal(err)
			}
			h := cfg.Homeservers["hs.example"]
			if h.Kind != "dendrite" || h.RegistrationSharedSecret.Reveal() != tt.wantSecret || h.AdminToken.Reveal() != tt.wantedToken {
				t.Errorf("%+v", h)
			}
		})
	}
}
