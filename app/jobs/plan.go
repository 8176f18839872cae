// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/app/users"
)

// Plan asks what shall be done to many accounts. Its address is a request of api.PlanJob: the operation, the accounts that were selected in a
// list, the filter that they match, or a file that names them.
type Plan struct {
	screen.FormBase
	Plan api.JobPlan `json:"plan"`
	// Total is how many match the filter, where the homeserver can tell.
	Total *int64 `json:"total,omitempty"`
	// Limits are the reasons why the list that the filter is about is not whole (`missing.<reason>`).
	Limits []string `json:"limits,omitempty"`
	// File is the file that names the accounts, where there is one.
	File *planFile `json:"file,omitempty"`
	// Types are those that accounts can be given besides the ordinary one, Features the experimental ones, where the question is about them.
	Types    []string `json:"types,omitempty"`
	Features []string `json:"features,omitempty"`
}

// planFile is what is said of a file: its name, the column that names the accounts and those that do not count.
type planFile struct {
	Name   string   `json:"name"`
	Column string   `json:"column"`
	Others []string `json:"others,omitempty"`
}

// NewPlan returns the question.
func NewPlan() screen.Screen { return &Plan{} }

// Title implements screen.Screen.
func (p *Plan) Title() string {
	if o, ok := p.offer(); ok {
		return o.called(p.Env())
	}
	return p.Env().T("jobs.plan_title")
}

func (p *Plan) offer() (offer, bool) { return offerOf(p.Plan.Operation, p.Plan.With) }

// Load implements screen.Screen. It costs a call where it is about a filter, and one where the homeserver says what there is to choose from.
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
	if err := check.Validate(); err != nil {
		return err
	}
	if p.Plan.File.ID != "" {
		if err := p.loadFile(ctx, call); err != nil {
			return err
		}
	}
	ids := p.Plan.IDs
	if p.Plan.All {
		q := p.Plan.Filter
		q.Limit, q.Sort, q.Descending = 1, "", false // as the plan is made
		page, err := client.Call(ctx, call, api.ListUsers, q)
		if err != nil {
			return err
		}
		p.Total, p.Limits = page.Total, page.Limits
		for _, u := range page.Users {
			ids = append(ids, u.ID)
		}
	}
	return p.loadChoices(ctx, call, ids)
}

// loadFile asks what the file is.
func (p *Plan) loadFile(ctx context.Context, call client.Caller) error {
	seen, err := client.Call(ctx, call, api.LookAtImport, api.ImportLook{ID: p.Plan.File.ID, Format: p.Plan.File.Format})
	if err != nil {
		return err
	}
	p.File = &planFile{Name: seen.Name}
	column := cmp.Or(p.Plan.File.Column, api.AccountColumn(seen.Columns))
	for i, c := range seen.Columns {
		if i+1 == column {
			p.File.Column = c.Name
			continue
		}
		p.File.Others = append(p.File.Others, c.Name)
	}
	return nil
}

// loadChoices asks the homeserver what there is to choose from. Which features it knows it tells for an account only: any of those meant will do,
// and where it does not tell they are typed.
func (p *Plan) loadChoices(ctx context.Context, call client.Caller, ids []api.UserID) error {
	o, ok := p.offer()
	switch {
	case !ok || o.why(p.Env()) != "":
	case o.text == "type":
		server, err := client.Call(ctx, call, api.ServerInfo, api.ServerQuery{})
		p.Types = server.UserTypes
		return err
	case o.text == "feature" && len(ids) > 0:
		list, _ := client.Call(ctx, call, api.ListFeatures, api.UserRef{ID: ids[0]})
		for _, f := range list.Features {
			p.Features = append(p.Features, f.Name)
		}
	}
	return nil
}

