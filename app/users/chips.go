// SPDX-License-Identifier: Apache-2.0

// Package users holds the screens about accounts: the list, the page of one, and a screen for each thing that can be done to it.
package users

import (
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// states returns the states of an account as chips, the worst first. An active account has none.
func states(env ui.Env, u api.User) []ui.Chip {
	var list []ui.Chip
	add := func(on bool, key string, icon ui.Icon, tone ui.Tone) {
		if on {
			list = append(list, ui.Chip{Label: env.T("state." + key), Icon: icon, Tone: tone})
		}
	}
	add(u.Step != "", "unfinished", ui.IconAlertTri, ui.Warn)
	for _, drift := range u.Drift {
		add(true, "drift."+drift, ui.IconUnlink, ui.Warn)
	}
	add(u.Erased, "erased", ui.IconErase, ui.Outline)
	add(u.Deactivated && !u.Erased, "deactivated", ui.IconDeactivate, ui.Neutral)
	add(u.Locked, "locked", ui.IconLock, ui.Warn)
	add(u.Suspended, "suspended", ui.IconPause, ui.Warn)
	add(u.ShadowBanned, "shadow_banned", ui.IconGhost, ui.Warn)
	return list
}

// stateCell is the state of an account in a table: nothing for an active one, a dash where the server cannot tell whether it is.
func stateCell(env ui.Env, u api.User) app.UI {
	chips := states(env, u)
	if len(chips) == 0 && !u.Knows("deactivated") {
		return ui.Unknown(env, env.T("ui.not_told"))
	}
	return ui.StateChip(env, chips...)
}

// ended reports whether the account is no longer in use: its row steps back.
func ended(u api.User) bool { return u.Deactivated || u.Erased }

// A role is what an account is besides a person's: its icon and its word. The zero role is that of an ordinary account.
type role struct {
	Icon   ui.Icon
	Word   string
	Accent bool
}

// roles returns what an account is, the most important first; an ordinary account is nothing.
func roles(env ui.Env, u api.User) []role {
	var list []role
	if u.Admin {
		list = append(list, role{ui.IconAdmin, env.T("role.administrator"), true})
	}
	switch {
	case u.AppService != "":
		list = append(list, role{ui.IconBridge, env.T("role.bridge"), false})
	case u.System:
		list = append(list, role{ui.IconSettings, env.T("role.system"), false})
	}
	if u.Guest {
		list = append(list, role{ui.IconGuest, env.T("role.guest"), false})
	}
	switch u.UserType {
	case "":
	case "bot":
		list = append(list, role{ui.IconBot, env.T("role.bot"), false})
	case "support":
		list = append(list, role{ui.IconSupport, env.T("role.support"), false})
	default: // a type that the server's configuration adds
		list = append(list, role{ui.IconIdentity, u.UserType, false})
	}
	return list
}

// roleCell is the most important role of an account; nothing for an ordinary one, a dash where the server cannot tell.
func roleCell(env ui.Env, u api.User) app.UI {
	list := roles(env, u)
	switch {
	case len(list) > 0:
		return ui.Role(list[0].Icon, list[0].Word, list[0].Accent)
	case !u.Knows("admin"):
		return ui.Unknown(env, env.T("ui.not_told"))
	}
	return nil
}

// face returns the icon and the outline of an account's avatar: no icon for people, who have their initials.
func face(u api.User) (ui.Icon, ui.Shape) {
	switch {
	case u.Erased:
		return ui.IconGone, ui.Round
	case u.AppService != "":
		return ui.IconBridge, ui.Square
	case u.UserType == "bot":
		return ui.IconBot, ui.Square
	case u.System:
		return ui.IconSettings, ui.Square
	case u.Guest:
		return ui.IconUser, ui.Dashed
	}
	return "", ui.Round
}

// avatar draws an account's avatar.
func avatar(env ui.Env, u api.User, large bool) app.UI {
	icon, shape := face(u)
	return ui.Avatar{Name: nameOf(u), ID: string(u.ID), Icon: icon, Shape: shape, Large: large}.Draw(env)
}

// accountCell draws an account in two lines, its name and its Matrix ID, as a link where href is given.
func accountCell(env ui.Env, u api.User, href string) app.UI {
	icon, shape := face(u)
	return ui.AccountCell{ID: string(u.ID), Name: u.DisplayName, Href: href, Icon: icon, Shape: shape}.Draw(env)
}

// nameOf is what an account is called in sentences and on buttons: its display name, else its Matrix ID.
func nameOf(u api.User) string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	return string(u.ID)
}

// spared are the operations that the gate never does to the account that it works with.
var spared = []string{
	api.ResetPassword.Info().Name, api.LockUser.Info().Name, api.DeactivateUser.Info().Name, api.EraseUser.Info().Name, api.SignOut.Info().Name,
	api.SuspendUser.Info().Name, api.ShadowBanUser.Info().Name, api.PruneDevices.Info().Name, api.SignInAs.Info().Name,
}

// whyNot says why an operation cannot be done to this account, or "" when it can: the server has not got it, the person may
// not, or the account is not one to do it to.
func whyNot(env ui.Env, u api.User, op api.Op) string {
	name := op.Info().Name
	if why := env.WhyNot(name); why != "" {
		return why
	}
	if u.Own && slices.Contains(spared, name) {
		return env.T("why.own_service_account")
	}
	return ""
}

// lastSeenCell is how long ago an account was seen, Never, or a dash where the server cannot tell.
func lastSeenCell(env ui.Env, u api.User) app.UI {
	if !u.Knows("last_seen_ms") {
		return ui.Unknown(env, env.T("ui.not_told"))
	}
	if u.LastSeenMS <= 0 {
		return ui.ByWidth(env.T("time.never"), env.T("accounts.never_seen"))
	}
	return ui.Time(env, u.LastSeenMS)
}

// createdCell is the day on which an account was made, or a dash where the server cannot tell.
func createdCell(env ui.Env, u api.User) app.UI {
	if !u.Knows("created_ms") {
		return ui.Unknown(env, env.T("ui.not_told"))
	}
	return ui.Date(env, u.CreatedMS)
}
