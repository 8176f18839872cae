// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// lazyMenu is a Menu in the program whose items are drawn when it is opened for the first time. The menus of a hundred rows are
// more than half of what a list draws, and nearly none of them is ever opened.
type lazyMenu struct {
	app.Compo
	Menu Menu

	opened bool
}

// Render implements app.Composer.
func (l *lazyMenu) Render() app.UI {
	m := l.Menu
	if !l.opened {
		m.Items = nil
	}
	return m.draw(func(app.Context, app.Event) { l.opened = true })
}
