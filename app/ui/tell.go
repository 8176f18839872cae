// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// Note is a box that says something about the page: what happened, or what state it is in.
type Note struct {
	Kind    Tone // Info (default), Warn, Bad, Good
	Icon    Icon // default: that of the kind
	Title   string
	Lead    app.UI // in place of the title: a sentence with parts
	Text    string // may have **bold**
	Body    []app.UI
	Actions []app.UI
	Status  bool // screen readers say it when it appears
	Alert   bool // they say it at once
	OnClose func(ctx app.Context)
}

// Locked says why something is not to be had here.
func Locked(env Env, reason string) app.UI {
	return Note{Kind: Warn, Icon: IconLock, Text: reason}.Draw(env)
}

// Draw draws it.
func (n Note) Draw(env Env) app.UI {
	class, icon := "gh-note", IconInfo
	switch n.Kind {
	case Warn:
		class, icon = "gh-note gh-note--warn", IconAlertTri
	case Bad:
		class, icon = "gh-note gh-note--bad", IconAlert
	case Good:
		class, icon = "gh-note gh-note--good", IconChecked
	}
	if n.Icon != "" {
		icon = n.Icon
	}
	var title, text, actions, closer app.UI
	if n.Title != "" {
		title = app.P().Class("gh-note__title").Text(n.Title)
	} else if n.Lead != nil {
		title = app.P().Body(n.Lead)
	}
	if n.Text != "" {
		text = app.P().Class("gh-note__sentence").Body(Rich(n.Text))
	}
	if len(n.Actions) > 0 {
		actions = app.Div().Class("gh-note__actions").Body(n.Actions...)
	}
	if n.OnClose != nil {
		do := n.OnClose
		closer = app.Button().Class("gh-note__close").Type("button").Aria("label", Attr(env.T("ui.close"))).
			OnClick(func(ctx app.Context, _ app.Event) { do(ctx) }).Body(IconClose.Draw())
	}
	e := app.Div().Class(class)
	switch {
	case n.Alert:
		e = e.Role("alert")
	case n.Status:
		e = e.Role("status")
	}
	return e.Body(
		icon.Draw(),
		app.Div().Class("gh-note__text").Body(append([]app.UI{title, text}, n.Body...)...),
		actions,
		closer,
	)
}

// Remark is a sentence with an icon before it, without a box.
func Remark(icon Icon, tone Tone, text string) app.UI {
	class := "gh-remark"
	switch tone {
	case Warn:
		class = "gh-remark gh-remark--warn"
	case Good:
		class = "gh-remark gh-remark--good"
	case Bad:
		class = "gh-remark gh-remark--bad"
	}
	return app.P().Class(class).Body(icon.Draw(), app.Span().Body(Rich(text)))
}

// Fact is one line of Facts.
type Fact struct {
	Label string
	Value app.UI // nil: the fact is missing
}

// Facts is a list of labels and values.
func Facts(env Env, facts ...Fact) app.UI {
	rows := make([]app.UI, 0, len(facts))
	for _, f := range facts {
		value := f.Value
		if value == nil {
			value = None(env)
		}
		rows = append(rows, app.Div().Class("gh-facts__row").Body(
			app.Dt().Class("gh-facts__label").Text(f.Label),
			app.Dd().Class("gh-facts__value").Body(value),
		))
	}
	return app.Dl().Class("gh-facts").Body(rows...)
}

// Event is one entry of a timeline.
type Event struct {
	Tone   Tone // of its dot
	Title  string
	By     string // " by Nadia Okafor"
	Detail app.UI
	When   app.UI
}

// Timeline is what happened, the latest first.
func Timeline(events ...Event) app.UI {
	items := make([]app.UI, 0, len(events))
	for _, e := range events {
		dot := "gh-timeline__item"
		switch e.Tone {
		case Warn:
			dot = "gh-timeline__item gh-timeline__item--warn"
		case Bad:
			dot = "gh-timeline__item gh-timeline__item--bad"
		}
		var by, detail, when app.UI
		if e.By != "" {
			by = app.Span().Text(" " + e.By)
		}
		if e.Detail != nil {
			detail = app.Div().Body(e.Detail)
		}
		if e.When != nil {
			when = app.Div().Class("gh-subtle").Body(e.When)
		}
		items = append(items, app.Li().Class(dot).Body(app.Div().Body(app.Strong().Text(e.Title), by), detail, when))
	}
	return app.Ol().Class("gh-timeline").Role("list").Body(items...)
}

// TodoItem is something that waits for the person.
type TodoItem struct {
	Icon   Icon
	Health string // in place of the icon: the state of a homeserver
	Tone   Tone
	Title  string
	Detail string
	Action app.UI
}

// Todo is the list of what waits, worst first.
func Todo(items ...TodoItem) app.UI {
	rows := make([]app.UI, 0, len(items))
	for _, i := range items {
		tone := "gh-todo__icon"
		switch i.Tone {
		case Warn:
			tone = "gh-todo__icon gh-tone-warn"
		case Bad:
			tone = "gh-todo__icon gh-tone-bad"
		}
		icon := i.Icon.Draw()
		if i.Health != "" {
			icon = healthDot(i.Health)
		}
		var detail app.UI
		if i.Detail != "" {
			detail = Subtle(" " + i.Detail)
		}
		rows = append(rows, app.Li().Class("gh-todo__row").Body(
			app.Span().Class(tone).Body(icon),
			app.P().Class("gh-todo__text").Body(app.Strong().Text(i.Title), detail),
			i.Action,
		))
	}
	return app.Ul().Class("gh-todo").Role("list").Body(rows...)
}
