// SPDX-License-Identifier: Apache-2.0

package join

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
	"gatehouse/app/users"
)

// Dead is the page of a link that does not work, or of a form that led to nothing that the form could show. It says so and no more.
type Dead struct {
	app.Compo
	Problem *api.Problem

	env ui.Env
}

// Use gives the page its surroundings.
func (d *Dead) Use(env ui.Env) { d.env = env }

// Title names the page.
func (d *Dead) Title() string {
	if d.Problem.Code == "no_such_invitation" {
		return d.env.T("join.dead_title")
	}
	return d.env.T("join.stopped_title")
}

// Render implements app.Composer.
func (d *Dead) Render() app.UI {
	body := ui.ProblemNote(d.env, d.Problem)
	if d.Problem.Code == "no_such_invitation" {
		body = ui.Paragraph(ui.Text(d.env.T("join.dead")))
	}
	return ui.SignInPage{Title: d.Title(), Body: []app.UI{body}}.Draw(d.env)
}

// Done is the card of the account that was made. A password that the gate made is on it, this once.
type Done struct {
	app.Compo
	Card   api.Handout
	Chosen bool // the password is the person's own, and is not shown

	env ui.Env
}

// Use gives the page its surroundings.
func (d *Done) Use(env ui.Env) { d.env = env }

// Title names the page.
func (d *Done) Title() string { return d.env.T("join.done_title") }

// Render implements app.Composer.
func (d *Done) Render() app.UI {
	env, card := d.env, d.Card
	server := card.User.ID.Server()
	out := users.HandOut(env, card)
	welcome := ui.Remark(ui.IconOnce, ui.Warn, env.T("join.done_made", "server", server))
	if d.Chosen {
		welcome, out.Password = ui.Remark(ui.IconChecked, ui.Good, env.T("join.done", "server", server)), ""
	}
	if out.SignIn != "" {
		out.Actions = []app.UI{ui.Button{Label: env.T("join.next"), Look: ui.Primary, Href: out.SignIn}.Draw(env)}
	}
	if out.App != "" {
		out.Actions = append(out.Actions, ui.Button{Label: env.T("join.open_in", "app", out.AppText), Href: out.App}.Draw(env))
	}
	return ui.SignInPage{Title: d.Title(), Wide: true, Body: []app.UI{welcome, out.Draw(env)}}.Draw(env)
}
