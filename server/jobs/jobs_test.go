// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store/storetest"
)

// people puts n accounts on hs and returns their IDs.
func people(w *gatetest.World, n int) []api.UserID {
	ids := make([]api.UserID, n)
	for i := range ids {
		ids[i] = w.Stub.ID(fmt.Sprintf("u%03d", i))
		w.Stub.Put(api.User{ID: ids[i]})
	}
	return ids
}

// planned makes a job and works its plan off.
func planned(t *testing.T, w *gatetest.World, p operator.Person, plan api.JobPlan) api.Job {
	t.Helper()
	job := gatetest.Must[api.Job](t, w, p, "jobs.plan", plan)
	work(t, w, job.ID)
	job = gatetest.Must[api.Job](t, w, p, "jobs.get", api.JobRef{ID: job.ID})
	if job.State != api.JobPlanned {
		t.Fatalf("the plan is %s %s", job.State, job.Code)
	}
	return job
}

func work(t *testing.T, w *gatetest.World, id string) {
	t.Helper()
	again, err := w.Jobs.Work(t.Context(), id)
	if err != nil || again != 0 {
		t.Fatalf("work: again %s, %v", again, err)
	}
}

// lines writes a job's items, one a line.
func lines(t *testing.T, w *gatetest.World, p operator.Person, id string) string {
	t.Helper()
	page := gatetest.Must[api.JobItemPage](t, w, p, "jobs.items", api.JobItemQuery{ID: id})
	var b strings.Builder
	for _, i := range page.Items {
		fmt.Fprintln(&b, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", i.N, i.Target, i.State, i.Code)))
	}
	return b.String()
}

func TestPlanThenRun(t *testing.T) { storetest.Each(t, testPlanThenRun) }

func testPlanThenRun(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	w.Stub.Put(api.User{ID: w.Stub.ID("carl"), Locked: true})
	ids := []api.UserID{w.Stub.ID("ann"), w.Stub.ID("carl"), w.Stub.ID("gatehouse"), w.Stub.ID("admin"), w.Stub.ID("nobody"), w.Stub.ID("bob")}
	job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: ids, With: []api.JobField{{Name: "reason", Value: "spam"}}})
	want := `1 @ann:example.org waiting
2 @carl:example.org skipped item_already_locked
3 @gatehouse:example.org failed own_service_account
4 @admin:example.org failed item_self
5 @nobody:example.org failed not_found
6 @bob:example.org waiting
`
	if got := lines(t, w, me, job.ID); got != want {
		t.Errorf("the plan is\n%s", got)
	}
	if len(w.Stub.Calls("users.lock")) != 0 {
		t.Error("planning locks somebody")
	}
	if job.Count != (api.JobCounts{Waiting: 2, Skipped: 1, Failed: 3}) {
		t.Errorf("counts %+v", job.Count)
	}

	gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
	work(t, w, job.ID)
	job = gatetest.Must[api.Job](t, w, me, "jobs.get", api.JobRef{ID: job.ID})
	if job.State != api.JobDone || job.Count != (api.JobCounts{Done: 2, Skipped: 1, Failed: 3}) {
		t.Errorf("%s %+v", job.State, job.Count)
	}
	if calls := w.Stub.Calls("users.lock"); len(calls) != 2 || calls[0].Request.(api.UserDeed).Reason != "spam" {
		t.Errorf("calls %v", calls)
	}
	// Each item stands in the audit log as the owner's own call, under a name by which it is found.
	var locked []string
	for _, r := range w.Log() {
		if r.Operation == "users.lock" && r.Phase == "intent" {
			locked = append(locked, r.Targets+" "+r.Actor+" "+r.Role)
			if !strings.HasPrefix(r.RequestID, job.ID+".") {
				t.Errorf("the call has the name %s", r.RequestID)
			}
		}
	}
	if len(locked) != 2 || !strings.Contains(strings.Join(locked, "\n"), `["@bob:example.org"] @admin:example.org owner`) {
		t.Errorf("audit %v", locked)
	}
	// Once it is done, it is done.
	work(t, w, job.ID)
	if _, err := gatetest.Try[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID}); gatetest.Code(err) != "job_state" {
		t.Errorf("started again: %v", err)
	}
	if calls := w.Stub.Calls("users.lock"); len(calls) != 2 {
		t.Errorf("calls %v", calls)
	}
}

// All that match a filter, over several pages, hidden accounts left out as the list leaves them out.
func TestAllThatMatch(t *testing.T) { storetest.Each(t, testAllThatMatch) }

