// SPDX-License-Identifier: Apache-2.0

package users

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

// Media is the tab of an account's page with the files that it has uploaded. Its address is a query of api.ListMedia.
type Media struct {
	screen.Base
	User    api.User        `json:"user"`
	Devices *api.DeviceList `json:"devices,omitempty"`
	Query   api.MediaQuery  `json:"query"`
	Page    *api.MediaPage  `json:"page,omitempty"` // nil where the server or the person's role has them not

	menu ui.RowMenu
}

// NewMedia returns the page of an account's files.
func NewMedia() screen.Screen { return &Media{} }

// Title implements screen.Screen.
func (m *Media) Title() string { return m.Env().T("media.title_of", "name", called(m.User)) }

// Load implements screen.Screen. It costs three calls, at the same time.
func (m *Media) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	query, err := screen.Query(api.ListMedia, u)
	if err != nil {
		return err
	}
	m.Query = query
	type answer struct {
		page api.MediaPage
		err  error
	}
	var waiting chan answer
	if env.Can(api.ListMedia.Info().Name) {
		waiting = make(chan answer, 1)
		go func() {
			page, err := client.Call(ctx, call, api.ListMedia, m.Query)
			waiting <- answer{page, err}
		}()
	}
	m.User, m.Devices, _, err = loadAccount(ctx, env, call, m.Query.ID)
	if waiting == nil || err != nil {
		return err
	}
	got := <-waiting
	m.Page = &got.page
	return got.err
}

// Render implements app.Composer.
func (m *Media) Render() app.UI {
	env := m.Env()
	top := head{user: m.User, devices: m.Devices, path: route.MediaPath}.draw(env)
	switch {
	case m.Page == nil:
		return app.Div().Body(append(top,
			ui.Empty{Icon: ui.IconFile, Title: env.T("media.unknown"), Text: env.WhyNot(api.ListMedia.Info().Name)}.Draw(env))...)
	case len(m.Page.Media) == 0 && m.Page.Offset == 0:
		return app.Div().Body(append(top, ui.Empty{Icon: ui.IconFile, Title: env.T("media.empty"), Text: env.T("media.empty_help")}.Draw(env))...)
	}
	return app.Div().Body(append(top,
		ui.Section{Title: m.count(), Note: m.together(), More: m.all(), Body: []app.UI{m.table(), m.pager(), ui.Downloads(env, len(m.Page.Media), route.Export(env.Homeserver, api.ListMedia, m.Query))}}.Draw(env),
		m.some(),
	)...)
}

// count is how many files there are.
func (m *Media) count() string {
	if m.Page.Total == nil {
		return m.Env().T("account.media")
	}
	return m.Env().N("media.count", int(*m.Page.Total))
}

// together is how large they are.
func (m *Media) together() string {
	if m.Page.Bytes == nil {
		return ""
	}
	return m.Env().T("media.together", "size", m.Env().Format().Bytes(*m.Page.Bytes))
}

// all is what can be done to all files.
func (m *Media) all() app.UI {
	env := m.Env()
	return ui.Actions(
		ui.Button{
			Label: env.T("media.quarantine_all"), Icon: ui.IconQuarantine, Small: true, Href: here(env, route.QuarantineFilesPath, m.User),
			Why: whyNot(env, m.User, api.QuarantineAllMedia),
		}.Draw(env),
		ui.Button{
			Label: env.T("media.delete_all"), Icon: ui.IconTrash, Look: ui.Danger, Small: true, Href: here(env, route.DeleteFilesPath, m.User),
			Why: whyNot(env, m.User, api.DeleteAllMedia),
		}.Draw(env),
	)
}

// some leads to the question about files that are old or large.
func (m *Media) some() app.UI {
	env := m.Env()
	if whyNot(env, m.User, api.DeleteAllMedia) != "" {
		return nil // the button above says why
	}
	return ui.Section{Title: env.T("media.some"), Body: []app.UI{
		ui.Help(env.T("media.some_help")),
		ui.QueryForm{ID: "some-files", Action: route.At(env.Homeserver, route.DeleteFilesPath, nil), Label: env.T("media.some"), Body: []app.UI{
			ui.HiddenField("id", string(m.User.ID)),
			ui.Field{Name: "before", Label: env.T("media.before"), Type: "date", Dir: "ltr"}.Draw(env),
			ui.Field{Name: "larger", Label: env.T("media.larger"), Type: "number", InputMode: "numeric", Dir: "ltr"}.Draw(env),
			ui.Button{Label: env.T("media.some_next"), Icon: ui.IconTrash, Look: ui.Danger}.Draw(env),
		}}.Draw(env),
	}}.Draw(env)
}

