// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"maps"
	"net/url"
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Toolbar is the GET form above a list: search, filters, and the chips of what is filtered. Its address holds all of it.
type Toolbar struct {
	Action  string     // the list's own page
	Keep    url.Values // what the address keeps: view, sort
	Search  Search
	Filters []app.UI // fields of the "Add filter" popover; Select with a Prefix
	Chips   []FilterChip
	Clear   string // address without any filter
	End     []app.UI
}

// Search is the field of a toolbar.
type Search struct {
	Name        string // in the address: q
	Value       string
	Placeholder string
	Key         string // "/" where letter keys are on
}

// FilterChip is a filter that is on; it is a link that removes it.
type FilterChip struct {
	Label string // "State: locked"
	Href  string // the list without it
}

// Draw draws it.
func (t Toolbar) Draw(env Env) app.UI {
	var fields []app.UI
	for _, name := range slices.Sorted(maps.Keys(t.Keep)) {
		for _, v := range t.Keep[name] {
			fields = append(fields, hidden(name, v))
		}
	}
	fields = append(fields, t.Search.draw(env))
	if len(t.Filters) > 0 {
		fields = append(fields,
			Button{Label: env.T("ui.add_filter"), Icon: IconFilter, Popover: "filters"}.Draw(env),
			app.Div().Class("gh-menu gh-menu--filters").ID("filters").Attr("popover", "auto").Body(
				append(append([]app.UI{}, t.Filters...), Button{Label: env.T("ui.apply"), Look: Primary}.Draw(env))...,
			))
	}
	var chips app.UI
	if len(t.Chips) > 0 {
		list := make([]app.UI, 0, len(t.Chips)+1)
		for _, c := range t.Chips {
			list = append(list, app.Li().Body(c.draw(env)))
		}
		if t.Clear != "" {
			list = append(list, app.Li().Body(app.A().Class("gh-quiet-link").Href(Href(t.Clear)).Text(env.T("ui.clear"))))
		}
		chips = app.Ul().Class("gh-chips").Role("list").Aria("label", Attr(env.T("ui.filters"))).Body(list...)
	}
	var end app.UI
	if len(t.End) > 0 {
		end = app.Div().Class("gh-toolbar__end").Body(t.End...)
	}
	return app.Div().Class("gh-toolbar").Body(
		&form{ID: "toolbar", Class: "gh-toolbar__form", Method: "get", Action: t.Action, Label: env.T("ui.search_form"), Body: fields},
		chips,
		end,
	)
}

func (s Search) draw(env Env) app.UI {
	var key app.UI
	if s.Key != "" && env.LetterKeys {
		key = app.Kbd().Class("gh-kbd").Aria("hidden", yes()).Text(s.Key)
	}
	field := app.Input().Type("search").ID("search").Name(Attr(s.Name)).Placeholder(Attr(s.Placeholder)).
		Aria("label", Attr(s.Placeholder)).Attr("autocomplete", "off").Attr("spellcheck", "false").Attr("autocapitalize", "none").
		Attr("enterkeyhint", "search").Dir("auto")
	if s.Key != "" && env.LetterKeys {
		field = field.Attr("aria-keyshortcuts", Attr(s.Key))
	}
	return app.Span().Class("pf-v6-c-form-control gh-search").Body(IconSearch.Draw(), withValue(field, s.Value), key)
}

func (c FilterChip) draw(env Env) app.UI {
	return app.A().Class("gh-chip").Href(Href(c.Href)).Aria("label", Attr(env.T("ui.remove_filter", "filter", c.Label))).Body(
		app.Span().Dir("auto").Text(c.Label), IconClose.Draw())
}
