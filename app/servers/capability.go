// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// A capability is an operation, or a field of one, and why it cannot be had; "" where it can.
type capability struct {
	name, missing string
	field         bool
}

// sequence are the operations in the order in which they are shown; one that is not among them follows.
var sequence = []string{
	"users.list", "users.get", "users.available", "users.create", "users.update", "users.reset_password", "users.lock", "users.unlock",
	"users.suspend", "users.unsuspend", "users.shadow_ban", "users.unshadow_ban",
	"users.deactivate", "users.erase", "users.reactivate", "users.repair", "users.redact", "users.redaction", "users.preview", "users.find", "users.notice", "users.renew", "users.allow_key_reset", "users.sign_in_as",
	"users.history", "limits.get", "limits.set", "limits.remove", "features.list", "features.set",
	"devices.list", "devices.sign_out", "devices.prune", "devices.rename", "devices.create",
	"users.connections", "users.pushers", "users.rooms", "users.activity", "users.account_data",
	"media.list", "media.get", "media.thumbnail", "media.quarantine", "media.unquarantine", "media.protect", "media.unprotect", "media.delete",
	"media.quarantine_all", "media.delete_all",
	"tokens.list", "tokens.show", "tokens.create", "tokens.update", "tokens.delete", "tokens.revoke", "tokens.unrevoke",
	"invitations.list", "invitations.get", "invitations.create", "invitations.show", "invitations.update", "invitations.revoke", "personal.list", "personal.get", "personal.create", "personal.renew", "personal.revoke",
	"clients.list", "clients.get", "providers.list", "site.get", "policy.get", "server.info", "server.check",
}

// ofMAS reports whether only a homeserver with Matrix Authentication Service can have something: nobody misses it elsewhere.
func ofMAS(c capability) bool {
	op, _ := api.Find(c.name)
	return c.name == "users.list.drift" || slices.Contains(api.OfMAS, op)
}

// capabilities are the operations of the catalogue in that order, each followed by those of its fields that cannot be had. What
// nobody calls is left out: the gate's own operations.
func capabilities(unavailable map[string]string) []capability {
	var list []capability
	fields := slices.Sorted(maps.Keys(unavailable))
	ops := api.All()
	slices.SortStableFunc(ops, func(a, b api.Op) int { return cmp.Compare(place(a), place(b)) })
	for _, op := range ops {
		if op.Info().Internal {
			continue
		}
		name := op.Info().Name
		list = append(list, capability{name, unavailable[name], false})
		for _, f := range fields {
			if strings.HasPrefix(f, name+".") && unavailable[name] == "" {
				list = append(list, capability{f, unavailable[f], true})
			}
		}
	}
	return list
}

func place(op api.Op) int {
	if i := slices.Index(sequence, op.Info().Name); i >= 0 {
		return i
	}
	return len(sequence)
}

// capabilities is the table of what works on the homeserver, and why the rest does not.
func (s *Server) capabilities() app.UI {
	env := s.Env()
	if s.down() {
		return nil
	}
	list := capabilities(s.Status.Server.Unavailable)
	if !env.MAS() {
		list = slices.DeleteFunc(list, ofMAS)
	}
	// What cannot be had comes first: it is what somebody looks for here.
	slices.SortStableFunc(list, func(a, b capability) int { return cmp.Compare(have(a), have(b)) })
	rows := make([]ui.Row, 0, len(list))
	works, all := 0, 0
	for _, c := range list {
		if !c.field {
			all++
		}
		answer := ui.Role(ui.IconCheck, env.T("servers.works"), false)
		if c.missing != "" {
			answer = ui.TwoLines(ui.Role(ui.IconBan, env.T("servers.works_not"), false), ui.Text(env.T("missing."+c.missing, "homeserver", s.Title())))
		} else if !c.field {
			works++
		}
		rows = append(rows, ui.Row{Key: c.name, Subtle: c.missing != "", Cells: []app.UI{ui.Text(s.operation(c.name)), answer}})
	}
	note := env.T("servers.some_missing", "works", works, "all", all)
	if works == all && all == len(list) {
		note = env.N("servers.all_work", works)
	}
	return ui.Section{Title: env.T("servers.capabilities"), Note: note, Body: []app.UI{
		ui.Table{Compact: true, Caption: env.T("servers.capabilities"), Rows: rows, Columns: []ui.Column{
			{Title: env.T("servers.capability"), Phone: ui.CardLead},
			{Title: env.T("servers.column.result")},
		}}.Draw(env),
	}}.Draw(env)
}

func have(c capability) int {
	if c.missing != "" {
		return 0
	}
	return 1
}

// operation is an operation, or a field of one, in words.
func (s *Server) operation(name string) string {
	if key := "operation." + name; s.Env().Format().Has(key) {
		return s.Env().T(key)
	}
	return name
}
