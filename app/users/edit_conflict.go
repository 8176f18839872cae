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

// versions is what an edit is drawn from: what the account was when the form was opened, and what was typed. Where somebody else
// changed the account meanwhile, the base is the account as it is now, so that saving says so, and what the person had left
// alone follows the base.
type versions struct {
	conflict bool
	base     api.User
	state    ui.FormState
	rows     []version
}

// A version is one field as it was opened, as it is, and as the person wants it.
type version struct{ label, opened, now, yours string }

func (e *Edit) versions() versions {
	if e.State.Problem == nil || e.State.Problem.Conflict == nil {
		return versions{base: opened(e.User, e.State.Typed), state: e.State}
	}
	env, now := e.Env(), *e.State.Problem.Conflict
	v := versions{conflict: true, base: now, state: e.State}
	v.state.Typed = maps.Clone(e.State.Typed)
	if e.State.Problem.Code == "changed_meanwhile" {
		v.state.Problem = nil // both versions stand side by side; at each field it would be said once more
	}
	was := opened(now, e.State.Typed)
	yours := wanted(now, e.State.Typed)
	for _, f := range editable() {
		row := version{f.label(env), f.text(env, was), f.text(env, now), f.text(env, yours)}
		if row.yours == row.opened {
			maps.DeleteFunc(v.state.Typed, func(name string, _ []string) bool {
				return name == f.name+".to" || strings.HasPrefix(name, f.name+".to.")
			})
			for name, value := range f.fields(now) {
				v.state.Typed[name] = value
			}
		}
		if row.now != row.opened || row.yours != row.opened {
			v.rows = append(v.rows, row)
		}
	}
	return v
}

// compare shows both versions side by side.
func (e *Edit) compare(v versions) app.UI {
	if !v.conflict || len(v.rows) == 0 {
		return nil
	}
	env := e.Env()
	t := ui.Table{
		Caption: env.T("edit.conflict"),
		Columns: []ui.Column{
			{Title: env.T("edit.conflict_field"), Width: ui.Middle, Phone: ui.CardLead},
			{Title: env.T("edit.conflict_now"), Phone: ui.CardLabel},
			{Title: env.T("edit.conflict_yours"), Phone: ui.CardLabel},
		},
	}
	for _, r := range v.rows {
		t.Rows = append(t.Rows, ui.Row{Key: r.label, Label: r.label, Cells: []app.UI{
			ui.Text(r.label), change(env, r.opened, r.now), change(env, r.opened, r.yours),
		}})
	}
	return t.Draw(env)
}

// change is a value beside what it was; one that stayed steps back.
func change(env ui.Env, before, after string) app.UI {
	switch {
	case before == after && before == "":
		return ui.None(env)
	case before == after:
		return ui.Subtle(before)
	case after == "":
		return ui.Join(ui.Diff(env, before, ""), ui.Text(" "), ui.None(env))
	}
	return ui.Diff(env, before, after)
}

// An editField is a field of api.UserUpdate.
type editField struct {
	name  string
	label func(ui.Env) string
	text  func(ui.Env, api.User) string
	// fields are the names and values of the form's fields that say what the account has.
	fields func(api.User) url.Values
}

func editable() []editField {
	plain := func(name string, value func(api.User) string) func(api.User) url.Values {
		return func(u api.User) url.Values { return url.Values{name + ".to": {value(u)}} }
	}
	displayName := func(u api.User) string { return u.DisplayName }
	avatar := func(u api.User) string { return string(u.AvatarURL) }
	return []editField{
		{"display_name", func(env ui.Env) string { return env.T("create.display_name") },
			func(_ ui.Env, u api.User) string { return displayName(u) }, plain("display_name", displayName)},
		{"threepids", func(env ui.Env) string { return env.T("create.contacts") }, threepidsText, func(u api.User) url.Values {
			return rowValues("threepids.to", u.Threepids, func(t api.Threepid) map[string]string {
				return map[string]string{"medium": t.Medium, "address": shownAddress(t)}
			})
		}},
		{"external_ids", func(env ui.Env) string { return env.T("create.identities") }, identitiesText, func(u api.User) url.Values {
			return rowValues("external_ids.to", u.ExternalIDs, func(e api.ExternalID) map[string]string {
				return map[string]string{"auth_provider": e.AuthProvider, "external_id": e.ExternalID}
			})
		}},
		{"user_type", func(env ui.Env) string { return env.T("create.user_type") },
			func(env ui.Env, u api.User) string { return typeName(env, u.UserType) }, plain("user_type", func(u api.User) string { return u.UserType })},
		{"avatar_url", func(env ui.Env) string { return env.T("create.avatar") },
			func(_ ui.Env, u api.User) string { return avatar(u) }, plain("avatar_url", avatar)},
		{"admin", func(env ui.Env) string { return env.T("role.administrator") }, func(env ui.Env, u api.User) string {
			if u.Admin {
				return env.T("common.yes")
			}
			return env.T("common.no")
		}, plain("admin", func(u api.User) string { return strconv.FormatBool(u.Admin) })},
	}
}

func rowValues[T any](list string, rows []T, fields func(T) map[string]string) url.Values {
	values := url.Values{list: {""}}
	for i, row := range rows {
		for name, value := range fields(row) {
			values.Set(list+"."+strconv.Itoa(i)+"."+name, value)
		}
	}
	return values
}

func threepidsText(_ ui.Env, u api.User) string {
	var list []string
	for _, t := range u.Threepids {
		list = append(list, shownAddress(t))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func identitiesText(env ui.Env, u api.User) string {
	var list []string
	for _, e := range u.ExternalIDs {
		list = append(list, identityText(env, e))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// opened is the account as it was when the form was opened: what the form carries, and else the account itself.
func opened(u api.User, typed url.Values) api.User { return read(u, typed, ".from") }

// wanted is the account as the person wants it.
func wanted(u api.User, typed url.Values) api.User { return read(u, typed, ".to") }

// read takes what a form says of each field. It says it in the same words as the request: a form that cannot be read says nothing.
func read(u api.User, typed url.Values, side string) api.User {
	// As if what is asked for were all of it: with one side alone, nothing is dropped as unchanged.
	values := url.Values{"id": {string(u.ID)}}
	for name, list := range typed {
		field, rest, _ := strings.Cut(name, ".")
		if "."+rest == side || strings.HasPrefix("."+rest, side+".") {
			values[field+".to"+strings.TrimPrefix("."+rest, side)] = list
		}
	}
	for name := range values {
		if strings.HasSuffix(name, "."+ui.NewRow) {
			delete(values, name)
		}
	}
	req, err := api.UpdateUser.DecodeForm(values)
	if err != nil {
		return u
	}
	update, _ := req.(api.UserUpdate)
	if update.DisplayName != nil {
		u.DisplayName = update.DisplayName.To
	}
	if update.AvatarURL != nil {
		u.AvatarURL = update.AvatarURL.To
	}
	if update.Admin != nil {
		u.Admin = update.Admin.To
	}
	if update.UserType != nil {
		u.UserType = update.UserType.To
	}
	if update.Threepids != nil {
		u.Threepids = update.Threepids.To
	}
	if update.ExternalIDs != nil {
		u.ExternalIDs = update.ExternalIDs.To
	}
	return u
}
