// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

var _ = flag.Bool("update", false, "write the golden files anew")

func at(hours int64) int64 { return screentest.Now.UnixMilli() + hours*3600_000 }

func job(state string) api.Job {
	j := api.Job{
		ID: "abc", Kind: api.JobOperation, Operation: "users.lock", State: state, Owner: "@nadia.okafor:uni-lindau.example", OwnerName: "Nadia Okafor", Mine: true,
		With: []api.JobField{{Name: "reason", Value: "spam <b>"}}, CreatedMS: at(-2), NowMS: at(0), Count: api.JobCounts{Waiting: 1200, Skipped: 7, Failed: 2},
	}
	switch state {
	case api.JobPaused, api.JobFailed:
		j.StartedMS, j.Retry = at(-1), 2
	case api.JobRunning:
		j.StartedMS, j.Count, j.PerMinute, j.LeftMS = at(-1), api.JobCounts{Waiting: 466, Running: 16, Done: 718, Skipped: 7, Failed: 2}, 240, 120_000
	case api.JobDone:
		j.StartedMS, j.EndedMS, j.Count = at(-1), at(0), api.JobCounts{Done: 1198, Skipped: 7, Failed: 3, Unknown: 1}
		j.Retry = 3
	}
	return j
}

func items() api.JobItemPage {
	return api.JobItemPage{Items: []api.JobItem{
		{N: 1, Target: "@a:uni-lindau.example", Action: "users.lock", State: api.ItemWaiting, Changes: []api.JobChange{{Field: "locked", From: "false", To: "true"}}},
		{N: 2, Target: "@b:uni-lindau.example", Action: "users.lock", State: api.ItemSkipped, Code: "item_already_locked"},
		{N: 3, Target: "@gatehouse:uni-lindau.example", State: api.ItemFailed, Code: "own_service_account", Params: map[string]string{"id": "@gatehouse:uni-lindau.example"}},
		{N: 4, Line: 17, Target: "@d:uni-lindau.example", Action: "users.update", State: api.ItemDone, Changes: []api.JobChange{{Field: "display_name", To: "D <b>"}}},
		{N: 5, Target: "@e:uni-lindau.example", Action: "users.lock", State: api.ItemUnknown, Code: "outcome_unknown"},
		{N: 6, Target: "@f:uni-lindau.example", Action: "users.lock", State: api.ItemRunning},
	}, Next: "6"}
}

// plan is the address of a plan for an account, with names and values in turn.
func plan(operation string, with ...string) string {
	p := api.JobPlan{Operation: operation, IDs: []api.UserID{"@a:uni-lindau.example"}}
	for i := 0; i < len(with); i += 2 {
		p.With = append(p.With, api.JobField{Name: with[i], Value: with[i+1]})
	}
	return "/uni/jobs/plan?" + api.EncodeForm(p).Encode()
}

var features = api.FeatureList{Features: []api.Feature{{Name: "msc3881"}, {Name: "msc9999", On: true}}}

