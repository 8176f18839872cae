// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// items are what the job does to each account, or did.
func (p *Job) items() app.UI {
	env, j := p.Env(), p.Job
	rows := make([]ui.Row, 0, len(p.Items.Items))
	for _, i := range p.Items.Items {
		rows = append(rows, ui.Row{Key: string(i.Target), Label: string(i.Target), Cells: []app.UI{p.account(i), p.state(i), p.outcome(i)}})
	}
	pager := ui.Pager{Total: -1, To: len(rows)}
	if len(rows) > 0 {
		pager.Range = env.N("ui.on_page", len(rows))
	}
	if p.Query.Cursor != "" {
		pager.First = address(env, j, api.JobItemQuery{State: p.Query.State, Does: p.Query.Does})
	}
	if p.Items.Next != "" {
		pager.Next = address(env, j, api.JobItemQuery{State: p.Query.State, Does: p.Query.Does, Cursor: p.Items.Next})
	}
	outcome := "jobs.column.outcome"
	if j.Ended() {
		outcome = "jobs.column.happened"
	}
	table := ui.Table{
		Caption: env.T("jobs.items"), Rows: rows,
		Columns: []ui.Column{
			{Title: env.T("accounts.column.account"), Phone: ui.CardLead},
			{Title: env.T("jobs.column.state"), Width: ui.Middle},
			{Title: env.T(outcome), Phone: ui.CardLabel},
		},
		Empty: ui.Empty{Icon: ui.IconUsers, Title: env.T("jobs.items_none")}.Draw(env),
	}
	if j.State == api.JobPlanning || p.unseen() {
		table.Empty = ui.Empty{Icon: ui.IconWait, Title: env.T("jobs.items_planning"), Text: env.T("jobs.items_planning_help")}.Draw(env)
	}
	return ui.Section{Title: env.T("jobs.items"), Body: []app.UI{
		ui.Views(env, env.T("jobs.items"), p.views()...), table.Draw(env), pager.Draw(env),
		ui.Downloads(env, len(rows), route.Export(env.Homeserver, api.ListJobItems, api.JobItemQuery{ID: j.ID, State: p.Query.State, Does: p.Query.Does})), p.left(),
	}}.Draw(env)
}

// views are all items, those of each state, and as long as the job can be started what its plan makes and what it changes, in place of those that wait.
func (p *Job) views() []ui.View {
	env, j := p.Env(), p.Job
	var views []ui.View
	add := func(label string, q api.JobItemQuery, n int64) {
		current := q.State == p.Query.State && q.Does == p.Query.Does
		if n > 0 || current || q == (api.JobItemQuery{}) {
			views = append(views, ui.View{Label: label, Href: address(env, j, q), Current: current, Count: env.Format().Number(n)})
		}
	}
	add(env.T("jobs.item.all"), api.JobItemQuery{}, j.Count.Total())
	does := j.Kind == api.JobImport && p.toStart() && p.counted()
	if does || p.Query.Does != "" && p.Query.State == "" {
		add(env.T("jobs.item.create"), api.JobItemQuery{Does: api.DoesCreate}, j.Plan.Create)
		add(env.T("jobs.item.change"), api.JobItemQuery{Does: api.DoesChange}, j.Plan.Change)
	}
	for _, state := range api.ItemStates() {
		if !does || state != api.ItemWaiting || p.Query.State == state {
			add(p.word(state), api.JobItemQuery{State: state}, j.Count.Of(state))
		}
	}
	return views
}

// toStart reports whether the job was not begun, and can be.
func (p *Job) toStart() bool { return p.Job.StartedMS == 0 && !p.Job.Ended() }

// unseen reports whether the job was heard to have items by now, and they are yet to be loaded.
func (p *Job) unseen() bool {
	return p.Query.State == "" && p.Query.Does == "" && p.Query.Cursor == "" && p.Job.Count.Total() > 0
}

// ofFile reports whether the job is one of a file.
func (p *Job) ofFile() bool {
	return p.Job.Kind == api.JobImport || slices.ContainsFunc(p.Items.Items, func(i api.JobItem) bool { return i.Line > 0 })
}

// left leads to what of a file was not done, as a file that can be sent again. Its owner gets the rows as they sent them, as long as they are kept;
// others get them without what may be secret.
func (p *Job) left() app.UI {
	env, j := p.Env(), p.Job
	if !p.ofFile() || j.Count.Waiting+j.Count.Failed+j.Count.Unknown == 0 || !env.Can(api.ListLeft.Info().Name) {
		return nil
	}
	address := route.Export(env.Homeserver, api.ListLeft, api.LeftQuery{ID: j.ID}) + "&_format=csv"
	help := env.T("imports.left_less")
	switch {
	case j.Kind != api.JobImport:
		help = env.T("imports.left_accounts")
	case j.RowsMS > 0 && !j.Mine:
		help += " " + env.T("imports.left_owner", "name", j.Owner)
	case j.RowsMS > 0 && j.Live():
		help = env.T("imports.left_help")
	case j.RowsMS > 0:
		help = env.T("imports.left_help") + " " + env.T("imports.left_until", "time", ui.ExactTime(env, j.RowsMS))
	}
	return app.Div().Body(ui.Paragraph(ui.Link(env.T("imports.left"), address)), ui.Help(help))
}

