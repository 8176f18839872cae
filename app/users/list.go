// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// List is the screen of a homeserver's accounts. Its address is a query of api.ListUsers: search, filters, order and page.
type List struct {
	screen.Base
	Query api.UserQuery `json:"query"`
	Page  api.UserPage  `json:"page"`

	menu ui.RowMenu
}

// NewList returns the list of accounts.
func NewList() screen.Screen { return &List{} }

// Title implements screen.Screen.
func (l *List) Title() string { return l.Env().T("accounts.title") }

// Load implements screen.Screen. It costs one call, whatever is on the page.
func (l *List) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	query, err := screen.Query(api.ListUsers, u)
	if err != nil {
		return err
	}
	l.Query = plain(query)
	l.Page, err = client.Call(ctx, call, api.ListUsers, explicit(query))
	return err
}

// Renew implements screen.Renewer: of two lists the rows differ, and little else.
func (l *List) Renew(next screen.Screen) bool {
	n, ok := next.(*List)
	if !ok {
		return false
	}
	l.Query, l.Page = n.Query, n.Page
	l.Use(n.Env())
	return true
}

// Render implements app.Composer.
func (l *List) Render() app.UI {
	env := l.Env()
	return app.Div().Body(
		ui.PageTitle{Title: l.Title(), Actions: []app.UI{l.imports(), l.create()}}.Draw(env),
		l.tabs(),
		ui.Anew(l.address(l.Query), l.toolbar()), // what was typed and not sent belongs to the list before
		l.hint(),
		l.limits(),
		l.table(),
		l.pager(),
		ui.Downloads(env, len(l.Page.Users), route.Export(env.Homeserver, api.ListUsers, l.Query)),
	)
}

// tabs are the views, where there is more than one.
func (l *List) tabs() app.UI {
	views := l.views()
	if len(views) < 2 {
		return nil
	}
	return ui.Views(l.Env(), l.Env().T("accounts.views"), views...)
}

func (l *List) create() app.UI {
	env := l.Env()
	name := api.CreateUser.Info().Name
	return ui.Button{
		Label: env.T("accounts.create"), Icon: ui.IconAdd, Look: ui.Primary, Href: route.At(env.Homeserver, route.CreatePath, nil), Why: env.WhyNot(name),
	}.Draw(env)
}

// imports leads to where a file of accounts is sent.
func (l *List) imports() app.UI {
	env := l.Env()
	if !env.Can(api.PlanImport.Info().Name) {
		return nil
	}
	return ui.Button{Label: env.T("imports.crumb"), Icon: ui.IconFile, Href: route.Import(env.Homeserver, "")}.Draw(env)
}

// limits says why the list is not whole, where it is not.
func (l *List) limits() app.UI {
	if len(l.Page.Limits) == 0 {
		return nil
	}
	notes := make([]app.UI, 0, len(l.Page.Limits))
	for _, reason := range l.Page.Limits {
		sentence := l.Env().T("accounts.partial", "reason", reason, "homeserver", l.Env().ServerName())
		notes = append(notes, ui.Note{Lead: ui.Text(sentence)}.Draw(l.Env()))
	}
	return app.Div().Body(notes...)
}

// hint leads to whoever has the address that is searched for: the list is searched by Matrix ID and name alone.
func (l *List) hint() app.UI {
	env := l.Env()
	by := address(l.Query.Search)
	if by == "" || !env.Can(api.FindUser.Info().Name) || env.Unavailable[api.FindUser.Info().Name+"."+by] != "" {
		return nil
	}
	return ui.Note{
		Icon: ui.IconMail, Text: env.T("find.hint", "search", l.Query.Search),
		Actions: []app.UI{ui.Button{Label: env.T("find.hint_action"), Small: true, Href: route.Find(env.Homeserver, l.Query.Search)}.Draw(env)},
	}.Draw(env)
}

func (l *List) table() app.UI {
	env := l.Env()
	var rows []ui.Row
	for _, u := range ui.Drawn(env, l.Page.Users) {
		rows = append(rows, row(env, l.known(u)))
	}
	l.menu.Items = l.actions
	t := ui.Table{Caption: l.Title(), Columns: l.columns(), Rows: rows, Empty: l.empty(), Menu: &l.menu, Keep: true}
	if env.Can(api.PlanJob.Info().Name) {
		t.Select, t.SelectBy, t.Bulk = "ids", selectForm, l.bulk()
	}
	return t.Draw(env)
}

// known is an account as the list has it, with what the list cannot tell of any.
func (l *List) known(u api.User) api.User {
	u.Unknown = slices.Concat(u.Unknown, l.Page.Unknown)
	return u
}

// actions are the menu of the row of an account.
func (l *List) actions(id string) (string, []ui.MenuItem) {
	for _, u := range l.Page.Users {
		if string(u.ID) == id {
			return menuName(l.Env(), u), menu(l.Env(), l.known(u))
		}
	}
	return "", nil
}

