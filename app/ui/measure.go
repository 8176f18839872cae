// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Time is how long ago something was, with the exact time as its title. ms is since 1970; zero is never.
func Time(env Env, ms int64) app.UI {
	if ms <= 0 {
		return Subtle(env.T("time.never"))
	}
	t := time.UnixMilli(ms)
	text := ""
	if env.format.Printer != nil {
		text = env.format.Ago(t, time.UnixMilli(env.Now))
	}
	return timeElement(env, t, text)
}

// ByWidth is a subtle text that says more where its column's head is not there to say it: in a row drawn as a card.
func ByWidth(wide, card string) app.UI {
	return app.Span().Class("gh-subtle").Body(app.Span().Class("gh-wide-only").Text(wide), app.Span().Class("gh-card-only").Text(card))
}

// Date is a day, with the exact time as its title. Zero is unknown.
func Date(env Env, ms int64) app.UI {
	if ms <= 0 {
		return Unknown(env, env.T("ui.not_told"))
	}
	t := time.UnixMilli(ms)
	text := ""
	if env.format.Printer != nil {
		text = env.format.Date(t)
	}
	return timeElement(env, t, text)
}

// DateTime is a day and a minute. Zero is unknown.
func DateTime(env Env, ms int64) app.UI {
	if ms <= 0 {
		return Unknown(env, env.T("ui.not_told"))
	}
	t := time.UnixMilli(ms)
	text := ""
	if env.format.Printer != nil {
		text = env.format.DateTime(t)
	}
	return timeElement(env, t, text)
}

// Day is a day, for a sentence. It is one of UTC, as the days are that people choose.
func Day(env Env, ms int64) string {
	if env.format.Printer == nil {
		return time.UnixMilli(ms).UTC().Format(time.DateOnly)
	}
	f := env.format
	f.Offset = nil
	return f.Date(time.UnixMilli(ms))
}

// ExactTime is a day and a minute with the zone, for a sentence.
func ExactTime(env Env, ms int64) string {
	if env.format.Printer == nil {
		return time.UnixMilli(ms).UTC().Format(time.RFC3339)
	}
	return env.format.Exact(time.UnixMilli(ms))
}

// ClockTime is a time of day to the second with the zone, for a sentence about what is soon.
func ClockTime(env Env, ms int64) string {
	t := time.UnixMilli(ms)
	if env.format.Printer == nil {
		return t.UTC().Format(time.RFC3339)
	}
	return env.format.Clock(t) + "\u00a0" + env.format.Zone(t)
}

func timeElement(env Env, t time.Time, text string) app.UI {
	machine := t.UTC().Format(time.RFC3339)
	if text == "" {
		text = machine
	}
	e := app.Time().Class("gh-time").DateTime(machine).Text(text)
	if env.format.Printer != nil {
		e = e.Title(Attr(env.format.Exact(t)))
	}
	return e
}

// Num is a number, grouped; zero steps back.
func Num(env Env, n int64) app.UI {
	if n == 0 {
		return app.Span().Class("gh-num gh-subtle").Text(env.number(0))
	}
	return app.Span().Class("gh-num").Text(env.number(n))
}

// Unknown is a dash for what the server cannot tell, with the reason for screen readers and on hover.
func Unknown(_ Env, reason string) app.UI {
	return app.Span().Class("gh-subtle gh-unknown").Title(Attr(reason)).Body(
		app.Span().Aria("hidden", yes()).Text("–"),
		Hidden(reason),
	)
}

// None is a fact that is not there.
func None(env Env) app.UI { return Subtle(env.T("ui.none")) }

// Diff is a value that changed: the old one struck through, then the new one. An empty side is left out.
func Diff(env Env, before, after string) app.UI {
	var parts []app.UI
	if before != "" {
		parts = append(parts, app.Del().Class("gh-old").Body(Hidden(env.T("ui.old")+" "), app.Span().Dir("auto").Text(before)))
	}
	if after != "" {
		parts = append(parts, app.Ins().Class("gh-new").Body(Hidden(env.T("ui.new")+" "), app.Span().Dir("auto").Text(after)))
	}
	return app.Span().Class("gh-diff").Body(parts...)
}

// Copy is a button that puts a value on the clipboard and says so. It needs the program; without it, it is not shown.
func Copy(env Env, what, value string) app.UI {
	return &copyButton{Value: value, Label: env.T("ui.copy", "what", what), Done: env.T("ui.copied")}
}

// CopyText is a copy button with words, for the whole of a hand-out card.
func CopyText(env Env, label, value string) app.UI {
	return &copyButton{Value: value, Label: label, Done: env.T("ui.copied"), Words: true, Of: ".gh-handout__part"}
}

// copySecret is a copy button for what stands in an element. The page has it there, and nowhere else.
func copySecret(env Env, what, value, element string) app.UI {
	return &copyButton{Value: value, Label: env.T("ui.copy", "what", what), Done: env.T("ui.copied"), Of: "#" + element}
}

type copyButton struct {
	app.Compo
	Value, Label, Done string
	Of                 string // selector of the elements that hold the value, where it is a secret
	Words              bool

	copied bool
}

// Render implements app.Composer.
func (c *copyButton) Render() app.UI {
	icon, said := IconCopy, ""
	if c.copied {
		icon, said = IconCheck, c.Done
	}
	class, text := "gh-copy", app.UI(nil)
	if c.Words {
		class = "pf-v6-c-button pf-m-secondary gh-copy gh-copy--words"
		text = app.Span().Class("pf-v6-c-button__text").Text(c.Label)
	}
	// Until the program runs, and on a page that it leaves alone, the boot script copies.
	e := app.Button().Class(class).Type("button").DataSet("copied", Attr(c.Done)).OnClick(c.copy)
	if c.Of != "" {
		e = e.DataSet("copy-of", Attr(c.Of))
	} else {
		e = e.DataSet("copy", Attr(c.Value))
	}
	if !c.Words {
		e = e.Aria("label", Attr(c.Label)).Title(Attr(c.Label))
	}
	return app.Span().Class("gh-needs-program").Body(
		e.Body(app.Span().Class("gh-copy__icon").Body(icon.Draw()), text),
		app.Span().Class("gh-hidden").Role("status").Text(said),
	)
}

func (c *copyButton) copy(ctx app.Context, _ app.Event) {
	clipboard := app.Window().Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		return
	}
	clipboard.Call("writeText", c.Value)
	c.copied = true
	ctx.After(2*time.Second, func(ctx app.Context) {
		c.copied = false
		ctx.Update()
	})
}
