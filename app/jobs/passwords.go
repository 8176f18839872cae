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
	if p.Handout.Part > 0 {
		return p.part()
	}
	env, all := p.Env(), p.Handout.Passwords
	actions := []app.UI{ui.Button{Label: env.T("jobs.passwords_file"), Icon: ui.IconDownload, Look: ui.Primary, File: p.csv(), FileName: "passwords.csv"}.Draw(env)}
	once, list := env.T("jobs.passwords_once_help"), p.list
	if len(all) > api.CardsAtOnce { // a page of so many cards is more than browsers print
		once, list = env.N("jobs.passwords_many", len(all)), nil
	} else {
		actions = append(actions, ui.PrintButton(env.T("jobs.print"), ui.Secondary))
	}
	body := []app.UI{
		ui.PageTitle{Title: p.Title(), Words: true}.Draw(env),
		ui.Note{Kind: ui.Warn, Icon: ui.IconOnce, Title: env.T("jobs.passwords_once"), Text: once}.Draw(env),
		p.unsure(),
		ui.Actions(append(actions, p.back())...),
	}
	if list != nil {
		body = append(body, list()...)
	}
	return app.Div().Body(body...)
}

func (p *Passwords) back() app.UI {
	return ui.Button{Label: p.Env().T("jobs.back"), Href: route.Job(p.Env().Homeserver, p.Handout.Job)}.Draw(p.Env())
}

// unsure says of how many accounts nobody knows whether they have their password.
func (p *Passwords) unsure() app.UI {
	unknown := 0
	for _, one := range p.Handout.Passwords {
		if one.Unknown {
			unknown++
		}
	}
	if unknown == 0 {
		return nil
	}
	return ui.Note{Kind: ui.Warn, Text: p.Env().N("jobs.passwords_unknown", unknown)}.Draw(p.Env())
}

// list is a table to look at, and a card for each account, for its person. The cards alone are printed.
func (p *Passwords) list() []app.UI {
	env := p.Env()
	rows := make([]ui.Row, 0, len(p.Handout.Passwords))
	cards := make([]app.UI, 0, len(p.Handout.Passwords))
	for i, one := range p.Handout.Passwords {
		password := ui.Mono(one.Password.Reveal())
		card := users.HandOut(env, api.Handout{User: api.User{ID: one.ID}, Password: one.Password, ClientURL: p.Handout.ClientURL})
		if one.Unknown {
			password = ui.TwoLines(password, ui.Text(env.T("jobs.password_unknown")))
			card.More = []ui.Fact{{Label: env.T("jobs.password_unsure"), Value: ui.Text(env.T("jobs.password_unsure_help"))}}
		}
		rows = append(rows, ui.Row{Key: string(one.ID), Label: string(one.ID), Cells: []app.UI{ui.ID(string(one.ID)), password}})
		card.Key = "-" + strconv.Itoa(i)
		cards = append(cards, card.Draw(env))
	}
	table := ui.Table{
		Caption: p.Title(), Rows: rows,
		Columns: []ui.Column{{Title: env.T("accounts.column.account"), Phone: ui.CardLead}, {Title: env.T("field.password"), Phone: ui.CardLabel}},
	}
	return append([]app.UI{table.Draw(env)}, cards...)
}

// csv writes the file (RFC 4180). Matrix IDs begin as formulas do, so each has an apostrophe before it, as server/table writes such cells.
func (p *Passwords) csv() string {
	var b strings.Builder
	b.WriteString("id,password,state\r\n")
	for _, one := range p.Handout.Passwords {
		for i, cell := range []string{"'" + string(one.ID), one.Password.Reveal(), one.State()} {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}