func TestGolden(t *testing.T) {
	env := screentest.Env()
	german, auditor := screentest.In(env, "de"), screentest.As(env, api.Auditor)
	erase := job(api.JobPlanned)
	erase.Operation, erase.Note, erase.Confirm = "users.erase", "Leavers 2026", 1200
	partial := job(api.JobPlanned)
	partial.Code, partial.Params = "job_list_partial", map[string]string{"reason": "mas_comparing"}
	others := job(api.JobPlanned)
	others.Mine = false
	waits := job(api.JobRunning)
	waits.Code = "job_waits_away"
	keyless := job(api.JobPaused)
	keyless.Code, keyless.Params = "job_key_token", map[string]string{"homeserver": "uni"}
	limited, planning := job(api.JobRunning), job(api.JobPlanning)
	limited.Code, limited.Params = "job_waits_limited", map[string]string{"until_ms": strconv.FormatInt(at(0)+95_000, 10)}
	planning.Count = api.JobCounts{}
	scheduled := job(api.JobScheduled)
	scheduled.AtMS = at(9)
	failed := job(api.JobFailed)
	failed.Code, failed.Params = "job_owner_gone", map[string]string{"name": "@nadia.okafor:uni-lindau.example"}
	forbidden, planless := job(api.JobFailed), job(api.JobFailed)
	forbidden.Mine, forbidden.Passwords, forbidden.WipeMS = false, 12, at(168)
	forbidden.Code, forbidden.Params = "job_owner_forbidden", map[string]string{"name": "@nadia.okafor:uni-lindau.example", "role": "auditor", "permission": "users.lock"}
	planless.StartedMS, planless.Count, planless.Retry, planless.Code = 0, api.JobCounts{}, 0, "homeserver_unknown_answer"
	stoppedPasswords := failed
	stoppedPasswords.Passwords, stoppedPasswords.WipeMS = 12, at(168)
	passwords := job(api.JobDone)
	passwords.Operation, passwords.Passwords, passwords.WipeMS = "users.reset_password", 1198, at(168)
	soon, kept, halfway, again := passwords, job(api.JobPlanned), job(api.JobPaused), job(api.JobDone)
	soon.WipeMS, kept.WipeMS, halfway.WipeMS, again.WipeMS = at(24), at(168), at(23), at(25)
	halfway.Passwords = 12
	rows := job(api.JobPlanned)
	rows.Kind, rows.Operation, rows.Note, rows.RowsMS = api.JobImport, "", "class 7b.csv", at(168)
	rows.Plan = api.PlanCounts{Create: 1114, Change: 86, Leave: 7, Refuse: 2}
	nothing, theirRows, leavers, uncounted := rows, rows, rows, rows
	nothing.Count, nothing.Plan = api.JobCounts{}, api.PlanCounts{}
	leavers.Plan, leavers.Confirm = api.PlanCounts{Change: 1200, Leave: 7, Refuse: 2, Destroy: 1192}, 1192
	uncounted.Plan, uncounted.Confirm = api.PlanCounts{}, 1200
	later := leavers
	later.State, later.AtMS = api.JobScheduled, at(9)
	theirRows.Mine = false
	imported := screentest.Answers{"jobs.get": rows, "jobs.items": api.JobItemPage{Items: []api.JobItem{
		{N: 1, Line: 2, Target: "@a:uni-lindau.example", Action: "users.create", State: api.ItemWaiting, Changes: []api.JobChange{
			{Field: "display_name", To: "A"}, {Field: "admin", To: "false"}, {Field: "emails", To: "a@b.example"}, {Field: "password", To: "••••••••"},
		}},
		{N: 2, Line: 3, Target: "@b:uni-lindau.example", Action: "users.update", State: api.ItemWaiting, Changes: []api.JobChange{{Field: "admin", From: "true", To: "false"}}},
		{N: 3, Line: 4, Target: "@c:uni-lindau.example", State: api.ItemFailed, Code: "import_taken", Params: map[string]string{"field": "emails", "value": "a@b.example", "owner": "@z:uni-lindau.example"}},
		{N: 4, Line: 5, State: api.ItemFailed, Code: "import_field", Params: map[string]string{"field": "id", "code": "missing"}},
		{N: 6, Line: 7, Target: "@g:uni-lindau.example", State: api.ItemFailed, Code: "import_untold", Params: map[string]string{"field": "admin"}},
		{N: 7, Line: 8, Target: "@gatehouse:uni-lindau.example", State: api.ItemFailed, Code: "own_service_account", Params: map[string]string{"id": "@gatehouse:uni-lindau.example"}},
		{N: 8, Line: 9, Target: "@nobody:uni-lindau.example", State: api.ItemFailed, Code: "not_found", Params: map[string]string{"id": "@nobody:uni-lindau.example"}},
		{N: 9, Line: 10, Target: "@h:uni-lindau.example", State: api.ItemFailed, Code: "import_field", Params: map[string]string{"field": "password", "code": "import_text"}},
		{N: 5, Line: 6, Target: "@e:uni-lindau.example", Action: "users.update", State: api.ItemFailed, Code: "homeserver_down", Did: []string{"users.update", "users.reset_password"}, At: "users.unlock", Undone: []string{"users.notice"}},
	}}}
	onlyChanges := screentest.Answers{"jobs.get": rows, "jobs.items": api.JobItemPage{Items: imported["jobs.items"].(api.JobItemPage).Items[1:2], Next: "12"}}
	underWay := job(api.JobRunning)
	underWay.Kind, underWay.Operation, underWay.Plan = api.JobImport, "", rows.Plan
	theirs := passwords
	theirs.Mine, theirs.Passwords = false, api.CardsAtOnce+1
	get := func(j api.Job) screentest.Answers { return screentest.Answers{"jobs.get": j, "jobs.items": items()} }
	list := screentest.Answers{"jobs.list": api.JobPage{Jobs: []api.Job{job(api.JobRunning), erase, job(api.JobDone), failed, job(api.JobCancelled)}, Next: "1.abc"}}
	file := screentest.Answers{"imports.look": api.Import{Name: "<b>left</b>.csv", Columns: []api.ImportColumn{{Name: "who", Field: "display_name"}, {Name: "account"}, {Name: "since"}}}}
	for _, c := range []struct {
		name    string
		open    func() screen.Screen
		env     ui.Env
		answers screentest.Answers
		address string
	}{
		{"list", NewList, env, list, "/uni/jobs"},
		{"list-german", NewList, german, list, "/uni/jobs?cursor=2.x"},
		{"list-empty", NewList, env, screentest.Answers{"jobs.list": api.JobPage{}}, "/uni/jobs"},
		{"planned", NewJob, env, get(job(api.JobPlanned)), "/uni/jobs/job?id=abc"},
		{"planned-partial", NewJob, german, get(partial), "/uni/jobs/job?id=abc"},
		{"planned-import", NewJob, env, imported, "/uni/jobs/job?id=abc"},
		{"planned-import-changes", NewJob, env, onlyChanges, "/uni/jobs/job?id=abc&does=change&cursor=9"},
		{"running-changes", NewJob, env, screentest.Answers{"jobs.get": underWay, "jobs.items": onlyChanges["jobs.items"]}, "/uni/jobs/job?id=abc&does=change"},
		{"planned-import-german", NewJob, german, imported, "/uni/jobs/job?id=abc"},
		{"planned-import-of-another", NewJob, env, screentest.Answers{"jobs.get": theirRows, "jobs.items": imported["jobs.items"]}, "/uni/jobs/job?id=abc"},
		{"planned-import-deactivates", NewJob, env, get(leavers), "/uni/jobs/job?id=abc"},
		{"planned-import-deactivates-german", NewJob, german, get(leavers), "/uni/jobs/job?id=abc"},
		{"planned-import-uncounted", NewJob, env, get(uncounted), "/uni/jobs/job?id=abc"},
		{"scheduled-import", NewJob, env, get(later), "/uni/jobs/job?id=abc"},
		{"planned-nothing", NewJob, env, screentest.Answers{"jobs.get": nothing, "jobs.items": api.JobItemPage{}}, "/uni/jobs/job?id=abc"},
		{"planned-erase", NewJob, env, get(erase), "/uni/jobs/job?id=abc"},
		{"planned-of-another", NewJob, env, get(others), "/uni/jobs/job?id=abc&state=failed&cursor=2"},
		{"running", NewJob, env, get(job(api.JobRunning)), "/uni/jobs/job?id=abc"},
		{"running-german", NewJob, german, get(job(api.JobRunning)), "/uni/jobs/job?id=abc"},
		{"running-auditor", NewJob, auditor, get(job(api.JobRunning)), "/uni/jobs/job?id=abc"},
		{"waits", NewJob, env, get(waits), "/uni/jobs/job?id=abc"},
		{"limited", NewJob, env, get(limited), "/uni/jobs/job?id=abc"},
		{"limited-german", NewJob, german, get(limited), "/uni/jobs/job?id=abc"},
		{"planning", NewJob, env, screentest.Answers{"jobs.get": planning, "jobs.items": api.JobItemPage{}}, "/uni/jobs/job?id=abc"},
		{"scheduled", NewJob, env, get(scheduled), "/uni/jobs/job?id=abc"},
		{"paused", NewJob, env, get(job(api.JobPaused)), "/uni/jobs/job?id=abc"},
		{"paused-key", NewJob, env, get(keyless), "/uni/jobs/job?id=abc"},
		{"paused-key-german", NewJob, german, get(keyless), "/uni/jobs/job?id=abc"},
		{"cancel", NewCancel, env, get(halfway), "/uni/jobs/cancel?id=abc"},
		{"cancel-running-german", NewCancel, german, get(job(api.JobRunning)), "/uni/jobs/cancel?id=abc"},
		{"cancel-scheduled", NewCancel, env, get(scheduled), "/uni/jobs/cancel?id=abc"},
		{"cancel-done", NewCancel, env, get(job(api.JobDone)), "/uni/jobs/cancel?id=abc"},
		{"cancel-auditor", NewCancel, auditor, get(job(api.JobRunning)), "/uni/jobs/cancel?id=abc"},
		{"done", NewJob, env, get(job(api.JobDone)), "/uni/jobs/job?id=abc"},
		{"stopped", NewJob, env, get(failed), "/uni/jobs/job?id=abc"},
		{"stopped-german", NewJob, german, get(failed), "/uni/jobs/job?id=abc"},
		{"stopped-of-another", NewJob, env, get(forbidden), "/uni/jobs/job?id=abc"},
		{"stopped-of-another-german", NewJob, german, get(forbidden), "/uni/jobs/job?id=abc"},
		{"stopped-passwords", NewJob, env, get(stoppedPasswords), "/uni/jobs/job?id=abc"},
		{"stopped-plan", NewJob, env, screentest.Answers{"jobs.get": planless, "jobs.items": api.JobItemPage{}}, "/uni/jobs/job?id=abc"},
		{"passwords", NewJob, env, get(passwords), "/uni/jobs/job?id=abc"},
		{"passwords-soon", NewJob, env, get(soon), "/uni/jobs/job?id=abc"},
		{"passwords-planned", NewJob, env, get(kept), "/uni/jobs/job?id=abc"},
		{"passwords-paused-german", NewJob, german, get(halfway), "/uni/jobs/job?id=abc"},
		{"passwords-retry", NewJob, env, get(again), "/uni/jobs/job?id=abc"},
		{"passwords-of-another", NewJob, env, get(theirs), "/uni/jobs/job?id=abc"},
		{"plan-choose", NewPlan, env, nil, "/uni/jobs/plan?ids=%40a%3Auni-lindau.example&ids=%40b%3Auni-lindau.example"},
		{"plan-choose-auditor", NewPlan, auditor, nil, "/uni/jobs/plan?ids=%40a%3Auni-lindau.example"},
		{"plan-lock", NewPlan, env, nil, "/uni/jobs/plan?operation=users.lock&ids=%40a%3Auni-lindau.example&ids=%40b%3Auni-lindau.example"},
		{"plan-passwords", NewPlan, german, nil, "/uni/jobs/plan?operation=users.reset_password&ids=%40a%3Auni-lindau.example"},
		{"plan-admin", NewPlan, env, nil, plan("users.update", "admin.to", "true")},
		{"plan-admin-helpdesk", NewPlan, screentest.As(env, api.Helpdesk), nil, plan("users.update", "admin.to", "true")},
		{"plan-type", NewPlan, german, screentest.Answers{"server.info": api.Server{UserTypes: []string{"bot", "teacher"}}}, plan("users.update", "user_type.to", "")},
		{"plan-limit", NewPlan, env, nil, plan("limits.set")},
		{"plan-feature", NewPlan, env, screentest.Answers{"features.list": features}, plan("features.set")},
		{"plan-feature-untold", NewPlan, env, screentest.Answers{"features.list": errors.New("no")}, plan("features.set")},
		{"plan-renew-helpdesk", NewPlan, screentest.As(env, api.Helpdesk), nil, plan("users.renew")},
		{"plan-redact", NewPlan, env, nil, plan("users.redact")},
		{"plan-rooms", NewPlan, env, nil, plan("users.join_rooms")},
		{"plan-repair", NewPlan, german, nil, plan("users.repair")},
		{"plan-unclear", NewPlan, env, nil, plan("users.update")},
		{"plan-file", NewPlan, env, file, "/uni/jobs/plan?operation=users.lock&file.id=up&file.column=2&file.format.comma=tab&file.format.headless=false"},
		{"plan-file-choose-german", NewPlan, german, screentest.Answers{"imports.look": api.Import{Name: "left.csv", Columns: []api.ImportColumn{{Name: "id", Field: "id"}}}}, "/uni/jobs/plan?file.id=up"},
		{"plan-all", NewPlan, env, screentest.Answers{"users.list": api.UserPage{Total: new(int64)}}, "/uni/jobs/plan?operation=users.notice&all=true&filter.search=spam"},
		{"plan-all-german", NewPlan, german, screentest.Answers{"users.list": api.UserPage{Total: new(int64)}}, "/uni/jobs/plan?operation=users.lock&all=true&filter.search=%3Cb%3E&filter.locked=without&filter.guests=only"},
		{"plan-all-partial", NewPlan, env, screentest.Answers{"users.list": api.UserPage{Limits: []string{"dendrite_no_list"}}}, "/uni/jobs/plan?operation=users.lock&all=true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := screentest.Draw(t, c.open, c.env, screentest.NewCaller(c.answers), c.address)
			screentest.Golden(t, c.name, source)
			if strings.Contains(source, "<b>") {
				t.Error("a text became an element of the page")
			}
		})
	}
}

