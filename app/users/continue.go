// SPDX-License-Identifier: Apache-2.0

package users

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// renderContinue draws the form that finishes an account whose making was begun: of its fields, those that are left.
func (c *Create) renderContinue() app.UI {
	env, u := c.Env(), *c.User
	page := []app.UI{
		crumbs(env, u, c.Title()),
		ui.PageTitle{Title: c.Title(), Words: true, Facts: accountCell(env, u, "")}.Draw(env),
	}
	if u.Begun == nil {
		return app.Div().Body(append(page,
			ui.Remark(ui.IconChecked, ui.Good, env.T("continue.nothing")),
			ui.Actions(ui.Button{Label: env.T("common.back"), Href: here(env, route.AccountPath, u)}.Draw(env)),
		)...)
	}
	form := c.Form(api.CreateUser.Info().Name, here(env, route.CreatePath, u))
	form.Label = c.Title()
	form.Body = append(c.leftFields(u), ui.FormFoot(
		ui.Button{Label: env.T("continue.submit"), Look: ui.Primary}.Draw(env),
		ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: here(env, route.AccountPath, u)}.Draw(env),
	))
	return app.Div().Body(append(page, leftNote(env, u.Begun.Left).Draw(env), form.Draw(env))...)
}

// leftFields are the fields that are left, as they were asked for.
func (c *Create) leftFields(u api.User) []app.UI {
	env, state, asked := c.Env(), c.State, u.Begun.Asked
	o := offer{env, c.Server, api.CreateUser}
	list := []app.UI{ui.HiddenField("localpart", u.ID.Localpart()), ui.HiddenField("continue", "true")}
	add := func(field string, draw func() app.UI) {
		if u.Begun.Lacks(field) {
			list = append(list, draw())
		}
	}
	add("display_name", func() app.UI { return displayNameField(env, state, asked.DisplayName) })
	add("threepids", func() app.UI { return contacts(o, state, u.Begun.LeftThreepids()) })
	if u.Begun.Lacks("password") {
		list = append(list, passwordChoice{
			state: state, none: true, help: env.T("create.password_help"), live: c.Live() != nil, first: asked.PasswordMode,
		}.draw(env))
	} else {
		list = append(list, ui.HiddenField("password.mode", api.PasswordNone))
	}
	add("admin", func() app.UI {
		return ui.Check{Name: "admin", Label: env.T("create.admin", "server", env.ServerName()), State: state, Checked: asked.Admin, Why: o.why("admin")}.Draw(env)
	})
	add("user_type", func() app.UI { return userTypeField(o, state, asked.UserType) })
	add("external_ids", func() app.UI { return identityRows(env, "external_ids", state, u.Begun.LeftExternalIDs(), c.Providers) })
	add("avatar_url", func() app.UI { return avatarField(env, state, asked.AvatarURL) })
	return list
}

// leftNote says what of an account could not be done, and why.
func leftNote(env ui.Env, left []api.FieldProblem) ui.Note {
	note := ui.Note{Kind: ui.Warn, Title: env.T("handout.partly"), Alert: true}
	for _, f := range left {
		label := ui.FieldName(env, f.Field)
		if label != "" {
			label += ": "
		}
		line := []app.UI{ui.Strong(label)}
		if which := f.Params[api.LeftValue]; which != "" {
			line = append(line, ui.Mono(which), ui.Text(" – "))
		}
		note.Body = append(note.Body, ui.Paragraph(append(line, ui.Text(env.FieldText(f)))...))
	}
	return note
}

// continueButton leads to the form that finishes an account.
func continueButton(env ui.Env, u api.User, look ui.Look) app.UI {
	return ui.Button{
		Label: env.T("continue.link"), Icon: ui.IconPlay, Look: look, Href: here(env, route.CreatePath, u), Why: env.WhyNot(api.CreateUser.Info().Name),
	}.Draw(env)
}
