// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

func states(env ui.Env) app.UI {
	env.Notice = "Locked @misaki.tanaka:uni-lindau.example."
	return shell(env, "",
		ui.PageTitle{Title: "States"}.Draw(env),
		ui.Card("Empty: nothing yet", ui.Empty{
			Icon: ui.IconMail, Title: "No account yet", Text: "An account is a name, a password and a card to hand out.",
			Actions: []app.UI{ui.Button{Label: "Create account", Look: ui.Primary, Href: "/x"}.Draw(env)},
		}.Draw(env)),
		ui.Card("Empty: the filter finds nothing", ui.Empty{
			Icon: ui.IconFilterOff, Title: "No account matches", Text: "Looked at 12,481 accounts for “okafro” with the filter Locked.",
			Actions: []app.UI{ui.Button{Label: "Remove the filter", Href: "/x"}.Draw(env), ui.Link("Search for “okafor”", "/y")},
		}.Draw(env)),
		ui.Card("Loading, after 300 ms", ui.Skeleton(env, 4)),
		ui.Card("Error", ui.ProblemNote(env, &api.Problem{
			Status: 502, Code: "story", Detail: "The account was not changed. uni-lindau.example answered 500. That is a fault of the homeserver, not of your input. Try again; if it stays, send the id below to whoever runs Gatehouse.",
			RequestID: "01JD7K3V9Q",
		})),
		ui.Card("Homeserver down", ui.Note{
			Kind: ui.Warn, Icon: ui.IconDown, Title: "archiv.uni-lindau.example does not answer since 06:41.", Text: "You see what was known at 06:40. Changes wait until it is back; checked again every 15 s.",
			Actions: []app.UI{ui.Button{Label: "Check now", Small: true, Href: "/x"}.Draw(env)},
		}.Draw(env)),
		ui.Card("You are offline", ui.Offline(env)),
		ui.Card("Controls that cannot be used say why", ui.Actions(
			ui.Button{Label: "Shadow-ban…", Icon: ui.IconGhost, Why: "Dendrite has no shadow-ban."}.Draw(env),
			ui.Button{Label: "Erase…", Icon: ui.IconErase, Look: ui.Danger, Why: "Your role **helpdesk** may not erase. Owners may."}.Draw(env),
		)),
		ui.Card("Progress", ui.Progress{Label: "Accounts created", Done: 734, Total: 1290, Text: "734 of 1,290", Detail: "57 %", End: "8.2 a second · about 1 min 8 s left"}.Draw(env)),
		ui.Card("Buttons", ui.Actions(
			ui.Button{Label: "Primary", Look: ui.Primary}.Draw(env), ui.Button{Label: "Secondary"}.Draw(env), ui.Button{Label: "Danger", Look: ui.Danger}.Draw(env),
			ui.Button{Label: "Deed", Look: ui.DangerSolid}.Draw(env), ui.Button{Label: "Plain", Look: ui.Plain}.Draw(env), ui.Button{Label: "Small", Small: true}.Draw(env),
			ui.Menu{ID: "states-menu", Label: "Menu", Icon: ui.IconSettings, Items: rowItems()}.Draw(env),
		)),
		ui.Card("Chips", ui.Actions(
			locked.Draw(env), deactivated.Draw(env), erased.Draw(env), ui.Chip{Label: "Done", Icon: ui.IconCheck, Tone: ui.Good}.Draw(env),
			ui.Chip{Label: "Failed", Icon: ui.IconAlert, Tone: ui.Bad}.Draw(env), ui.Chip{Label: "Running", Icon: ui.IconPlay, Tone: ui.Info}.Draw(env),
			ui.StateChip(env, suspended, shadow),
		)),
	)
}

func problem(env ui.Env) app.UI {
	return shell(env, "", ui.ProblemPage(env, &api.Problem{
		Status: 403, Code: "story", Detail: "You may not read the audit log. Your role **helpdesk** lacks `audit.read`. Owners, admins and auditors have it.", RequestID: "01JD7K3V9Q",
	}, ui.Button{Label: "Go to the overview", Href: "/"}.Draw(env)))
}
