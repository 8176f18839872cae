// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// buttons are what can be done with the job as it is; start is the form that begins it, where there is one.
func (p *Job) buttons(start app.UI) app.UI {
	env, j := p.Env(), p.Job
	if why := env.WhyNot(api.StartJob.Info().Name); why != "" {
		if j.Ended() {
			return nil
		}
		return ui.Remark(ui.IconLock, ui.Neutral, why)
	}
	var list []app.UI
	var others app.UI // why a button is missing
	add := func(mine bool, op api.Op, look ui.Look, icon ui.Icon, label string) {
		if mine && !j.Mine {
			others = ofAnother(env, j)
			return
		}
		list = append(list, p.button(op, ui.Button{Label: label, Icon: icon, Look: look}))
	}
	if j.State == api.JobPlanned && !j.Mine {
		others = ofAnother(env, j)
	}
	resumes := j.State == api.JobPaused || j.Stopped()
	switch {
	case resumes:
		add(true, api.ResumeJob, ui.Primary, ui.IconPlay, env.T("jobs.resume"))
	case j.State == api.JobRunning || j.State == api.JobScheduled:
		add(false, api.PauseJob, ui.Secondary, ui.IconPause, env.T("jobs.pause"))
	}
	if look := ui.Primary; (j.Ended() || resumes) && j.Passwords > 0 {
		if resumes {
			look = ui.Secondary // to go on comes first
		}
		add(true, api.JobPasswords, look, ui.IconKey, env.N("jobs.passwords", int(j.Passwords)))
		if j.Passwords > api.CardsAtOnce {
			add(true, api.JobCards, ui.Secondary, ui.IconPrint, env.T("jobs.cards"))
		}
	}
	if j.Retry > 0 {
		add(true, api.RetryJob, ui.Secondary, ui.IconRefresh, env.N("jobs.retry", int(j.Retry)))
	}
	switch {
	case j.Ended() || start != nil:
	case j.State == api.JobPlanning || j.State == api.JobPlanned: // nothing is lost but the plan
		add(false, api.CancelJob, ui.Danger, ui.IconBan, env.T("jobs.cancel"))
	default:
		list = append(list, ui.Button{Label: env.T("jobs.cancel_ask"), Icon: ui.IconBan, Look: ui.Danger, Href: cancelling(env, j)}.Draw(env))
	}
	kept, wipe := p.kept(), p.wipe()
	if kept == nil && start == nil && others == nil && len(list) == 0 {
		return nil
	}
	return app.Div().Body(kept, start, others, ui.Actions(list...), wipe)
}

// kept says until when passwords are kept, and what to do before; a day before it warns.
func (p *Job) kept() app.UI {
	env, j := p.Env(), p.Job
	if j.WipeMS == 0 {
		return nil
	}
	key := "jobs.wipe_at"
	switch {
	case j.State == api.JobPlanned:
		key = "jobs.wipe_planned"
	case j.State == api.JobPaused || j.Stopped():
		key = "jobs.wipe_paused"
	case j.Passwords == 0:
		key = "jobs.wipe_retry"
	}
	n := ui.Note{Icon: ui.IconKey, Text: env.T(key, "time", ui.ExactTime(env, j.WipeMS))}
	if j.WipeSoon() {
		n.Kind, n.Title = ui.Warn, env.T("jobs.wipe_soon")
	}
	if j.Passwords > api.CardsAtOnce {
		n.Text += " " + env.T("jobs.cards_help", "max", api.CardsAtOnce)
	}
	return n.Draw(env)
}

// ofAnother says that a job is begun, gone on with and fetched from by its owner alone.
func ofAnother(env ui.Env, j api.Job) app.UI {
	text := "jobs.of_another"
	switch {
	case j.Stopped():
		text = "jobs.of_another_stopped"
	case j.Ended():
		text = "jobs.of_another_ended"
	}
	return ui.Remark(ui.IconLock, ui.Neutral, env.T(text, "name", j.Owner))
}

