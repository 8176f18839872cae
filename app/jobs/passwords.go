// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"net/url"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Passwords are what a job's owner gets once: as a file, and on paper. The page is not redrawn, and no address leads to it again.
type Passwords struct {
	screen.Base
	Handout api.JobHandout `json:"handout"`
}

// Title implements screen.Screen.
func (p *Passwords) Title() string { return p.Env().T("jobs.passwords_title") }

// Load implements screen.Screen: there is nothing to load.
func (p *Passwords) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// Render implements app.Composer.
func (p *Passwords) Render() app.UI {
	env := p.Env()
	rows := make([]ui.Row, 0, len(p.Handout.Passwords))
	for _, one := range p.Handout.Passwords {
		rows = append(rows, ui.Row{Key: string(one.ID), Label: string(one.ID), Cells: []app.UI{ui.ID(string(one.ID)), ui.Mono(one.Password.Reveal())}})
	}
	return app.Div().Body(
		ui.PageTitle{Title: p.Title(), Words: true}.Draw(env),
		ui.Note{Kind: ui.Warn, Icon: ui.IconOnce, Title: env.T("jobs.passwords_once"), Text: env.T("jobs.passwords_once_help")}.Draw(env),
		ui.Actions(
			ui.Button{Label: env.T("jobs.passwords_file"), Icon: ui.IconDownload, Look: ui.Primary, File: p.csv(), FileName: "passwords.csv"}.Draw(env),
			ui.PrintButton(env.T("jobs.print"), ui.Secondary),
			ui.Button{Label: env.T("jobs.back"), Href: route.At(env.Homeserver, route.JobPath, url.Values{"id": {p.Handout.Job}})}.Draw(env),
		),
		ui.Table{
			Caption: p.Title(), Rows: rows,
			Columns: []ui.Column{{Title: env.T("accounts.column.account"), Phone: ui.CardLead}, {Title: env.T("field.password"), Phone: ui.CardLabel}},
		}.Draw(env),
	)
}

// csv writes the file (RFC 4180). No name and no password that Gatehouse makes has a character that would have to be quoted; a name that begins like
// a formula would, but Matrix IDs begin with @.
func (p *Passwords) csv() string {
	var b strings.Builder
	b.WriteString("id,password,homeserver\r\n")
	for _, one := range p.Handout.Passwords {
		for i, cell := range []string{"'" + string(one.ID), one.Password.Reveal(), p.Handout.Homeserver} {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}
