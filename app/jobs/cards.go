// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// part is a part of the passwords as cards, the way to the others, and how it ends.
func (p *Passwords) part() app.UI {
	env, parts := p.Env(), p.Handout.Parts
	at := slices.IndexFunc(parts, func(o api.JobPart) bool { return o.Part == p.Handout.Part })
	if at < 0 {
		return nil // not reached: the gate names the part that it gives
	}
	buttons := []app.UI{ui.PrintButton(env.T("jobs.print"), ui.Primary)}
	if at+1 < len(parts) {
		buttons = append(buttons, p.ask(parts[at+1], "next", ui.Button{Label: env.T("jobs.part_next", "part", p.called(parts[at+1]))}))
	}
	var others []app.UI
	for _, other := range parts {
		label := p.called(other)
		if other.Part == p.Handout.Part {
			label = env.T("jobs.part_here", "part", label)
		}
		others = append(others, p.ask(other, "all", ui.Button{Label: label}))
	}
	done := p.form(api.WipeJob, "done", env.T("jobs.cards_done"),
		ui.HiddenField("told", strconv.FormatInt(p.Handout.Told(), 10)), ui.Button{Label: env.T("jobs.cards_done"), Icon: ui.IconCheck, Look: ui.Danger}.Draw(env))
	body := []app.UI{
		ui.PageTitle{Title: p.Title(), Words: true}.Draw(env),
		ui.Note{
			Kind: ui.Warn, Icon: ui.IconOnce, Title: env.T("jobs.part_title", "at", at+1, "n", len(parts), "part", p.called(parts[at])),
			Text: env.T("jobs.part_help", "time", ui.ExactTime(env, p.Handout.WipeMS)),
		}.Draw(env),
		p.unsure(),
		ui.Actions(append(buttons, p.back())...),
		ui.More{Title: env.T("jobs.parts"), Body: []app.UI{ui.Actions(others...)}}.Draw(env),
		ui.More{Title: env.T("jobs.cards_done_ask"), Open: at+1 == len(parts), Body: []app.UI{ui.Help(env.N("jobs.cards_done_help", int(p.Handout.Told()))), done}}.Draw(env),
	}
	return app.Div().Body(append(body, p.list()...)...)
}

// called is which items a part is of.
func (p *Passwords) called(part api.JobPart) string {
	f := p.Env().Format()
	last := part.Last()
	if p.Handout.Items > 0 {
		last = min(last, p.Handout.Items)
	}
	return f.Number(part.First()) + "–" + f.Number(last)
}

// ask is a form that asks for a part. Each has a request key of its own: it is another request.
func (p *Passwords) ask(part api.JobPart, from string, b ui.Button) app.UI {
	number := strconv.FormatInt(part.Part, 10)
	return p.form(api.JobCards, from+"-"+number, b.Label, ui.HiddenField("part", number), b.Draw(p.Env()))
}

// form asks for something about the job. It is sent by the browser: a thousand cards are a page of the server's, and not one for the program to draw.
func (p *Passwords) form(op api.Op, name, label string, body ...app.UI) app.UI {
	env := p.Env()
	return ui.Form{
		ID: "form-" + name, Operation: op.Info().Name, Action: route.Do(env.Homeserver, op.Info().Name), Key: p.Handout.Key + "-" + name,
		Screen: route.Job(env.Homeserver, p.Handout.Job), Label: label, Body: append([]app.UI{ui.HiddenField("id", p.Handout.Job)}, body...),
	}.Draw(env)
}
