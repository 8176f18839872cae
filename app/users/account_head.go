// SPDX-License-Identifier: Apache-2.0

package users

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// head is the top of the pages about an account: who it is, what can be done, what state it is in, and the tabs.
type head struct {
	user    api.User
	devices *api.DeviceList // nil: not known
	path    string          // of the tab that is open
}

// draw returns the parts, because what follows them stands closer to tabs than to other things.
func (h head) draw(env ui.Env) []app.UI {
	u := h.user
	title := ui.PageTitle{
		Title: nameOf(u), Lead: avatar(env, u, true), Actions: h.actions(env),
		Below: ui.Join(ui.ID(string(u.ID)), ui.Copy(env, env.T("account.matrix_id"), string(u.ID))),
	}
	if u.DisplayName == "" {
		title.Facts = ui.Copy(env, env.T("account.matrix_id"), string(u.ID))
		title.Below = ui.Subtle(env.T("ui.no_name"))
	}
	if facts := h.roles(env); facts != nil {
		title.Facts = ui.Join(title.Facts, facts)
	}
	parts := []app.UI{crumbs(env, u, ""), title.Draw(env)}
	parts = append(parts, notes(env, u)...)
	return append(parts, h.tabs(env))
}

// roles are what the account is besides a person's, beside its name; an ordinary account is nothing.
func (h head) roles(env ui.Env) app.UI {
	var list []app.UI
	for _, r := range roles(env, h.user) {
		list = append(list, ui.Role(r.Icon, r.Word, r.Accent))
	}
	if len(list) == 0 {
		return nil
	}
	return ui.Join(list...)
}

// A tab is one of the pages about an account.
type tab struct {
	text, path string
	op         api.Op            // that it lives on: without it the tab is not shown, and the page at its address says why
	count      func(h head) *int // of what is in it, where the head knows; nil: it never does
}

// tabs are the tabs, in their order.
var tabs = []tab{
	{"account.summary", route.AccountPath, api.GetUser, nil},
	{"account.devices", route.DevicesPath, api.ListDevices, head.deviceCount},
	{"account.connections", route.ConnectionsPath, api.ListConnections, nil},
	{"account.rooms", route.RoomsPath, api.ListRooms, nil},
	{"account.media", route.MediaPath, api.ListMedia, nil},
	{"account.data", route.DataPath, api.ReadData, nil},
	{"settings.title", route.SettingsPath, api.GetRateLimit, nil},
	{"history.title", route.HistoryPath, api.UserHistory, nil},
}

func (h head) tabs(env ui.Env) app.UI {
	var views []ui.View
	for _, t := range tabs {
		if h.path != t.path && !env.Can(t.op.Info().Name) {
			continue
		}
		view := ui.View{Label: env.T(t.text), Href: here(env, t.path, h.user), Current: h.path == t.path}
		if t.count != nil {
			if n := t.count(h); n != nil {
				view.Count = env.Format().Number(int64(*n))
			}
		}
		views = append(views, view)
	}
	return ui.Views(env, env.T("account.title"), views...)
}

func (h head) deviceCount() *int {
	if h.devices == nil {
		return nil
	}
	n := h.devices.Count()
	return &n
}

// An action is something that can be done to an account.
type action struct {
	op         api.Op
	text, path string
	icon       ui.Icon
	danger     bool
}

// actions are the buttons for what is done most and can be done now, and a menu of the rest, with the reasons why not.
func (h head) actions(env ui.Env) []app.UI {
	var buttons []app.UI
	var rest []ui.MenuItem
	for _, a := range h.first() {
		reason := h.why(env, a.op)
		if reason == "" {
			buttons = append(buttons, ui.Button{Label: env.T(a.text), Icon: a.icon, Href: here(env, a.path, h.user)}.Draw(env))
			continue
		}
		rest = append(rest, h.item(env, a, reason))
	}
	for _, a := range h.second() {
		rest = append(rest, h.item(env, a, h.why(env, a.op)))
	}
	if len(rest) == 0 {
		return buttons
	}
	return append(buttons, ui.Menu{ID: "account-menu", Label: env.T("common.more_actions"), Dots: true, Items: rest}.Draw(env))
}

func (h head) item(env ui.Env, a action, reason string) ui.MenuItem {
	return ui.MenuItem{Label: env.T(a.text), Icon: a.icon, Href: here(env, a.path, h.user), Danger: a.danger, Why: reason}
}

// why is why, and knows how many devices there are.
func (h head) why(env ui.Env, op api.Op) string {
	reason := why(env, h.user, op)
	if reason == "" && op.Info().Name == api.SignOut.Info().Name && h.devices != nil && len(h.devices.Devices) == 0 {
		return env.T("why.no_devices")
	}
	return reason
}

