// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Overview is the first screen: what waits for the person, and one row a homeserver.
type Overview struct {
	screen.Base
	Statuses []Status `json:"statuses"`
}

// NewOverview returns the overview.
func NewOverview() screen.Screen { return &Overview{} }

// Title implements screen.Screen.
func (o *Overview) Title() string { return o.Env().T("overview.title") }

// Load implements screen.Screen. It costs two calls a homeserver, all at once, and one that the gate answers from its own store.
func (o *Overview) Load(ctx context.Context, env ui.Env, call client.Caller, _ *url.URL) error {
	var err error
	o.Statuses, err = survey(ctx, env, call, true)
	return err
}

// States implements screen.Witness.
func (o *Overview) States() map[string]string { return states(o.Statuses) }

// Render implements app.Composer.
func (o *Overview) Render() app.UI {
	env := o.Env()
	if len(o.Statuses) == 0 {
		return app.Div().Body(
			ui.PageTitle{Title: o.Title()}.Draw(env),
			ui.Empty{Icon: ui.IconServerOff, Title: env.T("overview.no_servers"), Text: env.T("overview.no_servers_help")}.Draw(env),
		)
	}
	now := time.UnixMilli(env.Now)
	facts := ui.Text(env.N("overview.facts", len(o.Statuses), "when", env.Format().Ago(now, now)))
	return app.Div().Body(
		ui.PageTitle{Title: o.Title(), Facts: facts, Actions: []app.UI{o.create()}}.Draw(env),
		o.needs(),
		ui.Section{Title: env.T("overview.homeservers"), Body: []app.UI{o.table()}}.Draw(env),
	)
}

func (o *Overview) needs() app.UI {
	env := o.Env()
	items := todo(env, o.Statuses)
	if len(items) == 0 {
		return ui.Section{
			Title: env.T("overview.needs_you"), Body: []app.UI{ui.Remark(ui.IconChecked, ui.Good, env.T("overview.nothing_needs_you"))},
		}.Draw(env)
	}
	return ui.Section{
		Title: env.T("overview.needs_you"), Count: env.Format().Number(int64(len(items))), Body: []app.UI{ui.Todo(items...)},
	}.Draw(env)
}

func (o *Overview) table() app.UI {
	env := o.Env()
	rows := make([]ui.Row, 0, len(o.Statuses))
	for _, s := range o.Statuses {
		rows = append(rows, ui.Row{Key: s.Server.Name, Label: s.name(), Cells: []app.UI{
			ui.TwoLines(ui.NameLink(s.name(), o.into(s)), ui.Text(kind(env, s.Server.Kind))),
			health(env, s),
			version(env, s),
			o.accounts(s),
		}})
	}
	return ui.Table{Caption: env.T("overview.homeservers"), Rows: rows, Columns: []ui.Column{
		{Title: env.T("overview.column.homeserver"), Phone: ui.CardLead},
		{Title: env.T("overview.column.state"), Width: ui.Large},
		{Title: env.T("overview.column.version"), Width: ui.Middle, Phone: ui.CardLabel},
		{Title: env.T("overview.column.accounts"), Width: ui.Small, End: true, Phone: ui.CardLabel},
	}}.Draw(env)
}

// into leads to what people come for: the homeserver's accounts, or, where the person may not see them, its page.
func (o *Overview) into(s Status) string {
	if o.Env().Allowed(string(api.ReadUsers)) {
		return route.Accounts(s.Server.Name)
	}
	return route.At(s.Server.Name, route.ServerPath, nil)
}

// accounts is how many accounts a homeserver has, or a dash with the reason.
func (o *Overview) accounts(s Status) app.UI {
	env := o.Env()
	switch {
	case s.Accounts != nil:
		return ui.Num(env, *s.Accounts)
	case !env.Allowed(string(api.ReadUsers)):
		return ui.Unknown(env, denied(env, api.ReadUsers))
	case s.Counted != nil:
		return ui.Unknown(env, sentence(env, s.Counted))
	}
	return ui.Unknown(env, env.T("ui.not_told"))
}

// create leads to the form of a new account; where there are several homeservers, it asks on which.
func (o *Overview) create() app.UI {
	env := o.Env()
	label := env.T("accounts.create")
	if len(o.Statuses) == 1 {
		s := o.Statuses[0]
		return ui.Button{
			Label: label, Icon: ui.IconAdd, Look: ui.Primary, Href: route.At(s.Server.Name, route.CreatePath, nil), Why: o.whyNotCreate(s),
		}.Draw(env)
	}
	if !env.Allowed(string(api.CreateUsers)) {
		return ui.Button{Label: label, Icon: ui.IconAdd, Look: ui.Primary, Why: denied(env, api.CreateUsers)}.Draw(env)
	}
	items := make([]ui.MenuItem, 0, len(o.Statuses))
	for _, s := range o.Statuses {
		items = append(items, ui.MenuItem{
			Label: s.name(), Detail: kind(env, s.Server.Kind), Icon: ui.IconServer,
			Href: route.At(s.Server.Name, route.CreatePath, nil), Why: o.whyNotCreate(s),
		})
	}
	return ui.Menu{ID: "create", Label: label, Icon: ui.IconAdd, Look: ui.Primary, Items: items}.Draw(env)
}

func (o *Overview) whyNotCreate(s Status) string {
	env := o.Env()
	reason, missing := s.Server.Unavailable[api.CreateUser.Info().Name]
	switch {
	case !env.Allowed(string(api.CreateUsers)):
		return denied(env, api.CreateUsers)
	case missing:
		return env.T("missing."+reason, "homeserver", s.name())
	case s.Server.State == "down":
		return ui.WhyDown(env, s.Problem, s.name())
	}
	return ""
}

// denied says that the person's role lacks a permission; outside of a homeserver env.WhyNot does not know.
func denied(env ui.Env, p api.Permission) string {
	return env.T("ui.denied", "role", env.Person.Role, "permission", string(p))
}
