// SPDX-License-Identifier: Apache-2.0

// Package invitations has the screens about invitations: links with which people make accounts of their own.
package invitations

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// find returns the invitation that an address is about.
func find(ctx context.Context, call client.Caller, u *url.URL) (api.Invitation, error) {
	ref := api.InvitationRef{ID: u.Query().Get("id")}
	if err := ref.Validate(); err != nil {
		return api.Invitation{}, err
	}
	return client.Call(ctx, call, api.GetInvitation, ref)
}

// nameOf is what an invitation is called: its note, or else whom it is for, or when it was made.
func nameOf(env ui.Env, i api.Invitation) string {
	switch {
	case i.Note != "":
		return i.Note
	case i.Localpart != "":
		return "@" + string(i.Localpart)
	case i.Email != "":
		return i.Email
	}
	return env.T("invitations.unnamed", "time", ui.ExactTime(env, i.CreatedMS))
}

// stateChip is why an invitation cannot be used; of one that can, nothing.
func stateChip(env ui.Env, i api.Invitation) app.UI {
	switch i.State {
	case api.InvitationUsedUp:
		return ui.Chip{Label: env.T("invitations.state.used_up"), Icon: ui.IconUserCheck}.Draw(env)
	case api.InvitationExpired:
		return ui.Chip{Label: env.T("invitations.state.expired"), Icon: ui.IconWait}.Draw(env)
	case api.InvitationRevoked:
		return ui.Chip{Label: env.T("invitations.state.revoked"), Icon: ui.IconBan, Tone: ui.Warn}.Draw(env)
	}
	return nil
}

func used(env ui.Env, i api.Invitation) string {
	return env.N("invitations.used_of", i.Uses, "taken", i.Taken)
}

// choice is what names people can take.
func choice(env ui.Env, i api.Invitation) string {
	switch {
	case i.Localpart.Fixed():
		return env.T("invitations.name.fixed", "name", string(i.Localpart))
	case i.Localpart != "":
		return env.T("invitations.name.pattern", "pattern", string(i.Localpart))
	}
	return env.T("invitations.name.any")
}

// facts is what is known of an invitation, besides its state and note, which are at the top of its page.
func facts(env ui.Env, i api.Invitation) []ui.Fact {
	list := []ui.Fact{
		{Label: env.T("invitations.column.used"), Value: ui.Text(used(env, i))},
		{Label: env.T("invitations.column.expires"), Value: ui.DateTime(env, i.ExpiresMS)},
		{Label: env.T("invitations.names"), Value: ui.Text(choice(env, i))},
	}
	add := func(label, value string) {
		if value != "" {
			list = append(list, ui.Fact{Label: env.T(label), Value: ui.Text(value)})
		}
	}
	add("create.display_name", i.DisplayName)
	add("create.email", i.Email)
	if len(i.Rooms) > 0 {
		list = append(list, ui.Fact{Label: env.T("invitations.rooms"), Value: lines(i.Rooms)})
	}
	list = append(list,
		ui.Fact{Label: env.T("invitations.created"), Value: ui.DateTime(env, i.CreatedMS)},
		ui.Fact{Label: env.T("invitations.created_by"), Value: ui.ID(i.CreatedBy)})
	if i.RevokedMS > 0 {
		list = append(list,
			ui.Fact{Label: env.T("invitations.revoked"), Value: ui.DateTime(env, i.RevokedMS)},
			ui.Fact{Label: env.T("invitations.revoked_by"), Value: ui.ID(i.RevokedBy)})
	}
	return list
}

func lines(list []string) app.UI {
	rows := make([]app.UI, 0, len(list))
	for _, text := range list {
		rows = append(rows, app.Div().Body(ui.Mono(text)))
	}
	return app.Div().Body(rows...)
}

// crumbs is the way from the list to a screen about an invitation, or to one about none.
func crumbs(env ui.Env, i api.Invitation, title string) app.UI {
	list := []ui.Crumb{{Label: env.T("invitations.title"), Href: route.Invitations(env.Homeserver, nil)}}
	if i.ID != "" {
		c := ui.Crumb{Label: nameOf(env, i)}
		if title != "" {
			c.Href = route.Invitation(env.Homeserver, route.InvitationPath, i.ID)
		}
		list = append(list, c)
	}
	if title != "" {
		list = append(list, ui.Crumb{Label: title})
	}
	return ui.Crumbs(env, list...)
}

// denied is the page in place of a form that the person may not use, or that cannot be had here.
func denied(env ui.Env, top []app.UI, reason, back string) app.UI {
	return app.Div().Body(append(top,
		ui.Locked(env, reason),
		ui.Actions(ui.Button{Label: env.T("common.back"), Href: back}.Draw(env)),
	)...)
}