// first are the actions that are buttons. An account that has ended has none.
func (h head) first() []action {
	if h.user.Deactivated {
		return nil
	}
	return []action{
		{api.ResetPassword, "account.reset_password", route.ResetPasswordPath, ui.IconKey, false},
		{api.SignOut, "account.sign_out_devices", route.SignOutPath, ui.IconSignOut, false},
		{api.UpdateUser, "account.edit", route.EditPath, ui.IconEdit, false},
	}
}

// second are the actions of the menu. What a state note offers as the way back is not here again.
func (h head) second() []action {
	var list []action
	u := h.user
	if !u.Deactivated {
		list = append(list, action{api.SendNotice, "account.notice", route.NoticePath, ui.IconNotice, false})
		if !u.Locked {
			list = append(list, action{api.LockUser, "account.lock", route.LockPath, ui.IconLock, false})
		}
		if !u.Suspended {
			list = append(list, action{api.SuspendUser, "account.suspend", route.SuspendPath, ui.IconPause, false})
		}
		if !u.ShadowBanned {
			list = append(list, action{api.ShadowBanUser, "account.shadow_ban", route.ShadowBanPath, ui.IconGhost, false})
		}
		list = append(list, action{api.SignInAs, "account.sign_in_as", route.SignInAsPath, ui.IconSignIn, false})
		if u.Step == "" {
			list = append(list, action{api.DeactivateUser, "account.deactivate", route.DeactivatePath, ui.IconDeactivate, true})
		}
	}
	list = append(list, action{api.RedactUser, "account.redact", route.RedactPath, ui.IconMessageOff, true})
	if !u.Erased {
		list = append(list, action{api.EraseUser, "account.erase", route.ErasePath, ui.IconErase, true})
	}
	return list
}

// unfinished names the note about a deactivation that stopped half-way, "" where none did.
func unfinished(u api.User) string {
	switch {
	case u.Step == "" || u.Deactivated:
		return ""
	case u.Step == api.StepReplacing:
		return "unfinished_begun"
	case u.Step == api.StepEnding:
		return "unfinished_ending"
	}
	return "unfinished"
}

// notes say what state an account is in, what that means, and offer the way back. An active account has none.
func notes(env ui.Env, u api.User) []app.UI {
	var list []app.UI
	add := func(on bool, key string, icon ui.Icon, kind ui.Tone, actions ...app.UI) {
		if on {
			list = append(list, ui.Note{
				Kind: kind, Icon: icon, Title: env.T("account.note." + key), Text: env.T("account.note." + key + "_help"), Actions: actions,
			}.Draw(env))
		}
	}
	back := func(op api.Op, text, path string, icon ui.Icon) app.UI {
		b := ui.Button{Label: env.T(text), Icon: icon, Href: here(env, path, u), Why: why(env, u, op)}
		if len(list) == 0 { // the worst state comes first, and a page has one primary button
			b.Look = ui.Primary
		}
		return b.Draw(env)
	}
	if key := unfinished(u); key != "" {
		add(true, key, ui.IconAlertTri, ui.Warn, back(api.DeactivateUser, "overview.todo.finish", route.DeactivatePath, ui.IconDeactivate))
	}
	if u.Begun != nil {
		note := leftNote(env, u.Begun.Left)
		note.Title, note.Alert = env.T("account.note.begun"), false
		note.Actions = []app.UI{continueButton(env, u, ui.Primary)}
		list = append(list, note.Draw(env))
	}
	list = append(list, differences(env, u)...)
	var again app.UI // of what is erased only the account itself comes back, where the server can do that
	if u.Erased && why(env, u, api.ReactivateUser) == "" {
		again = back(api.ReactivateUser, "account.reactivate", route.ReactivatePath, ui.IconRestore)
	}
	add(u.Erased, "erased", ui.IconErase, ui.Neutral, again)
	ended := u.Deactivated && !u.Erased
	add(ended, "deactivated", ui.IconDeactivate, ui.Neutral,
		back(api.ReactivateUser, "account.reactivate", route.ReactivatePath, ui.IconRestore))
	add(u.Locked, "locked", ui.IconLock, ui.Warn, back(api.UnlockUser, "account.unlock", route.UnlockPath, ui.IconUnlock))
	add(u.Suspended, "suspended", ui.IconPause, ui.Warn, back(api.UnsuspendUser, "account.unsuspend", route.UnsuspendPath, ui.IconPlay))
	add(u.ShadowBanned, "shadow_banned", ui.IconGhost, ui.Warn, back(api.UnshadowBanUser, "account.unshadow_ban", route.UnshadowBanPath, ui.IconUser))
	if u.Own {
		list = append(list, ui.Note{Icon: ui.IconSettings, Text: env.T("account.note.service")}.Draw(env))
	}
	if string(u.ID) == env.Person.ID {
		list = append(list, ui.Note{Icon: ui.IconUser, Text: env.T("account.note.own")}.Draw(env))
	}
	return list
}
