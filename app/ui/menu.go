// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// MenuItem is one line of a menu: a link, or a button that runs OnClick in the browser.
type MenuItem struct {
	Label   string
	Detail  string // subtle, beside the label
	Icon    Icon
	Href    string
	Key     string // shortcut
	Current bool   // where the person is
	Danger  bool   // it destroys: stands after a line
	Why     string // why it cannot be used; the item stays and says so
	Scope   string
	OnClick func(ctx app.Context)

	first bool // takes the focus when the menu opens
	dot   bool // draws the health of a homeserver instead of an icon
	state string
}

// Menu is a button that opens a list of actions. It is a popover of the browser, so it opens, closes and takes Esc without the
// program. ID must be unique on the page.
type Menu struct {
	ID    string
	Label string // of the button; with Dots it is only said
	Icon  Icon
	Look  Look // of the button
	Dots  bool // the button is three dots
	Items []MenuItem
}

// Draw draws the button and the list.
func (m Menu) Draw(Env) app.UI {
	var button app.UI
	if m.Dots {
		button = app.Button().Class("gh-dots").Type("button").Attr("popovertarget", Attr(m.ID)).
			Aria("label", Attr(m.Label)).Body(IconDots.Draw())
	} else {
		button = Button{Label: m.Label, Icon: m.Icon, Look: m.Look, Popover: m.ID}.control()
	}
	return app.Div().Class("gh-menu-anchor").Body(button, menuPanel(m.ID, m.Label, "gh-menu--end", m.Items))
}

func menuPanel(id, label, class string, items []MenuItem) app.UI {
	list := make([]app.UI, 0, len(items)+1)
	apart, first := false, true
	for _, i := range items {
		// The browser moves the focus there when it opens the popover, and back when it closes it.
		if i.first = first && i.Why == ""; i.first {
			first = false
		}
		li := app.Li()
		if i.Danger && !apart && len(list) > 0 {
			li = li.Class("gh-menu__apart")
			apart = true
		}
		list = append(list, li.Body(i.draw()))
	}
	return app.Div().Class("gh-menu", class).ID(Attr(id)).Attr("popover", "auto").Body(
		app.Ul().Role("list").Aria("label", Attr(label)).Body(list...),
	)
}

func (i MenuItem) draw() app.UI {
	class := classes("gh-menu__item", when(i.Danger, "gh-menu__item--danger"), when(i.Why != "", "gh-menu__item--off"))
	body := i.body()
	if i.Why != "" {
		return app.Button().Class(class).Type("button").Aria("disabled", yes()).Body(body...)
	}
	if i.Href != "" {
		a := app.A().Class(class).Href(Href(i.Href))
		if i.first { // on the server go-app would write autofocus="false", which is on
			a = a.Attr("autofocus", true)
		}
		if i.Current {
			a = a.Aria("current", yes())
		}
		return a.Body(body...)
	}
	e := app.Button().Class(class).Type("button").Body(body...)
	if i.first {
		e = e.AutoFocus(true)
	}
	if i.OnClick != nil {
		do := i.OnClick
		e = e.OnClick(func(ctx app.Context, _ app.Event) { do(ctx) }, app.EventScope(i.Scope, i.Label))
	}
	return e
}

func (i MenuItem) body() []app.UI {
	lead := i.Icon.Draw()
	if i.dot {
		lead = healthDot(i.state)
	}
	label := app.Span().Class("gh-menu__label")
	if i.Why == "" {
		label = label.Dir("auto").Text(i.Label)
	} else {
		label = label.Body(app.Span().Dir("auto").Text(i.Label), app.Span().Class("gh-menu__why").Body(Rich(i.Why)))
	}
	var detail, key app.UI
	if i.Detail != "" {
		detail = app.Span().Class("gh-menu__detail").Text(i.Detail)
	}
	if i.Key != "" {
		key = Kbd(i.Key)
	}
	return []app.UI{
		lead,
		label,
		detail,
		key,
	}
}
