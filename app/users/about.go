// SPDX-License-Identifier: Apache-2.0

package users

import (
	"net/url"
	"unicode/utf8"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// idOf reads the account that an address is about. The error is a *api.Problem.
func idOf(u *url.URL) (api.UserID, error) {
	id := api.UserID(u.Query().Get("id"))
	return id, id.Validate()
}

// maxCalled is how much of a name a button or a title shows, in characters.
const maxCalled = 40

// called is nameOf, cut to what fits a button.
func called(u api.User) string { return cut(nameOf(u)) }

func cut(name string) string {
	if utf8.RuneCountInString(name) <= maxCalled {
		return name
	}
	return string([]rune(name)[:maxCalled-1]) + "…"
}

// titleOf names a page that is about one account for the browser.
func titleOf(env ui.Env, title string, u api.User) string {
	return env.T("common.page_title_of", "title", title, "name", called(u))
}

// here returns the address of a screen about an account.
func here(env ui.Env, path string, u api.User) string {
	return route.Account(env.Homeserver, path, u.ID)
}

// crumbs is the way from the accounts to a screen about one of them; without a title it ends at the account.
func crumbs(env ui.Env, u api.User, title string) app.UI {
	list := []ui.Crumb{{Label: env.T("accounts.title"), Href: route.Accounts(env.Homeserver)}, {Label: called(u)}}
	if title != "" {
		list[1].Href = here(env, route.AccountPath, u)
		list = append(list, ui.Crumb{Label: title})
	}
	return ui.Crumbs(env, list...)
}

// foreign reports whether an account is of another homeserver.
func foreign(env ui.Env, id api.UserID) bool { return id.Server() != env.ServerName() }

// foreignCrumbs is the way to a screen about an account of another homeserver: by what found it.
func foreignCrumbs(env ui.Env, id api.UserID, title string) app.UI {
	return ui.Crumbs(env,
		ui.Crumb{Label: env.T("accounts.title"), Href: route.Accounts(env.Homeserver)},
		ui.Crumb{Label: called(api.User{ID: id}), Href: route.Find(env.Homeserver, string(id))},
		ui.Crumb{Label: title},
	)
}

// guarded reports whether the gate keeps an operation from people who may not make administrators, where the account is one: with
// it they could take the account over.
func guarded(op api.Op) bool {
	switch op.Info().Name {
	case api.UpdateUser.Info().Name, api.ReactivateUser.Info().Name, api.RepairUser.Info().Name:
		return true
	case api.ResetPassword.Info().Name, api.LockUser.Info().Name, api.DeactivateUser.Info().Name, api.EraseUser.Info().Name, api.SignOut.Info().Name,
		api.RedactUser.Info().Name:
		return true
	}
	return false
}

// why says why an operation cannot be done to an account as it is, or "" when it can: what whyNot says, and what the account's
// state and rights say.
func why(env ui.Env, u api.User, op api.Op) string {
	if reason := whyNot(env, u, op); reason != "" {
		return reason
	}
	if u.Admin && guarded(op) && !env.Allowed(string(api.SetAdmins)) {
		return env.T("why.administrator", "role", env.Person.Role)
	}
	switch op.Info().Name {
	case api.LockUser.Info().Name:
		if u.Locked {
			return env.T("why.already_locked")
		}
	case api.UnlockUser.Info().Name:
		if !u.Locked && u.Knows("locked") {
			return env.T("why.not_locked")
		}
		return ""
	case api.ReactivateUser.Info().Name:
		if !u.Deactivated && u.Knows("deactivated") {
			return env.T("why.not_deactivated")
		}
		return ""
	case api.EraseUser.Info().Name:
		if u.Erased {
			return env.T("why.already_erased")
		}
		return ""
	case api.ResetPassword.Info().Name, api.DeactivateUser.Info().Name, api.SendNotice.Info().Name:
	default:
		return ""
	}
	if u.Deactivated {
		return env.T("why.already_deactivated")
	}
	return ""
}
