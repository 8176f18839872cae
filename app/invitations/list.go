// SPDX-License-Identifier: Apache-2.0

package invitations

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

// List is the screen of a homeserver's invitations.
type List struct {
	screen.Base
	Query api.InvitationQuery `json:"query"`
	Page  api.InvitationPage  `json:"page"`
}

// NewList returns the list of invitations.
func NewList() screen.Screen { return &List{} }

// Title implements screen.Screen.
func (l *List) Title() string { return l.Env().T("invitations.title") }

// Load implements screen.Screen. It costs one call.
func (l *List) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	if l.Query, err = screen.Query(api.ListInvitations, u); err == nil {
		l.Page, err = client.Call(ctx, call, api.ListInvitations, l.Query)
	}
	return err
}

// Render implements app.Composer.
func (l *List) Render() app.UI {
	env := l.Env()
	create := ui.Button{
		Label: env.T("invitations.create"), Icon: ui.IconAdd, Look: ui.Primary, Href: route.At(env.Homeserver, route.CreateInvitationPath, nil),
		Why: env.WhyNot(api.CreateInvitation.Info().Name),
	}.Draw(env)
	return app.Div().Body(
		ui.PageTitle{Title: l.Title(), Words: true, Actions: []app.UI{create}}.Draw(env),
		ui.Views(env, env.T("invitations.views"), l.views()...),
		l.table(),
		l.pager(),
		ui.Downloads(env, len(l.Page.Invitations), route.Export(env.Homeserver, api.ListInvitations, l.Query)),
	)
}

// states are the views of the list.
var states = []string{"", api.InvitationOpen, api.InvitationUsedUp, api.InvitationExpired, api.InvitationRevoked}

func (l *List) views() []ui.View {
	env := l.Env()
	var list []ui.View
	for _, state := range states {
		v := ui.View{Label: env.T("invitations.view." + state), Href: l.address(api.InvitationQuery{State: state}), Current: state == l.Query.State}
		if state == "" {
			v.Label = env.T("invitations.view.all")
		}
		if v.Current {
			v.Count = env.Format().Number(int64(l.Page.Total))
		}
		list = append(list, v)
	}
	return list
}

func (l *List) address(q api.InvitationQuery) string {
	return route.Invitations(l.Env().Homeserver, api.EncodeForm(q))
}

func (l *List) table() app.UI {
	env := l.Env()
	rows := make([]ui.Row, 0, len(l.Page.Invitations))
	for _, i := range l.Page.Invitations {
		rows = append(rows, ui.Row{
			Key: i.ID, Label: nameOf(env, i), Subtle: i.State != api.InvitationOpen,
			Cells: []app.UI{
				ui.TwoLines(ui.NameLink(nameOf(env, i), route.Invitation(env.Homeserver, route.InvitationPath, i.ID)), ui.Text(choice(env, i))),
				stateChip(env, i),
				ui.Text(used(env, i)),
				ui.DateTime(env, i.ExpiresMS),
				ui.IDLine(i.CreatedBy),
			},
		})
	}
	return ui.Table{
		Caption: l.Title(), Rows: rows,
		Columns: []ui.Column{
			{Title: env.T("invitations.column.invitation"), Phone: ui.CardLead},
			{Title: env.T("invitations.column.state"), Width: ui.Middle},
			{Title: env.T("invitations.column.used"), Width: ui.Middle, Phone: ui.CardLabel},
			{Title: env.T("invitations.column.expires"), Width: ui.Middle, Phone: ui.CardLabel},
			{Title: env.T("invitations.created_by"), Width: ui.Large, Phone: ui.CardNone},
		},
		Empty: l.empty(),
	}.Draw(env)
}

// empty is what stands in place of the table: none at all, none of this state, or a page behind the last.
func (l *List) empty() app.UI {
	env := l.Env()
	if l.Query.State == "" && l.Query.Cursor == "" {
		return ui.Empty{Icon: ui.IconMail, Title: env.T("invitations.empty"), Text: env.T("invitations.empty_help", "server", env.ServerName())}.Draw(env)
	}
	return ui.Empty{
		Icon: ui.IconFilterOff, Title: env.T("invitations.none_so"),
		Actions: []app.UI{ui.Button{Label: env.T("invitations.view_all"), Href: l.address(api.InvitationQuery{})}.Draw(env)},
	}.Draw(env)
}

func (l *List) pager() app.UI {
	env, q := l.Env(), l.Query
	first, next := "", ""
	if q.Cursor != "" {
		first = l.address(api.InvitationQuery{State: q.State, Limit: q.Limit})
	}
	if l.Page.Next != "" {
		q.Cursor = l.Page.Next
		next = l.address(q)
	}
	return ui.Forward(env, "invitations.on_page", len(l.Page.Invitations), int64(l.Page.Total), first, next).Draw(env)
}
