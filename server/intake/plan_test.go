// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/export"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store"
)

// upload sends a file and chooses for its columns what they seem to be.
func upload(t *testing.T, w *gatetest.World, p operator.Person, file string) api.ImportPlan {
	t.Helper()
	id, err := w.Take(p, "users.csv", strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	plan := api.ImportPlan{ID: id, Mode: api.ImportCreate}
	for i, c := range gatetest.Must[api.Import](t, w, p, "imports.look", api.ImportLook{ID: id}).Columns {
		plan.Columns = append(plan.Columns, api.ColumnChoice{Column: i + 1, Field: c.Field})
	}
	return plan
}

// planned plans a file and returns the job with its items.
func planned(t *testing.T, w *gatetest.World, p operator.Person, plan api.ImportPlan) (api.Job, []api.JobItem) {
	t.Helper()
	job := gatetest.Must[api.Job](t, w, p, "imports.plan", plan)
	return worked(t, w, p, job.ID)
}

func worked(t *testing.T, w *gatetest.World, p operator.Person, id string) (api.Job, []api.JobItem) {
	t.Helper()
	for again := time.Duration(1); again > 0; {
		var err error
		if again, err = w.Jobs.Work(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	var items []api.JobItem
	query := api.JobItemQuery{ID: id, Limit: api.MaxPage}
	for {
		page := gatetest.Must[api.JobItemPage](t, w, p, "jobs.items", query)
		items = append(items, page.Items...)
		if query.Cursor = page.Next; page.Next == "" {
			return gatetest.Must[api.Job](t, w, p, "jobs.get", api.JobRef{ID: id}), items
		}
	}
}

// run plans a file and does it.
func run(t *testing.T, w *gatetest.World, p operator.Person, plan api.ImportPlan) (api.Job, []api.JobItem) {
	t.Helper()
	job, _ := planned(t, w, p, plan)
	gatetest.Must[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID})
	return worked(t, w, p, job.ID)
}

// short writes items down: line, account, what is done, why not.
func short(items []api.JobItem) []string {
	var list []string
	for _, i := range items {
		text := fmt.Sprintf("%d %s %s %s %s", i.Line, i.Target, i.State, i.Action, i.Code)
		if c := i.Params["code"]; c != "" {
			text += " " + i.Params["field"] + " " + c
		}
		for _, c := range i.Changes {
			text += fmt.Sprintf(" %s:%s→%s", c.Field, c.From, c.To)
		}
		list = append(list, strings.Join(strings.Fields(text), " "))
	}
	return list
}

func TestPlans(t *testing.T) {
	t.Parallel()
	const file = "id,display_name,password,admin,emails\n" +
		"new,New One,a good password,false,n@b.example\n" + // made
		"bob,Somebody else,another password,true,\n" + // is there
		"@gone:example.org,X,,,\n" + // deactivated
		"cat,Cat,,false,\n" + // is so already
		"Upper,U,,,\n" + // no name for a new account
		"weak,W,short,,\n" + // no password
		"new,Again,,,\n" + // twice
		"nopw,Without,,,\n" // no password
	world := func(t *testing.T) (*gatetest.World, operator.Person) {
		w := gatetest.New(t, gatetest.Options{})
		w.Stub.Put(api.User{ID: "@bob:example.org", DisplayName: "Bob"})
		w.Stub.Put(api.User{ID: "@cat:example.org", DisplayName: "Cat"})
		w.Stub.Put(api.User{ID: "@gone:example.org", Deactivated: true})
		return w, w.Person(api.Owner)
	}
	created := "2 @new:example.org waiting users.create display_name:→New One admin:→false emails:→n@b.example password:→••••••••"
	nopw := "9 @nopw:example.org waiting users.create display_name:→Without password:→••••••••"
	upper := "6 @Upper:example.org failed import_field localpart localpart_upper display_name:→U"
	for _, c := range []struct {
		name string
		plan api.ImportPlan
		want []string
	}{
		{"create", api.ImportPlan{Mode: api.ImportCreate}, []string{
			created,
			"3 @bob:example.org failed import_exists display_name:→Somebody else admin:→true",
			"4 @gone:example.org failed import_exists display_name:→X",
			"5 @cat:example.org failed import_exists display_name:→Cat admin:→false",
			upper,
			"7 @weak:example.org failed import_field password weak_password display_name:→W",
			"8 @new:example.org failed import_twice display_name:→Again",
			nopw,
		}},
		{"update", api.ImportPlan{Mode: api.ImportUpdate}, []string{
			"2 @new:example.org failed not_found display_name:→New One admin:→false emails:→n@b.example",
			"3 @bob:example.org waiting users.update display_name:Bob→Somebody else admin:false→true",
			"4 @gone:example.org failed deactivated_account display_name:→X",
			"5 @cat:example.org skipped import_same",
			"6 @Upper:example.org failed not_found display_name:→U",
			"7 @weak:example.org failed not_found display_name:→W",
			"8 @new:example.org failed import_twice display_name:→Again",
			"9 @nopw:example.org failed not_found display_name:→Without",
		}},
		{"both, with the file's passwords, and none made", api.ImportPlan{Mode: api.ImportBoth, Reset: true, Passwords: api.ImportRefuse}, []string{
			created,
			"3 @bob:example.org waiting users.update display_name:Bob→Somebody else admin:false→true password:→••••••••",
			"4 @gone:example.org failed deactivated_account display_name:→X",
			"5 @cat:example.org skipped import_same",
			"6 @Upper:example.org failed import_no_password display_name:→U",
			"7 @weak:example.org failed import_field password weak_password display_name:→W",
			"8 @new:example.org failed import_twice display_name:→Again",
			"9 @nopw:example.org failed import_no_password display_name:→Without",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w, p := world(t)
			plan := upload(t, w, p, file)
			c.plan.ID, c.plan.Columns = plan.ID, plan.Columns
			job, items := planned(t, w, p, c.plan)
			if diff := cmp.Diff(c.want, short(items)); diff != "" || job.State != api.JobPlanned || job.Kind != api.JobImport {
				t.Errorf("%s %s (-want +got):\n%s", job.State, job.Code, diff)
			}
			does(t, w, p, job, items)
			if calls := w.Stub.Calls("users.create", "users.update", "users.reset_password"); len(calls) > 0 {
				t.Errorf("the plan did %v", calls)
			}
			if _, err := w.Store.Upload(t.Context(), plan.ID); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the file is still there: %v", err)
			}
			if _, err := w.Store.UploadChunk(t.Context(), plan.ID, 0); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("its content is still there: %v", err)
			}
		})
	}
	t.Run("stop", func(t *testing.T) {
		t.Parallel()
		w, p := world(t)
		plan := upload(t, w, p, file)
		plan.Stop = true
		job, items := planned(t, w, p, plan)
		if job.State != api.JobFailed || job.Code != "import_stopped" || len(items) != 6 || slices.ContainsFunc(items, func(i api.JobItem) bool { return i.State != api.ItemFailed }) {
			t.Errorf("%s %s: %q", job.State, job.Code, short(items))
		}
		if _, err := w.Store.UploadChunk(t.Context(), plan.ID, 0); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("its content is still there: %v", err)
		}
		if _, err := gatetest.Try[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID}); gatetest.Code(err) != "job_state" {
			t.Errorf("started: %v", err)
		}
	})
}

