// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Cancel asks whether a job shall be cancelled that was started, or has its time to start: nobody goes on with it afterwards. A plan is dropped
// without a question.
type Cancel struct {
	screen.FormBase
	Job api.Job `json:"job"`
}

// NewCancel returns the question.
func NewCancel() screen.Screen { return &Cancel{} }

// Title implements screen.Screen.
func (c *Cancel) Title() string { return c.Env().T("jobs.cancelling.title") }

// Load implements screen.Screen. It costs one call, which the gate answers from its own store.
func (c *Cancel) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	ref, err := screen.Query(api.GetJob, u)
	if err != nil {
		return err
	}
	c.Job, err = client.Call(ctx, call, api.GetJob, ref)
	return err
}

// Render implements app.Composer.
func (c *Cancel) Render() app.UI {
	env, j := c.Env(), c.Job
	why, back := env.WhyNot(api.CancelJob.Info().Name), env.T("jobs.cancelling.keep")
	if why == "" && j.Ended() {
		back = env.T("jobs.back")
		why = env.ProblemText(&api.Problem{Code: "job_state", Params: map[string]string{"state": j.State}})
	}
	return c.Ask(screen.Ask{
		Dialog: ui.Dialog{
			Title: c.Title(), Icon: ui.IconBan, Tone: ui.Bad, About: ui.TwoLines(ui.Name(env, nameOf(env, j)), ui.Text(progress(env, j))), Body: []app.UI{
				ui.Consequences(env.T("confirm.happens"), c.happens()...),
				ui.Consequences(env.T("confirm.stays"), c.stays()...),
				ui.Final(c.final()),
				ui.HiddenField("id", j.ID),
			},
		},
		Op: api.CancelJob, Address: cancelling(env, j),
		Way: ui.Crumbs(env,
			ui.Crumb{Label: env.T("jobs.title"), Href: route.At(env.Homeserver, route.JobsPath, nil)},
			ui.Crumb{Label: nameOf(env, j), Href: route.Job(env.Homeserver, j.ID)}, ui.Crumb{Label: c.Title()}),
		Why: why, Back: back, From: route.Job(env.Homeserver, j.ID), Submit: ui.Button{Label: env.T("jobs.cancel"), Look: ui.DangerSolid},
	})
}

// final says what nobody can do afterwards, and what to do in place of it.
func (c *Cancel) final() string {
	env, text := c.Env(), c.Env().T("jobs.cancelling.final")
	switch c.Job.State {
	case api.JobRunning, api.JobScheduled:
		return text + " " + env.T("jobs.cancelling.pause")
	case api.JobPaused:
		return text + " " + env.T("jobs.cancelling.paused")
	}
	return text
}

// cancelling is the address of the question.
func cancelling(env ui.Env, j api.Job) string {
	return route.At(env.Homeserver, route.CancelJobPath, url.Values{"id": {j.ID}})
}

func (c *Cancel) happens() []ui.Consequence {
	env, j := c.Env(), c.Job
	var list []ui.Consequence
	if n := int(j.Count.Waiting); n > 0 {
		list = append(list, ui.Consequence{Icon: ui.IconBan, Text: env.N("jobs.cancelling.left", n)})
	}
	if n := int(j.Count.Running); n > 0 {
		list = append(list, ui.Consequence{Icon: ui.IconPlay, Text: env.N("jobs.cancelling.running", n)})
	}
	return list
}

func (c *Cancel) stays() []ui.Consequence {
	env, j := c.Env(), c.Job
	var list []ui.Consequence
	if n := int(j.Count.Done); n > 0 {
		list = append(list, ui.Consequence{Icon: ui.IconCheck, Text: env.N("jobs.cancelling.done", n)})
	}
	if n := int(j.Passwords); n > 0 {
		list = append(list, ui.Consequence{Icon: ui.IconKey, Text: env.N("jobs.cancelling.passwords", n)})
	}
	return append(list, ui.Consequence{Icon: ui.IconHistory, Text: env.T("jobs.cancelling.report")})
}

// After implements screen.Writer.
func (c *Cancel) After(operation string, result any) screen.Next {
	job, _ := result.(api.Job)
	return screen.Next{URL: route.Job(c.Env().Homeserver, job.ID), Notice: c.Env().T("done." + operation)}
}
