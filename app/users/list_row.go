// SPDX-License-Identifier: Apache-2.0

package users

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// row is one account in the list.
func row(env ui.Env, u api.User) ui.Row {
	page := route.Account(env.Homeserver, route.AccountPath, u.ID)
	return ui.Row{
		Key: string(u.ID), Label: nameOf(u), Subtle: ended(u),
		Cells: []app.UI{
			accountCell(env, u, page),
			stateCell(env, u),
			roleCell(env, u),
			lastSeenCell(env, u),
			createdCell(env, u),
		},
		Dots: &ui.Dots{Label: menuName(env, u), Href: page},
	}
}

func menuName(env ui.Env, u api.User) string { return env.T("common.actions_for", "name", nameOf(u)) }

// menu is what can be done with an account as it is: nobody is offered to lock what has ended, or to unlock what is not locked.
func menu(env ui.Env, u api.User) []ui.MenuItem {
	var items []ui.MenuItem
	add := func(op api.Op, text, path string, icon ui.Icon, danger bool) {
		items = append(items, ui.MenuItem{
			Label: env.T(text), Icon: icon, Href: route.Account(env.Homeserver, path, u.ID), Danger: danger, Why: whyNot(env, u, op),
		})
	}
	add(api.GetUser, "accounts.open", route.AccountPath, ui.IconUser, false)
	if u.Deactivated {
		add(api.ReactivateUser, "account.reactivate", route.ReactivatePath, ui.IconRestore, false)
		if !u.Erased {
			add(api.EraseUser, "account.erase", route.ErasePath, ui.IconErase, true)
		}
		return items
	}
	add(api.UpdateUser, "account.edit", route.EditPath, ui.IconEdit, false)
	add(api.ResetPassword, "account.reset_password", route.ResetPasswordPath, ui.IconKey, false)
	add(api.SignOut, "account.sign_out_devices", route.SignOutPath, ui.IconSignOut, false)
	if u.Locked {
		add(api.UnlockUser, "account.unlock", route.UnlockPath, ui.IconUnlock, false)
	} else {
		add(api.LockUser, "account.lock", route.LockPath, ui.IconLock, false)
	}
	if u.Suspended { // lists do not tell; then the question does
		add(api.UnsuspendUser, "account.unsuspend", route.UnsuspendPath, ui.IconPlay, false)
	} else {
		add(api.SuspendUser, "account.suspend", route.SuspendPath, ui.IconPause, false)
	}
	if u.ShadowBanned {
		add(api.UnshadowBanUser, "account.unshadow_ban", route.UnshadowBanPath, ui.IconUser, false)
	} else {
		add(api.ShadowBanUser, "account.shadow_ban", route.ShadowBanPath, ui.IconGhost, false)
	}
	if u.Step != "" {
		add(api.DeactivateUser, "overview.todo.finish", route.DeactivatePath, ui.IconDeactivate, true)
	} else {
		add(api.DeactivateUser, "account.deactivate", route.DeactivatePath, ui.IconDeactivate, true)
	}
	add(api.EraseUser, "account.erase", route.ErasePath, ui.IconErase, true)
	return items
}
