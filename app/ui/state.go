// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
)

// Empty is what stands in place of a list, or of a page, that has nothing to show.
type Empty struct {
	Icon    Icon
	Title   string
	Text    string // what it is for, or where was looked; may have **bold**
	Lead    app.UI // in place of the text: a sentence with data in it
	Actions []app.UI
	Page    bool // it is the page: its title is the h1
}

// Draw draws it.
func (e Empty) Draw(Env) app.UI {
	var title app.UI = app.H2().Class("gh-empty__title").Text(e.Title)
	if e.Page {
		title = app.H1().Class("gh-empty__title").ID("title").TabIndex(-1).Text(e.Title)
	}
	var text, actions app.UI
	if e.Text != "" {
		text = app.P().Class("gh-empty__text").Body(Rich(e.Text))
	} else if e.Lead != nil {
		text = app.P().Class("gh-empty__text").Body(e.Lead)
	}
	if len(e.Actions) > 0 {
		actions = app.Div().Class("gh-empty__actions").Body(e.Actions...)
	}
	return app.Div().Class("gh-empty").Body(e.Icon.Draw(), title, text, actions)
}

// Skeleton is the shape of rows that are on their way. It is drawn when 300 ms have passed.
func Skeleton(env Env, rows int) app.UI {
	list := make([]app.UI, 0, rows+1)
	list = append(list, app.Span().Class("gh-hidden").Role("status").Text(env.T("ui.loading")))
	for i := range rows {
		width := "pf-v6-c-skeleton pf-m-width-66"
		switch i % 3 {
		case 1:
			width = "pf-v6-c-skeleton pf-m-width-50"
		case 2:
			width = "pf-v6-c-skeleton pf-m-width-75"
		}
		list = append(list, app.Div().Class("gh-skeleton__row").Aria("hidden", yes()).Body(
			app.Span().Class("gh-skeleton__dot pf-v6-c-skeleton"),
			app.Span().Class("gh-skeleton__lines").Body(
				app.Span().Class(width),
				app.Span().Class("pf-v6-c-skeleton pf-m-width-33"),
			),
		))
	}
	return app.Div().Class("gh-skeleton").Body(list...)
}

// ProblemNote is a problem in a box: what is (not) done and what to do, the mistakes as links to their fields, and the request's ID.
func ProblemNote(env Env, p *api.Problem) app.UI {
	if p == nil {
		return nil
	}
	title, text := sentences(env.ProblemText(p))
	var fields []app.UI
	for _, f := range p.Fields {
		fields = append(fields, app.Li().Body(app.A().Class("gh-link").Href("#"+Attr(fieldID("", f.Field))).Text(named(env, f))))
	}
	var list app.UI
	if len(fields) > 1 {
		list = app.Ul().Class("gh-note__list").Body(fields...)
	}
	return Note{Kind: problemTone(p), Title: title, Text: text, Alert: true, Body: []app.UI{list, requestID(env, p)}}.Draw(env)
}

// FieldName is what a field of a request is called, by its path without the numbers of rows: the text `field.<path>`, or "".
func FieldName(env Env, field string) string {
	var parts []string
	for part := range strings.SplitSeq(field, ".") {
		if _, err := strconv.Atoi(part); err != nil && part != "to" && part != "from" {
			parts = append(parts, part)
		}
	}
	key := "field." + strings.Join(parts, ".")
	if name := env.T(key); name != key {
		return name
	}
	return ""
}

// named is the sentence for a mistake with the name of its field before it.
func named(env Env, f api.FieldProblem) string {
	if name := FieldName(env, f.Field); name != "" {
		return name + ": " + env.FieldText(f)
	}
	return env.FieldText(f)
}

func problemTone(p *api.Problem) Tone {
	switch {
	case p.Unclear(), p.Code == "offline_write":
		return Warn
	case p.Code == "nothing_changed":
		return Info
	}
	return Bad
}

// requestID names the call, where it is worth asking somebody about it: not for a mistake in a field or in a password.
func requestID(env Env, p *api.Problem) app.UI {
	if p.RequestID == "" || len(p.Fields) > 0 || p.Status == api.StatusUnauthorized || p.Code == "nothing_changed" {
		return nil
	}
	return app.P().Class("gh-request").Body(
		app.Span().Text(env.T("ui.request")+" "),
		Mono(p.RequestID),
		Copy(env, env.T("ui.request"), p.RequestID),
	)
}

// ProblemTitle is what a problem is called where it is the whole page: its first sentence.
func ProblemTitle(env Env, p *api.Problem) string {
	title, _ := problemPage(env, p)
	return title
}

func problemPage(env Env, p *api.Problem) (title, text string) {
	if p.Code == "invalid_request" { // a page is only asked for by its address
		return env.T("error.400.title"), env.T("error.400.text")
	}
	title, text = sentences(env.ProblemText(p))
	switch {
	case p.Away() && p.OfMAS():
		text = env.T("problem.page.mas_down")
	case p.Away():
		text = env.T("problem.page.homeserver_down")
	}
	return strings.TrimSuffix(title, "."), text
}

// WhyDown says why nothing can be changed on a homeserver that is down, for the reason p; nil: it does not answer.
func WhyDown(env Env, p *api.Problem, server string) string {
	switch {
	case p == nil || p.Code == "homeserver_down":
		return env.T("why.down", "server", server)
	case p.OfMAS():
		return env.T("why.mas_down", "server", server)
	}
	return env.ProblemText(p)
}

// ProblemPage is a problem as the whole page. Actions lead on.
func ProblemPage(env Env, p *api.Problem, actions ...app.UI) app.UI {
	title, text := problemPage(env, p)
	icon := IconAlert
	switch p.Status {
	case api.StatusForbidden, api.StatusUnauthorized:
		icon = IconLock
	case api.StatusNotFound:
		icon = IconSearch
	case api.StatusTooMany:
		icon = IconWait
	case api.StatusBadGateway, api.StatusUnavailable, api.StatusTimeout:
		icon = IconServerOff
	}
	return app.Div().Class("gh-problem").Body(
		Empty{Icon: icon, Title: title, Text: text, Actions: actions, Page: true}.Draw(env),
		requestID(env, p),
	)
}

// sentences cuts a text behind its first sentence. A dot within a word, such as that of a server's name, ends none.
func sentences(text string) (first, rest string) {
	for i := 0; i+1 < len(text); i++ {
		if (text[i] == '.' || text[i] == '?') && text[i+1] == ' ' {
			return text[:i+1], text[i+2:]
		}
	}
	return text, ""
}

// Offline says that Gatehouse cannot be reached. What was typed is kept.
func Offline(env Env) app.UI {
	return Note{Kind: Warn, Icon: IconOffline, Title: env.T("ui.offline"), Text: env.T("ui.offline_text"), Status: true}.Draw(env)
}
