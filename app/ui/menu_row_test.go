// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"
	"testing"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// The dots of a row are a link; the menu of all rows is empty until one of them is opened, and then has the row's items.
func TestRowMenu(t *testing.T) {
	menu := &RowMenu{Items: func(key string) (string, []MenuItem) {
		return "Actions for " + key, []MenuItem{{Label: "Open", Href: "/a"}, {Label: "Edit", Href: "/b"}, {Label: "Erase", Danger: true, Why: "Not **here**."}}
	}}
	draw := func() string {
		return HTML(Table{
			Columns: []Column{{Title: "Name"}}, Rows: []Row{{Key: "@a:b", Cells: []app.UI{Text("A")}, Dots: &Dots{Label: "More", Href: "/account"}}}, Menu: menu, Keep: true,
		}.Draw(Env{}))
	}
	closed := draw()
	for _, part := range []string{`href="/account"`, `data-row="@a:b"`, `data-kept="rows"`} {
		if !strings.Contains(closed, part) {
			t.Errorf("closed: no %s in %s", part, closed)
		}
	}
	if strings.Contains(closed, "<li") || strings.Contains(closed, "popover") {
		t.Errorf("closed: %s", closed)
	}
	menu.Key = "@a:b"
	open := draw()
	for _, part := range []string{`id="row-menu"`, `popover="auto"`, `aria-label="Actions for @a:b"`, `href="/a"`, "Erase", "<strong>here</strong>"} {
		if !strings.Contains(open, part) {
			t.Errorf("open: no %s in %s", part, open)
		}
	}
	if n := strings.Count(open, "autofocus"); n != 1 {
		t.Errorf("open: %d lines take the focus: %s", n, open)
	}
}

// Where there is the server's page, the rows are taken from it; otherwise they are drawn.
func TestKeptRows(t *testing.T) {
	table := Table{Columns: []Column{{Title: "Name"}}, Rows: []Row{{Key: "a", Cells: []app.UI{Text("A row")}}}, Keep: true}
	if got := HTML(table.Draw(Env{Standing: true})); strings.Contains(got, "A row") || !strings.Contains(got, "data-kept") {
		t.Errorf("a page that stands: %s", got)
	}
	if got := HTML(table.Draw(Env{})); !strings.Contains(got, "A row") {
		t.Errorf("another page: %s", got)
	}
	table.Keep = false
	if got := HTML(table.Draw(Env{Standing: true})); !strings.Contains(got, "A row") || strings.Contains(got, "data-kept") {
		t.Errorf("rows that are not kept: %s", got)
	}
}

// Of rows that the server has drawn the program draws the first alone: what the table has is the same.
func TestDrawnRows(t *testing.T) {
	draw := func(env Env) string {
		table := Table{Columns: []Column{{Title: "Name"}}, Keep: true}
		for _, name := range Drawn(env, []string{"first", "second"}) {
			table.Rows = append(table.Rows, Row{Key: name, Cells: []app.UI{Text(name)}, Dots: &Dots{Label: "More of " + name, Href: "/"}})
		}
		return HTML(table.Draw(env))
	}
	all, kept := draw(Env{}), draw(Env{Standing: true})
	heads := func(html string) int { return strings.Count(html, `role="columnheader"`) }
	if !strings.Contains(all, "second") || strings.Contains(kept, "first") || heads(all) != 2 || heads(kept) != 2 {
		t.Errorf("drawn: %s\nkept: %s", all, kept)
	}
	if got := Drawn(Env{Standing: true}, []string(nil)); len(got) != 0 {
		t.Errorf("of none: %q", got)
	}
}