func testAllThatMatch(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	people(w, 1200)
	gatetest.On(w.Stub, api.ListUsers, func(_ context.Context, q api.UserQuery) (api.UserPage, error) {
		if q.Search != "u" || q.Limit != api.MaxPage {
			t.Errorf("asked for %+v", q)
		}
		from := 0
		_, _ = fmt.Sscan(q.Cursor, &from)
		page := api.UserPage{}
		for i := from; i < min(from+q.Limit, 1200); i++ {
			page.Users = append(page.Users, api.User{ID: w.Stub.ID(fmt.Sprintf("u%03d", i))})
		}
		if from+q.Limit < 1200 {
			page.Next = fmt.Sprint(from + q.Limit)
		}
		return page, nil
	})
	job := planned(t, w, me, api.JobPlan{Operation: "users.lock", All: true, Filter: api.UserQuery{Search: "u"}})
	if job.Count != (api.JobCounts{Waiting: 1200}) {
		t.Errorf("%+v", job.Count)
	}
	if calls := w.Stub.Calls("users.get"); len(calls) != 1 { // the owner's own account
		t.Errorf("%d accounts were looked at one by one, though the list says all", len(calls))
	}
}

// Rooms are written one a line, and each account of the job is let into them.
func TestRoomsForMany(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	with := func(rooms string) api.JobPlan {
		return api.JobPlan{Operation: "users.join_rooms", IDs: people(w, 2), With: []api.JobField{{Name: "rooms", Value: rooms}}}
	}
	_, err := gatetest.Try[api.Job](t, w, me, "jobs.plan", with(" "))
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Error() != "invalid_request [with.0.value: missing]" {
		t.Errorf("without a room: %v", err)
	}
	job := planned(t, w, me, with("#hall:example.org\r\n#lab:example.org"))
	gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
	work(t, w, job.ID)
	calls := w.Stub.Calls("users.join_rooms")
	if j := look(t, w, job.ID); j.Count.Done != 2 || len(calls) != 2 || len(calls[0].Request.(api.RoomsJoin).Rooms) != 2 {
		t.Errorf("%+v, %v", j.Count, calls)
	}
}

// A list that moves while it is read shows some accounts twice: each has one item.
func TestAllOnceEach(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	pages := [][]string{{"a", "b", "c"}, {"c", "d"}, {"a", "e"}}
	gatetest.On(w.Stub, api.ListUsers, func(_ context.Context, q api.UserQuery) (page api.UserPage, err error) {
		n := len(q.Cursor)
		for _, name := range pages[n] {
			page.Users = append(page.Users, api.User{ID: w.Stub.ID(name)})
		}
		if n+1 < len(pages) {
			page.Next = q.Cursor + "+"
		}
		return page, nil
	})
	me := w.Person(api.Owner)
	job := planned(t, w, me, api.JobPlan{Operation: "users.notice", All: true, With: []api.JobField{{Name: "text", Value: "Tonight."}}})
	want := "1 @a:example.org waiting\n2 @b:example.org waiting\n3 @c:example.org waiting\n4 @d:example.org waiting\n5 @e:example.org waiting\n"
	if got := lines(t, w, me, job.ID); got != want {
		t.Errorf("the plan is\n%s", got)
	}
}

