// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// BulkBar lies on the heads of a table while rows are selected. It is a GET form: its buttons lead to the screen that asks, with
// the selected rows in the address, so it works without the program. In the page it comes after the rows, because its number is a CSS counter
// of them; a link before the rows leads to it, too.
type BulkBar struct {
	FormID  string   // the table's SelectBy
	Action  string   // address of the screen that asks; buttons may have their own
	All     app.UI   // "Select all 1,904 that match"
	Actions []app.UI // buttons with Form and Action set
	Danger  []app.UI // apart, at the end
	Clear   string   // address without a selection
}

// Draw draws it. Whether it is seen is decided by the check boxes (CSS :has).
func (b BulkBar) Draw(env Env) app.UI {
	var danger, clear app.UI
	if len(b.Danger) > 0 {
		danger = app.Div().Class("gh-bulk__danger").Body(b.Danger...)
	}
	if b.Clear != "" {
		clear = app.A().Class("gh-bulk__clear").Href(Href(b.Clear)).Aria("label", Attr(env.T("ui.unselect"))).Body(IconClose.Draw())
	}
	return app.Form().Class("gh-bulk").ID(Attr(b.FormID)).TabIndex(-1).Method("get").Action(Href(b.Action)).
		Aria("label", Attr(env.T("ui.bulk"))).Body(
		b.count(env),
		b.All,
		app.Div().Class("gh-bulk__actions").Body(b.Actions...),
		danger,
		clear,
	)
}

// count says how many rows are selected: the number is the style sheet's, the words around it are here.
func (b BulkBar) count(env Env) app.UI {
	const number = "\x00"
	before, after, _ := strings.Cut(env.T("ui.selected", "n", number), number)
	return app.Strong().Class("gh-bulk__count").Body(Text(before), app.Span().Class("gh-bulk__number"), Text(after))
}

// way is the link from before the rows to the bar behind them, seen while it has the focus.
func (b BulkBar) way(env Env) app.UI {
	return app.A().Class("gh-skip gh-bulk-way").Href("#" + Attr(b.FormID)).Text(env.T("ui.bulk"))
}

// said is where screen readers hear how many rows are selected; with another list it begins anew.
func (b BulkBar) said() app.UI {
	return Anew(b.Clear, app.Span().Class("gh-hidden").Role("status"))
}

// all is the box in the table's head that selects the rows of this page.
func (b BulkBar) all(env Env) app.UI {
	return Anew(b.Clear, app.Input().Class("gh-check gh-needs-program").Type("checkbox").Aria("label", Attr(env.T("ui.select_all"))))
}

// changed follows the boxes of a list: where it was that of the head, the rows become as it is; else it becomes as the rows are.
func (b BulkBar) changed(env Env) app.EventHandler {
	return func(ctx app.Context, e app.Event) {
		ctx.PreventUpdate() // the rows stay as they are
		list, box := ctx.JSSrc(), e.Get("target")
		head, boxes := list.Call("querySelector", "thead .gh-check"), list.Call("querySelectorAll", ".gh-row .gh-col-check > .gh-check")
		total, n := boxes.Length(), 0
		for i := range total {
			if box.Equal(head) {
				boxes.Index(i).Set("checked", head.Get("checked"))
			}
			if boxes.Index(i).Get("checked").Bool() {
				n++
			}
		}
		head.Set("checked", n == total)
		head.Set("indeterminate", n > 0 && n < total)
		list.Call("querySelector", ":scope > [role=status]").Set("textContent", env.T("ui.selected", "n", n))
	}
}

// Pager is the foot of a list: what of it is seen, and the way to the rest. Lists page by cursors, so there are no page numbers.
type Pager struct {
	From, To int    // rows that are seen, from 1
	Total    int64  // of all that match; negative: not known
	Range    string // in place of from, to and total
	Facts    app.UI // beside it: how old the list is
	First    string // address of the first page; "" where it is this one
	Previous string
	Next     string
	Continue string // address that goes on looking, where the filter was applied to only some
	Scanned  string // "scanned 5,000 of 12,481"
}

// Forward is the foot of a list that is paged forward only. text counts what is on a page (of which not the first: how many come before is not
// known); total is negative where nobody knows how many there are.
func Forward(env Env, text string, shown int, total int64, first, next string) Pager {
	p := Pager{Total: -1, To: shown, First: first, Next: next}
	switch {
	case shown == 0:
	case first == "":
		p.From, p.Total = 1, total
	default:
		p.Range = env.N(text, shown)
	}
	return p
}

// Draw draws it.
func (p Pager) Draw(env Env) app.UI {
	text := p.Range
	switch {
	case text != "" || p.To == 0:
	case p.Total >= 0:
		text = env.T("ui.range_of", "from", p.From, "to", p.To, "total", p.Total)
	default:
		text = env.T("ui.range", "from", p.From, "to", p.To)
	}
	var scanned, pages app.UI
	if p.Scanned != "" {
		var more app.UI
		if p.Continue != "" {
			more = Link(env.T("ui.continue"), p.Continue)
		}
		scanned = app.P().Class("gh-pager__scanned").Role("status").Body(app.Span().Text(p.Scanned), more)
	}
	if p.Previous != "" || p.Next != "" || p.First != "" {
		var first app.UI
		if p.First != "" {
			first = Button{Label: env.T("ui.first_page"), Href: p.First, Small: true}.Draw(env)
		}
		pages = app.Nav().Class("gh-pager__pages").Aria("label", Attr(env.T("ui.pages"))).Body(
			first,
			pageLink(IconChevron, env.T("ui.previous"), p.Previous, "prev"),
			pageLink(IconChevronEnd, env.T("ui.next"), p.Next, "next"),
		)
	}
	return app.Div().Class("gh-pager").Body(
		app.P().Body(Text(text)),
		p.Facts,
		scanned,
		pages,
	)
}

// pageLink is a small button with a chevron; where there is no such page it stays, off.
func pageLink(icon Icon, label, href, rel string) app.UI {
	text := app.Span().Class("pf-v6-c-button__text").Text(label)
	chevron := app.Span().Class("pf-v6-c-button__icon").Body(icon.mirrored())
	body := []app.UI{chevron, text}
	if rel == "next" {
		body = []app.UI{text, chevron}
	}
	if href == "" {
		return app.Button().Class("pf-v6-c-button pf-m-secondary pf-m-small gh-button--off").Type("button").Aria("disabled", yes()).Body(body...)
	}
	return app.A().Class("pf-v6-c-button pf-m-secondary pf-m-small").Rel(rel).Href(Href(href)).Body(body...)
}

// Downloads leads to the whole of a list as a file, where there are rows in it; address is that of the file without its format.
func Downloads(env Env, rows int, address string) app.UI {
	if rows == 0 {
		return nil
	}
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	address += mark + "_format="
	return app.P().Class("gh-subtle").Body(
		Text(env.T("ui.download")+" "), Link("CSV", address+"csv"), Text(" · "), Link("JSON Lines", address+"jsonl"),
	)
}