func (l *List) columns() []ui.Column {
	env := l.Env()
	return []ui.Column{
		l.sortable(ui.Column{Title: env.T("accounts.column.account"), Phone: ui.CardLead}, api.SortName, "id"),
		{Title: env.T("accounts.column.state"), Width: ui.Middle},
		{Title: env.T("accounts.column.role"), Width: ui.Middle},
		l.sortable(ui.Column{Title: env.T("accounts.column.last_seen"), Width: ui.Small}, api.SortLastSeen, "last_seen_ms"),
		l.sortable(ui.Column{Title: env.T("accounts.column.created"), Width: ui.Small, Phone: ui.CardNone}, api.SortCreated, "created_ms"),
	}
}

// sortable makes the head of a column a link that sorts by it, unless the homeserver cannot. Names begin at A, times
// with the latest; the link of the column that the list is sorted by turns it round.
func (l *List) sortable(c ui.Column, by api.UserSort, field string) ui.Column {
	if slices.Contains(l.Page.Unknown, field) || l.lacks("sort."+string(by)) != "" {
		return c
	}
	q := first(l.Query)
	down := by != api.SortName
	current := q.Sort == by || (q.Sort == "" && by == api.SortName)
	if current {
		down = !q.Descending
		c.Sorted = "ascending"
		if q.Descending {
			c.Sorted = "descending"
		}
	}
	q.Sort, q.Descending = by, down
	c.Sort = l.address(q)
	return c
}

func (l *List) pager() app.UI {
	env, page := l.Env(), l.Page
	p := ui.Pager{Total: -1, To: len(page.Users), Facts: l.hidden()}
	switch {
	case len(page.Users) == 0:
	case page.Total != nil:
		p.Total, p.From, p.To = *page.Total, int(page.Offset)+1, int(page.Offset)+len(page.Users)
	case l.Query.Cursor == "":
		p.From = 1
		if page.Next == "" {
			p.Total = int64(len(page.Users))
		}
	default: // nobody knows how many come before
		p.Range = env.N("accounts.on_page", len(page.Users))
	}
	if l.Query.Cursor != "" {
		p.First = l.address(first(l.Query))
	}
	if page.Previous != "" {
		p.Previous = l.page(page.Previous)
	}
	if page.Next != "" {
		p.Next = l.page(page.Next)
	}
	if page.Scanned > 0 && page.Next != "" {
		p.Scanned = l.scanned()
		if len(page.Users) < explicit(l.Query).Limit {
			p.Continue, p.Next = p.Next, ""
		}
	}
	return p.Draw(env)
}

// hidden says that accounts are left out that nobody asked to leave out, which the overview counts, and leads to them.
func (l *List) hidden() app.UI {
	q := first(l.Query)
	if q.System != "" || len(l.Page.Users) == 0 {
		return nil
	}
	q.System = api.With
	return ui.Paragraph(ui.Text(l.Env().T("accounts.system_hidden")+" "), ui.Link(l.Env().T("accounts.system_show"), l.address(q)))
}

// scanned says how far the gate got in looking for accounts that the homeserver cannot filter.
func (l *List) scanned() string {
	if l.Page.Of > 0 && l.Page.Next != "" {
		return l.Env().T("accounts.scanned", "n", l.Page.Scanned, "total", l.Page.Of)
	}
	return l.Env().N("accounts.no_match_help", int(l.Page.Scanned))
}

// empty is what stands in place of the table where there is no row: nothing there at all, nothing that matches, nothing that
// matches among those looked at so far, or a page behind the last.
func (l *List) empty() app.UI {
	env := l.Env()
	if !narrowed(l.Query) && l.Page.Next == "" {
		if l.Query.Cursor != "" {
			return ui.Empty{
				Icon: ui.IconUsers, Title: env.T("accounts.past_end"), Text: env.T("accounts.past_end_help"),
				Actions: []app.UI{ui.Button{Label: env.T("ui.first_page"), Href: l.address(first(l.Query))}.Draw(env)},
			}.Draw(env)
		}
		return ui.Empty{Icon: ui.IconUsers, Title: env.T("accounts.empty"), Text: env.T("accounts.empty_help")}.Draw(env)
	}
	var sentences []string
	if l.Query.Search != "" {
		sentences = append(sentences, env.T("accounts.no_match_search", "search", l.Query.Search))
	}
	title := env.T("accounts.no_match")
	if l.Page.Scanned > 0 {
		if l.Page.Next != "" {
			title = env.T("accounts.no_match_yet")
		}
		sentences = append(sentences, l.scanned())
	}
	var actions []app.UI
	if l.Page.Next != "" {
		actions = append(actions, ui.Button{Label: env.T("ui.continue"), Href: l.page(l.Page.Next)}.Draw(env))
	}
	if narrowed(l.Query) {
		actions = append(actions, ui.Button{Label: env.T("accounts.clear"), Href: l.address(cleared(l.Query))}.Draw(env))
	}
	return ui.Empty{Icon: ui.IconFilterOff, Title: title, Lead: ui.Text(strings.Join(sentences, " ")), Actions: actions}.Draw(env)
}
