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

// List is the screen of a homeserver's jobs.
type List struct {
	screen.Base
	Query api.JobQuery `json:"query"`
	Page  api.JobPage  `json:"page"`
}

// NewList returns the list of jobs.
func NewList() screen.Screen { return &List{} }

// Title implements screen.Screen.
func (l *List) Title() string { return l.Env().T("jobs.title") }

// Load implements screen.Screen. It costs one call.
func (l *List) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	if l.Query, err = screen.Query(api.ListJobs, u); err == nil {
		l.Page, err = client.Call(ctx, call, api.ListJobs, l.Query)
	}
	return err
}

// Render implements app.Composer.
func (l *List) Render() app.UI {
	env := l.Env()
	rows := make([]ui.Row, 0, len(l.Page.Jobs))
	for _, j := range l.Page.Jobs {
		below := ui.Text(does(env, j))
		if j.Note == "" {
			below = nil
		}
		rows = append(rows, ui.Row{
			Key: j.ID, Label: nameOf(env, j), Subtle: j.Ended(),
			Cells: []app.UI{
				ui.TwoLines(ui.NameLink(nameOf(env, j), address(env, j, api.JobItemQuery{})), below),
				chip(env, j), ui.Text(progress(env, j)), ui.DateTime(env, j.CreatedMS), ui.IDLine(j.Owner),
			},
		})
	}
	q, first, next := l.Query, "", ""
	if q.Cursor != "" {
		first = l.address(api.JobQuery{State: q.State})
	}
	if l.Page.Next != "" {
		q.Cursor = l.Page.Next
		next = l.address(q)
	}
	return app.Div().Body(
		ui.PageTitle{Title: l.Title(), Words: true}.Draw(env),
		ui.Table{
			Caption: l.Title(), Rows: rows,
			Columns: []ui.Column{
				{Title: env.T("jobs.column.job"), Phone: ui.CardLead},
				{Title: env.T("jobs.column.state"), Width: ui.Large},
				{Title: env.T("jobs.column.progress"), Width: ui.Middle, Phone: ui.CardLabel},
				{Title: env.T("jobs.column.created"), Width: ui.Large, Phone: ui.CardLabel},
				{Title: env.T("jobs.column.owner"), Width: ui.Middle, Phone: ui.CardNone},
			},
			Empty: ui.Empty{
				Icon: ui.IconSkip, Title: env.T("jobs.empty"), Text: env.T("jobs.empty_help"),
				Actions: l.ways(),
			}.Draw(env),
		}.Draw(env),
		ui.Forward(env, "ui.on_page", len(rows), -1, first, next).Draw(env),
	)
}

// ways are where jobs come from.
func (l *List) ways() []app.UI {
	env := l.Env()
	ways := []app.UI{ui.Button{Label: env.T("accounts.title"), Icon: ui.IconUsers, Href: route.Accounts(env.Homeserver)}.Draw(env)}
	if env.Can(api.PlanImport.Info().Name) {
		ways = append(ways, ui.Button{Label: env.T("imports.crumb"), Icon: ui.IconFile, Href: route.Import(env.Homeserver, "")}.Draw(env))
	}
	return ways
}

func (l *List) address(q api.JobQuery) string {
	return route.At(l.Env().Homeserver, route.JobsPath, api.EncodeForm(q))
}
