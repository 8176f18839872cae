// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/ui"
)

func accounts(env ui.Env) app.UI         { return accountList(env, 0) }
func accountsSelected(env ui.Env) app.UI { return accountList(env, 2) }

func accountList(env ui.Env, selected int) app.UI {
	var rows []ui.Row
	for i, p := range people() {
		label := p.name
		if label == "" {
			label = p.id
		}
		var role app.UI
		if p.role != nil {
			role = p.role
		}
		rows = append(rows, ui.Row{
			Key: p.id, Label: label, Subtle: p.subtle, Selected: selected > 0 && (i == 1 || i == 5),
			Cells: []app.UI{
				ui.AccountCell{ID: p.id, Name: p.name, Href: "/uni/account?id=" + url.QueryEscape(p.id), Icon: p.icon, Shape: p.shape}.Draw(env),
				ui.StateChip(env, p.states...),
				role,
				ui.Time(env, p.seen),
				ui.Num(env, p.devices),
				ui.Date(env, p.created),
			},
			Dots: &ui.Dots{Label: "Actions for " + label, Href: "/uni/account?id=" + url.QueryEscape(p.id)},
		})
	}
	table := ui.Table{
		Caption: "Accounts",
		Columns: []ui.Column{
			{Title: "Account", Sort: "?sort=-name", Sorted: "ascending", Phone: ui.CardLead},
			{Title: "State", Width: ui.Middle},
			{Title: "Role", Width: ui.Middle},
			{Title: "Last seen", Width: ui.Small, Sort: "?sort=seen"},
			{Title: "Devices", Width: ui.Narrow, End: true, Phone: ui.CardNone},
			{Title: "Created", Width: ui.Small, Sort: "?sort=created", Phone: ui.CardNone},
		},
		Rows: rows, Select: "id", SelectBy: "bulk",
		Bulk: &ui.BulkBar{
			FormID: "bulk", Action: "/uni/bulk", All: ui.QuietLink("Select all 1,904 that match", "?all=1"), Clear: "?",
			Actions: []app.UI{
				ui.Button{Label: "Lock…", Icon: ui.IconLock, Small: true, Form: "bulk", Action: "/uni/lock"}.Draw(env),
				ui.Button{Label: "Sign out…", Icon: ui.IconSignOut, Small: true, Form: "bulk", Action: "/uni/sign-out"}.Draw(env),
			},
			Danger: []app.UI{ui.Button{Label: "Deactivate…", Icon: ui.IconDeactivate, Small: true, Look: ui.Danger, Form: "bulk", Action: "/uni/deactivate"}.Draw(env)},
		},
		Menu: &ui.RowMenu{Key: people()[1].id, Items: func(string) (string, []ui.MenuItem) { return "Actions", rowItems() }},
	}.Draw(env)
	return shell(env, "Accounts",
		ui.PageTitle{Title: "Accounts", Actions: []app.UI{
			ui.Button{Label: "Export", Icon: ui.IconDownload, Href: "/uni/export"}.Draw(env),
			ui.Button{Label: "Create account", Icon: ui.IconAdd, Look: ui.Primary, Href: "/uni/accounts/create"}.Draw(env),
		}}.Draw(env),
		ui.Views(env, "Views",
			ui.View{Label: "All", Count: "12,481", Href: "?", Current: true},
			ui.View{Label: "Administrators", Count: "9", Href: "?view=admins"},
			ui.View{Label: "Locked or suspended", Count: "23", Href: "?view=locked"},
			ui.View{Label: "Never seen", Count: "412", Href: "?view=never"},
		),
		ui.Toolbar{
			Action: "/uni/accounts", Keep: url.Values{"sort": {"name"}},
			Search: ui.Search{Name: "q", Placeholder: "Name, Matrix ID, e-mail, phone", Key: "/"},
			Filters: []app.UI{
				ui.Select{Name: "state", Label: "State", Prefix: "filter", Options: []ui.Option{{Label: "Any"}, {Value: "locked", Label: "Locked"}}}.Draw(env),
				ui.Select{Name: "role", Label: "Role", Prefix: "filter", Value: "admin", Options: []ui.Option{{Label: "Any"}, {Value: "admin", Label: "Administrator"}}}.Draw(env),
			},
			Chips: []ui.FilterChip{{Label: "Created: before 21 Nov 2026", Href: "?a"}, {Label: "Bridges: shown", Href: "?b"}},
			Clear: "?",
		}.Draw(env),
		table,
		ui.Pager{From: 1, To: 14, Total: 12481, Next: "?from=14", Scanned: "Scanned 5,000 of 12,481.", Continue: "?from=5000"}.Draw(env),
	)
}