// The passwords are on the page and in the file that it holds; what the program would get of it has none.
func TestPasswords(t *testing.T) {
	p := NewJob().(*Job)
	p.Use(screentest.Env())
	next := p.After("jobs.passwords", api.JobHandout{Job: "abc", ClientURL: "https://app.element.io", Passwords: []api.JobSecret{
		{ID: "@a:uni-lindau.example", Password: api.NewSecret("correct horse")}, {ID: "@b:uni-lindau.example", Password: api.NewSecret(`bat"tery`), Unknown: true},
	}})
	next.Screen.Use(screentest.Env())
	source := ui.HTML(next.Screen)
	screentest.Golden(t, "handout", source)
	if !strings.Contains(source, "correct horse") || !strings.Contains(source, "%22bat%22%22tery%22") {
		t.Error("a password is missing")
	}
	data, err := json.Marshal(next.Screen)
	if err != nil || strings.Contains(string(data), "horse") {
		t.Errorf("the data block is %s, %v", data, err)
	}
	if next := p.After("jobs.start", job(api.JobRunning)); next.URL != "/uni/jobs/job?id=abc" || next.Notice == "" {
		t.Errorf("after start: %+v", next)
	}
}

// Cards come part by part: each page says where the others are, and how it ends. No two of its forms have the same request key.
func TestCards(t *testing.T) {
	card := api.JobHandout{
		Job: "abc", Part: 3, Parts: []api.JobPart{{Part: 1, Count: 998}, {Part: 3, Count: 1000}, {Part: 4, Count: 2}}, Items: 3002, WipeMS: at(168), Key: "a-key-of-the-page",
		Passwords: []api.JobSecret{{ID: "@a:uni-lindau.example", Password: api.NewSecret("correct horse")}},
	}
	for name, env := range map[string]ui.Env{"cards": screentest.Env(), "cards-german": screentest.In(screentest.Env(), "de")} {
		p := NewJob().(*Job)
		p.Use(env)
		next := p.After("jobs.cards", card)
		next.Screen.Use(env)
		source := ui.HTML(next.Screen)
		screentest.Golden(t, name, source)
		keys := map[string]bool{}
		for _, part := range strings.Split(source, `"`+card.Key)[1:] {
			key, _, _ := strings.Cut(part, `"`)
			keys[key] = true
		}
		if forms := strings.Count(source, "<form"); forms != 5 || len(keys) != forms {
			t.Errorf("%d forms have the keys %v", forms, keys)
		}
	}
}

