// SPDX-License-Identifier: Apache-2.0

// Package imports draws the pages of an import: where a file is sent, and where it is said what is in it. The server writes them and takes
// their forms; they are no part of the program, which leaves them as they are.
package imports

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// Names of what the forms send.
const (
	File  = "file"   // the part of the upload that is the file
	Other = "_other" // the button that takes another file
)

// Upload is the page on which a file is chosen.
type Upload struct {
	app.Compo
	State  ui.FormState
	MaxMB  int
	MaxRow int64

	env ui.Env
}

// Use gives the page its surroundings.
func (u *Upload) Use(env ui.Env) { u.env = env }

// Title names the page.
func (u *Upload) Title() string { return u.env.T("imports.title") }

// Render implements app.Composer.
func (u *Upload) Render() app.UI {
	env := u.env
	top := []app.UI{
		ui.Crumbs(env, ui.Crumb{Label: env.T("accounts.title"), Href: route.Accounts(env.Homeserver)}, ui.Crumb{Label: env.T("imports.crumb")}),
		ui.PageTitle{Title: u.Title(), Words: true}.Draw(env),
	}
	if reason := env.WhyNot(api.PlanImport.Info().Name); reason != "" {
		return app.Div().Body(append(top, ui.Locked(env, reason))...)
	}
	form := ui.FileForm{
		Action: route.Import(env.Homeserver, ""), Label: u.Title(), State: u.State,
		Body: []app.UI{
			ui.FileField{
				Name: File, Label: env.T("imports.file"), Help: env.T("imports.file_help", "max", u.MaxMB, "rows", u.MaxRow), Accept: ".csv,.tsv,.txt,.jsonl,.ndjson,text/csv",
				State: u.State,
			}.Draw(env),
			ui.FormFoot(
				ui.Button{Label: env.T("imports.send"), Look: ui.Primary}.Draw(env),
				ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: route.Accounts(env.Homeserver)}.Draw(env),
			),
		},
	}
	steps := ui.Card(env.T("create.what_happens"), ui.Steps(env.T("imports.step_sealed"), env.T("imports.step_columns"), env.T("imports.step_plan"), env.T("imports.step_start")),
		ui.Help(env.T("imports.columns_known", "columns", "id, display_name, password, admin, user_type, emails, phones, sso, avatar_url, locked, rooms, notice, deactivated")))
	return app.Div().Body(append(top, ui.Columns([]app.UI{form.Draw(env)}, []app.UI{steps}))...)
}
