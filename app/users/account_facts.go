// SPDX-License-Identifier: Apache-2.0

package users

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// facts is what is known of the account. What the server cannot tell is a dash with the reason, what is not there is None.
func (a *Account) facts() []ui.Fact {
	env, u := a.Env(), a.User
	var list []ui.Fact
	add := func(key, field string, value app.UI) {
		if !u.Knows(field) {
			value = ui.Unknown(env, env.T("ui.not_told"))
		}
		list = append(list, ui.Fact{Label: env.T("account." + key), Value: value})
	}
	add("role", "admin", rolesFact(env, u))
	add("last_seen", "last_seen_ms", ui.Time(env, u.LastSeenMS))
	add("created", "created_ms", createdFact(env, u))
	add("emails", "threepids", addresses(env, u, "email"))
	add("phones", "threepids", addresses(env, u, "msisdn"))
	add("identities", "external_ids", identities(env, u))
	list = append(list, ui.Fact{Label: env.T("account.devices"), Value: a.devicesFact()})
	if u.UserType != "" { // the rest is ordinary, as the role says
		add("user_type", "user_type", ui.Text(typeName(env, u.UserType)))
	}
	if u.AppService != "" || !u.Knows("appservice_id") {
		add("appservice", "appservice_id", ui.Mono(u.AppService))
	}
	if u.AvatarURL != "" || !u.Knows("avatar_url") {
		add("avatar", "avatar_url", ui.Mono(string(u.AvatarURL)))
	}
	return list
}

func createdFact(env ui.Env, u api.User) app.UI {
	if u.CreatedMS <= 0 {
		return nil
	}
	return ui.DateTime(env, u.CreatedMS)
}

// rolesFact is all that an account is; of an ordinary one that word.
func rolesFact(env ui.Env, u api.User) app.UI {
	var lines []app.UI
	for _, r := range roles(env, u) {
		lines = append(lines, ui.Role(r.Icon, r.Word, r.Accent))
	}
	if len(lines) == 0 {
		return ui.Text(env.T("role.ordinary"))
	}
	return stack(lines)
}

// typeName is what an account's type is called.
func typeName(env ui.Env, t string) string {
	switch t {
	case "":
		return env.T("create.user_type_none")
	case "bot":
		return env.T("role.bot")
	case "support":
		return env.T("role.support")
	}
	return t
}

func addresses(env ui.Env, u api.User, medium string) app.UI {
	var lines []app.UI
	for _, t := range u.Threepids {
		if t.Medium != medium {
			continue
		}
		lines = append(lines, ui.Text(shownAddress(t)))
	}
	return stack(lines)
}

// shownAddress writes a phone number with the plus that homeservers leave out.
func shownAddress(t api.Threepid) string {
	if t.Medium == "msisdn" && t.Address != "" {
		return "+" + t.Address
	}
	return t.Address
}

func identities(env ui.Env, u api.User) app.UI {
	var lines []app.UI
	for _, e := range u.ExternalIDs {
		lines = append(lines, ui.Text(identityText(env, e)))
	}
	return stack(lines)
}

func identityText(env ui.Env, e api.ExternalID) string {
	return env.T("account.identity", "subject", e.ExternalID, "provider", e.AuthProvider)
}

func (a *Account) devicesFact() app.UI {
	env := a.Env()
	switch {
	case a.Devices != nil:
		n := a.Devices.Count()
		if n == 0 {
			return ui.Num(env, 0)
		}
		return ui.Link(env.Format().Number(int64(n)), here(env, route.DevicesPath, a.User))
	case a.DevicesProblem != nil:
		return ui.Unknown(env, env.ProblemText(a.DevicesProblem))
	}
	return ui.Unknown(env, env.WhyNot(api.ListDevices.Info().Name))
}

// stack puts each element on a line of its own; nil where there is none.
func stack(lines []app.UI) app.UI {
	if len(lines) == 0 {
		return nil
	}
	rows := make([]app.UI, len(lines))
	for i, l := range lines {
		rows[i] = app.Div().Body(l)
	}
	return app.Div().Body(rows...)
}
