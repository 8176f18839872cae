// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Tone is what a colour says; a word or a shape always says it too.
type Tone string

// The tones.
const (
	Neutral Tone = ""
	Warn    Tone = "warn"
	Bad     Tone = "bad"
	Good    Tone = "good"
	Info    Tone = "info"
	Outline Tone = "outline" // chips: neutral, and only a line around it
)

// Chip is a state in a word.
type Chip struct {
	Label string
	Icon  Icon
	Tone  Tone
}

// Draw draws it.
func (c Chip) Draw(Env) app.UI {
	colour := ""
	switch c.Tone {
	case Warn:
		colour = "pf-m-yellow"
	case Bad:
		colour = "pf-m-red"
	case Good:
		colour = "pf-m-green"
	case Info:
		colour = "pf-m-blue"
	case Outline:
		colour = "pf-m-outline"
	}
	var icon app.UI
	if i := c.Icon.Draw(); i != nil {
		icon = app.Span().Class("pf-v6-c-label__icon").Body(i)
	}
	return app.Span().Class(classes("pf-v6-c-label pf-m-compact", colour)).Body(
		app.Span().Class("pf-v6-c-label__content").Body(
			icon,
			app.Span().Class("pf-v6-c-label__text").Text(c.Label),
		),
	)
}

// StateChip shows the worst of several states and how many more there are; those are hidden text. No state shows nothing.
func StateChip(env Env, states ...Chip) app.UI {
	if len(states) == 0 {
		return nil
	}
	if len(states) == 1 {
		return states[0].Draw(env)
	}
	rest := ""
	for _, s := range states[1:] {
		rest += ", " + s.Label
	}
	more := len(states) - 1
	return app.Span().Class("gh-states").Body(
		states[0].Draw(env),
		app.Span().Class("gh-states__more").Dir("ltr").Aria("hidden", yes()).Text("+"+env.number(int64(more))),
		Hidden(rest),
	)
}

// Role is an icon and a word. Of an administrator the icon has the accent's colour.
func Role(icon Icon, word string, accent bool) app.UI {
	if word == "" {
		return nil
	}
	return iconText(classes("gh-role", when(accent, "gh-role--accent")), icon, Text(word))
}

// Health is the state of a homeserver: its shape says it, and the word beside it. State is up, slow, down or "" (not known).
func Health(env Env, state, detail string) app.UI {
	var second app.UI
	if detail != "" {
		second = Subtle(" " + detail)
	}
	return app.Span().Class("gh-health").Body(
		healthDot(state),
		app.Span().Body(Text(env.T("ui.health."+healthWord(state))), second),
	)
}

// healthDot draws ● for up, ◆ for slow, ○ for down, and a gray ○ where nothing is known.
func healthDot(state string) app.UI {
	switch state {
	case "up":
		return app.Span().Class("gh-dot gh-dot--up").Aria("hidden", yes())
	case "slow":
		return app.Span().Class("gh-dot gh-dot--slow").Aria("hidden", yes())
	case "down":
		return app.Span().Class("gh-dot gh-dot--down").Aria("hidden", yes())
	}
	return app.Span().Class("gh-dot").Aria("hidden", yes())
}

func healthWord(state string) string {
	switch state {
	case "up", "slow", "down":
		return state
	}
	return "unknown"
}