func (p *Job) account(i api.JobItem) app.UI {
	env := p.Env()
	var line app.UI
	if i.Line > 0 {
		line = ui.Text(env.T("jobs.line", "n", i.Line))
	}
	if i.Target == "" {
		return line
	}
	if !isThere(i) {
		return ui.TwoLines(ui.ID(string(i.Target)), line)
	}
	return ui.TwoLines(ui.IDLink(string(i.Target), route.Account(env.Homeserver, route.AccountPath, i.Target)), line)
}

// isThere reports whether an item's account is known to exist: one that a file names may be yet to be made, or be none.
func isThere(i api.JobItem) bool {
	makes := i.Action == api.CreateUser.Info().Name
	refused := i.Line > 0 && i.Action == "" && i.State == api.ItemFailed && !slices.Contains(ofThere, i.Code)
	return !refused && (!makes || i.State == api.ItemDone)
}

// ofThere are the reasons for which rows of files are refused that there are for accounts alone that were looked at.
var ofThere = []string{
	"import_exists", "import_untold", "deactivated_account", "own_service_account", "item_self", "item_last_admin", "item_perhaps_admin",
}

func (p *Job) state(i api.JobItem) app.UI {
	c := ui.Chip{Label: p.word(i.State), Tone: tones[i.State], Icon: ui.IconWait}
	switch {
	case i.State == api.ItemFailed && i.Action == "":
		c.Label = p.Env().T("jobs.item.refused")
	case i.State == api.ItemWaiting && p.Job.Kind == api.JobImport && p.toStart():
		c.Label, c.Icon, c.Tone = p.Env().T("jobs.item.change"), ui.IconEdit, ui.Info
		if i.Action == api.CreateUser.Info().Name {
			c.Label, c.Icon = p.Env().T("jobs.item.create"), ui.IconAdd
		}
	case i.State == api.ItemWaiting && p.Job.Ended():
		c.Icon = ui.IconBan
	}
	switch i.State {
	case api.ItemDone:
		c.Icon = ui.IconCheck
	case api.ItemSkipped:
		c.Icon = ui.IconSkip
	case api.ItemFailed:
		c.Icon = ui.IconAlert
	case api.ItemUnknown:
		c.Icon = ui.IconUnknown
	case api.ItemRunning:
		c.Icon = ui.IconPlay
	}
	return c.Draw(p.Env())
}

// outcome is why it ended so, or else what it does.
func (p *Job) outcome(i api.JobItem) app.UI {
	env := p.Env()
	if i.Code != "" {
		rows := []app.UI{ui.Text(env.ProblemText(&api.Problem{Code: i.Code, Params: i.Params}))}
		if len(i.Undone) > 0 || i.At != "" {
			rows = append(rows, ui.Subtle(p.steps(i)))
		}
		return ui.Lines(rows...)
	}
	var rows []app.UI
	for _, c := range i.Changes {
		to := ui.Diff(env, value(env, c.From), value(env, c.To))
		if i.Action == api.CreateUser.Info().Name { // there was nothing before, and what is ordinary is not said
			if c.To == "false" {
				continue
			}
			to = ui.Text(value(env, c.To))
		} else if c.To == "" {
			to = ui.Join(to, ui.Text(" "), ui.None(env))
		}
		rows = append(rows, ui.Join(ui.Subtle(fieldName(env, c.Field)), ui.Text(" "), to))
	}
	if len(rows) == 0 {
		return nil
	}
	return ui.Lines(rows...)
}

// steps says of an item of several steps that stopped at one of them what was done and what was not.
func (p *Job) steps(i api.JobItem) string {
	env := p.Env()
	var parts []string
	say := func(key string, operations ...string) {
		if len(operations) == 0 {
			return
		}
		names := make([]string, len(operations))
		for n, o := range operations {
			names[n] = env.T("operation." + o)
		}
		parts = append(parts, env.T(key, "steps", env.Format().List(names...)))
	}
	say("jobs.steps_did", i.Did...)
	if i.At != "" {
		say("jobs.steps_at", i.At)
	}
	say("jobs.steps_undone", i.Undone...)
	return strings.Join(parts, " ")
}

func fieldName(env ui.Env, field string) string {
	if field == api.FieldRooms { // all rooms of a row, and not one to be typed
		return env.T("imports.field." + field)
	}
	if name := ui.FieldName(env, field); name != "" {
		return name
	}
	return field
}

// value writes one side of a change.
func value(env ui.Env, text string) string {
	switch text {
	case "true":
		return env.T("common.yes")
	case "false":
		return env.T("common.no")
	}
	return text
}