// What cannot be done to many accounts is refused, and so is a secret, which a job would have to keep.
func TestRefusedPlans(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Stub.Lack(api.SuspendUser, "no_endpoint")
	ids := []api.UserID{w.Stub.ID("ann")}
	for _, c := range []struct {
		plan api.JobPlan
		role api.Role
		want string
	}{
		{api.JobPlan{Operation: "users.sign_in_as", IDs: ids}, api.Owner, "invalid_request [operation: not_for_many]"},
		{api.JobPlan{Operation: "users.create", IDs: ids}, api.Owner, "invalid_request [operation: not_for_many]"},
		{api.JobPlan{Operation: "users.get", IDs: ids}, api.Owner, "invalid_request [operation: not_for_many]"},
		{api.JobPlan{Operation: "jobs.cancel", IDs: ids}, api.Owner, "invalid_request [operation: not_for_many]"},
		{api.JobPlan{Operation: "users.lock"}, api.Owner, "invalid_request [ids: missing]"},
		{api.JobPlan{Operation: "users.lock", IDs: ids, All: true}, api.Owner, "invalid_request [ids: invalid_request]"},
		{api.JobPlan{Operation: "users.lock", IDs: ids, With: []api.JobField{{Name: "confirm", Value: "true"}}}, api.Owner, "unknown_field [with.0.value: unknown_field]"},
		{api.JobPlan{Operation: "users.lock", IDs: ids, With: []api.JobField{{Name: "colour", Value: "red"}}}, api.Owner, "invalid_request [with.0.value: unknown_field]"},
		{api.JobPlan{Operation: "users.reset_password", IDs: ids, With: []api.JobField{{Name: "password.mode", Value: "typed"}, {Name: "password.password", Value: "the same for all"}}}, api.Owner, "secret_for_many [with.1.value: secret_for_many]"},
		{api.JobPlan{Operation: "users.reset_password", IDs: ids}, api.Owner, "invalid_request [password.mode: missing]"},
		{api.JobPlan{Operation: "users.suspend", IDs: ids}, api.Owner, "not_supported"},
		{api.JobPlan{Operation: "users.deactivate", IDs: ids}, api.Helpdesk, "forbidden"},
		{api.JobPlan{Operation: "users.lock", IDs: ids}, api.Auditor, "forbidden"},
		{api.JobPlan{Operation: "users.update", IDs: ids, With: []api.JobField{{Name: "admin.to", Value: "true"}}}, api.Helpdesk, "forbidden"},
		{api.JobPlan{Operation: "limits.set", IDs: ids, With: []api.JobField{{Name: "messages_per_second", Value: "5"}, {Name: "burst", Value: "0"}}}, api.Owner, "invalid_request [with.1.value: rate_mutes]"},
	} {
		_, err := gatetest.Try[api.Job](t, w, w.Person(c.role), "jobs.plan", c.plan)
		p, ok := errors.AsType[*api.Problem](err)
		if !ok || p.Error() != c.want {
			t.Errorf("%+v as %s: %v, want %s", c.plan, c.role, err, c.want)
		}
	}
	if jobs := gatetest.Must[api.JobPage](t, w, w.Person(api.Owner), "jobs.list", api.JobQuery{}); len(jobs.Jobs) != 0 {
		t.Errorf("%d jobs were made", len(jobs.Jobs))
	}
}

// What an account is already is not done to it. Where the homeserver cannot tell how it is, it is done, and not said from what.
func TestNeedless(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	ids := people(w, 3)
	w.Stub.Put(api.User{ID: ids[0], Admin: true, Locked: true, UserType: "bot", Drift: []string{api.DriftLocked}})
	w.Stub.Put(api.User{ID: ids[2], Unknown: []string{"admin", "locked", "user_type"}})
	for _, c := range []struct {
		operation, field, value, want string
	}{
		{"users.update", "admin.to", "true", "skipped item_already_so, waiting false→true, waiting →true"},
		{"users.update", "admin.to", "false", "waiting true→false, skipped item_already_so, waiting →false"},
		{"users.update", "user_type.to", "bot", "skipped item_already_so, waiting →bot, waiting →bot"},
		{"users.update", "user_type.to", "", "waiting bot→, skipped item_already_so, waiting →"},
		{"users.lock", "", "", "skipped item_already_locked, waiting false→true, waiting →true"},
		{"users.unlock", "", "", "waiting true→false, skipped item_already_not_locked, waiting →false"},
		{"users.repair", "drift", api.DriftLocked, "waiting, skipped item_no_drift, skipped item_no_drift"},
	} {
		plan := api.JobPlan{Operation: c.operation, IDs: ids}
		if c.field != "" {
			plan.With = []api.JobField{{Name: c.field, Value: c.value}}
		}
		job := planned(t, w, me, plan)
		var got []string
		for _, i := range gatetest.Must[api.JobItemPage](t, w, me, "jobs.items", api.JobItemQuery{ID: job.ID}).Items {
			text := strings.TrimSpace(i.State + " " + i.Code)
			for _, change := range i.Changes {
				text += " " + change.From + "→" + change.To
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s %s=%s: %v, want %s", c.operation, c.field, c.value, got, c.want)
		}
	}
}

// What cannot be undone is started by saying how many accounts it is about.
func TestDestructiveAsksForTheNumber(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	job := planned(t, w, me, api.JobPlan{Operation: "users.erase", IDs: people(w, 3)})
	for _, n := range []int64{0, 2, 4} {
		if _, err := gatetest.Try[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID, Confirm: n}); gatetest.Code(err) != "confirm_count" {
			t.Errorf("with %d: %v", n, err)
		}
	}
	gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID, Confirm: 3})
	work(t, w, job.ID)
	if calls := w.Stub.Calls("users.erase"); len(calls) != 3 {
		t.Errorf("%d calls", len(calls))
	}
}

// A job is its owner's to begin, and anybody's who may run jobs to stop; a person who may look at accounts sees it.
func TestJobsOfOthers(t *testing.T) { storetest.Each(t, testJobsOfOthers) }

