// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"slices"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// An offer is what can be done to many accounts from the panel: an operation, and what is asked for.
type offer struct {
	op     api.Op
	text   string // what it is called: jobs.do.…; default: as the operation
	field  string // of the operation, which homeservers need not take
	icon   ui.Icon
	inputs []input
}

// A group is offers under a heading, the text jobs.group.….
type group struct {
	name   string
	offers []offer
}

// offered are all offers, in the order in which they are listed. The command line has the operations with all their fields, and devices.create:
// who makes a device gives it an ID that their program knows, which is no work for a panel.
var offered = []group{
	{"access", []offer{
		{op: api.LockUser, icon: ui.IconLock, inputs: reason},
		{op: api.UnlockUser, icon: ui.IconUnlock},
		{op: api.SuspendUser, icon: ui.IconPause, inputs: reason},
		{op: api.UnsuspendUser, icon: ui.IconPlay},
		{op: api.ShadowBanUser, icon: ui.IconGhost, inputs: reason},
		{op: api.UnshadowBanUser, icon: ui.IconUser},
		{op: api.RenewUser, icon: ui.IconWait, inputs: []input{{name: "until", label: "renew.until", draw: until}, {name: "mails", label: "jobs.mails", draw: mails}}},
	}},
	{"sign_in", []offer{
		{op: api.ResetPassword, icon: ui.IconKey, inputs: []input{{name: "password.mode", label: "create.password", draw: passwords}}},
		{op: api.SignOut, icon: ui.IconSignOut, inputs: []input{{name: "all", fixed: "true"}}},
		{op: api.PruneDevices, icon: ui.IconDevice, inputs: []input{{name: "days", label: "jobs.prune_days", draw: line(ui.Field{
			Type: "number", InputMode: "numeric", Dir: "ltr", Value: "90", Required: true,
		})}}},
		{op: api.AllowKeyReset, icon: ui.IconIdentity, inputs: reason},
	}},
	{"account", []offer{
		{op: api.UpdateUser, text: "admin", field: "admin", icon: ui.IconAdmin, inputs: []input{{name: "admin.to", label: "field.admin", fixed: "true"}}},
		{op: api.UpdateUser, text: "no_admin", field: "admin", icon: ui.IconAdmin, inputs: []input{{name: "admin.to", label: "field.admin", fixed: "false"}}},
		{op: api.UpdateUser, text: "type", field: "user_type", icon: ui.IconSettings, inputs: []input{{name: "user_type.to", label: "create.user_type", draw: types}}},
		{op: api.SetRateLimit, text: "limit", icon: ui.IconMessages, inputs: []input{
			{name: "messages_per_second", label: "field.messages_per_second", draw: rate("limit.help")}, {name: "burst", label: "field.burst", draw: rate("")},
		}},
		{op: api.RemoveRateLimit, text: "no_limit", icon: ui.IconMessages},
		{op: api.SetFeature, text: "feature", icon: ui.IconSettings, inputs: []input{
			{name: "name", label: "settings.feature", draw: feature}, {name: "on", label: "jobs.column.state", draw: onOff},
		}},
		{op: api.JoinRooms, icon: ui.IconUsers, inputs: []input{{name: "rooms", label: "invitations.rooms", draw: rooms}}},
		{op: api.RepairUser, text: "repair", icon: ui.IconUnlink, inputs: append([]input{{name: "drift", label: "jobs.drift", draw: drift}}, reason...)},
	}},
	{"said", []offer{
		{op: api.SendNotice, icon: ui.IconNotice, inputs: []input{{name: "text", label: "notice.text", draw: notice}}},
		{op: api.QuarantineAllMedia, text: "quarantine", icon: ui.IconQuarantine, inputs: reason},
		{op: api.DeleteAllMedia, text: "delete_files", icon: ui.IconTrash, inputs: []input{{name: "before", label: "media.before", draw: line(ui.Field{Type: "date", Dir: "ltr"})}}},
		{op: api.RedactUser, text: "redact", icon: ui.IconMessageOff, inputs: []input{
			{name: "scope", label: "redact.scope", fixed: api.ScopeAll},
			{name: "reason", label: "common.reason", draw: line(ui.Field{Help: "redact.reason_help", Optional: true, MaxLength: 500})},
			{name: "limit", label: "redact.limit", draw: line(ui.Field{Help: "redact.limit_help", Optional: true, InputMode: "numeric", Dir: "ltr", MaxLength: 7})},
			{name: "after", label: "redact.after", draw: moment("")}, {name: "before", label: "redact.before", draw: moment("redact.time_help")},
		}},
	}},
	{"end", []offer{
		{op: api.DeactivateUser, icon: ui.IconDeactivate, inputs: reason},
		{op: api.ReactivateUser, icon: ui.IconRestore, inputs: []input{{name: "password.mode", fixed: api.PasswordNone}}},
		{op: api.EraseUser, icon: ui.IconErase, inputs: reason},
	}},
}

// offerOf returns the offer that a plan or a job is of: the one with its fields, where an operation has several.
func offerOf(operation string, with []api.JobField) (offer, bool) {
	var same []offer
	for _, g := range offered {
		for _, o := range g.offers {
			if o.op.Info().Name != operation {
				continue
			}
			if o.asks(with) {
				return o, true
			}
			same = append(same, o)
		}
	}
	if len(same) == 1 {
		return same[0], true
	}
	return offer{}, false
}

// asks reports whether fields are those of the offer.
func (o offer) asks(with []api.JobField) bool {
	if len(with) != len(o.inputs) {
		return false
	}
	return !slices.ContainsFunc(with, func(f api.JobField) bool {
		return !slices.ContainsFunc(o.inputs, func(in input) bool { return in.name == f.Name && (in.draw != nil || in.fixed == f.Value) })
	})
}

// with are the offer's fields, as they are before anything is filled in.
func (o offer) with() []api.JobField {
	var list []api.JobField
	for _, in := range o.inputs {
		list = append(list, api.JobField{Name: in.name, Value: in.fixed})
	}
	return list
}

// called is what the offer is called.
func (o offer) called(env ui.Env) string {
	if o.text != "" {
		return env.T("jobs.do." + o.text)
	}
	return env.T("operation." + o.op.Info().Name)
}

// why says why it cannot be done here, or not by this person, or "" when it can.
func (o offer) why(env ui.Env) string {
	name := o.op.Info().Name
	if reason := env.WhyNot(name); reason != "" {
		return reason
	}
	if reason, ok := env.Unavailable[name+"."+o.field]; ok {
		return env.T("missing."+reason, "homeserver", env.ServerName())
	}
	return denied(env, api.JobPlan{Operation: name, With: o.with()})
}

// denied says what a plan takes that the person may not, or "".
func denied(env ui.Env, plan api.JobPlan) string {
	for _, need := range plan.Demands() {
		if !env.Allowed(string(need)) {
			return env.T("ui.denied", "role", env.Person.Role, "permission", string(need))
		}
	}
	return ""
}
