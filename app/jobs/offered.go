// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// offered are the operations that can be done to many accounts from the panel, in this order, with what is asked for. The command line has
// them with all their fields.
var offered = []struct {
	op     api.Op
	icon   ui.Icon
	inputs []input
}{
	{api.LockUser, ui.IconLock, reason},
	{api.UnlockUser, ui.IconUnlock, nil},
	{api.SuspendUser, ui.IconPause, reason},
	{api.UnsuspendUser, ui.IconPlay, nil},
	{api.SignOut, ui.IconSignOut, []input{{name: "all", fixed: "true"}}},
	{api.PruneDevices, ui.IconDevice, []input{{name: "days", label: "jobs.prune_days", kind: "number", value: "90"}}},
	{api.ResetPassword, ui.IconKey, []input{{name: "password.mode", kind: "password"}}},
	{api.SendNotice, ui.IconNotice, []input{{name: "text", label: "notice.text", kind: "text"}}},
	{api.ShadowBanUser, ui.IconGhost, reason},
	{api.UnshadowBanUser, ui.IconUser, nil},
	{api.RemoveRateLimit, ui.IconSettings, nil},
	{api.AllowKeyReset, ui.IconIdentity, reason},
	{api.QuarantineAllMedia, ui.IconQuarantine, reason},
	{api.DeleteAllMedia, ui.IconTrash, []input{{name: "before", label: "media.before", kind: "date"}}},
	{api.DeactivateUser, ui.IconDeactivate, reason},
	{api.ReactivateUser, ui.IconRestore, []input{{name: "password.mode", fixed: api.PasswordNone}}},
	{api.EraseUser, ui.IconErase, reason},
}

var reason = []input{{name: "reason", label: "common.reason", kind: "optional"}}

// An input is a field of the request that each account gets.
type input struct {
	name  string // as in a form
	label string
	kind  string
	value string // what it begins with
	fixed string // it is this, and nobody is asked
}

func (in input) draw(env ui.Env, name string, state ui.FormState) app.UI {
	switch in.kind {
	case "":
		return ui.HiddenField(name, in.fixed)
	case "text":
		return ui.TextArea{Name: name, Label: env.T(in.label), State: state, Rows: 5, MaxLength: 10000}.Draw(env)
	case "password":
		return ui.Choice{Name: name, Label: env.T("create.password"), Help: env.T("jobs.password_help"), Value: api.PasswordPassphrase, State: state, Options: []ui.Option{
			{Value: api.PasswordPassphrase, Label: env.T("create.password_passphrase")},
			{Value: api.PasswordRandom, Label: env.T("create.password_random")},
		}}.Draw(env)
	}
	f := ui.Field{Name: name, Label: env.T(in.label), Value: in.value, State: state, MaxLength: 500}
	switch in.kind {
	case "optional":
		f.Optional = true
	default:
		f.Type, f.Dir = in.kind, "ltr"
	}
	return f.Draw(env)
}
