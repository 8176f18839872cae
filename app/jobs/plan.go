// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Plan asks what shall be done to many accounts. Its address is a request of api.PlanJob: the operation, the accounts that were selected in a
// list, or the filter that they match.
type Plan struct {
	screen.FormBase
	Plan api.JobPlan `json:"plan"`
	// Total is how many match the filter, where the homeserver can tell.
	Total *int64 `json:"total,omitempty"`
}

// NewPlan returns the question.
func NewPlan() screen.Screen { return &Plan{} }

// Title implements screen.Screen.
func (p *Plan) Title() string {
	if _, ok := api.Find(p.Plan.Operation); ok {
		return p.Env().T("operation." + p.Plan.Operation)
	}
	return p.Env().T("jobs.plan_title")
}

// Load implements screen.Screen. It costs a call where it is about a filter.
func (p *Plan) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	req, err := api.PlanJob.DecodeForm(screen.Own(u.Query()))
	if err != nil {
		return err
	}
	p.Plan = req.(api.JobPlan)
	check := p.Plan
	if check.Operation == "" {
		check.Operation = api.LockUser.Info().Name
	}
	if err := check.Validate(); err != nil || !p.Plan.All {
		return err
	}
	q := p.Plan.Filter
	q.Limit = 1
	page, err := client.Call(ctx, call, api.ListUsers, q)
	p.Total = page.Total
	return err
}

// Render implements app.Composer.
func (p *Plan) Render() app.UI {
	env := p.Env()
	body := []app.UI{crumbs(env, p.Title()), ui.PageTitle{Title: p.Title(), Words: true, Below: ui.Text(p.about())}.Draw(env)}
	if p.Plan.Operation == "" {
		return app.Div().Body(append(body, p.choices())...)
	}
	if why := env.WhyNot(p.Plan.Operation); why != "" {
		return app.Div().Body(append(body, ui.Locked(env, why))...)
	}
	form := p.Form(api.PlanJob.Info().Name, p.address(p.Plan.Operation))
	form.Body = append(p.fixed(), ui.Help(env.T("jobs.plan_help")))
	form.Body = append(form.Body, p.inputs()...)
	form.Body = append(form.Body,
		ui.Field{Name: "note", Label: env.T("jobs.note"), Help: env.T("jobs.note_help"), Optional: true, State: p.State, MaxLength: 500}.Draw(env),
		ui.FormFoot(
			ui.Button{Label: env.T("jobs.plan_submit"), Look: ui.Primary, Why: env.WhyNot(api.PlanJob.Info().Name)}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Href: route.Accounts(env.Homeserver)}.Draw(env),
		))
	return app.Div().Body(append(body, form.Draw(env))...)
}

// about says how many accounts it is about.
func (p *Plan) about() string {
	env := p.Env()
	switch {
	case !p.Plan.All:
		return env.N("jobs.accounts", len(p.Plan.IDs))
	case p.Total != nil:
		return env.N("jobs.all_n", int(*p.Total))
	}
	return env.T("jobs.all")
}

// address is this screen's, with an operation.
func (p *Plan) address(operation string) string {
	plan := p.Plan
	plan.Operation = operation
	return route.At(p.Env().Homeserver, route.PlanJobPath, api.EncodeForm(plan))
}

// fixed is what the form carries along: the accounts.
func (p *Plan) fixed() []app.UI {
	plan := p.Plan
	plan.Note, plan.With = "", nil
	var list []app.UI
	for _, id := range plan.IDs {
		list = append(list, ui.HiddenField("ids", string(id)))
	}
	plan.IDs = nil
	values := api.EncodeForm(plan)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, ui.HiddenField(name, values.Get(name)))
	}
	return list
}

// choices are the operations that there are, as links.
func (p *Plan) choices() app.UI {
	env := p.Env()
	var list []app.UI
	for _, c := range offered {
		if env.Can(c.op.Info().Name) {
			list = append(list, ui.Button{Label: env.T("operation." + c.op.Info().Name), Icon: c.icon, Href: p.address(c.op.Info().Name)}.Draw(env))
		}
	}
	return ui.Section{Title: env.T("jobs.choose"), Body: []app.UI{ui.Actions(list...)}}.Draw(env)
}

// inputs are the fields of what is asked of each account.
func (p *Plan) inputs() []app.UI {
	env := p.Env()
	var list []app.UI
	for _, c := range offered {
		if c.op.Info().Name != p.Plan.Operation {
			continue
		}
		for i, in := range c.inputs {
			at := "with." + strconv.Itoa(i)
			list = append(list, ui.HiddenField(at+".name", in.name), in.draw(env, at+".value", p.State))
		}
	}
	return list
}

// After implements screen.Writer: the job's page, where the plan appears.
func (p *Plan) After(_ string, result any) screen.Next {
	job, _ := result.(api.Job)
	return screen.Next{URL: address(p.Env(), job, api.JobItemQuery{})}
}