// What other panels do wrong: an empty cell made an empty password, bare names overwrote accounts that were there, the report named nobody.
func TestWhatOthersDoWrong(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	w.Stub.Put(api.User{ID: "@bob:example.org", DisplayName: "Bob"})
	var mu sync.Mutex // a job makes several accounts at once
	passwords := map[string]string{}
	gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, c api.UserCreate) (api.Handout, error) {
		mu.Lock()
		defer mu.Unlock()
		passwords[string(c.Localpart)] = c.Password.Password.Reveal()
		return api.Handout{User: api.User{ID: w.Stub.ID(string(c.Localpart))}}, nil
	})
	job, items := run(t, w, p, upload(t, w, p, "id,display_name,password\nbob,Mallory,a stolen password\nnew,New,\nother,Other,the password given\n"))
	want := []string{
		"2 @bob:example.org failed import_exists display_name:→Mallory",
		"3 @new:example.org done users.create display_name:→New password:→••••••••",
		"4 @other:example.org done users.create display_name:→Other password:→••••••••",
	}
	if diff := cmp.Diff(want, short(items)); diff != "" || job.State != api.JobDone {
		t.Error(job.State, diff)
	}
	if len(passwords["new"]) != api.DefaultRandom || passwords["other"] != "the password given" || len(passwords) != 2 {
		t.Errorf("%q", passwords)
	}
	if calls := w.Stub.Calls("users.update", "users.reset_password"); len(calls) > 0 {
		t.Errorf("an account that was there was changed: %v", calls)
	}
	// Generated passwords are handed out once, to whose job it is; those of the file nobody needs to be told.
	handout := gatetest.Must[api.JobHandout](t, w, p, "jobs.passwords", api.JobRef{ID: job.ID})
	if len(handout.Passwords) != 1 || handout.Passwords[0].ID != "@new:example.org" || handout.Passwords[0].Password.Reveal() != passwords["new"] || handout.Passwords[0].Line != 3 {
		t.Errorf("%+v", handout)
	}
	if _, err := gatetest.Try[api.JobHandout](t, w, p, "jobs.passwords", api.JobRef{ID: job.ID}); gatetest.Code(err) != "job_no_passwords" {
		t.Errorf("a second time: %v", err)
	}
}

