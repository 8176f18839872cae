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
		return "Actions for " + key, []MenuItem{{Label: "Open", Href: "/a"}, {Label: "Erase", Danger: true, Why: "Not **here**."}}
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
}

// The rows of a page that stands are taken from it; those of a later one are drawn.
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