// More passwords than fit a page are in the file alone, all of them.
func TestManyPasswords(t *testing.T) {
	p := &Passwords{Handout: api.JobHandout{Job: "abc"}}
	p.Use(screentest.Env())
	for range api.CardsAtOnce + 1 {
		p.Handout.Passwords = append(p.Handout.Passwords, api.JobSecret{ID: "@a:uni-lindau.example", Password: api.NewSecret("horse")})
	}
	if source := ui.HTML(p); strings.Count(source, "horse") != api.CardsAtOnce+1 || strings.Contains(source, "<table") || strings.Contains(source, "data-print") {
		t.Error("they are on the page, or not in the file")
	}
	p.Handout.Passwords = p.Handout.Passwords[1:]
	if source := ui.HTML(p); strings.Count(source, "horse") != 3*api.CardsAtOnce || !strings.Contains(source, "data-print") {
		t.Errorf("%d in the file, the list and on cards", strings.Count(source, "horse"))
	}
}

// What a job can do to many accounts can be planned here, but for what the command line alone has; and each field is one of the operation's.
func TestOffered(t *testing.T) {
	has := map[string]bool{api.CreateDevice.Info().Name: true}
	for _, g := range offered {
		for _, o := range g.offers {
			name := o.op.Info().Name
			has[name] = true
			if !o.op.Info().Many {
				t.Errorf("%s cannot be done to many", name)
			}
			values := url.Values{}
			for _, f := range o.with() {
				values.Set(f.Name, f.Value)
			}
			if _, err := o.op.DecodeForm(values); err != nil && strings.Contains(err.Error(), "unknown_field") {
				t.Errorf("%s %s: %v", name, o.text, err)
			}
			if found, ok := offerOf(name, o.with()); !ok || found.text != o.text {
				t.Errorf("%s %s is taken for %q", name, o.text, found.text)
			}
		}
	}
	for _, op := range api.All() {
		if op.Info().Many && !has[op.Info().Name] {
			t.Errorf("%s is not offered", op.Info().Name)
		}
	}
}

