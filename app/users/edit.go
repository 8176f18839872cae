// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Edit is the form of an account that exists. Each field carries what it was when the form was opened, so that only what changed
// is sent, and nobody's change is overwritten unseen.
type Edit struct {
	screen.FormBase
	User      api.User          `json:"user"`
	Server    api.Server        `json:"server"`
	Providers *api.ProviderList `json:"providers,omitempty"` // nil where the homeserver does not tell them
}

// NewEdit returns the form of an account.
func NewEdit() screen.Screen { return &Edit{} }

// Title implements screen.Screen.
func (e *Edit) Title() string { return titleOf(e.Env(), e.heading(), e.User) }

func (e *Edit) heading() string { return e.Env().T("edit.title") }

// Load implements screen.Screen. It costs two calls, with MAS three: the account, and what the homeserver takes.
func (e *Edit) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	if e.User, err = client.Call(ctx, call, api.GetUser, api.UserRef{ID: id}); err != nil || why(env, e.User, api.UpdateUser) != "" {
		return err
	}
	providers := begin(ctx, env, call, api.ListProviders, api.ServerQuery{})
	e.Server, err = client.Call(ctx, call, api.ServerInfo, api.ServerQuery{})
	e.Providers, _ = providers() // where they cannot be had, they are typed
	return err
}

// Refill implements screen.Writer.
func (e *Edit) Refill(state ui.FormState) {
	e.FormBase.Refill(settled(settled(state, "threepids.to", "address"), "external_ids.to", ""))
}

// After implements screen.Writer.
func (e *Edit) After(_ string, result any) screen.Next {
	env := e.Env()
	u, _ := result.(api.User)
	return screen.Next{URL: here(env, route.AccountPath, u), Notice: env.T("done.saved")}
}

// Render implements app.Composer.
func (e *Edit) Render() app.UI {
	env, u := e.Env(), e.User
	account := here(env, route.AccountPath, u)
	reason := why(env, u, api.UpdateUser)
	var back app.UI = ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: account}.Draw(env)
	if live := e.Live(); e.Modal() {
		back = ui.Button{Label: env.T("common.cancel"), OnClick: live.Close}.Draw(env)
	}
	save := ui.Button{Label: env.T("common.save"), Look: ui.Primary}
	form := e.Form(api.UpdateUser.Info().Name, here(env, route.EditPath, u))
	form.Label = e.heading()
	var body []app.UI
	if reason != "" {
		body = []app.UI{ui.Locked(env, reason)}
	} else {
		v := e.versions()
		if v.conflict {
			save.Label = env.T("edit.conflict_take")
			back = ui.Button{Label: env.T("edit.conflict_keep"), Href: account}.Draw(env)
		}
		body = e.fields(v)
		if table := e.compare(v); table != nil {
			body = []app.UI{
				ui.Section{Title: env.T("edit.conflict"), Body: []app.UI{table}}.Draw(env),
				ui.Section{Title: env.T("edit.conflict_yours"), Body: body}.Draw(env),
			}
		}
	}
	do := save.Draw(env)
	if reason != "" {
		do = nil
	}
	if e.Modal() {
		return ui.Dialog{
			Title: e.heading(), Icon: ui.IconEdit, About: accountCell(env, u, ""), Form: &form, Modal: true, OnClose: e.Live().Close,
			Body: body, Actions: []app.UI{back, do},
		}.Draw(env)
	}
	form.Body = append(body, ui.FormFoot(do, back))
	return app.Div().Body(
		crumbs(env, u, e.heading()),
		ui.PageTitle{Title: e.heading(), Words: true, Facts: accountCell(env, u, "")}.Draw(env),
		form.Draw(env),
	)
}

// fields are those that the homeserver takes, each with what it was.
func (e *Edit) fields(v versions) []app.UI {
	env, u, state := e.Env(), v.base, v.state
	o := offer{env, e.Server, api.UpdateUser}
	list := []app.UI{ui.HiddenField("id", string(u.ID))}
	add := func(field, label string, draw func() []app.UI) {
		list = append(list, o.or(field, label, func() app.UI { return app.Div().Body(draw()...) }))
	}
	add("display_name", env.T("create.display_name"), func() []app.UI {
		return []app.UI{
			ui.HiddenField("display_name.from", u.DisplayName),
			ui.Field{
				Name: "display_name.to", Label: env.T("create.display_name"), Help: env.T("edit.clear_display_name"), Value: u.DisplayName, State: state, MaxLength: 256,
			}.Draw(env),
		}
	})
	add("threepids", env.T("create.contacts"), func() []app.UI {
		return append(hiddenThreepids("threepids.from", u.Threepids), threepidRows(env, "threepids.to", state, u.Threepids, o.why("threepids.phone") == ""))
	})
	add("external_ids", env.T("create.identities"), func() []app.UI {
		return append(hiddenIdentities("external_ids.from", u.ExternalIDs), identityRows(env, "external_ids.to", state, u.ExternalIDs, e.Providers))
	})
	list = append(list, e.moves()...)
	add("user_type", env.T("create.user_type"), func() []app.UI {
		return []app.UI{
			ui.HiddenField("user_type.from", u.UserType),
			ui.Select{Name: "user_type.to", Label: env.T("create.user_type"), Value: u.UserType, State: state, Options: o.types(u.UserType)}.Draw(env),
		}
	})
	add("avatar_url", env.T("create.avatar"), func() []app.UI {
		return []app.UI{
			ui.HiddenField("avatar_url.from", string(u.AvatarURL)),
			ui.Field{
				Name: "avatar_url.to", Label: env.T("create.avatar"), Help: env.T("create.avatar_help"), Value: string(u.AvatarURL), State: state, Mono: true, Dir: "ltr",
				MaxLength: 1000,
			}.Draw(env),
		}
	})
	return append(list, e.admin(o, v), confirm(env, e.State, u))
}

// moves are boxes that appear when an address or an identity belongs to another account: with its box on, it is taken from there.
func (e *Edit) moves() []app.UI {
	env := e.Env()
	owners := slices.Clone(e.State.Typed["move_from"])
	if e.State.Problem != nil {
		for _, f := range e.State.Problem.Fields {
			if owner := f.Params["owner"]; f.Code == "threepid_taken" || f.Code == "identity_taken" {
				owners = append(owners, owner)
			}
		}
	}
	slices.Sort(owners)
	var list []app.UI
	for _, owner := range slices.Compact(owners) {
		list = append(list, ui.Check{
			Name: "move_from", Value: owner, Label: env.T("edit.move", "id", owner), Help: env.T("edit.move_help", "id", owner), State: e.State,
		}.Draw(env))
	}
	return list
}

// admin is the box for the rights. The person's own homeserver, and the account that Gatehouse works with, keep theirs.
func (e *Edit) admin(o offer, v versions) app.UI {
	env, u := e.Env(), v.base
	reason := o.why("admin")
	switch {
	case reason == "" && !u.Knows("admin"):
		reason = env.T("ui.not_told")
	case reason == "" && u.Own:
		reason = env.T("why.own_service_account")
	}
	check := ui.Check{
		Name: "admin.to", Label: env.T("create.admin", "server", env.ServerName()), Help: env.T("edit.admin_help", "server", env.ServerName()),
		State: v.state, Checked: u.Admin, Why: reason,
	}.Draw(env)
	if reason != "" {
		return check
	}
	return app.Div().Body(ui.HiddenField("admin.from", strconv.FormatBool(u.Admin)), check)
}
