// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/ui"
)

// shell puts a page into the frame.
func shell(env ui.Env, current string, body ...app.UI) app.UI {
	item := func(label, href string, icon ui.Icon, count string) ui.NavItem {
		return ui.NavItem{Label: label, Href: href, Icon: icon, Count: count, Current: label == current}
	}
	drift := item("Drift", "/uni/drift", ui.IconUnlink, "4")
	drift.Waits = true
	return ui.Shell{
		Home: "/",
		Nav: []ui.NavGroup{
			{Items: []ui.NavItem{
				item("Overview", "/", ui.IconOverview, ""),
				item("Accounts", "/uni/accounts", ui.IconUsers, "12,481"),
				drift,
			}},
			{Title: "Gatehouse", Items: []ui.NavItem{item("Homeservers", "/servers", ui.IconServer, "")}},
		},
		SwitchURL:   func(name string) string { return "/" + name + "/accounts" },
		SwitchAll:   "/",
		SignOut:     "/sign-out",
		SignOutKey:  "k",
		Preferences: "/preferences",
		Return:      "/uni/accounts",
		Languages:   []ui.Language{{Tag: "en", Name: "English"}, {Tag: "de", Name: "Deutsch"}},
		Body:        body,
	}.Draw(env)
}

func ago(minutes int64) int64 { return now.UnixMilli() - minutes*60_000 }

const day = 24 * 60

type person struct {
	id, name string
	icon     ui.Icon
	shape    ui.Shape
	states   []ui.Chip
	role     app.UI
	seen     int64
	devices  int64
	created  int64
	subtle   bool
}

var (
	locked      = ui.Chip{Label: "Locked", Icon: ui.IconLock, Tone: ui.Warn}
	suspended   = ui.Chip{Label: "Suspended", Icon: ui.IconPause, Tone: ui.Warn}
	shadow      = ui.Chip{Label: "Shadow-banned", Icon: ui.IconGhost, Tone: ui.Warn}
	deactivated = ui.Chip{Label: "Deactivated", Icon: ui.IconDeactivate}
	erased      = ui.Chip{Label: "Erased", Icon: ui.IconErase, Tone: ui.Outline}
)

const server = ":uni-lindau.example"

func people() []person {
	return []person{
		{id: "@nadia.okafor" + server, name: "Nadia Okafor", role: ui.Role(ui.IconAdmin, "Administrator", true), seen: ago(2), devices: 4, created: ago(1723 * day)},
		{id: "@misaki.tanaka" + server, name: "田中 美咲", states: []ui.Chip{locked}, seen: ago(3 * day), devices: 2, created: ago(797 * day)},
		{id: "@f.benyoussef" + server, name: "فاطمة الزهراء بن يوسف", seen: ago(60), devices: 3, created: ago(680 * day)},
		{id: "@maximilian-alexander.von-und-zu-hohenstein-waldburg" + server, name: "Maximilian-Alexander von und zu Hohenstein-Waldburg", seen: ago(20 * 60), devices: 1, created: ago(2579 * day)},
		{id: "@Alice/Phone_2016=old!x" + server, devices: 0, created: ago(3936 * day)},
		{id: "@supp0rt-9981" + server, name: "Crypto Support 24/7 — claim now", states: []ui.Chip{suspended, shadow}, seen: ago(6 * 60), devices: 1, created: ago(day)},
		{id: "@whatsappbot" + server, name: "WhatsApp bridge", icon: ui.IconBridge, shape: ui.Square, role: ui.Role(ui.IconBridge, "Bridge", false), seen: ago(0), devices: 1, created: ago(1299 * day)},
		{id: "@guest-48213" + server, icon: ui.IconUser, shape: ui.Dashed, role: ui.Role(ui.IconGuest, "Guest", false), seen: ago(5 * day), devices: 1, created: ago(5 * day)},
		{id: "@jonas.weiss" + server, name: "Jonas Weiß", states: []ui.Chip{deactivated}, seen: ago(250 * day), created: ago(1877 * day), subtle: true},
		{id: "@k.lindqvist" + server, icon: ui.IconGone, states: []ui.Chip{erased}, seen: ago(740 * day), created: ago(2328 * day), subtle: true},
		{id: "@olena.kovalenko" + server, name: "Олена Коваленко", created: ago(2 * day)},
		{id: "@helpdesk" + server, name: "Support desk", role: ui.Role(ui.IconSupport, "Support", false), seen: ago(4), devices: 6, created: ago(1723 * day)},
		{id: "@khai.nguyen" + server, name: "Thị Minh Khai Nguyễn", seen: ago(22 * day), devices: 2, created: ago(1181 * day)},
		{id: "@hostile" + server, name: `"><b onclick=alert(1)>bold</b>`, seen: ago(9), devices: 1, created: ago(9)},
	}
}
