// SPDX-License-Identifier: Apache-2.0

package invitations

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/qr"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Card is an invitation to be handed out. It has no address: it follows a write, and is gone with the page.
type Card struct {
	screen.Base
	Card api.InvitationCard `json:"card"`
	New  bool               `json:"new,omitempty"` // it was made just now
}

// Load implements screen.Screen. There is nothing to load.
func (c *Card) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// Title implements screen.Screen.
func (c *Card) Title() string {
	if c.New {
		return c.Env().T("invitations.card.title_created")
	}
	return c.Env().T("invitations.card.title")
}

// Render implements app.Composer.
func (c *Card) Render() app.UI {
	env, i, link := c.Env(), c.Card.Invitation, c.Card.Link.Reveal()
	out := ui.LinkCard{
		ServerName: env.ServerName(), Title: env.T("invitations.card.for"), Label: env.T("invitations.link"), Link: link, Hint: env.T("invitations.card.scan"), Actions: c.actions(),
		Facts: []ui.Fact{
			{Label: env.T("invitations.column.expires"), Value: ui.Text(ui.ExactTime(env, i.ExpiresMS))},
			{Label: env.T("invitations.uses"), Value: ui.Text(env.N("invitations.card.uses", i.Uses))},
		},
	}
	if code := qr.Modules(link); code != nil {
		out.QR = ui.QR(code, env.T("invitations.card.qr_label"))
	}
	return app.Div().Body(
		crumbs(env, i, env.T("invitations.card.crumb")),
		ui.PageTitle{Title: c.Title(), Words: true}.Draw(env),
		ui.Remark(ui.IconKey, ui.Warn, env.T("invitations.card.bearer", "server", env.ServerName())),
		out.Draw(env),
	)
}

func (c *Card) actions() []app.UI {
	env := c.Env()
	list := []app.UI{ui.PrintButton(env.T("handout.print"), ui.Primary)}
	if c.New {
		list = append(list, ui.Button{
			Label: env.T("handout.create_another"), Icon: ui.IconAdd, Href: route.At(env.Homeserver, route.CreateInvitationPath, nil),
		}.Draw(env))
	}
	return append(list, ui.Button{
		Label: env.T("invitations.card.back"), Look: ui.Plain, Href: route.Invitation(env.Homeserver, route.InvitationPath, c.Card.Invitation.ID),
	}.Draw(env))
}
