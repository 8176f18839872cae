// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// Width is how much of a table a column takes. Widths are fixed, so that nothing moves when other rows come.
type Width string

// The widths of columns.
const (
	Rest   Width = ""       // what is left
	Narrow Width = "narrow" // a number
	Small  Width = "small"  // a time, a word
	Middle Width = "middle" // a chip, a role
	Large  Width = "large"  // an address
	Wide   Width = "wide"   // a choice among phrases
)

// Phone is what becomes of a column's cell where a row is drawn as a card.
type Phone string

// The places in a card.
const (
	CardLine  Phone = ""      // in the line below the first cell
	CardLead  Phone = "lead"  // the first line: the account
	CardLabel Phone = "label" // a line of its own, with the column's title before it
	CardNone  Phone = "none"  // not there; nor in a table that is too narrow for all its columns
)

// Column is one column of a table.
type Column struct {
	Title     string
	HideTitle bool
	Sort      string // address of the list sorted by it, the other way round where it already is; "" cannot be sorted
	Sorted    string // ascending, descending, or ""
	End       bool   // numbers stand at the end
	Width     Width
	Phone     Phone
}

// Row is one row. Cells are in the order of the columns; nil is an empty cell.
type Row struct {
	Key      string // tells rows apart: the value of its check box
	Label    string // what the check box is called: the account's name
	Cells    []app.UI
	Dots     *Dots // what else can be done: the Table's Menu
	Subtle   bool  // the account has ended
	Selected bool
}

// Table is a list of rows. Where the page is 720 px wide or less each row is a card.
type Table struct {
	Caption  string // said, not shown
	Columns  []Column
	Rows     []Row
	Compact  bool
	Select   string // name of the check boxes; "" has none
	SelectBy string // ID of the form that the check boxes belong to: that of the BulkBar
	Bulk     *BulkBar
	Empty    app.UI // in place of the rows when there is none
	Menu     *RowMenu
	// Keep says that rows are HTML and nothing else: where there is the page as the server wrote it, they are taken from it.
	Keep bool
}

// Draw draws it.
func (t Table) Draw(env Env) app.UI {
	if len(t.Rows) == 0 && t.Empty != nil {
		return t.Empty
	}
	table := app.Table().Class(classes("pf-v6-c-table gh-table", when(t.Compact, "pf-m-compact"), when(t.Select == "", "gh-table--plain"))).Role("table").Body(
		app.Caption().Class("gh-hidden").Text(t.Caption),
		app.THead().Class("pf-v6-c-table__thead").Role("rowgroup").Body(t.head(env)),
		t.body(env),
	)
	var menu app.UI
	if t.Menu != nil {
		menu = t.Menu
	}
	list := app.Div().Class("gh-list")
	if t.Bulk == nil {
		return list.Body(table, menu)
	}
	return list.OnChange(t.Bulk.changed(env)).Body(t.Bulk.way(env), table, t.Bulk.Draw(env), t.Bulk.said(), menu)
}

func (t Table) body(env Env) app.UI {
	if t.Keep && env.Standing {
		return &keptRows{table: t}
	}
	rows := make([]app.UI, 0, len(t.Rows))
	for _, r := range t.Rows {
		rows = append(rows, t.row(env, r))
	}
	return t.frame().Body(rows...)
}

// frame is what holds the rows.
func (t Table) frame() app.HTMLTBody {
	body := app.TBody().Class("pf-v6-c-table__tbody").Role("rowgroup")
	if t.Keep {
		body = body.DataSet("kept", "rows")
	}
	if t.Menu != nil {
		body = body.OnClick(t.Menu.clicked)
	}
	return body
}

func (t Table) head(env Env) app.UI {
	var cells []app.UI
	if t.Select != "" {
		var all app.UI
		if t.Bulk != nil {
			all = t.Bulk.all(env)
		}
		cells = append(cells, app.Th().Class("pf-v6-c-table__th gh-col-check").Scope("col").Role("columnheader").Body(Hidden(env.T("ui.select")), all))
	}
	for _, c := range t.Columns {
		cells = append(cells, c.head(env))
	}
	if t.hasMenu() {
		cells = append(cells, app.Th().Class("pf-v6-c-table__th gh-col-menu").Scope("col").Role("columnheader").Body(Hidden(env.T("ui.actions"))))
	}
	return app.Tr().Class("pf-v6-c-table__tr").Role("row").Body(cells...)
}

func (t Table) hasMenu() bool {
	for _, r := range t.Rows {
		if r.Dots != nil {
			return true
		}
	}
	return false
}

func (c Column) head(env Env) app.UI {
	th := app.Th().Class(classes("pf-v6-c-table__th", c.class())).Scope("col").Role("columnheader")
	if c.Sort == "" {
		if c.HideTitle {
			return th.Body(Hidden(c.Title))
		}
		return th.Text(c.Title)
	}
	arrow := app.UI(nil)
	switch c.Sorted {
	case "ascending":
		arrow = IconArrowUp.Draw()
		th = th.Aria("sort", "ascending")
	case "descending":
		arrow = IconArrowDown.Draw()
		th = th.Aria("sort", "descending")
	}
	return th.Body(app.A().Class("gh-sort").Href(Href(c.Sort)).Title(Attr(env.T("ui.sort_by", "column", c.Title))).Body(Text(c.Title), arrow))
}

func (c Column) class() string {
	width, phone := "", ""
	switch c.Width {
	case Narrow:
		width = "gh-col-narrow"
	case Small:
		width = "gh-col-small"
	case Middle:
		width = "gh-col-middle"
	case Large:
		width = "gh-col-large"
	case Wide:
		width = "gh-col-wide"
	}
	switch c.Phone {
	case CardLead:
		phone = "gh-card-lead"
	case CardLabel:
		phone = "gh-card-label"
	case CardNone:
		phone = "gh-card-none"
	}
	return classes(width, phone, when(c.End, "gh-col-end"))
}

func (t Table) row(env Env, r Row) app.UI {
	var cells []app.UI
	if t.Select != "" {
		box := checked(app.Input().Class("gh-check").Type("checkbox").Name(Attr(t.Select)).Value(Attr(r.Key)).
			Aria("label", Attr(env.T("ui.select_row", "row", r.Label))), r.Selected)
		if t.SelectBy != "" {
			box = box.Form(Attr(t.SelectBy))
		}
		cells = append(cells, app.Td().Class("pf-v6-c-table__td gh-col-check").Role("cell").Body(box))
	}
	for i, c := range t.Columns {
		var cell app.UI
		if i < len(r.Cells) {
			cell = r.Cells[i]
		}
		td := app.Td().Class(classes("pf-v6-c-table__td", c.class(), when(cell == nil, "gh-card-empty"))).Role("cell")
		if c.Phone == CardLabel && cell != nil {
			cells = append(cells, td.Body(app.Span().Class("gh-card-label__title").Aria("hidden", yes()).Text(c.Title), cell))
			continue
		}
		cells = append(cells, td.Body(cell))
	}
	if t.hasMenu() {
		var dots app.UI
		if r.Dots != nil {
			dots = r.Dots.draw(r.Key)
		}
		cells = append(cells, app.Td().Class("pf-v6-c-table__td gh-col-menu").Role("cell").Body(dots))
	}
	tr := app.Tr().Class(classes("pf-v6-c-table__tr gh-row", when(r.Subtle, "gh-row--subtle"), when(r.Selected, "gh-row--selected"))).Role("row")
	return tr.Body(cells...)
}
