// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Create is the form of a new account.
type Create struct {
	screen.FormBase
	Server    api.Server        `json:"server"`
	Providers *api.ProviderList `json:"providers,omitempty"` // nil where the homeserver does not tell them
	User      *api.User         `json:"user,omitempty"`      // whose making is continued

	name nameCheck // where the program runs
}

// NewCreate returns the form of a new account.
func NewCreate() screen.Screen { return &Create{} }

// Title implements screen.Screen.
func (c *Create) Title() string {
	if c.User != nil {
		return c.Env().T("continue.title")
	}
	return c.Env().T("create.title")
}

// Load implements screen.Screen. It asks what the homeserver takes, and about the account that the address names, if one is to be continued; where
// accounts cannot be made, nothing is asked.
func (c *Create) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	if !env.Can(api.CreateUser.Info().Name) {
		return nil
	}
	providers := begin(ctx, env, call, api.ListProviders, api.ServerQuery{})
	var err error
	if c.Server, err = client.Call(ctx, call, api.ServerInfo, api.ServerQuery{}); err != nil {
		return err
	}
	c.Providers, _ = providers() // where they cannot be had, they are typed
	if !u.Query().Has("id") {
		return nil
	}
	id, err := idOf(u)
	if err != nil {
		return err
	}
	now, err := client.Call(ctx, call, api.GetUser, api.UserRef{ID: id})
	c.User = &now
	return err
}

// Refill implements screen.Writer.
func (c *Create) Refill(state ui.FormState) {
	state = withoutSecrets(api.CreateUser, state)
	state = settled(settled(state, "threepids", "address"), "external_ids", "")
	c.FormBase.Refill(state)
	c.name = nameCheck{}
}

// After implements screen.Writer. The answer holds the password, so it is a page and no address.
func (c *Create) After(operation string, result any) screen.Next {
	return handOut(c.Env(), operation, result)
}

// Render implements app.Composer.
func (c *Create) Render() app.UI {
	env := c.Env()
	top := []app.UI{
		ui.Crumbs(env, ui.Crumb{Label: env.T("accounts.title"), Href: route.Accounts(env.Homeserver)}, ui.Crumb{Label: env.T("create.crumb")}),
		ui.PageTitle{Title: c.Title(), Words: true}.Draw(env),
	}
	if reason := env.WhyNot(api.CreateUser.Info().Name); reason != "" {
		return app.Div().Body(append(top,
			ui.Locked(env, reason),
			ui.Actions(ui.Button{Label: env.T("common.back"), Href: route.Accounts(env.Homeserver)}.Draw(env)),
		)...)
	}
	if p := c.State.Error("localpart"); p != nil && p.Code == "name_begun" {
		top = append(top, ui.Note{Kind: ui.Warn, Title: env.T("account.note.begun"), Text: env.T("account.note.begun_help"), Actions: []app.UI{
			ui.Button{Label: env.T("continue.link"), Look: ui.Primary, Href: route.Account(env.Homeserver, route.CreatePath, api.UserID(p.Params["id"]))}.Draw(env),
		}}.Draw(env))
	}
	if c.Server.State == "down" {
		top = append(top, ui.Note{Kind: ui.Warn, Icon: ui.IconServerOff, Text: ui.WhyDown(env, c.Server.Problem, env.ServerName())}.Draw(env))
	}
	if c.User != nil {
		return c.renderContinue()
	}
	form := c.Form(api.CreateUser.Info().Name, route.At(env.Homeserver, route.CreatePath, nil))
	form.Label = c.Title()
	form.Body = c.fields()
	return app.Div().Body(append(top, ui.Columns([]app.UI{form.Draw(env)}, []app.UI{c.steps()}))...)
}

func (c *Create) fields() []app.UI {
	env, state := c.Env(), c.State
	o := offer{env, c.Server, api.CreateUser}
	return []app.UI{
		c.localpart(),
		displayNameField(env, state, ""),
		o.or("threepids", env.T("create.contacts"), func() app.UI { return contacts(o, state, make([]api.Threepid, 1)) }),
		passwordChoice{state: state, none: true, noneWhy: o.why("password.none"), help: env.T("create.password_help"), live: c.Live() != nil}.draw(env),
		ui.Check{Name: "admin", Label: env.T("create.admin", "server", env.ServerName()), State: state, Why: o.why("admin")}.Draw(env),
		ui.More{
			Title: env.T("create.more"), Open: c.moreUsed(),
			Body: []app.UI{
				o.or("user_type", env.T("create.user_type"), func() app.UI { return userTypeField(o, state, "") }),
				o.or("external_ids", env.T("create.identities"), func() app.UI { return identityRows(env, "external_ids", state, nil, c.Providers) }),
				o.or("avatar_url", env.T("create.avatar"), func() app.UI { return avatarField(env, state, "") }),
			},
		}.Draw(env),
		ui.FormFoot(
			ui.Button{Label: env.T("create.submit"), Look: ui.Primary}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: route.Accounts(env.Homeserver)}.Draw(env),
		),
	}
}

func displayNameField(env ui.Env, state ui.FormState, value string) app.UI {
	return ui.Field{
		Name: "display_name", Label: env.T("create.display_name"), Help: env.T("create.display_name_help"), State: state, Value: value, Optional: true, MaxLength: 256,
	}.Draw(env)
}

func userTypeField(o offer, state ui.FormState, value string) app.UI {
	return ui.Select{Name: "user_type", Label: o.env.T("create.user_type"), State: state, Value: value, Options: o.types(value)}.Draw(o.env)
}

func avatarField(env ui.Env, state ui.FormState, value api.MXC) app.UI {
	return ui.Field{
		Name: "avatar_url", Label: env.T("create.avatar"), Help: env.T("create.avatar_help"), State: state, Value: string(value), Optional: true, Mono: true, Dir: "ltr",
		MaxLength: 1000,
	}.Draw(env)
}

// contacts are the rows of the e-mail addresses and phone numbers of a new account. Matrix Authentication Service asks people for an address when they
// sign in for the first time; that is said, and where none is given here, what that means for them.
func contacts(o offer, state ui.FormState, given []api.Threepid) app.UI {
	env := o.env
	rows := threepidRows(env, "threepids", state, given, o.why("threepids.phone") == "")
	if !env.MAS() {
		return rows
	}
	return ui.Unless(
		app.Div().Body(rows, ui.Remark(ui.IconMail, ui.Neutral, env.T("create.mas_email"))),
		ui.Remark(ui.IconAlertTri, ui.Warn, env.T("create.mas_no_email")),
	)
}

// moreUsed reports whether there is something in the fields that are folded away at first.
func (c *Create) moreUsed() bool {
	typed := c.State.Typed
	return typed.Get("user_type") != "" || typed.Get("avatar_url") != "" || len(c.State.Rows("external_ids", 0)) > 0
}

// steps is what will happen.
func (c *Create) steps() app.UI {
	env := c.Env()
	steps := []string{env.T("create.step_create", "server", env.ServerName())}
	if c.Server.Kind == "dendrite" {
		steps = append(steps, env.T("create.step_logout", "server", env.ServerName()))
	} else {
		steps = append(steps, env.T("create.step_fill"))
	}
	steps = append(steps, env.T("create.step_card"))
	return ui.Card(env.T("create.what_happens"), ui.Steps(steps...), ui.Help(env.T("create.step_fails")))
}