// Every write on an account can be done to many, but for these, each for its reason.
func TestManyOrNot(t *testing.T) {
	const file, session = "it is about one file", "it is about one session, by its ID"
	reasons := map[string]string{
		"jobs.plan":          "it is how many are chosen",
		"devices.rename":     session,
		"media.delete":       file,
		"media.protect":      file,
		"media.quarantine":   file,
		"media.unprotect":    file,
		"media.unquarantine": file,
		"personal.create":    "its account is who uses the token, and nothing is done to it",
		"personal.renew":     session,
		"personal.revoke":    session,
		"users.sign_in_as":   "nobody acts as many",
	}
	one, many := reflect.TypeFor[api.UserID](), reflect.TypeFor[[]api.UserID]()
	for _, op := range api.All() {
		info := op.Info()
		req, _ := op.Types()
		about := slices.ContainsFunc(reflect.VisibleFields(reflect.TypeOf(req)), func(f reflect.StructField) bool { return f.Type == one || f.Type == many })
		excepted := reasons[info.Name] != ""
		if about && info.Kind == api.KindWrite && info.Many == excepted || excepted && !about {
			t.Errorf("%s: can be done to many accounts: %t; excepted: %t", info.Name, info.Many, excepted)
		}
	}
}

// The page follows a job that goes on, and no other.
func TestFollows(t *testing.T) {
	for state, want := range map[string]struct{ refreshes, listens bool }{
		api.JobPlanning: {true, true}, api.JobRunning: {true, true}, api.JobScheduled: {true, false},
		api.JobPlanned: {}, api.JobPaused: {}, api.JobDone: {}, api.JobCancelled: {}, api.JobFailed: {},
	} {
		p := &Job{Job: job(state)}
		p.Use(screentest.Env())
		if (p.Refresh() > 0) != want.refreshes || (p.Listens() != "") != want.listens {
			t.Errorf("%s: %s, %q", state, p.Refresh(), p.Listens())
		}
	}
	p := &Job{Job: job(api.JobRunning)}
	p.Hear(`{"id":"abc","state":"done"}`)
	p.Hear(`{"id":"other","state":"failed"}`)
	p.Hear(`{"id":`)
	if p.Job.State != api.JobDone {
		t.Errorf("heard %s", p.Job.State)
	}
}

