// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

const exportAddress = "/api/hs/lists.export?operation=users.list&format=csv&query=search%3Dann"

// A file of a list: nobody keeps it on the way, and the log says who has it, and of what.
func TestExport(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	rec := w.Serve(w.Request("GET", exportAddress, "", w.Session(w.Person(api.Auditor))))
	h := rec.Header()
	if rec.Code != 200 || !strings.HasPrefix(h.Get("Content-Type"), "text/csv") || h.Get("Cache-Control") != "private, no-store" ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=hs-users.list-") || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", rec.Code, h)
	}
	if body := rec.Body.String(); !strings.HasPrefix(body, "\ufeffid,display_name,") || strings.Count(body, "\r\n") != 2 || !strings.Contains(body, "@ann:example.org") {
		t.Errorf("%q", body)
	}
	rows := w.Log()
	if diff := cmp.Diff([]string{"intent lists.export", "outcome lists.export done"}, w.Phases()); diff != "" || !strings.Contains(rows[0].Request, "search=ann") {
		t.Error(diff, rows)
	}
}

func TestExportRefused(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	auditor := w.Session(w.Person(api.Auditor))
	// The list's own permission is asked for, too, and a refusal is recorded.
	refused(t, w.Serve(w.Request("GET", "/api/hs/lists.export?operation=tokens.list&format=csv", "", auditor)), 403, "forbidden")
	if diff := cmp.Diff([]string{"event lists.export refused forbidden"}, w.Phases()); diff != "" {
		t.Error(diff)
	}
	refused(t, w.Serve(w.Request("GET", "/api/hs/lists.export?operation=users.get&format=csv", "", auditor)), 422, "no_list")
	refused(t, w.Serve(w.Request("GET", "/api/hs/lists.export?operation=users.list&format=xlsx", "", auditor)), 422, "invalid_request")
	refused(t, w.Serve(w.Request("GET", "/api/hs/lists.export?operation=users.list&format=csv&query=colour%3Dred", "", auditor)), 422, "invalid_request")
	w.Stub.Lack(api.ListDevices, "no_endpoint")
	refused(t, w.Serve(w.Request("GET", "/api/hs/lists.export?operation=devices.list&format=csv&query=id%3D%2540ann%253Aexample.org", "", auditor)), 501, "not_supported")
}

// Half a list is not to be taken for all of it: the connection breaks off.
func TestExportBreaksOff(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.ListUsers, func(_ context.Context, q api.UserQuery) (api.UserPage, error) {
		if q.Cursor != "" {
			return api.UserPage{}, api.NewProblem(api.StatusBadGateway, "homeserver_down")
		}
		return api.UserPage{Users: []api.User{{ID: "@ann:example.org"}}, Next: "2"}, nil
	})
	defer func() {
		if r := recover(); r != http.ErrAbortHandler {
			t.Errorf("it ended with %v", r)
		}
		if !strings.Contains(w.Logs(), "a file broke off") {
			t.Error("the log says nothing of it")
		}
	}()
	rec := w.Serve(w.Request("GET", exportAddress, "", w.Session(w.Person(api.Auditor))))
	t.Errorf("%d %q", rec.Code, rec.Body)
}
