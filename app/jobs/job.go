// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Job is the page of a job: its plan before it is started, then how far it is, and in the end its report. Its address can be shared. As long as
// the job goes on the page follows it.
type Job struct {
	screen.FormBase
	Job   api.Job          `json:"job"`
	Query api.JobItemQuery `json:"query"`
	Items api.JobItemPage  `json:"items"`
}

// NewJob returns the page.
func NewJob() screen.Screen { return &Job{} }

// Title implements screen.Screen.
func (p *Job) Title() string { return nameOf(p.Env(), p.Job) }

// Load implements screen.Screen. It costs two calls, which the gate answers from its own store.
func (p *Job) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	req, err := api.ListJobItems.DecodeForm(u.Query())
	if err != nil {
		return err
	}
	p.Query = req.(api.JobItemQuery)
	// A job that ends meanwhile is shown at work, and loaded again; the other way round it would be at rest, with items of before.
	if p.Job, err = client.Call(ctx, call, api.GetJob, api.JobRef{ID: p.Query.ID}); err != nil {
		return err
	}
	p.Items, err = client.Call(ctx, call, api.ListJobItems, p.Query)
	return err
}

// itemsEvery is how often the items are loaded again while the job goes on; how far it is comes by itself (Listens).
const itemsEvery = 3 * time.Second

// Refresh implements screen.Refresher.
func (p *Job) Refresh() time.Duration {
	if !p.Job.Live() {
		return 0
	}
	return itemsEvery
}

// Take implements screen.Refresher.
func (p *Job) Take(newer screen.Screen) {
	if n, ok := newer.(*Job); ok {
		p.Job, p.Items = n.Job, n.Items
	}
}

// Listens implements screen.Listener.
func (p *Job) Listens() string {
	if p.Job.State != api.JobRunning && p.Job.State != api.JobPlanning {
		return ""
	}
	return route.JobEvents(p.Env().Homeserver, p.Job.ID)
}

// Hear implements screen.Listener.
func (p *Job) Hear(data string) {
	var j api.Job
	if json.Unmarshal([]byte(data), &j) == nil && j.ID == p.Job.ID {
		p.Job = j
	}
}

// Render implements app.Composer.
func (p *Job) Render() app.UI {
	env := p.Env()
	var below app.UI
	if p.Job.Note != "" {
		below = ui.Text(does(env, p.Job))
	}
	var problem app.UI
	start := p.start()
	if p.State.Problem != nil && start == nil { // else it stands in that form
		problem = ui.ProblemNote(env, p.State.Problem)
	}
	return app.Div().Body(
		crumbs(env, p.Title()),
		ui.PageTitle{Title: p.Title(), Words: true, Facts: chip(env, p.Job), Below: below}.Draw(env),
		ui.Slot(problem, p.note()),
		ui.Slot(p.progress(), p.counts()),
		ui.Slot(p.buttons(start)),
		ui.Section{Title: env.T("account.facts"), Body: []app.UI{ui.Facts(env, p.facts()...)}}.Draw(env),
		p.items(),
	)
}

// note says what there is to know of the job as it is.
func (p *Job) note() app.UI {
	env, j := p.Env(), p.Job
	n := ui.Note{Status: true}
	switch {
	case j.Code != "" && j.State != api.JobPlanned:
		n.Kind, n.Text = ui.Warn, env.ProblemText(&api.Problem{Code: j.Code, Params: j.Params})
		if j.State == api.JobFailed {
			n.Kind = ui.Bad
		}
		if until := j.WaitsUntilMS(); until > 0 {
			n.Text += " " + env.T("jobs.waits_until", "time", ui.ClockTime(env, until))
		}
		if j.Stopped() {
			n.Text += " " + env.N("jobs.stopped_left", int(j.Count.Waiting+j.Count.Running))
		}
	case j.State == api.JobPlanning:
		n.Icon, n.Title, n.Text = ui.IconWait, env.T("jobs.planning"), env.T("jobs.planning_help")
	case j.State == api.JobPlanned:
		n.Title, n.Text = env.N("jobs.planned", int(j.Count.Waiting)), env.T("jobs.planned_help")
		if j.Kind == api.JobImport {
			n.Title = env.N("imports.planned", int(j.Count.Waiting))
		}
		if j.Count.Waiting == 0 {
			n.Title, n.Text = env.T("jobs.planned_nothing"), env.T("jobs.planned_nothing_help")
			if j.Kind == api.JobImport && j.Count.Total() == 0 {
				n.Text = env.T("imports.planned_no_rows")
			}
		}
		if j.Count.Failed > 0 && p.ofFile() {
			n.Text += " " + env.N("imports.refused", int(j.Count.Failed))
		}
		if j.Code != "" { // what it is not about
			n.Kind, n.Text = ui.Warn, env.ProblemText(&api.Problem{Code: j.Code, Params: j.Params})+" "+n.Text
		}
	case j.State == api.JobScheduled:
		n.Icon, n.Title, n.Text = ui.IconWait, env.T("jobs.scheduled", "time", ui.ExactTime(env, j.AtMS)), env.T("jobs.scheduled_help")
	case j.State == api.JobPaused:
		n.Icon, n.Text = ui.IconPause, env.T("jobs.paused_help")
	case j.State == api.JobDone && j.Count.Unknown > 0:
		n.Kind, n.Text = ui.Warn, env.N("jobs.unknown_help", int(j.Count.Unknown))
	default:
		return nil
	}
	return n.Draw(env)
}

