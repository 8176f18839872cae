// SPDX-License-Identifier: Apache-2.0

package invitations

import (
	"context"
	"net/url"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Edit is the form that changes how often and how long an invitation can be used, and its note.
type Edit struct {
	screen.FormBase
	Invitation api.Invitation `json:"invitation"`
}

// NewEdit returns the form.
func NewEdit() screen.Screen { return &Edit{} }

// Title implements screen.Screen.
func (e *Edit) Title() string { return e.Env().T("invitations.edit_title") }

// Load implements screen.Screen. It costs one call.
func (e *Edit) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	var err error
	e.Invitation, err = find(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (e *Edit) Render() app.UI {
	env, state, i := e.Env(), e.State, e.Invitation
	page := route.Invitation(env.Homeserver, route.InvitationPath, i.ID)
	top := []app.UI{crumbs(env, i, e.Title()), ui.PageTitle{Title: e.Title(), Words: true}.Draw(env)}
	if reason := env.WhyNot(api.UpdateInvitation.Info().Name); reason != "" {
		return denied(env, top, reason, page)
	}
	form := e.Form(api.UpdateInvitation.Info().Name, route.Invitation(env.Homeserver, route.EditInvitationPath, i.ID))
	form.Label = e.Title()
	form.Body = []app.UI{
		ui.HiddenField("id", i.ID),
		ui.Help(env.T("invitations.edit_help", "time", ui.ExactTime(env, i.ExpiresMS), "used", used(env, i))),
		ui.Fields(usesField(env, state, strconv.Itoa(i.Uses)), daysField(env, state, "", true)),
		noteField(env, state, i.Note),
		ui.FormFoot(
			ui.Button{Label: env.T("common.save"), Look: ui.Primary}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: page}.Draw(env),
		),
	}
	return app.Div().Body(append(top, form.Draw(env))...)
}

// After implements screen.Writer.
func (e *Edit) After(_ string, result any) screen.Next {
	i, _ := result.(api.Invitation)
	return screen.Next{URL: route.Invitation(e.Env().Homeserver, route.InvitationPath, i.ID), Notice: e.Env().T("done.saved")}
}

// Revoke asks whether an invitation shall be revoked.
type Revoke struct {
	screen.FormBase
	Invitation api.Invitation `json:"invitation"`
}

// NewRevoke returns the question.
func NewRevoke() screen.Screen { return &Revoke{} }

// Title implements screen.Screen.
func (r *Revoke) Title() string { return r.Env().T("invitations.revoking.title") }

// Load implements screen.Screen. It costs one call.
func (r *Revoke) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	var err error
	r.Invitation, err = find(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (r *Revoke) Render() app.UI {
	env, i := r.Env(), r.Invitation
	return r.Ask(screen.Ask{
		Dialog: ui.Dialog{
			Title: r.Title(), Icon: ui.IconBan, Tone: ui.Bad, About: ui.TwoLines(ui.Name(env, nameOf(env, i)), ui.Text(used(env, i))), Body: []app.UI{
				ui.Consequences(env.T("confirm.happens"), ui.Consequence{Icon: ui.IconBan, Text: env.T("invitations.revoking.happens")}),
				ui.Consequences(env.T("confirm.stays"), ui.Consequence{Icon: ui.IconUsers, Text: env.T("invitations.revoking.stays")}),
				ui.Final(env.T("invitations.revoking.final")),
				ui.HiddenField("id", i.ID),
			},
		},
		Op: api.RevokeInvitation, Address: route.Invitation(env.Homeserver, route.RevokeInvitationPath, i.ID), Way: crumbs(env, i, r.Title()),
		Why: env.WhyNot(api.RevokeInvitation.Info().Name), Back: env.T("invitations.revoking.keep"), From: route.Invitation(env.Homeserver, route.InvitationPath, i.ID),
		Submit: ui.Button{Label: env.T("invitations.revoke"), Look: ui.DangerSolid},
	})
}

// After implements screen.Writer.
func (r *Revoke) After(_ string, result any) screen.Next {
	i, _ := result.(api.Invitation)
	return screen.Next{URL: route.Invitation(r.Env().Homeserver, route.InvitationPath, i.ID), Notice: r.Env().T("invitations.revoking.done")}
}
