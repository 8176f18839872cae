// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// HEAD is answered as GET is, and what is behind the door never learns of it.
func TestHead(t *testing.T) {
	var seen string
	h := heads(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Method
		w.Header().Set("X-Seen", "yes")
		_, _ = w.Write([]byte("body"))
	}))
	server := httptest.NewServer(h)
	defer server.Close()
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if seen != http.MethodGet || resp.StatusCode != http.StatusOK || resp.Header.Get("X-Seen") != "yes" || resp.ContentLength != 4 {
			t.Errorf("%s: handled as %s, answered %d with %d bytes", method, seen, resp.StatusCode, resp.ContentLength)
		}
	}
}
