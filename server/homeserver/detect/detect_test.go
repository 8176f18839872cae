// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/server/homeserver/fakesynapse"
	realserver "gatehouse/tools/homeserver"
)

// site answers the paths that it has, and everything else with absent.
func site(t *testing.T, paths map[string]string, absent string, start func(http.Handler) *httptest.Server) *httptest.Server {
	t.Helper()
	s := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, ok := paths[r.URL.Path]; ok {
			fmt.Fprint(w, body)
			return
		}
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, absent)
	}))
	t.Cleanup(s.Close)
	return s
}

const (
	unrecognized = `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`
	page         = `<html>nginx</html>`
	versions     = `{"versions":["r0.0.1","v1.1"]}`
)

func federation(name string) string {
	return fmt.Sprintf(`{"server":{"name":%q,"version":"1.2"}}`, name)
}

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		name   string
		paths  map[string]string
		absent string
		want   Found
		err    string
	}{
		{"Dendrite", map[string]string{"/_matrix/client/versions": versions, "/_dendrite/monitor/up": "", "/_matrix/federation/v1/version": federation("Dendrite"),
			"/_synapse/admin/v1/register": `{"nonce":"x"}`, "/_matrix/key/v2/server": `{"server_name":"h"}`}, unrecognized, Found{Kind: "dendrite", Version: "1.2", ServerName: "h"}, ""},
		{"Dendrite without federation or secret", map[string]string{"/_matrix/client/versions": versions, "/_dendrite/monitor/up": ""}, unrecognized, Found{Kind: "dendrite", NoSecret: true}, ""},
		{"Synapse whose federation is off", map[string]string{"/_matrix/client/versions": versions, "/_synapse/admin/v1/server_version": `{"server_version":"1.163.2 (b=x)"}`,
			"/_synapse/admin/v1/register": `{"nonce":"x"}`}, unrecognized, Found{Kind: "synapse", Version: "1.163.2 (b=x)"}, ""},
		{"Synapse with MAS", map[string]string{"/_matrix/client/versions": versions, "/_synapse/admin/v1/server_version": `{"server_version":"1.163.2"}`}, unrecognized, Found{Kind: "synapse", Version: "1.163.2", MAS: true}, ""},
		{"register hidden by a proxy is not MAS", map[string]string{"/_matrix/client/versions": versions, "/_synapse/admin/v1/server_version": `{"server_version":"1.163.2"}`}, page, Found{Kind: "synapse", Version: "1.163.2"}, ""},
		{"Synapse behind a proxy", map[string]string{"/_matrix/client/versions": versions, "/_matrix/federation/v1/version": federation("Synapse")}, page, Found{}, "keeps /_synapse/admin to itself"},
		{"something behind a proxy", map[string]string{"/_matrix/client/versions": versions}, page, Found{}, "keeps /_synapse/admin to itself"},
		{"Dendrite behind a proxy", map[string]string{"/_matrix/client/versions": versions, "/_matrix/federation/v1/version": federation("Dendrite")}, page, Found{}, "keeps /_dendrite to itself"},
		{"another homeserver", map[string]string{"/_matrix/client/versions": versions, "/_matrix/federation/v1/version": federation("Tuwunel")}, unrecognized, Found{}, "is Tuwunel; Gatehouse works with"},
		{"another that does not say", map[string]string{"/_matrix/client/versions": versions}, unrecognized, Found{}, "neither Synapse nor Dendrite"},
		{"no homeserver", nil, page, Found{}, "it is no Matrix homeserver"},
		{"a page for everything", map[string]string{"/_matrix/client/versions": page}, page, Found{}, "it is no Matrix homeserver"},
		{"JSON of another kind", map[string]string{"/_matrix/client/versions": `{}`}, page, Found{}, "it is no Matrix homeserver"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := site(t, tt.paths, tt.absent, httptest.NewServer)
			got, err := Detect(t.Context(), s.URL+"/")
			if tt.err == "" {
				tt.want.URL = s.URL
				if err != nil || got != tt.want {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%+v, %v; want %q", got, err, tt.err)
			}
		})
	}
}

func TestDetectFake(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{})
	want := Found{URL: f.URL, Kind: "synapse", Version: "1.163.2", ServerName: "localhost"}
	for _, address := range []string{f.URL, " " + strings.TrimPrefix(f.URL, "http://") + "/ "} {
		if got, err := Detect(t.Context(), address); err != nil || got != want {
			t.Errorf("%s: %+v, %v", address, got, err)
		}
	}
}

