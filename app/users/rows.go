// SPDX-License-Identifier: Apache-2.0

package users

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// threepidRows draws a list of e-mail addresses and phone numbers. Where the form was not sent yet it has the rows given. Where phones is
// false no phone number can be added; one that is there stays.
func threepidRows(env ui.Env, name string, state ui.FormState, given []api.Threepid, phones bool) app.UI {
	r := ui.Repeat{
		Name: name, Label: env.T("create.contacts"), Add: env.T("create.contacts_add"), Empty: env.T("create.contacts_none"), State: state,
	}
	if !phones {
		r.Label = env.T("create.email")
	}
	var hidden []app.UI
	for n, i := range state.Rows(name, len(given)) {
		var t api.Threepid
		if state.Typed == nil {
			t = given[i]
		}
		at := name + "." + strconv.Itoa(i)
		medium, address := state.Value(at+".medium", orEmail(t.Medium)), state.Value(at+".address", shownAddress(t))
		row := ui.RepeatRow{Index: i, Remove: remove(env, address, i)}
		field := ui.Field{Name: at + ".address", Label: env.T("create.contact"), HideLabel: n > 0, State: state, Value: address, Dir: "ltr", MaxLength: 500}
		if phones {
			row.Fields = []app.UI{ui.Select{
				Name: at + ".medium", Label: env.T("create.contact_kind"), HideLabel: n > 0, State: state, Value: medium,
				Options: []ui.Option{{Value: "email", Label: env.T("create.email")}, {Value: "msisdn", Label: env.T("create.phone")}},
			}.Draw(env)}
		} else {
			hidden = append(hidden, ui.HiddenField(at+".medium", medium))
			field.Label, field.HideLabel, field.Placeholder = env.T("create.email"), true, env.T("create.email_example")
			if medium != "email" {
				field.Label, field.HideLabel, field.Placeholder = env.T("create.phone"), false, ""
			}
		}
		row.Fields = append(row.Fields, field.Draw(env))
		r.Rows = append(r.Rows, row)
	}
	return app.Div().Body(append(hidden, r.Draw(env))...)
}

func orEmail(medium string) string {
	if medium == "" {
		return "email"
	}
	return medium
}

// identityRows draws a list of identities at sign-on services: of those that the homeserver tells, where it does.
func identityRows(env ui.Env, name string, state ui.FormState, given []api.ExternalID, known *api.ProviderList) app.UI {
	r := ui.Repeat{
		Name: name, Label: env.T("create.identities"), Help: env.T("create.identities_help"), Add: env.T("create.identities_add"),
		Empty: env.T("create.identities_none"), State: state,
	}
	for n, i := range state.Rows(name, len(given)) {
		var e api.ExternalID
		if state.Typed == nil {
			e = given[i]
		}
		at := name + "." + strconv.Itoa(i)
		service := ui.Field{
			Name: at + ".auth_provider", Label: env.T("create.identity_provider"), HideLabel: n > 0, State: state, Value: e.AuthProvider, MaxLength: 255,
		}.Draw(env)
		if known != nil {
			service = ui.Select{
				Name: at + ".auth_provider", Label: env.T("create.identity_provider"), HideLabel: n > 0, State: state, Value: e.AuthProvider,
				Options: providerOptions(env, *known, e.AuthProvider),
			}.Draw(env)
		}
		r.Rows = append(r.Rows, ui.RepeatRow{
			Index: i, Remove: remove(env, state.Value(at+".external_id", e.ExternalID), i),
			Fields: []app.UI{
				service,
				ui.Field{Name: at + ".external_id", Label: env.T("create.identity_subject"), HideLabel: n > 0, State: state, Value: e.ExternalID, MaxLength: 255}.Draw(env),
			},
		})
	}
	return r.Draw(env)
}

// providerOptions are the services that the homeserver knows and does not switch off, and the one that an identity is of.
func providerOptions(env ui.Env, known api.ProviderList, now string) []ui.Option {
	list := []ui.Option{{Label: env.T("create.identity_choose")}}
	for _, p := range known.Providers {
		if !p.Disabled || p.Name == now {
			list = append(list, ui.Option{Value: p.Name, Label: p.Name})
		}
	}
	if now != "" && !slices.ContainsFunc(list, func(o ui.Option) bool { return o.Value == now }) {
		list = append(list, ui.Option{Value: now, Label: now})
	}
	return list
}

// remove says what the button does that removes a row.
func remove(env ui.Env, what string, i int) string {
	if what == "" {
		what = strconv.Itoa(i + 1)
	}
	return env.T("common.remove_named", "name", what)
}

// settled numbers the rows of a refused form as the request has them, because that is how the mistakes name them: rows with
// nothing in them are no part of a request. They come last. fields are those of a row; the row counts if main is filled in, or,
// where main is "", if any is.
func settled(state ui.FormState, list, main string) ui.FormState {
	if state.Problem == nil || state.Typed == nil {
		return state
	}
	var filled, empty []int
	for _, i := range state.Rows(list, 0) {
		if rowFilled(state.Typed, list+"."+strconv.Itoa(i), main) {
			filled = append(filled, i)
		} else {
			empty = append(empty, i)
		}
	}
	typed := maps.Clone(state.Typed)
	maps.DeleteFunc(typed, func(name string, _ []string) bool { return strings.HasPrefix(name, list+".") })
	for to, from := range slices.Concat(filled, empty) {
		before, after := list+"."+strconv.Itoa(from)+".", list+"."+strconv.Itoa(to)+"."
		for name, values := range state.Typed {
			if field, ok := strings.CutPrefix(name+".", before); ok { // a row of a plain list is its own field
				typed[strings.TrimSuffix(after+field, ".")] = values
			}
		}
	}
	state.Typed = typed
	return state
}

func rowFilled(typed url.Values, at, main string) bool {
	if main != "" {
		return strings.TrimSpace(typed.Get(at+"."+main)) != ""
	}
	for name, values := range typed {
		if (name == at || strings.HasPrefix(name, at+".")) && strings.Join(values, "") != "" {
			return true
		}
	}
	return false
}

// hiddenThreepids and hiddenIdentities say what a list was when the form was opened.
func hiddenThreepids(name string, list []api.Threepid) []app.UI {
	fields := []app.UI{ui.HiddenList(name)}
	for i, t := range list {
		at := name + "." + strconv.Itoa(i)
		fields = append(fields, ui.HiddenField(at+".medium", t.Medium), ui.HiddenField(at+".address", t.Address))
	}
	return fields
}

func hiddenIdentities(name string, list []api.ExternalID) []app.UI {
	fields := []app.UI{ui.HiddenList(name)}
	for i, e := range list {
		at := name + "." + strconv.Itoa(i)
		fields = append(fields, ui.HiddenField(at+".auth_provider", e.AuthProvider), ui.HiddenField(at+".external_id", e.ExternalID))
	}
	return fields
}