// counts is what the plan of an import comes to, as long as it can be started, and how many of its accounts would be deactivated.
func (p *Job) counts() app.UI {
	env, j := p.Env(), p.Job
	if j.Kind != api.JobImport || j.State != api.JobPlanned && j.State != api.JobScheduled || !p.counted() || j.Count.Total() == 0 {
		return nil
	}
	view := func(q api.JobItemQuery, n int64) string {
		if n == 0 {
			return ""
		}
		return address(env, j, q)
	}
	refused := api.JobItemQuery{State: api.ItemFailed}
	var ends app.UI
	if n := int(j.Plan.Destroy); n > 0 {
		ends = ui.Note{Kind: ui.Bad, Icon: ui.IconDeactivate, Title: env.N("imports.deactivates", n), Text: env.T("imports.deactivates_help")}.Draw(env)
	}
	return app.Div().Body(ui.Counts(env,
		ui.Count{Label: env.T("jobs.item.create"), Icon: ui.IconAdd, N: j.Plan.Create, Href: view(api.JobItemQuery{Does: api.DoesCreate}, j.Plan.Create)},
		ui.Count{Label: env.T("jobs.item.change"), Icon: ui.IconEdit, N: j.Plan.Change, Href: view(api.JobItemQuery{Does: api.DoesChange}, j.Plan.Change)},
		ui.Count{Label: p.word(api.ItemSkipped), Icon: ui.IconSkip, N: j.Plan.Leave, Href: view(api.JobItemQuery{State: api.ItemSkipped}, j.Plan.Leave)},
		ui.Count{Label: p.word(api.ItemFailed), Icon: ui.IconAlert, N: j.Plan.Refuse, Href: view(refused, j.Plan.Refuse), Tone: refusedTone(j.Plan.Refuse)},
	), ends)
}

// refusedTone has none refused be nothing to look at.
func refusedTone(n int64) ui.Tone {
	if n == 0 {
		return ui.Neutral
	}
	return ui.Bad
}

// counted reports whether it is known what the plan comes to.
func (p *Job) counted() bool { return p.Job.Plan.Counts(p.Job.Count.Waiting) }

// progress is the bar, once there is something to show on it. How many items are in which state stands at the views of the list below.
func (p *Job) progress() app.UI {
	env, j := p.Env(), p.Job
	if j.StartedMS == 0 || j.Count.Total() == 0 {
		return nil
	}
	end := ""
	if j.PerMinute > 0 && j.State == api.JobRunning && j.Code == "" { // a job that waits is not done in that time
		end = env.T("jobs.rate", "n", j.PerMinute, "left", strconv.FormatInt(j.LeftMS/1000, 10))
	}
	return ui.Section{Title: env.T("jobs.column.progress"), Body: []app.UI{
		ui.Progress{Label: p.Title(), Done: j.Count.Ended(), Total: j.Count.Total(), Text: progress(env, j), End: end}.Draw(env),
	}}.Draw(env)
}

var tones = map[string]ui.Tone{api.ItemDone: ui.Good, api.ItemFailed: ui.Bad, api.ItemUnknown: ui.Warn}

// word is what a state is called: of a plan, what will be.
func (p *Job) word(state string) string {
	env := p.Env()
	if p.Job.Ended() && state == api.ItemWaiting {
		return env.T("jobs.item.not_done")
	}
	if p.Job.StartedMS == 0 {
		switch state {
		case api.ItemWaiting:
			return env.T("jobs.item.planned")
		case api.ItemFailed:
			return env.T("jobs.item.refused")
		}
	}
	return env.T("jobs.item." + state)
}

func (p *Job) facts() []ui.Fact {
	env, j := p.Env(), p.Job
	list := []ui.Fact{
		{Label: env.T("jobs.column.owner"), Value: ui.ID(j.Owner)},
		{Label: env.T("jobs.column.created"), Value: ui.DateTime(env, j.CreatedMS)},
	}
	if j.StartedMS > 0 {
		list = append(list, ui.Fact{Label: env.T("jobs.started"), Value: ui.DateTime(env, j.StartedMS)})
	}
	if j.EndedMS > 0 {
		list = append(list, ui.Fact{Label: env.T("jobs.ended"), Value: ui.DateTime(env, j.EndedMS)})
	}
	return append(list, fields(env, j)...)
}
