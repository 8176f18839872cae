// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"bytes"
	"errors"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
	"gatehouse/server/table/tabletest"
)

// Files that nobody would write go the whole way: each is refused with a problem, or planned; of those that are planned what is left is a file. Nothing
// of them changes an account.
func TestHostileFilesArePlanned(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	w.Stub.Put(api.User{ID: "@ann:example.org", DisplayName: "Ann"})
	refused, plans, rows := 0, 0, 0
	for file := range tabletest.Hostile(300) {
		id, err := w.Take(p, "hostile", bytes.NewReader(file))
		if _, told := errors.AsType[*api.Problem](err); told {
			refused++
			continue
		}
		if err != nil {
			t.Fatalf("%q: %v", file, err)
		}
		seen, err := gatetest.Try[api.Import](t, w, p, "imports.look", api.ImportLook{ID: id})
		if gatetest.Code(err) != "" {
			refused++
			continue
		}
		plan := api.ImportPlan{ID: id, Mode: api.ImportBoth, Reset: len(file)%2 == 0, Clear: len(file)%3 == 0}
		for i, c := range seen.Columns {
			if i == 0 {
				c.Field = api.FieldID
			} else if c.Field == api.FieldID {
				c.Field = ""
			}
			plan.Columns = append(plan.Columns, api.ColumnChoice{Column: i + 1, Field: c.Field})
		}
		job, items := planned(t, w, p, plan)
		if job.State != api.JobPlanned && (job.State != api.JobFailed || job.Code == "") {
			t.Errorf("%q: %s %s", file, job.State, job.Code)
		}
		plans, rows = plans+1, rows+len(items)
		exported(t, w, p, api.ListExport{Operation: "imports.left", Query: "id=" + job.ID, Format: "csv"})
	}
	if refused == 0 || plans == 0 || rows == 0 {
		t.Errorf("%d files were refused, %d planned with %d rows", refused, plans, rows)
	}
	if calls := w.Stub.Calls("users.create", "users.update", "users.reset_password", "users.lock", "users.deactivate"); len(calls) > 0 {
		t.Errorf("planning changed accounts: %v", calls)
	}
}

// A row that has what no store keeps is refused alone.
func TestNULInRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		p := w.Person(api.Owner)
		file := `{"id":"a\u0000nn","notice":"x"}` + "\n" + `{"id":"new","display_name":"N\u0000b"}` + "\n" + `{"id":"last"}` + "\n"
		_, items := planned(t, w, p, upload(t, w, p, file))
		states := ""
		for _, i := range items {
			states += i.State + " "
		}
		if states != "failed failed waiting " {
			t.Errorf("%s %q", states, short(items))
		}
	})
}