// A server name, or an address that is no homeserver's, leads to one by its well-known file.
func TestWellKnown(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{})
	for _, tt := range []struct {
		name, address, body string
		ok                  bool
	}{
		{"server name", "example.org", `{"m.homeserver":{"base_url":"` + f.URL + `/"}}`, true},
		{"address", "https://example.org", `{"m.homeserver":{"base_url":"` + f.URL + `"}}`, true},
		{"nonsense", "example.org", `{"m.homeserver":{"base_url":"file:///etc/passwd"}}`, false},
		{"itself", "https://example.org", `{"m.homeserver":{"base_url":"https://example.org"}}`, false},
		{"not there", "example.org", page, false},
		{"out of https", "example.org", `{"m.homeserver":{"base_url":"http://plain.example"}}`, false},
		{"with a name in it", "example.org", `{"m.homeserver":{"base_url":"` + strings.Replace(f.URL, "://", "://a:b@", 1) + `"}}`, false},
		{"with a query", "example.org", `{"m.homeserver":{"base_url":"` + f.URL + `?a="}}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := site(t, map[string]string{"/.well-known/matrix/client": tt.body}, page, httptest.NewTLSServer)
			// Every host is on this machine, and has the test's certificate.
			transport := &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"},
				DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					switch addr {
					case "example.org:443":
						addr = s.Listener.Addr().String()
					case "plain.example:80":
						addr = strings.TrimPrefix(f.URL, "http://")
					}
					return (&net.Dialer{}).DialContext(ctx, network, addr)
				},
			}
			t.Cleanup(transport.CloseIdleConnections)
			got, err := detect(t.Context(), tt.address, transport)
			if (err == nil) != tt.ok || (tt.ok && got.URL != f.URL) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestNothingThere(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	moved := httptest.NewServer(http.RedirectHandler("https://matrix.example.org/", http.StatusMovedPermanently))
	defer moved.Close()
	dead := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer dead.Close()
	for address, want := range map[string]string{
		"":                        "no address",
		"ftp://example.org":       "not the http or https address",
		"https://a:b@example.org": "not the http or https address",
		"https://example.org?x=y": "not the http or https address",
		"http://":                 "not the http or https address",
		gone.URL:                  "cannot be reached",
		moved.URL:                 "sends on to https://matrix.example.org/",
		dead.URL:                  "no homeserver behind it",
	} {
		if _, err := Detect(t.Context(), address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", address, err, want)
		}
	}
}

func TestScheme(t *testing.T) {
	for address, want := range map[string]string{
		"example.org": "https://", "example.org:8008": "https://", "192.0.2.1": "https://", "localhost.example.org": "https://",
		"localhost": "http://", "localhost:8008": "http://", "127.0.0.1:8008": "http://", "[::1]:8008": "http://",
	} {
		if got := scheme(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

// The real servers answer as is believed here.
func TestDetectReal(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for name, tt := range map[string]struct {
		installed bool
		start     func() (*realserver.Server, error)
		want      Found
		version   string
	}{
		"synapse": {realserver.SynapseInstalled(), func() (*realserver.Server, error) {
			return realserver.StartSynapse(ctx, realserver.SynapseOptions{ServerName: "a.example"})
		}, Found{Kind: "synapse", ServerName: "a.example"}, "1."},
		"dendrite": {realserver.DendriteInstalled(), func() (*realserver.Server, error) {
			return realserver.StartDendrite(ctx, realserver.DendriteOptions{ServerName: "b.example", SharedSecret: "s"})
		}, Found{Kind: "dendrite", ServerName: "b.example"}, "0."},
		"dendrite without federation and secret": {realserver.DendriteInstalled(), func() (*realserver.Server, error) {
			return realserver.StartDendrite(ctx, realserver.DendriteOptions{ServerName: "c.example", NoFederation: true})
		}, Found{Kind: "dendrite", NoSecret: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if !tt.installed {
				t.Skip("it is not installed; go run ./tools/setup puts it under .cache")
			}
			s, err := tt.start()
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Stop(); err != nil {
					t.Error(err)
				}
			}()
			got, err := Detect(t.Context(), s.URL)
			version := got.Version
			got.Version = ""
			tt.want.URL = s.URL
			if err != nil || !strings.HasPrefix(version, tt.version) || got != tt.want {
				t.Errorf("%+v, version %q, %v", got, version, err)
			}
		})
	}
}
