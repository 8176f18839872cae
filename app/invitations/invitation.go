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

// Invitation is the page of an invitation. Its link is shown on a page of its own, to whoever asks for it.
type Invitation struct {
	screen.FormBase
	Invitation api.Invitation `json:"invitation"`
}

// NewInvitation returns the page of an invitation.
func NewInvitation() screen.Screen { return &Invitation{} }

// Title implements screen.Screen.
func (p *Invitation) Title() string { return nameOf(p.Env(), p.Invitation) }

// Load implements screen.Screen. It costs one call.
func (p *Invitation) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	var err error
	p.Invitation, err = find(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (p *Invitation) Render() app.UI {
	env, i := p.Env(), p.Invitation
	title := ui.PageTitle{Title: p.Title(), Facts: p.state()}
	if i.State != api.InvitationRevoked {
		title.Actions = []app.UI{
			ui.Button{
				Label: env.T("invitations.edit"), Icon: ui.IconEdit, Href: route.Invitation(env.Homeserver, route.EditInvitationPath, i.ID),
				Why: env.WhyNot(api.UpdateInvitation.Info().Name),
			}.Draw(env),
			ui.Button{
				Label: env.T("invitations.revoke_ask"), Icon: ui.IconBan, Look: ui.Danger, Href: route.Invitation(env.Homeserver, route.RevokeInvitationPath, i.ID),
				Why: env.WhyNot(api.RevokeInvitation.Info().Name),
			}.Draw(env),
		}
	}
	return app.Div().Body(
		crumbs(env, i, ""),
		title.Draw(env),
		p.handOut(),
		ui.Section{Title: env.T("account.facts"), Body: []app.UI{ui.Facts(env, facts(env, i)...)}}.Draw(env),
		p.accounts(),
	)
}

func (p *Invitation) state() app.UI {
	if chip := stateChip(p.Env(), p.Invitation); chip != nil {
		return chip
	}
	return ui.Chip{Label: p.Env().T("invitations.state.open"), Icon: ui.IconCheck, Tone: ui.Good}.Draw(p.Env())
}

// handOut leads to the link, as long as it works.
func (p *Invitation) handOut() app.UI {
	env, i := p.Env(), p.Invitation
	if i.State != api.InvitationOpen {
		return nil
	}
	form := p.Form(api.ShowInvitation.Info().Name, route.Invitation(env.Homeserver, route.InvitationPath, i.ID))
	form.Label = env.T("invitations.show")
	form.Body = []app.UI{
		ui.HiddenField("id", i.ID),
		ui.Help(env.T("invitations.show_help", "server", env.ServerName())),
		ui.Actions(ui.Button{Label: env.T("invitations.show"), Icon: ui.IconEye, Look: ui.Primary, Why: env.WhyNot(api.ShowInvitation.Info().Name)}.Draw(env)),
	}
	return ui.Section{Title: env.T("invitations.hand_out"), Body: []app.UI{form.Draw(env)}}.Draw(env)
}

// accounts are those that were made with it, and what each of them lacks.
func (p *Invitation) accounts() app.UI {
	env := p.Env()
	rows := make([]ui.Row, 0, len(p.Invitation.Accounts))
	for _, a := range p.Invitation.Accounts {
		rows = append(rows, ui.Row{Key: string(a.ID), Label: string(a.ID), Cells: []app.UI{p.account(a), p.outcome(a), ui.DateTime(env, a.AtMS)}})
	}
	return ui.Section{Title: env.T("invitations.accounts"), Body: []app.UI{ui.Table{
		Caption: env.T("invitations.accounts"), Rows: rows,
		Columns: []ui.Column{
			{Title: env.T("accounts.column.account"), Phone: ui.CardLead},
			{Title: env.T("invitations.column.outcome"), Phone: ui.CardLabel},
			{Title: env.T("invitations.column.at"), Width: ui.Middle, Phone: ui.CardLabel},
		},
		Empty: ui.Empty{Icon: ui.IconUsers, Title: env.T("invitations.accounts_none")}.Draw(env),
	}.Draw(env)}}.Draw(env)
}

func (p *Invitation) account(a api.InvitedAccount) app.UI {
	env := p.Env()
	if a.State != "done" && a.State != "begun" || !env.Allowed(string(api.ReadUsers)) {
		return ui.ID(string(a.ID))
	}
	return ui.IDLink(string(a.ID), route.Account(env.Homeserver, route.AccountPath, a.ID))
}

// outcome says how it went: what was left, and what was accepted.
func (p *Invitation) outcome(a api.InvitedAccount) app.UI {
	env := p.Env()
	switch a.State {
	case "reserved":
		return ui.Text(env.T("invitations.outcome.reserved"))
	case "unknown":
		return ui.TwoLines(ui.Chip{Label: env.T("invitations.outcome.unknown"), Icon: ui.IconAlert, Tone: ui.Warn}.Draw(env), ui.Text(env.T("invitations.outcome.unknown_help")))
	}
	var rows []app.UI
	if a.State == "begun" {
		rows = append(rows, ui.TwoLines(ui.Chip{Label: env.T("invitations.outcome.begun"), Icon: ui.IconWait, Tone: ui.Warn}.Draw(env), ui.Text(env.T("invitations.outcome.begun_help"))))
	}
	for _, f := range a.Left {
		label := ui.FieldName(env, f.Field)
		if label != "" {
			label += ": "
		}
		rows = append(rows, ui.Remark(ui.IconAlert, ui.Warn, label+env.FieldText(f)))
	}
	for _, address := range a.Accepted {
		rows = append(rows, ui.Paragraph(ui.Text(env.T("invitations.outcome.accepted")+" "), ui.ExternalLink(address, address)))
	}
	if len(rows) == 0 {
		return ui.Text(env.T("invitations.outcome.done"))
	}
	return app.Div().Body(rows...)
}

// After implements screen.Writer. The answer holds the link, so it is a page and no address.
func (p *Invitation) After(_ string, result any) screen.Next {
	card, _ := result.(api.InvitationCard)
	return screen.Next{Screen: &Card{Card: card}}
}