// A plan that is finished while the page of its job is loaded is shown with all its rows, or as one that goes on.
func TestLoadedWhileItIsPlanned(t *testing.T) {
	planned := false
	both := func(before, after any) func(context.Context, api.Request) (any, error) {
		return func(context.Context, api.Request) (any, error) {
			defer func() { planned = true }()
			if planned {
				return after, nil
			}
			return before, nil
		}
	}
	call := screentest.NewCaller(screentest.Answers{
		"jobs.get": both(job(api.JobPlanning), job(api.JobPlanned)), "jobs.items": both(api.JobItemPage{}, api.JobItemPage{Items: []api.JobItem{{N: 1}}}),
	})
	p := &Job{}
	p.Use(screentest.Env())
	if err := screentest.Load(p, screentest.Env(), call, "/uni/jobs/job?id=abc"); err != nil {
		t.Fatal(err)
	}
	if len(p.Items.Items) == 0 && p.Refresh() == 0 {
		t.Error("a job at rest is shown without its rows")
	}
}

// A plan that is heard of before its rows are loaded is not called empty.
func TestPlanIsHeardOfFirst(t *testing.T) {
	for count, want := range map[string]bool{`{"waiting":2,"failed":1}`: false, `{}`: true} {
		p := &Job{Job: job(api.JobPlanning)}
		p.Job.Count = api.JobCounts{}
		p.Use(screentest.Env())
		p.Hear(`{"id":"abc","state":"planned","count":` + count + `}`)
		if got := strings.Contains(ui.HTML(p.Render()), "No account"); got != want {
			t.Errorf("%s of a plan that counts %s: called empty %t", p.Job.State, count, got)
		}
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for address, open := range map[string]func() screen.Screen{
		"/uni/jobs?state=asleep": NewList, "/uni/jobs/job": NewJob, "/uni/jobs/job?id=../x": NewJob, "/uni/jobs/cancel": NewCancel, "/uni/jobs/plan": NewPlan,
		"/uni/jobs/plan?ids=ann": NewPlan, "/uni/jobs/plan?operation=users.sign_in_as&ids=%40a%3Ab": NewPlan, "/uni/jobs/plan?colour=red": NewPlan,
	} {
		if err := screentest.Load(open(), screentest.Env(), screentest.NewCaller(nil), address); err == nil {
			t.Errorf("%s was loaded", address)
		}
	}
}