func (m *Media) table() app.UI {
	env := m.Env()
	rows := make([]ui.Row, 0, len(m.Page.Media))
	for _, f := range ui.Drawn(env, m.Page.Media) {
		rows = append(rows, ui.Row{
			Key: string(f.ID), Label: fileName(f),
			Cells: []app.UI{
				fileCell(env, f, route.File(env.Homeserver, route.FilePath, f.Owner, f.ID)),
				ui.StateChip(env, fileStates(env, f)...),
				ui.Text(env.Format().Bytes(f.Bytes)),
				ui.Date(env, f.CreatedMS),
				ui.Time(env, f.LastAccessMS),
			},
			Dots: &ui.Dots{Label: env.T("common.actions_for", "name", fileName(f)), Href: route.File(env.Homeserver, route.FilePath, f.Owner, f.ID)},
		})
	}
	m.menu.Items = m.actions
	return ui.Table{Caption: env.T("account.media"), Rows: rows, Menu: &m.menu, Keep: true, Columns: []ui.Column{
		m.sortable(ui.Column{Title: env.T("media.column.file"), Phone: ui.CardLead}, api.MediaByName, true),
		{Title: env.T("media.column.state"), Width: ui.Middle},
		m.sortable(ui.Column{Title: env.T("media.column.size"), Width: ui.Narrow, End: true}, api.MediaBySize, false),
		m.sortable(ui.Column{Title: env.T("media.column.created"), Width: ui.Small}, api.MediaByCreated, false),
		m.sortable(ui.Column{Title: env.T("media.column.last_access"), Width: ui.Small, Phone: ui.CardNone}, api.MediaByLastAccess, false),
	}}.Draw(env)
}

// actions are the menu of the row of a file.
func (m *Media) actions(id string) (string, []ui.MenuItem) {
	for _, f := range m.Page.Media {
		if string(f.ID) == id {
			return m.Env().T("common.actions_for", "name", fileName(f)), fileMenu(m.Env(), f)
		}
	}
	return "", nil
}

// sortable makes the head of a column a link that sorts by it. Names begin at A, the rest with the largest and the latest; the link
// of the column that the list is sorted by turns it round.
func (m *Media) sortable(c ui.Column, by api.MediaSort, ascending bool) ui.Column {
	q := m.first()
	if q.Sort == by || (q.Sort == "" && by == api.MediaByCreated) {
		ascending = !q.Ascending
		c.Sorted = "descending"
		if q.Ascending {
			c.Sorted = "ascending"
		}
	}
	q.Sort, q.Ascending = by, ascending
	c.Sort = m.address(q)
	return c
}

// first is the query of the first page.
func (m *Media) first() api.MediaQuery {
	q := m.Query
	q.Cursor = ""
	return q
}

func (m *Media) address(q api.MediaQuery) string {
	return route.At(m.Env().Homeserver, route.MediaPath, api.EncodeForm(q))
}

func (m *Media) pager() app.UI {
	env, page := m.Env(), m.Page
	p := ui.Pager{Total: -1, From: int(page.Offset) + 1, To: int(page.Offset) + len(page.Media)}
	if page.Total != nil {
		p.Total = *page.Total
	}
	if len(page.Media) == 0 {
		p.To = 0
	}
	if env.Can(api.GetThumbnail.Info().Name) {
		p.Facts = ui.Paragraph(ui.Subtle(env.T("media.looking")))
	}
	turn := func(cursor string) string {
		q := m.Query
		q.Cursor = cursor
		return m.address(q)
	}
	if m.Query.Cursor != "" {
		p.First = m.address(m.first())
	}
	if page.Previous != "" {
		p.Previous = turn(page.Previous)
	}
	if page.Next != "" {
		p.Next = turn(page.Next)
	}
	return p.Draw(env)
}
