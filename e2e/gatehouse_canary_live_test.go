// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
)

// TestCanary plants a secret in every form and place where it could leak, and expects
// it to be found: a watch that never cries proves nothing.
func TestCanary(t *testing.T) {
	t.Parallel()
	const secret = synapseSecret
	watch, err := newCanary(map[string]string{"secret": secret})
	if err != nil {
		t.Fatal(err)
	}
	compressed := map[string]func(io.Writer) io.WriteCloser{
		"":     func(w io.Writer) io.WriteCloser { return nopCloser{w} },
		"br":   func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) },
		"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		coding := r.URL.Query().Get("coding")
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
		}
		planted := r.URL.Query().Get("plant")
		if r.URL.Path == "/header" {
			w.Header().Set("X-Planted", planted)
			planted = ""
		}
		body := compressed[coding](w)
		fmt.Fprintf(body, "before %s after", planted)
		body.Close()
	}))
	t.Cleanup(server.Close)

	fetch := func(t *testing.T, method, path string, query map[string]string) []exchange {
		t.Helper()
		relay, err := newWire(strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer relay.close()
		client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+relay.addr()+path, strings.NewReader("a body"))
		if err != nil {
			t.Fatal(err)
		}
		values := req.URL.Query()
		for k, v := range query {
			values.Set(k, v)
		}
		req.URL.RawQuery = values.Encode()
		for range 2 { // over one connection
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			req.Body, _ = req.GetBody()
		}
		relay.close()
		exchanges, err := relay.exchanges()
		if err != nil {
			t.Fatal(err)
		}
		if len(exchanges) != 2 || exchanges[0].request != method+" "+path {
			t.Fatalf("the wire carried %+v", exchanges)
		}
		return exchanges
	}

	for form, needle := range forms(secret) {
		for coding := range compressed {
			for _, e := range fetch(t, http.MethodPost, "/body", map[string]string{"plant": needle, "coding": coding}) {
				if len(watch.searchExchange(e)) == 0 {
					t.Errorf("not found in a body: %s, coding %q", form, coding)
				}
			}
		}
	}
	for _, e := range fetch(t, http.MethodGet, "/header", map[string]string{"plant": secret}) {
		if len(watch.searchExchange(e)) == 0 {
			t.Error("not found in a header")
		}
	}
	for _, token := range []string{
		"syt_YWRtaW4_aBcDeFgHiJkLmNoPqRsT_0a1B2c", "mpt_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123_0a1B2c", "mat_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123_0a1B2c", "mct_canary-01K00000000000000000000007",
	} {
		for _, e := range fetch(t, http.MethodPost, "/body", map[string]string{"plant": token}) {
			if len(watch.searchExchange(e)) == 0 {
				t.Errorf("%s was not found", token)
			}
		}
	}
	for _, e := range append(
		fetch(t, http.MethodPost, "/body", map[string]string{"plant": secret[:len(secret)-1], "coding": "br"}),
		fetch(t, http.MethodHead, "/body", nil)...) {
		if found := watch.searchExchange(e); len(found) > 0 {
			t.Errorf("found %q where nothing was planted", found)
		}
	}

	dir := t.TempDir()
	for name, text := range map[string]string{"store.db": "\x00" + secret, "config": secret, "log": "nothing"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := watch.searchFiles(dir, "config")
	if err != nil || len(found) != 1 || !strings.HasPrefix(found[0], "store.db: secret") {
		t.Errorf("in files: %q, %v", found, err)
	}
	t.Run("browser", func(t *testing.T) {
		site := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(site.Close)
		t.Run("page", func(t *testing.T) {
			p := newPage(t, true)
			p.open(site.URL)
			eval[bool](p, `(localStorage.setItem("a", `+fmt.Sprintf("%q", secret)+`), caches.open("c").then(
				c => c.put("/x", new Response("cached")))).then(() => true)`)
		})
		if text := keptBy(site.URL); len(watch.search([]byte(text))) == 0 || !strings.Contains(text, "cached") {
			t.Errorf("not found in what the browser keeps: %q", text)
		}
	})
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestSecretsOf(t *testing.T) {
	config := homeservers(synapse(t)) + `  other:
    admin_token: syt_abcdef
    database: "postgres://u:pass%20word@127.0.0.1/x"
    mas:
      client_secret: "of a client"
secret_key: AAAAAAAAAAAA
`
	var got bytes.Buffer
	secrets := secretsOf(config)
	for _, name := range []string{"registration_shared_secret 0", "admin_token 1", "database 2", "client_secret 3", "secret_key 4"} {
		fmt.Fprintf(&got, "%s\n", secrets[name])
	}
	want := synapseSecret + "\nsyt_abcdef\npass word\nof a client\nAAAAAAAAAAAA\n"
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
}
