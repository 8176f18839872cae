// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// rowMenuID is the ID of the menu of a page's rows. A page has one table with such a menu.
const rowMenuID = "row-menu"

// Dots are the three dots at the end of a row: a link to a page that has all that can be done with the row. Where the program runs, they open
// the Table's RowMenu instead.
type Dots struct {
	Label string // said, not shown
	Href  string
}

func (d Dots) draw(key string) app.UI {
	return app.A().Class("gh-dots").Href(Href(d.Href)).Aria("label", Attr(d.Label)).DataSet("row", Attr(key)).Body(IconDots.Draw())
}

// RowMenu is the one menu of all rows of a Table. Menus of a hundred rows would be more than half of what a list is made of, and nearly none of
// them is ever opened; so the rows have links (Dots), and the menu is drawn when one of them is clicked. It belongs to the screen, and stays the
// same when the table is drawn again.
type RowMenu struct {
	app.Compo
	// Items returns what can be done with the row of that key, and what the menu is called.
	Items func(key string) (label string, items []MenuItem)
	Key   string // of the row whose menu was opened last

	ctx app.Context
}

// OnMount implements app.Mounter.
func (m *RowMenu) OnMount(ctx app.Context) {
	m.ctx = ctx
	ctx.PreventUpdate()
}

// Render implements app.Composer.
func (m *RowMenu) Render() app.UI {
	if m.Key == "" {
		return app.Div()
	}
	label, items := m.Items(m.Key)
	return app.Div().Body(menuPanel(rowMenuID, label, "gh-menu--end", items))
}

// clicked opens the menu in place of following the link of a row's dots. A click with a key held down is the browser's.
func (m *RowMenu) clicked(ctx app.Context, e app.Event) {
	ctx.PreventUpdate() // the rows stay as they are
	dots := e.Get("target").Call("closest", ".gh-dots")
	if !dots.Truthy() || e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool() || e.Get("shiftKey").Bool() || e.Get("altKey").Bool() {
		return
	}
	e.PreventDefault()
	m.Key = dots.Get("dataset").Get("row").String()
	m.ctx.Dispatch(func(own app.Context) {
		ctx.PreventUpdate() // go-app draws all components around one that changes; this leaves the menu alone
		own.Defer(func(app.Context) { m.show(dots) })
	})
}

func (m *RowMenu) show(dots app.Value) {
	if panel := app.Window().GetElementByID(rowMenuID); panel.Truthy() {
		panel.Call("showPopover", map[string]any{"source": dots})
	}
}
