// SPDX-License-Identifier: Apache-2.0

package users

import (
	"net/url"
	"slices"
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

// guarded are the operations that the gate keeps from people who may not make administrators, where the account is one: with them they
// could take the account over, or shut it out. The test of the gate's guard has the same list.
var guarded = []api.Op{
	api.UpdateUser, api.ReactivateUser, api.ResetPassword, api.LockUser, api.UnlockUser, api.DeactivateUser, api.EraseUser, api.SignOut,
	api.SuspendUser, api.UnsuspendUser, api.ShadowBanUser, api.UnshadowBanUser, api.PruneDevices, api.RenameDevice, api.CreateDevice,
	api.SetRateLimit, api.RemoveRateLimit, api.SetFeature, api.RenewUser, api.AllowKeyReset, api.SignInAs, api.RedactUser, api.RepairUser,
}

// A rule says of an account in what state an operation cannot be done to it, and the text that says so.
type rule struct {
	op   api.Op
	off  func(u api.User) bool
	text string
}

func deactivated(u api.User) bool { return u.Deactivated }

// atMAS are the operations that Matrix Authentication Service does, where there is one.
var atMAS = []api.Op{
	api.UpdateUser, api.ResetPassword, api.SignInAs, api.LockUser, api.UnlockUser, api.DeactivateUser, api.EraseUser, api.ReactivateUser,
}

// rules are looked at in their order; the first that is so counts.
var rules = []rule{
	{api.LockUser, func(u api.User) bool { return u.Locked }, "why.already_locked"},
	{api.LockUser, deactivated, "why.already_deactivated"},
	{api.UnlockUser, func(u api.User) bool { return !u.Locked && u.Knows("locked") }, "why.not_locked"},
	{api.SuspendUser, func(u api.User) bool { return u.Suspended }, "why.already_suspended"},
	{api.SuspendUser, deactivated, "why.already_deactivated"},
	{api.UnsuspendUser, func(u api.User) bool { return !u.Suspended && u.Knows("suspended") }, "why.not_suspended"},
	{api.ShadowBanUser, func(u api.User) bool { return u.ShadowBanned }, "why.already_shadow_banned"},
	{api.ShadowBanUser, deactivated, "why.already_deactivated"},
	{api.UnshadowBanUser, func(u api.User) bool { return !u.ShadowBanned && u.Knows("shadow_banned") }, "why.not_shadow_banned"},
	{api.ReactivateUser, func(u api.User) bool { return !u.Deactivated && u.Knows("deactivated") }, "why.not_deactivated"},
	{api.EraseUser, func(u api.User) bool { return u.Erased }, "why.already_erased"},
	{api.ResetPassword, deactivated, "why.already_deactivated"},
	{api.DeactivateUser, deactivated, "why.already_deactivated"},
	{api.SendNotice, deactivated, "why.already_deactivated"},
	{api.CreateDevice, deactivated, "why.already_deactivated"},
	{api.AllowKeyReset, deactivated, "why.already_deactivated"},
	{api.SignInAs, deactivated, "why.already_deactivated"},
	{api.SignInAs, func(u api.User) bool { return u.Locked }, "why.locked_token"},
}

// why says why an operation cannot be done to an account as it is, or "" when it can: what whyNot says, and what the account's
// state and rights say.
func why(env ui.Env, u api.User, op api.Op) string {
	if reason := whyNot(env, u, op); reason != "" {
		return reason
	}
	if u.Admin && slices.Contains(guarded, op) && !env.Allowed(string(api.SetAdmins)) {
		return env.T("why.administrator", "role", env.Person.Role)
	}
	if slices.Contains(u.Drift, api.DriftSynapseOnly) && slices.Contains(atMAS, op) {
		return env.T("why.synapse_only")
	}
	for _, r := range rules {
		if r.op == op && r.off(u) {
			return env.T(r.text)
		}
	}
	return ""
}
