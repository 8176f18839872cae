// SPDX-License-Identifier: Apache-2.0

package users

import (
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// An offer is what of an operation's fields a homeserver takes.
type offer struct {
	env    ui.Env
	server api.Server
	op     api.Op
}

// demands are the permissions that filling in a field takes beyond its operation's: what a request with nothing but that field in it
// demands. The test finds fields that are missing here.
var demands = map[string]api.Demanding{
	"users.create.admin":        api.UserCreate{Admin: true},
	"users.update.admin":        api.UserUpdate{Admin: &api.Change[bool]{}},
	"users.update.threepids":    api.UserUpdate{Threepids: &api.Change[[]api.Threepid]{}},
	"users.update.external_ids": api.UserUpdate{ExternalIDs: &api.Change[[]api.ExternalID]{}},
	"users.renew.until":         api.UserRenewal{Until: "2027-01-31"},
	"users.reactivate.password": api.UserReactivation{Password: api.PasswordChoice{Mode: api.PasswordRandom}},
}

// why says why the homeserver has not got a field, or why the person may not fill it in, or "" when they may.
func (o offer) why(field string) string {
	name := o.op.Info().Name + "." + field
	if reason, ok := o.server.Unavailable[name]; ok {
		return o.env.T("missing."+reason, "homeserver", o.env.ServerName())
	}
	if filled, ok := demands[name]; ok {
		for _, need := range filled.Demands() {
			if !o.env.Allowed(string(need)) {
				return o.env.T("ui.denied", "role", o.env.Person.Role, "permission", string(need))
			}
		}
	}
	return ""
}

// or draws a field, or, where the homeserver has it not, its name and the reason.
func (o offer) or(field, label string, draw func() app.UI) app.UI {
	if why := o.why(field); why != "" {
		return ui.Remark(ui.IconLock, ui.Neutral, "**"+label+":** "+why)
	}
	return draw()
}

// types are the types that an account can be given, and the one that it has.
func (o offer) types(now string) []ui.Option {
	list := o.server.UserTypes
	if now != "" && !slices.Contains(list, now) {
		list = append(slices.Clip(list), now)
	}
	return TypeOptions(o.env, list)
}

// TypeOptions are the ordinary type of accounts, and others.
func TypeOptions(env ui.Env, others []string) []ui.Option {
	options := []ui.Option{{Label: typeName(env, "")}}
	for _, t := range others {
		options = append(options, ui.Option{Value: t, Label: typeName(env, t)})
	}
	return options
}
