// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// Crumb is a page above this one. The last, this page, has no address.
type Crumb struct{ Label, Href string }

// Crumbs is the way to this page.
func Crumbs(env Env, crumbs ...Crumb) app.UI {
	items := make([]app.UI, 0, len(crumbs))
	for i, c := range crumbs {
		var sep app.UI
		if i > 0 {
			sep = IconChevronEnd.mirrored()
		}
		var label app.UI
		if c.Href != "" {
			label = app.A().Dir("auto").Href(Href(c.Href)).Text(c.Label)
		} else {
			label = app.Span().Dir("auto").Aria("current", "page").Text(c.Label)
		}
		items = append(items, app.Li().Class("gh-crumbs__item").Body(sep, label))
	}
	return app.Nav().Class("gh-crumbs").Aria("label", Attr(env.T("ui.crumbs"))).Body(app.Ol().Class("gh-crumbs__list").Role("list").Body(items...))
}

// PageTitle is the heading of a page, with facts beside it and its actions at the end.
type PageTitle struct {
	Title   string // a name, which runs in its own direction
	Words   bool   // the title is words of the page, even if a name is among them
	Lead    app.UI // before it: an avatar
	Facts   app.UI // beside it
	Below   app.UI // under it: a Matrix ID
	Actions []app.UI
}

// Draw draws it. Its h1 has the ID "title" and takes the focus when a page is opened.
func (t PageTitle) Draw(Env) app.UI {
	var facts, below, actions app.UI
	if t.Facts != nil {
		facts = app.Div().Class("gh-title__facts").Body(t.Facts)
	}
	if t.Below != nil {
		below = app.Div().Class("gh-title__below").Body(t.Below)
	}
	if len(t.Actions) > 0 {
		actions = app.Div().Class("gh-title__actions").Body(t.Actions...)
	}
	title := app.H1().Class("gh-title__h1 pf-v6-c-title").ID("title").TabIndex(-1).Text(t.Title)
	if !t.Words {
		title = title.Dir("auto")
	}
	return app.Div().Class("gh-title").Body(
		t.Lead,
		app.Div().Class("gh-title__text").Body(
			title,
			facts,
			below,
		),
		actions,
	)
}

// Slot is the place of what comes and goes while a page stands: what is behind it is not made again then, and keeps the focus.
func Slot(body ...app.UI) app.UI { return app.Div().Class("gh-slot").Body(body...) }

// View is one of several looks at the same list.
type View struct {
	Label   string
	Href    string
	Count   string
	Current bool
}

// What the links of views are, and that of the view that is shown, as the shell finds them.
const (
	ViewLinks   = "main .gh-views a"
	CurrentView = `main .gh-views a[aria-current="page"]`
)

// Views are links in a row above the line.
func Views(env Env, label string, views ...View) app.UI {
	items := make([]app.UI, 0, len(views))
	for _, v := range views {
		a := app.A().Class("gh-views__item").Href(Href(v.Href))
		if v.Current {
			a = a.Aria("current", "page")
		}
		var count app.UI
		if v.Count != "" {
			count = app.Span().Class("gh-views__count").Text(" " + v.Count)
		}
		items = append(items, app.Li().Body(a.Body(Text(v.Label), count)))
	}
	return app.Nav().Class("gh-views").Aria("label", Attr(label)).Body(app.Ul().Class("gh-views__list").Role("list").Body(items...))
}

// Section is a part of a page with a heading.
type Section struct {
	Title string
	Count string // beside the heading
	Note  string // beside the heading, subtle
	ID    string
	More  app.UI // at the end of the heading's line
	Body  []app.UI
}

// Draw draws it.
func (s Section) Draw(Env) app.UI {
	var count, note app.UI
	if s.Count != "" {
		count = app.Span().Class("gh-section__count").Text(" " + s.Count)
	}
	if s.Note != "" {
		note = app.Span().Class("gh-section__note").Text(s.Note)
	}
	e := app.Section().Class("gh-section")
	if s.ID != "" {
		e = e.ID(Attr(s.ID))
	}
	head := app.Div().Class("gh-section__head").Body(app.H2().Class("gh-h2").Body(Text(s.Title), count), note, s.More)
	return e.Body(append([]app.UI{head}, s.Body...)...)
}

// Card is a box with a hairline around it.
func Card(title string, body ...app.UI) app.UI {
	var head app.UI
	if title != "" {
		head = app.H2().Class("gh-h3").Text(title)
	}
	return app.Div().Class("gh-card").Body(append([]app.UI{head}, body...)...)
}

// Columns puts what is beside the page at its side where there is room, else below.
func Columns(main, side []app.UI) app.UI {
	return app.Div().Class("gh-columns").Body(
		app.Div().Class("gh-columns__main").Body(main...),
		app.Aside().Class("gh-columns__side").Body(side...),
	)
}

// Steps is a numbered list of what will happen.
func Steps(steps ...string) app.UI {
	items := make([]app.UI, 0, len(steps))
	for _, s := range steps {
		items = append(items, app.Li().Body(Rich(s)))
	}
	return app.Ol().Class("gh-steps").Role("list").Body(items...)
}

// SignInPage is the page without a frame: one card under the mark, and a promise under the card.
type SignInPage struct {
	Title   string
	Wide    bool // there is more to show than a form
	Body    []app.UI
	Promise string
	Foot    []app.UI
}

// Draw draws it.
func (p SignInPage) Draw(Env) app.UI {
	var promise app.UI
	if p.Promise != "" {
		promise = app.P().Class("gh-signin__promise").Text(p.Promise)
	}
	return app.Div().Class("gh-signin").Body(
		app.Main().Class(classes("gh-signin__main", when(p.Wide, "gh-signin__main--wide"))).Body(
			Mark(),
			app.H1().Class("gh-signin__title").ID("title").Text(p.Title),
			app.Div().Class("gh-signin__card").Body(p.Body...),
			promise,
		),
		app.Footer().Class("gh-signin__foot").Body(p.Foot...),
	)
}

// Aside is a question with its answer, which opens below it.
func Aside(question, answer string) app.UI {
	return app.Details().Class("gh-aside").Body(
		app.Summary().Class("gh-aside__question").Text(question),
		app.P().Class("gh-aside__answer").Text(answer),
	)
}

// Or is a line with "or" in it, between two ways to do the same.
func Or(env Env) app.UI { return app.P().Class("gh-or").Text(env.T("ui.or")) }