// Render implements app.Composer.
func (p *Plan) Render() app.UI {
	env := p.Env()
	body := []app.UI{crumbs(env, p.Title()), ui.PageTitle{Title: p.Title(), Words: true, Below: ui.Text(p.about())}.Draw(env)}
	for _, reason := range p.Limits {
		body = append(body, ui.Note{Kind: ui.Warn, Text: env.ProblemText(&api.Problem{Code: "job_list_partial", Params: map[string]string{"reason": reason}})}.Draw(env))
	}
	o, ok := p.offer()
	if !ok {
		return app.Div().Body(append(body, p.choices()...)...)
	}
	if why := o.why(env); why != "" {
		return app.Div().Body(append(body, ui.Locked(env, why))...)
	}
	form := p.Form(api.PlanJob.Info().Name, p.address(o))
	form.Body = append(p.fixed(), ui.Help(env.T("jobs.plan_help")))
	form.Body = append(form.Body, p.inputs(o)...)
	form.Body = append(form.Body,
		ui.Field{Name: "note", Label: env.T("jobs.note"), Help: env.T("jobs.note_help"), Optional: true, State: p.State, MaxLength: 500}.Draw(env),
		ui.FormFoot(
			ui.Button{Label: env.T("jobs.plan_submit"), Look: ui.Primary, Why: env.WhyNot(api.PlanJob.Info().Name)}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Href: p.back()}.Draw(env),
		))
	return app.Div().Body(append(body, form.Draw(env))...)
}

// about says how many accounts it is about.
func (p *Plan) about() string {
	env := p.Env()
	switch {
	case p.File != nil && len(p.File.Others) > 0:
		return env.T("jobs.file_others", "file", p.File.Name, "column", p.File.Column, "others", strings.Join(p.File.Others, ", "))
	case p.File != nil:
		return env.T("jobs.file", "file", p.File.Name, "column", p.File.Column)
	case !p.Plan.All:
		return env.N("jobs.accounts", len(p.Plan.IDs))
	}
	all := env.T("jobs.all")
	if p.Total != nil {
		all = env.N("jobs.all_n", int(*p.Total))
	}
	if narrowing := users.Narrowing(env, p.Plan.Filter); len(narrowing) > 0 {
		all += ": " + strings.Join(narrowing, ", ")
	}
	return all
}

// back is where the accounts were chosen.
func (p *Plan) back() string {
	if p.Plan.File.ID != "" {
		return route.ImportSame(p.Env().Homeserver, p.Plan.File.ID)
	}
	return route.Accounts(p.Env().Homeserver)
}

// address is this screen's, with an offer.
func (p *Plan) address(o offer) string {
	plan := p.Plan
	plan.Operation, plan.With = o.op.Info().Name, nil
	if single, _ := offerOf(plan.Operation, nil); single.op == nil { // an operation with several offers
		plan.With = o.with()
	}
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

// choices are the offers that there are, as links.
func (p *Plan) choices() []app.UI {
	env := p.Env()
	if why := env.WhyNot(api.PlanJob.Info().Name); why != "" {
		return []app.UI{ui.Locked(env, why)}
	}
	var list []app.UI
	for _, g := range offered {
		var links []app.UI
		for _, o := range g.offers {
			if o.why(env) == "" {
				b := ui.Button{Label: o.called(env), Icon: o.icon, Href: p.address(o)}
				if o.op.Info().Destructive {
					b.Look = ui.Danger
				}
				links = append(links, b.Draw(env))
			}
		}
		if len(links) > 0 {
			list = append(list, ui.Section{Title: env.T("jobs.group." + g.name), Body: []app.UI{ui.Actions(links...)}}.Draw(env))
		}
	}
	return list
}

// inputs are the fields of what is asked of each account.
func (p *Plan) inputs(o offer) []app.UI {
	var list []app.UI
	for i, in := range o.inputs {
		at := "with." + strconv.Itoa(i)
		var field app.UI = ui.HiddenField(at+".value", in.fixed)
		if in.draw != nil {
			field = in.draw(p, in, at+".value")
		}
		list = append(list, ui.HiddenField(at+".name", in.name), field)
	}
	return list
}

// After implements screen.Writer: the job's page, where the plan appears.
func (p *Plan) After(_ string, result any) screen.Next {
	job, _ := result.(api.Job)
	return screen.Next{URL: address(p.Env(), job, api.JobItemQuery{})}
}