// All that a row can ask for, in an order in which it works; an account that was changed meanwhile is not overwritten.
func TestSteps(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	w.Stub.Put(api.User{ID: "@bob:example.org", DisplayName: "Bob", Locked: true})
	w.Stub.Put(api.User{ID: "@cat:example.org", DisplayName: "Cat"})
	file := "id,display_name,rooms,notice,locked,deactivated\nnew,New,\"#a:example.org, !b:example.org\",Hello,true,\nbob,Bobby,,Hi,false,true\ncat,Tom,,,,\n"
	plan := upload(t, w, p, file)
	plan.Mode = api.ImportBoth
	job, items := planned(t, w, p, plan)
	want := []string{
		"2 @new:example.org waiting users.create display_name:→New locked:→true rooms:→#a:example.org, !b:example.org notice:→Hello password:→••••••••",
		"3 @bob:example.org waiting users.update display_name:Bob→Bobby locked:true→false notice:→Hi deactivated:false→true",
		"4 @cat:example.org waiting users.update display_name:Cat→Tom",
	}
	if diff := cmp.Diff(want, short(items)); diff != "" {
		t.Fatal(diff)
	}
	gatetest.On(w.Stub, api.UpdateUser, func(_ context.Context, u api.UserUpdate) (api.User, error) {
		if u.ID == "@cat:example.org" {
			if u.DisplayName.From == nil || *u.DisplayName.From != "Cat" {
				t.Errorf("it does not say what it changes from: %+v", u)
			}
			return api.User{}, api.NewProblem(api.StatusConflict, "changed_meanwhile")
		}
		return api.User{ID: u.ID}, nil
	})
	w.Stub.Forget()
	gatetest.Must[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID, Confirm: 1})
	job, items = worked(t, w, p, job.ID)
	if items[2].Code != "item_changed_meanwhile" || items[2].State != api.ItemFailed || job.Count.Done != 2 {
		t.Errorf("%q", short(items))
	}
	did := map[string][]string{}
	for _, c := range w.Stub.Calls() {
		if op, _ := api.Find(c.Operation); op.Info().Kind == api.KindWrite {
			did[string(c.Request.Targets()[0])] = append(did[string(c.Request.Targets()[0])], c.Operation)
		}
	}
	if diff := cmp.Diff(map[string][]string{
		"@new":             {"users.create"},
		"@new:example.org": {"users.join_rooms", "users.notice", "users.lock"},
		"@bob:example.org": {"users.update", "users.unlock", "users.notice", "users.deactivate"},
		"@cat:example.org": {"users.update"},
	}, did); diff != "" {
		t.Error(diff)
	}
	// What is left is a file that can be imported again.
	left := gatetest.Must[api.LeftPage](t, w, p, "imports.left", api.LeftQuery{ID: job.ID})
	if diff := cmp.Diff([]api.LeftRow{{
		N: 3, ID: "cat", DisplayName: new("Tom"), Rooms: new(""), Notice: new(""), Locked: new(""), Deactivated: new(""), Line: 4, State: "failed",
		Reason: "item_changed_meanwhile", Why: "The account was changed after the plan was made, so it was left as it is. Look at it, and plan this again.",
	}}, left.Rows, cmp.Comparer(func(a, b api.Secret) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	file = exported(t, w, p, api.ListExport{Operation: "imports.left", Query: "id=" + job.ID, Format: "csv"})
	second := upload(t, w, p, file)
	second.Mode = api.ImportUpdate
	if _, items := planned(t, w, p, second); len(items) != 1 || short(items)[0] != "2 @cat:example.org waiting users.update display_name:Cat→Tom" {
		t.Errorf("%q of %q", short(items), file)
	}
}

// exported is a list as a file.
func exported(t *testing.T, w *gatetest.World, p operator.Person, e api.ListExport) string {
	t.Helper()
	f, err := export.Open(t.Context(), e, func(ctx context.Context, op api.Op, req api.Request) (any, error) {
		return w.Gate.Do(ctx, gate.Visit{Person: &p, Homeserver: "hs", Operation: op.Info().Name, RequestID: gate.NewKey(), Decode: func(api.Op) (api.Request, error) { return req, nil }})
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := f.Write(t.Context(), &b, func() {}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// saved is a file as spreadsheets save it: with their own ends of lines, also in cells, and words.
func saved(file string) string {
	return strings.NewReplacer("\r\n", "\n", ",false,", ",FALSCH,", ",true,", ",WAHR,").Replace(file)
}

// An export that was edited in a spreadsheet comes back as updates only, of what was edited.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"csv", "jsonl"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			p := w.Person(api.Owner)
			for i, name := range []string{
				"=1+1", "Plain", "'quoted'", "'=x", "  ", "Jürgen, \"der\" Große", "", "Typed on a phone ", " \u00a0Ann", "two\r\nlines", "old\rMac", "a\x00b", api.Redacted,
			} {
				w.Stub.Put(api.User{
					ID: w.Stub.ID(fmt.Sprintf("u%d", i)), DisplayName: name, UserType: "bot", Locked: i == 1,
					Threepids:   []api.Threepid{{Medium: "email", Address: fmt.Sprintf("U%d@b.example", i)}, {Medium: "msisdn", Address: fmt.Sprintf("4975411%d", i)}},
					ExternalIDs: []api.ExternalID{{AuthProvider: "oidc", ExternalID: fmt.Sprint("x,", i)}},
				})
			}
			w.Stub.Put(api.User{ID: w.Stub.ID("gone"), Deactivated: true})
			file := exported(t, w, p, api.ListExport{Operation: "users.list", Format: format})
			for _, clear := range []bool{false, true} {
				plan := upload(t, w, p, saved(file))
				plan.Mode, plan.Clear = api.ImportBoth, clear
				_, items := planned(t, w, p, plan)
				for _, i := range items {
					if i.State != api.ItemSkipped || i.Code != "import_same" {
						t.Errorf("unedited: %q", short([]api.JobItem{i}))
					}
				}
			}
			plan := upload(t, w, p, strings.Replace(file, "Plain", "Edited", 1))
			plan.Mode = api.ImportBoth
			_, items := planned(t, w, p, plan)
			changed := slices.DeleteFunc(items, func(i api.JobItem) bool { return i.State == api.ItemSkipped })
			if len(changed) != 1 || !strings.HasSuffix(short(changed)[0], "users.update display_name:Plain→Edited") {
				t.Errorf("edited: %q", short(changed))
			}
		})
	}
}

// A file is whose it is, until it is planned, abandoned, or a day old.
func TestWhoseFile(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p, other := w.Person(api.Owner), w.Person(api.Owner)
	other.ID = "@else:example.org"
	plan := upload(t, w, p, "user,Kennwort,what\nann,secret password,secret too\n")
	seen := gatetest.Must[api.Import](t, w, p, "imports.look", api.ImportLook{ID: plan.ID})
	if seen.Name != "users.csv" || seen.Columns[0].Samples[0] != "ann" || seen.Columns[1].Samples[0] != "••••••••" || seen.Columns[2].Samples[0] != "se…" {
		t.Errorf("%+v", seen)
	}
	if _, err := gatetest.Try[api.Import](t, w, other, "imports.look", api.ImportLook{ID: plan.ID}); gatetest.Code(err) != "import_not_found" {
		t.Errorf("another person's: %v", err)
	}
	headless := gatetest.Must[api.Import](t, w, p, "imports.look", api.ImportLook{ID: plan.ID, Format: api.FileFormat{Headless: true, Comma: ","}})
	if headless.Columns[0].Name != "1" || len(headless.Columns[0].Samples) != 2 {
		t.Errorf("%+v", headless)
	}
	twice := plan
	gatetest.Must[api.Job](t, w, p, "imports.plan", plan)
	if _, err := gatetest.Try[api.Job](t, w, p, "imports.plan", twice); gatetest.Code(err) != "import_planned" {
		t.Errorf("planned twice: %v", err)
	}
	if list := gatetest.Must[api.JobPage](t, w, p, "jobs.list", api.JobQuery{}); len(list.Jobs) != 1 {
		t.Errorf("%d jobs of one file", len(list.Jobs))
	}
	abandoned := upload(t, w, p, "id\nann\n")
	gatetest.Must[api.Abandoned](t, w, p, "imports.abandon", api.ImportRef{ID: abandoned.ID})
	if _, err := w.Store.UploadChunk(t.Context(), abandoned.ID, 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("abandoned: %v", err)
	}
	old := upload(t, w, p, "id\nann\n")
	w.Clock.Advance(25 * time.Hour)
	if _, err := gatetest.Try[api.Import](t, w, p, "imports.look", api.ImportLook{ID: old.ID}); gatetest.Code(err) != "import_not_found" {
		t.Errorf("a day later: %v", err)
	}
	w.Intake.Clear(t.Context())
	if _, err := w.Store.UploadChunk(t.Context(), old.ID, 0); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is kept: %v", err)
	}
}
