// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUpstream(t *testing.T) {
	real := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
	}))
	defer real.Close()
	u, err := newUpstream(real.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer u.close()
	get := func(path string) (int, string) {
		req, err := http.NewRequest(http.MethodGet, u.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer t")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	get("/before")
	heard := u.listen()
	for range 2 {
		if status, body := get("/users/%40a%2Fb?n=1"); status != http.StatusTeapot || body != "/users/%40a%2Fb?n=1 Bearer t" {
			t.Errorf("passed on: %d %q", status, body)
		}
	}
	paths, token := heard()
	if diff := cmp.Diff([]string{"/users/%40a%2Fb?n=1", "/users/%40a%2Fb?n=1"}, paths); diff != "" || token != "Bearer t" {
		t.Errorf("heard with %q (-want +got):\n%s", token, diff)
	}

	real.Close()
	missed := u.fromMemory()
	if status, body := get("/users/%40a%2Fb?n=1"); status != http.StatusTeapot || body != "/users/%40a%2Fb?n=1 Bearer t" {
		t.Errorf("from memory: %d %q", status, body)
	}
	if status, _ := get("/never"); status != http.StatusNotFound {
		t.Errorf("what was never asked before is answered %d", status)
	}
	if diff := cmp.Diff([]string{"GET /never"}, missed()); diff != "" {
		t.Errorf("missed (-want +got):\n%s", diff)
	}
}