// wipe asks whether passwords shall go that nobody has seen.
func (p *Job) wipe() app.UI {
	env, j := p.Env(), p.Job
	if !j.Ended() || j.Passwords == 0 {
		return nil
	}
	help := env.T("jobs.wipe_help")
	if j.Stopped() {
		help += " " + env.T("jobs.wipe_help_left")
	}
	return ui.More{Title: env.T("jobs.wipe_ask"), Body: []app.UI{
		ui.Help(help), p.button(api.WipeJob, ui.Button{Label: env.N("jobs.wipe", int(j.Passwords)), Icon: ui.IconTrash, Look: ui.Danger}),
	}}.Draw(env)
}

// button is a form of its own: each asks for another operation.
func (p *Job) button(op api.Op, b ui.Button) app.UI { return p.deed(op, b.Label, b.Draw(p.Env())) }

// deed is a form that asks for an operation on the job.
func (p *Job) deed(op api.Op, label string, body ...app.UI) app.UI {
	form := p.Form(op.Info().Name, address(p.Env(), p.Job, api.JobItemQuery{}))
	form.ID, form.State, form.Key, form.Label = "form-"+op.Info().Name, ui.FormState{}, p.State.Key, label
	form.Body = append([]app.UI{ui.HiddenField("id", p.Job.ID)}, body...)
	if op.Info().Reveals {
		form.OnSubmit = nil // a thousand cards are a page that the browser gets from the server, and not one for the program to draw
	}
	return form.Draw(p.Env())
}

// start is the form that begins a planned job.
func (p *Job) start() app.UI {
	env, j := p.Env(), p.Job
	if j.State != api.JobPlanned || !j.Mine || j.Count.Waiting == 0 {
		return nil
	}
	form := p.Form(api.StartJob.Info().Name, address(env, j, api.JobItemQuery{}))
	form.Label = env.T("jobs.start")
	look := ui.Primary
	form.Body = []app.UI{
		ui.HiddenField("id", j.ID),
		ui.Field{Name: "at", Label: env.T("jobs.at"), Help: env.T("jobs.at_help"), Type: "datetime-local", Dir: "ltr", Optional: true, State: p.State}.Draw(env),
	}
	if j.Confirm > 0 {
		look = ui.DangerSolid
		number := strconv.FormatInt(j.Confirm, 10) // not grouped: it is to be typed
		label := env.T("jobs.confirm", "n", number)
		if j.Kind == api.JobImport && p.counted() {
			label = env.N("imports.confirm", int(j.Confirm), "number", number)
		}
		form.Body = append(form.Body, ui.Field{
			Name: "confirm", Label: label, Help: env.T("jobs.confirm_help"), InputMode: "numeric", Dir: "ltr", State: p.State, MaxLength: len(number) + 2,
		}.Draw(env))
	}
	form.Body = append(form.Body, ui.FormFoot(
		ui.Button{Label: p.startLabel(), Icon: ui.IconPlay, Look: look}.Draw(env),
		ui.Button{Label: env.T("jobs.cancel"), Form: "form-" + api.CancelJob.Info().Name}.Draw(env),
	))
	return app.Div().Body(form.Draw(env), p.deed(api.CancelJob, env.T("jobs.cancel")))
}

// startLabel says what the button does, with its numbers.
func (p *Job) startLabel() string {
	env, j := p.Env(), p.Job
	switch {
	case j.Kind != api.JobImport || !p.counted():
		return env.N("jobs.start_n", int(j.Count.Waiting))
	case j.Plan.Change == 0:
		return env.N("imports.start_create", int(j.Plan.Create))
	case j.Plan.Create == 0:
		return env.N("imports.start_change", int(j.Plan.Change))
	}
	return env.T("imports.start_both", "create", j.Plan.Create, "change", j.Plan.Change)
}

// After implements screen.Writer. Passwords are a page and no address.
func (p *Job) After(operation string, result any) screen.Next {
	if card, ok := result.(api.JobHandout); ok {
		return screen.Next{Screen: &Passwords{Handout: card}}
	}
	job, _ := result.(api.Job)
	return screen.Next{URL: address(p.Env(), job, api.JobItemQuery{}), Notice: p.Env().T("done." + operation)}
}
