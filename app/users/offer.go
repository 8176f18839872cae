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

// why says why the homeserver has not got a field, or "" when it has.
func (o offer) why(field string) string {
	reason, ok := o.server.Unavailable[o.op.Info().Name+"."+field]
	if !ok {
		return ""
	}
	return o.env.T("missing."+reason, "homeserver", o.env.ServerName())
}

// admin says why a person cannot say whether the account is an administrator.
func (o offer) admin() string {
	if why := o.why("admin"); why != "" {
		return why
	}
	if !o.env.Allowed(string(api.SetAdmins)) {
		return o.env.T("ui.denied", "role", o.env.Person.Role, "permission", string(api.SetAdmins))
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
	list := append([]string{""}, o.server.UserTypes...)
	if !slices.Contains(list, now) {
		list = append(list, now)
	}
	options := make([]ui.Option, len(list))
	for i, t := range list {
		options[i] = ui.Option{Value: t, Label: typeName(o.env, t)}
	}
	return options
}
