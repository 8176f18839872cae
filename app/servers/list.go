// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// List is the screen of all homeservers: what each is and how it is.
type List struct {
	screen.Base
	Statuses []Status `json:"statuses"`
}

// NewList returns the list of homeservers.
func NewList() screen.Screen { return &List{} }

// Title implements screen.Screen.
func (l *List) Title() string { return l.Env().T("servers.title") }

// Load implements screen.Screen. It costs one call a homeserver, all at once.
func (l *List) Load(ctx context.Context, env ui.Env, call client.Caller, _ *url.URL) error {
	var err error
	l.Statuses, err = survey(ctx, env, call, false)
	return err
}

// States implements screen.Witness.
func (l *List) States() map[string]string { return states(l.Statuses) }

// Render implements app.Composer.
func (l *List) Render() app.UI {
	env := l.Env()
	rows := make([]ui.Row, 0, len(l.Statuses))
	for _, s := range l.Statuses {
		rows = append(rows, ui.Row{Key: s.Server.Name, Label: s.name(), Cells: []app.UI{
			ui.TwoLines(ui.NameLink(s.name(), route.At(s.Server.Name, route.ServerPath, nil)), ui.Mono(s.Server.Name)),
			ui.Text(kind(env, s.Server.Kind)),
			version(env, s),
			health(env, s),
		}})
	}
	return app.Div().Body(
		ui.PageTitle{Title: l.Title()}.Draw(env),
		ui.Help(env.T("servers.about")),
		ui.Table{
			Caption: l.Title(), Rows: rows,
			Columns: []ui.Column{
				{Title: env.T("overview.column.homeserver"), Phone: ui.CardLead},
				{Title: env.T("servers.kind"), Width: ui.Middle},
				{Title: env.T("servers.version"), Width: ui.Middle},
				{Title: env.T("servers.state"), Width: ui.Large},
			},
			Empty: ui.Empty{Icon: ui.IconServerOff, Title: env.T("overview.no_servers"), Text: env.T("overview.no_servers_help")}.Draw(env),
		}.Draw(env),
	)
}
