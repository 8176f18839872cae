// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store/storetest"
)

// of sends a file whose accounts something is to be done to.
func of(t *testing.T, w *gatetest.World, p operator.Person, file string) api.JobFile {
	t.Helper()
	id, err := w.Take(p, "people.csv", strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return api.JobFile{ID: id}
}

func TestOperationOnFile(t *testing.T) { storetest.Each(t, testOperationOnFile) }

// An operation is done to all accounts that a file names. What cannot be is refused row by row, with its line; the file is deleted with the plan.
func testOperationOnFile(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	for _, u := range []api.User{{ID: "@ann:example.org"}, {ID: "@bob:example.org", Locked: true}, {ID: "@cat:example.org"}} {
		w.Stub.Put(u)
	}
	file := of(t, w, p, "name,user_id,password\n"+
		"Ann,@ann:example.org,canary-1234-passphrase\n"+
		"Bob,bob,\n"+ // is so already
		",nobody,\n"+
		"Ann again,ann,\n"+
		"Foreign,@x:elsewhere.example,\n"+
		"None,,\n"+
		"Many,cat,x,y\n"+ // more cells than columns
		"Own,gatehouse,\n"+
		"Cat,'@cat:example.org,\n") // as a spreadsheet keeps it from being a formula
	job := gatetest.Must[api.Job](t, w, p, "jobs.plan", api.JobPlan{Operation: "users.lock", File: file, With: []api.JobField{{Name: "reason", Value: "left"}}})
	if job.Kind != api.JobOperation || job.Note != "people.csv" {
		t.Errorf("%+v", job)
	}
	job, items := worked(t, w, p, job.ID)
	want := []string{
		"2 @ann:example.org waiting users.lock locked:false→true",
		"3 @bob:example.org skipped item_already_locked",
		"4 @nobody:example.org failed not_found",
		"5 @ann:example.org failed import_twice",
		"6 @x:elsewhere.example failed not_local",
		"7 failed import_field id missing",
		"8 failed row_too_many_cells",
		"9 @gatehouse:example.org failed own_service_account",
		"10 @cat:example.org waiting users.lock locked:false→true",
	}
	if diff := cmp.Diff(want, short(items)); diff != "" || job.State != api.JobPlanned {
		t.Error(job.State, job.Code, diff)
	}
	if _, err := gatetest.Try[api.Import](t, w, p, "imports.look", api.ImportLook{ID: file.ID}); gatetest.Code(err) != "import_not_found" {
		t.Errorf("the file is still there: %v", err)
	}
	gatetest.Must[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID})
	if job, _ = worked(t, w, p, job.ID); job.State != api.JobDone || job.Count.Done != 2 {
		t.Errorf("%s %+v", job.State, job.Count)
	}
	var done []string
	for _, c := range w.Stub.Calls("users.lock") {
		deed := c.Request.(api.UserDeed)
		done = append(done, fmt.Sprint(deed.ID, " ", deed.Reason))
	}
	if len(done) != 2 || done[0] == done[1] || !strings.HasSuffix(done[0], " left") {
		t.Errorf("%q", done)
	}
	nowhere(t, w, "canary-1234-passphrase")
}

// What is wrong with all of it is said at once, and no job is made. A file is planned once.
func TestOperationOnFileRefused(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	lock := func(f api.JobFile) error {
		_, err := gatetest.Try[api.Job](t, w, p, "jobs.plan", api.JobPlan{Operation: "users.lock", File: f})
		return err
	}
	unnamed := of(t, w, p, "a,b\n1,2\n")
	for name, f := range map[string]api.JobFile{
		"import_not_found": {ID: "nothing"}, "import_no_id": unnamed, "import_columns": {ID: unnamed.ID, Column: 3}, "out_of_range": {ID: unnamed.ID, Column: -1},
	} {
		if err := lock(f); !strings.Contains(fmt.Sprint(gatetest.Code(err), err), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := gatetest.Try[api.Job](t, w, p, "jobs.plan", api.JobPlan{Operation: "users.lock", File: unnamed, All: true}); err == nil {
		t.Error("a file and all that match a filter")
	}
	if list := gatetest.Must[api.JobPage](t, w, p, "jobs.list", api.JobQuery{}); len(list.Jobs) != 0 {
		t.Errorf("%d jobs were made", len(list.Jobs))
	}
	unnamed.Column = 2
	if err := lock(unnamed); err != nil {
		t.Error(err)
	}
	if err := lock(unnamed); gatetest.Code(err) != "import_planned" {
		t.Errorf("planned twice: %v", err)
	}
	other := w.Person(api.Owner)
	other.ID = "@else:example.org"
	if _, err := gatetest.Try[api.Job](t, w, other, "jobs.plan", api.JobPlan{Operation: "users.lock", File: of(t, w, p, "id\nann\n")}); gatetest.Code(err) != "import_not_found" {
		t.Errorf("another person's: %v", err)
	}
}

// Every operation that a selection can have can be planned for a file, and does the same as for a selection. A long file costs the list once, and
// not a call for each row.
func TestEveryOperationOnFile(t *testing.T) {
	t.Parallel()
	fields := map[string][]api.JobField{
		"users.reset_password": {{Name: "password.mode", Value: "random"}}, "users.sign_out": {{Name: "all", Value: "true"}}, "users.notice": {{Name: "text", Value: "hello"}},
		"users.update": {{Name: "admin.to", Value: "true"}}, "users.redact": {{Name: "scope", Value: api.ScopeAll}}, "users.prune_devices": {{Name: "days", Value: "9"}},
		"users.set_rate_limit": {{Name: "messages_per_second", Value: "1"}, {Name: "burst", Value: "1"}}, "users.set_feature": {{Name: "name", Value: "msc1"}, {Name: "on", Value: "true"}},
	}
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	var file strings.Builder
	file.WriteString("id\n")
	const n = 300
	for i := range n {
		id := w.Stub.ID(fmt.Sprintf("u%d", i))
		w.Stub.Put(api.User{ID: id})
		fmt.Fprintln(&file, id)
	}
	for _, op := range api.All() {
		name := op.Info().Name
		if !op.Info().Many {
			continue
		}
		selected, err := gatetest.Try[api.Job](t, w, p, "jobs.plan", api.JobPlan{Operation: name, IDs: []api.UserID{"@u1:example.org"}, With: fields[name]})
		if err != nil { // fields that this test does not know: they are refused in the same way for a file
			if _, again := gatetest.Try[api.Job](t, w, p, "jobs.plan", api.JobPlan{Operation: name, File: of(t, w, p, file.String()), With: fields[name]}); gatetest.Code(again) != gatetest.Code(err) {
				t.Errorf("%s: %v for a selection, %v for a file", name, err, again)
			}
			continue
		}
		_, one := worked(t, w, p, selected.ID)
		w.Stub.Forget()
		job := gatetest.Must[api.Job](t, w, p, "jobs.plan", api.JobPlan{Operation: name, File: of(t, w, p, file.String()), With: fields[name]})
		job, items := worked(t, w, p, job.ID)
		if job.State != api.JobPlanned || len(items) != n || items[1].State != one[0].State || items[1].Code != one[0].Code || items[1].Action != one[0].Action {
			t.Errorf("%s: %s %s, %d items, %+v and not %+v", name, job.State, job.Code, len(items), items[1], one[0])
		}
		if looked := len(w.Stub.Calls("users.get")); looked > 1 && name != "users.repair" {
			t.Errorf("%s: %d accounts were looked at one by one", name, looked)
		}
	}
}