func rowItems() []ui.MenuItem {
	return []ui.MenuItem{
		{Label: "Open", Icon: ui.IconUser, Href: "/uni/account", Key: "Enter"},
		{Label: "Reset password…", Icon: ui.IconKey, Href: "/uni/account/reset"},
		{Label: "Sign out devices…", Icon: ui.IconSignOut, Href: "/uni/account/sign-out"},
		{Label: "Shadow-ban…", Icon: ui.IconGhost, Why: "Your role **helpdesk** may not. Moderators may."},
		{Label: "Deactivate…", Icon: ui.IconDeactivate, Danger: true, Href: "/uni/account/deactivate"},
	}
}

func accountHead(env ui.Env) []app.UI {
	return []app.UI{
		ui.Crumbs(env, ui.Crumb{Label: "Accounts", Href: "/uni/accounts"}, ui.Crumb{Label: "田中 美咲"}),
		ui.PageTitle{
			Title: "田中 美咲",
			Lead:  ui.Avatar{Name: "田中 美咲", Large: true}.Draw(env),
			Below: ui.Join(ui.ID("@misaki.tanaka"+server), ui.Copy(env, "Copy Matrix ID", "@misaki.tanaka"+server)),
			Actions: []app.UI{
				ui.Button{Label: "Reset password…", Icon: ui.IconKey, Href: "/uni/account/reset"}.Draw(env),
				ui.Button{Label: "Sign out devices…", Icon: ui.IconSignOut, Href: "/uni/account/sign-out"}.Draw(env),
				ui.Button{Label: "Edit", Icon: ui.IconEdit, Href: "/uni/account/edit"}.Draw(env),
				ui.Menu{ID: "more", Label: "More actions", Dots: true, Items: rowItems()}.Draw(env),
			},
		}.Draw(env),
	}
}

func account(env ui.Env) app.UI { return shell(env, "Accounts", accountBody(env)...) }

func accountBody(env ui.Env) []app.UI {
	body := accountHead(env)
	body = append(body,
		ui.Note{
			Kind: ui.Warn, Icon: ui.IconLock,
			Lead: ui.Rich("**Locked** by Tomás Echeverría, 3 days ago: “phone stolen, waiting for the police report”"),
			Text: "No client can use the account. Devices, rooms and messages are kept; others still see it as a member. Unlocking gives it all back.",
			Actions: []app.UI{
				ui.Button{Label: "Unlock", Icon: ui.IconUnlock, Look: ui.Primary, Href: "/uni/account/unlock"}.Draw(env),
			},
		}.Draw(env),
		ui.Views(env, "Parts of the account",
			ui.View{Label: "Summary", Href: "?", Current: true},
			ui.View{Label: "Devices", Count: "2", Href: "?tab=devices"},
			ui.View{Label: "Identities", Count: "3", Href: "?tab=identities"},
		),
		ui.Columns([]app.UI{
			ui.Section{Title: "Facts", Body: []app.UI{ui.Facts(env,
				ui.Fact{Label: "Role", Value: ui.Text("Ordinary account")},
				ui.Fact{Label: "Last seen", Value: ui.Join(ui.Time(env, ago(3*day)), ui.Subtle(" from Element X on iOS, 203.0.113.47"))},
				ui.Fact{Label: "Created", Value: ui.DateTime(env, ago(797*day))},
				ui.Fact{Label: "E-mail", Value: ui.Join(ui.Text("misaki.tanaka@stud.uni-lindau.example"), ui.Subtle(" verified"))},
				ui.Fact{Label: "Phone"},
				ui.Fact{Label: "Devices", Value: ui.Num(env, 2)},
				ui.Fact{Label: "Storage", Value: ui.Unknown(env, "This homeserver does not tell.")},
			)}}.Draw(env),
			ui.Section{Title: "End this account", Body: []app.UI{ui.EndBox(
				ui.End{
					Title: "Deactivate", Text: "Signs out everywhere, leaves all 31 rooms, frees the e-mail address. Messages stay. An administrator can reactivate it with a new password.",
					Action: ui.Button{Label: "Deactivate…", Look: ui.Danger, Href: "/uni/account/deactivate"}.Draw(env),
				},
				ui.End{
					Title: "Erase", Text: "Deactivates and also hides the name, picture and messages from everyone who joins later. Cannot be undone.",
					Action: ui.Button{Label: "Erase…", Look: ui.Danger, Why: "Your role **helpdesk** may not erase. Owners may."}.Draw(env),
				},
			)}}.Draw(env),
		}, []app.UI{
			ui.Section{Title: "History", More: ui.QuietLink("All 18", "/uni/audit"), Body: []app.UI{ui.Timeline(
				ui.Event{Tone: ui.Warn, Title: "Locked", By: "by Tomás Echeverría", When: ui.Text("18 Nov, 21:04 · “phone stolen, waiting for…”")},
				ui.Event{Title: "2 devices signed out", By: "by Tomás Echeverría", When: ui.Text("18 Nov, 21:03")},
				ui.Event{Title: "Renamed", By: "by Aylin Demir", Detail: ui.Diff(env, "Misaki T.", "田中 美咲"), When: ui.Text("1 Oct 2025, 14:10")},
				ui.Event{Title: "Created", By: "by import “Wintersemester 2024”", When: ui.Text("14 Sep 2024, 10:22 · line 311")},
			)}}.Draw(env),
		}),
	)
	return body
}

