// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"gatehouse/app/api"
	"gatehouse/server/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, func() error { return goleak.Find() }) }

// problem reads the problem document of an answer.
func problem(t *testing.T, rec *httptest.ResponseRecorder) api.Problem {
	t.Helper()
	if kind := rec.Header().Get("Content-Type"); kind != "application/problem+json" {
		t.Fatalf("status %d has the type %q, no problem document: %s", rec.Code, kind, rec.Body)
	}
	var p api.Problem
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil {
		t.Fatal(err)
	}
	if p.Status != rec.Code || p.Type != "about:blank#"+p.Code || p.Title == "" || p.Detail == "" || p.RequestID == "" ||
		p.RequestID != rec.Header().Get("X-Request-Id") {
		t.Errorf("the problem document is not whole: %+v", p)
	}
	return p
}

// refused demands a status and a code.
func refused(t *testing.T, rec *httptest.ResponseRecorder, status int, code string) api.Problem {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	p := problem(t, rec)
	if p.Code != code {
		t.Errorf("code %q, want %q", p.Code, code)
	}
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
