// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// linkMenu is a Menu of dots that is a link until the program opens it: the menus of a hundred rows would be more than half of what
// a list is made of, and nearly none of them is ever opened. The link leads to a page that has all that the menu has.
type linkMenu struct {
	app.Compo
	Menu Menu

	opened bool // the items are drawn, from the first time on
}

// Render implements app.Composer.
func (l *linkMenu) Render() app.UI {
	dots := app.A().Class("gh-dots").Href(Href(l.Menu.Href)).Aria("label", Attr(l.Menu.Label)).
		OnClick(l.open, app.EventScope(l.Menu.ID)).Body(IconDots.Draw())
	var panel app.UI
	if l.opened {
		panel = menuPanel(l.Menu.ID, l.Menu.Label, "gh-menu--end", l.Menu.Items)
	}
	return app.Div().Class("gh-menu-anchor").Body(dots, panel)
}

// open opens the menu in place of following the link. A click with a key held down is the browser's.
func (l *linkMenu) open(ctx app.Context, e app.Event) {
	if e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool() || e.Get("shiftKey").Bool() || e.Get("altKey").Bool() {
		return
	}
	e.PreventDefault()
	source := ctx.JSSrc()
	l.opened = true
	ctx.Defer(func(app.Context) {
		if panel := app.Window().GetElementByID(l.Menu.ID); panel.Truthy() {
			panel.Call("showPopover", map[string]any{"source": source})
			if first := panel.Call("querySelector", "a, button"); first.Truthy() {
				first.Call("focus")
			}
		}
	})
}
