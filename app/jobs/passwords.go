// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/qr"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/app/users"
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
	return app.Div().Body(append([]app.UI{
		ui.PageTitle{Title: p.Title(), Words: true}.Draw(env),
		ui.Note{Kind: ui.Warn, Icon: ui.IconOnce, Title: env.T("jobs.passwords_once"), Text: env.T("jobs.passwords_once_help")}.Draw(env),
		ui.Actions(
			ui.Button{Label: env.T("jobs.passwords_file"), Icon: ui.IconDownload, Look: ui.Primary, File: p.csv(), FileName: "passwords.csv"}.Draw(env),
			ui.PrintButton(env.T("jobs.print"), ui.Secondary),
			ui.Button{Label: env.T("jobs.back"), Href: route.Job(env.Homeserver, p.Handout.Job)}.Draw(env),
		),
		ui.Table{
			Caption: p.Title(), Rows: rows,
			Columns: []ui.Column{{Title: env.T("accounts.column.account"), Phone: ui.CardLead}, {Title: env.T("field.password"), Phone: ui.CardLabel}},
		}.Draw(env),
	}, p.cards()...)...)
}

// maxCards is how many accounts get a card each, to be printed and cut; of more the list is printed.
const maxCards = 200

// cards are one for each account, for its person. They alone are printed.
func (p *Passwords) cards() []app.UI {
	env := p.Env()
	if len(p.Handout.Passwords) > maxCards {
		return nil
	}
	var list []app.UI
	for i, one := range p.Handout.Passwords {
		card := api.Handout{User: api.User{ID: one.ID}, ClientURL: p.Handout.ClientURL}
		link := users.SignInLink(card)
		c := ui.HandOut{
			ServerName: one.ID.Server(), ID: string(one.ID), Password: one.Password.Reveal(), Key: "-" + strconv.Itoa(i), Choose: users.Chooses(card),
			SignIn: link, SignInText: users.BareAddress(card.ClientURL),
		}
		if code := qr.Modules(link); link != "" && code != nil {
			c.QR = ui.QR(code, env.T("handout.qr_label"))
		}
		list = append(list, c.Draw(env))
	}
	return list
}

// csv writes the file (RFC 4180). Matrix IDs begin as formulas do, so each has an apostrophe before it, as server/table writes such cells.
func (p *Passwords) csv() string {
	var b strings.Builder
	b.WriteString("id,password\r\n")
	for _, one := range p.Handout.Passwords {
		for i, cell := range []string{"'" + string(one.ID), one.Password.Reveal()} {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}
