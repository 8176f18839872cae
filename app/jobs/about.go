// SPDX-License-Identifier: Apache-2.0

// Package jobs has the screens about jobs: work on many accounts, which the gate does by itself.
package jobs

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// nameOf is what a job is called: its note, or else what it does.
func nameOf(env ui.Env, j api.Job) string {
	if j.Note != "" {
		return j.Note
	}
	return does(env, j)
}

// does says what a job does.
func does(env ui.Env, j api.Job) string {
	if j.Operation == "" {
		return env.T("jobs.import")
	}
	if o, ok := offerOf(j.Operation, j.With); ok {
		return o.called(env)
	}
	return env.T("operation." + j.Operation)
}

// chip is the state of a job.
func chip(env ui.Env, j api.Job) app.UI {
	c := ui.Chip{Label: env.T("jobs.state." + j.State), Icon: ui.IconWait}
	switch j.State {
	case api.JobRunning:
		c.Icon, c.Tone = ui.IconPlay, ui.Info
		if j.Code != "" { // it is kept from going on
			c.Label, c.Icon, c.Tone = env.T("jobs.state.waits"), ui.IconWait, ui.Warn
		}
	case api.JobPaused:
		c.Icon, c.Tone = ui.IconPause, ui.Warn
	case api.JobDone:
		c.Icon, c.Tone = ui.IconCheck, ui.Good
		if n := j.Count.Failed + j.Count.Unknown; n > 0 {
			c.Label, c.Icon, c.Tone = env.T("jobs.state.done_except", "n", n), ui.IconAlertTri, ui.Warn
		}
	case api.JobCancelled:
		c.Icon = ui.IconBan
	case api.JobFailed:
		c.Icon, c.Tone = ui.IconAlert, ui.Bad
	}
	return c.Draw(env)
}

// progress says how far a job is, in words.
func progress(env ui.Env, j api.Job) string {
	if j.StartedMS == 0 {
		return env.N("jobs.accounts", int(j.Count.Waiting))
	}
	return env.T("jobs.progress", "done", j.Count.Ended(), "total", j.Count.Total())
}

func address(env ui.Env, j api.Job, query api.JobItemQuery) string {
	query.ID = j.ID
	return route.At(env.Homeserver, route.JobPath, api.EncodeForm(query))
}

// crumbs is the way from the list of jobs to a screen below it.
func crumbs(env ui.Env, title string) app.UI {
	return ui.Crumbs(env, ui.Crumb{Label: env.T("jobs.title"), Href: route.At(env.Homeserver, route.JobsPath, nil)}, ui.Crumb{Label: title})
}