func overview(env ui.Env) app.UI {
	row := func(name, kind, state, ms, version, behind string, accounts int64) ui.Row {
		var second app.UI
		if behind != "" {
			second = ui.Text(behind)
		}
		return ui.Row{Key: name, Label: name, Cells: []app.UI{
			ui.TwoLines(ui.QuietLink(name, "/uni/accounts"), ui.Text(kind)), ui.Health(env, state, ms), ui.TwoLines(ui.Text(version), second), ui.Num(env, accounts),
		}}
	}
	env.Homeserver = ""
	return shell(env, "Overview",
		ui.PageTitle{Title: "Overview", Facts: ui.Text("3 homeservers, checked 12 s ago"), Actions: []app.UI{
			ui.Button{Label: "Create account", Icon: ui.IconAdd, Look: ui.Primary, Href: "/uni/accounts/create"}.Draw(env),
		}}.Draw(env),
		ui.Section{Title: "Needs you", Count: "3", Body: []app.UI{ui.Todo(
			ui.TodoItem{Health: "down", Tone: ui.Bad, Title: "verein-seefreunde.example does not answer", Detail: "connection refused since 06:41", Action: ui.Button{Label: "See why", Small: true, Href: "/servers"}.Draw(env)},
			ui.TodoItem{Icon: ui.IconUserCheck, Tone: ui.Warn, Title: "One deactivation is half done", Detail: "password replaced, not yet deactivated", Action: ui.Button{Label: "Continue", Small: true, Href: "/verein/account"}.Draw(env)},
			ui.TodoItem{Icon: ui.IconUp, Title: "schule-am-see.example is 5 versions behind", Detail: "1.158.0, current is 1.163.2", Action: ui.Button{Label: "See what changed", Small: true, Href: "/servers"}.Draw(env)},
		)}}.Draw(env),
		ui.Section{Title: "Homeservers", Body: []app.UI{ui.Table{
			Caption: "Homeservers",
			Columns: []ui.Column{{Title: "Homeserver", Phone: ui.CardLead}, {Title: "State", Width: ui.Large}, {Title: "Version", Width: ui.Middle, Phone: ui.CardNone}, {Title: "Accounts", Width: ui.Narrow, End: true}},
			Rows: []ui.Row{
				row("uni-lindau.example", "Synapse", "up", "38 ms", "1.163.2", "", 12481),
				row("schule-am-see.example", "Synapse", "slow", "1,940 ms", "1.158.0", "5 versions behind", 1902),
				row("verein-seefreunde.example", "Dendrite", "down", "since 06:41", "0.15.2", "", 214),
			},
		}.Draw(env)}}.Draw(env),
		ui.Section{Title: "Accounts by state", Body: []app.UI{ui.Counts(env,
			ui.Count{Label: "Active", N: 12046, Icon: ui.IconCheck, Tone: ui.Good, Href: "/uni/accounts"},
			ui.Count{Label: "Locked", N: 23, Icon: ui.IconLock, Tone: ui.Warn},
			ui.Count{Label: "Deactivated", N: 412, Icon: ui.IconDeactivate},
		)}}.Draw(env),
	)
}
