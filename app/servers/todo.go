// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// todo is what waits for somebody, worst first: one entry a homeserver, because what is wrong with it hides the rest, and one for each job of the
// person's own whose passwords nobody can have much longer.
func todo(env ui.Env, list []Status) []ui.TodoItem {
	type entry struct {
		rank int
		item ui.TodoItem
	}
	var found []entry
	for _, s := range list {
		if rank, item := need(env, s); rank > 0 {
			found = append(found, entry{rank, item})
		}
		for _, j := range s.Wiping {
			found = append(found, entry{3, wiping(env, s, j)})
		}
	}
	slices.SortStableFunc(found, func(a, b entry) int { return cmp.Compare(a.rank, b.rank) })
	items := make([]ui.TodoItem, 0, len(found))
	for _, f := range found {
		items = append(items, f.item)
	}
	return items
}

// need is the worst that is known of a homeserver; the rank is 0 where it needs nobody.
func need(env ui.Env, s Status) (int, ui.TodoItem) {
	name := s.name()
	look := ui.Button{Label: env.T("overview.todo.see_server"), Href: route.At(s.Server.Name, route.ServerPath, nil), Small: true}.Draw(env)
	check := ui.Button{Label: env.T("common.check_now"), Href: checkURL(s.Server.Name), Small: true}.Draw(env)
	problem := s.Problem
	if problem == nil {
		problem = s.Counted
	}
	switch {
	case problem != nil && problem.KeyDead(): // with MAS a homeserver counts as down then, and answers
		item := ui.TodoItem{Icon: ui.IconKey, Tone: ui.Bad, Title: env.T("overview.todo.problem", "server", name), Detail: sentence(env, problem), Action: check}
		if text := keyTexts[problem.Code]; text != "" {
			item.Title, item.Detail = env.T(text, "server", name), ""
		}
		return 2, item
	case s.Server.State == "down":
		title := "overview.todo.down"
		if problem != nil && problem.OfMAS() {
			title = "overview.todo.mas_down"
		}
		return 1, ui.TodoItem{Health: "down", Tone: ui.Bad, Title: env.T(title, "server", name), Action: look}
	case problem != nil:
		if problem.Code == "not_supported" || problem.Code == "forbidden" {
			break // it cannot be had here, which is nothing to be done about
		}
		return 4, ui.TodoItem{
			Icon: ui.IconAlertTri, Tone: ui.Warn, Title: env.T("overview.todo.problem", "server", name), Detail: sentence(env, problem), Action: check,
		}
	}
	return lack(env, s.Server, name, look)
}

// keyTexts say of the gate's key what is the matter with it, where the name of the homeserver alone says the rest.
var keyTexts = map[string]string{
	"homeserver_token_dead":   "overview.todo.token_dead",
	"homeserver_not_admin":    "overview.todo.not_admin",
	"homeserver_secret_wrong": "overview.todo.secret_wrong",
}

// wiping is a job whose passwords are wiped within a day.
func wiping(env ui.Env, s Status, j api.Job) ui.TodoItem {
	called := j.Note
	switch {
	case called != "":
	case j.Operation == "":
		called = env.T("jobs.import")
	default:
		called = env.T("operation." + j.Operation)
	}
	return ui.TodoItem{
		Icon: ui.IconKey, Tone: ui.Warn, Title: env.T("overview.todo.wiping", "server", s.name()),
		Detail: env.T("overview.todo.wiping_detail", "job", called, "time", ui.ExactTime(env, j.WipeMS)),
		Action: ui.Button{Label: env.T("overview.todo.see_job"), Href: route.Job(s.Server.Name, j.ID), Small: true}.Draw(env),
	}
}

// lack is what a homeserver could do if it were given to Gatehouse.
func lack(env ui.Env, s api.Server, name string, look app.UI) (int, ui.TodoItem) {
	if s.Unavailable[api.CreateUser.Info().Name] == "synapse_no_secret" {
		return 5, ui.TodoItem{Icon: ui.IconKey, Tone: ui.Warn, Title: env.T("overview.todo.secret_missing", "server", name), Action: look}
	}
	for _, reason := range s.Unavailable {
		if reason == "dendrite_needs_database" {
			return 6, ui.TodoItem{
				Icon: ui.IconUnlink, Title: env.T("overview.todo.database_missing", "server", name),
				Detail: env.T("overview.todo.database_missing_detail"), Action: look,
			}
		}
	}
	return 0, ui.TodoItem{}
}

// checkURL is the page of a homeserver with the doctor's report on it.
func checkURL(name string) string {
	return route.At(name, route.ServerPath, url.Values{checkMark: {"1"}})
}