func testJobsOfOthers(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me, other := w.Person(api.Owner), w.Person(api.Helpdesk)
	other.ID = string(w.Stub.ID("root"))
	job := planned(t, w, me, api.JobPlan{Operation: "users.lock", IDs: people(w, 1)})
	if seen := gatetest.Must[api.Job](t, w, other, "jobs.get", api.JobRef{ID: job.ID}); seen.Mine || seen.Owner != me.ID {
		t.Errorf("%+v", seen)
	}
	if _, err := gatetest.Try[api.Job](t, w, other, "jobs.start", api.JobStart{ID: job.ID}); gatetest.Code(err) != "job_of_another" {
		t.Errorf("start: %v", err)
	}
	done := w.PutJob(me, api.JobDone)
	if _, err := gatetest.Try[api.JobHandout](t, w, other, "jobs.passwords", api.JobRef{ID: done}); gatetest.Code(err) != "job_of_another" {
		t.Errorf("passwords: %v", err)
	}
	if _, err := gatetest.Try[api.Job](t, w, other, "jobs.retry", api.JobRef{ID: done}); gatetest.Code(err) != "job_of_another" {
		t.Errorf("retry: %v", err)
	}
	if stopped := gatetest.Must[api.Job](t, w, other, "jobs.cancel", api.JobRef{ID: job.ID}); stopped.State != api.JobCancelled {
		t.Errorf("%+v", stopped)
	}
	first := gatetest.Must[api.JobPage](t, w, other, "jobs.list", api.JobQuery{Limit: 1})
	if second := gatetest.Must[api.JobPage](t, w, other, "jobs.list", api.JobQuery{Limit: 1, Cursor: first.Next}); len(second.Jobs) != 1 || second.Jobs[0].ID == first.Jobs[0].ID || second.Next != "" {
		t.Errorf("pages %+v, %+v", first, second)
	}
	elsewhere := operator.Person{ID: "operator:eve", Role: api.Owner}
	p, err := w.Gate.Do(t.Context(), gate.Visit{
		Person: &elsewhere, Homeserver: "other", Operation: "jobs.get", Key: gate.NewKey(),
		Decode: func(api.Op) (api.Request, error) { return api.JobRef{ID: job.ID}, nil },
	})
	if gatetest.Code(err) != "job_not_found" {
		t.Errorf("a job of another homeserver: %v, %v", p, err)
	}
}

// Passwords are made by the plan, sealed, and handed out once.
func TestPasswords(t *testing.T) { storetest.Each(t, testPasswords) }

func testPasswords(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	ids := people(w, 3)
	job := planned(t, w, me, api.JobPlan{Operation: "users.reset_password", IDs: ids, With: []api.JobField{{Name: "password.mode", Value: "passphrase"}}})
	gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
	work(t, w, job.ID)
	if job = gatetest.Must[api.Job](t, w, me, "jobs.get", api.JobRef{ID: job.ID}); job.Passwords != 3 || job.WipeMS == 0 {
		t.Errorf("%+v", job)
	}
	card := gatetest.Must[api.JobHandout](t, w, me, "jobs.passwords", api.JobRef{ID: job.ID})
	set := map[api.UserID]string{}
	for _, c := range w.Stub.Calls("users.reset_password") {
		r := c.Request.(api.PasswordReset)
		set[r.ID] = r.Password.Password.Reveal()
	}
	if len(card.Passwords) != 3 {
		t.Fatalf("%d passwords", len(card.Passwords))
	}
	for _, p := range card.Passwords {
		if p.Password.Reveal() == "" || set[p.ID] != p.Password.Reveal() {
			t.Errorf("%s was given another password than was handed out", p.ID)
		}
	}
	if _, err := gatetest.Try[api.JobHandout](t, w, me, "jobs.passwords", api.JobRef{ID: job.ID}); gatetest.Code(err) != "job_no_passwords" {
		t.Errorf("handed out twice: %v", err)
	}
	if job = gatetest.Must[api.Job](t, w, me, "jobs.get", api.JobRef{ID: job.ID}); job.Passwords != 0 || job.WipeMS != 0 {
		t.Errorf("after: %+v", job)
	}
}

// The report of a job is a file like that of every list.
func TestReport(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	id := w.PutJob(me, api.JobDone)
	rec := w.Serve(w.Request("GET", "/api/hs/lists.export?format=csv&operation=jobs.items&query=id%3D"+id, "", w.Session(me)))
	if body := rec.Body.String(); rec.Code != 200 || !strings.Contains(body, "@ann:example.org") || !strings.Contains(body, "failed") || strings.Contains(body, gatetest.Generated) {
		t.Errorf("%d %s", rec.Code, body)
	}
}
