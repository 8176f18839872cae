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
	Server api.Server `json:"server"`

	name nameCheck // where the program runs
}

// NewCreate returns the form of a new account.
func NewCreate() screen.Screen { return &Create{} }

// Title implements screen.Screen.
func (c *Create) Title() string { return c.Env().T("create.title") }

// Load implements screen.Screen. It asks what the homeserver takes; where accounts cannot be made, nothing is asked.
func (c *Create) Load(ctx context.Context, env ui.Env, call client.Caller, _ *url.URL) error {
	if !env.Can(api.CreateUser.Info().Name) {
		return nil
	}
	var err error
	c.Server, err = client.Call(ctx, call, api.ServerInfo, api.ServerQuery{})
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
			ui.Note{Kind: ui.Warn, Icon: ui.IconLock, Text: reason}.Draw(env),
			ui.Actions(ui.Button{Label: env.T("common.back"), Href: route.Accounts(env.Homeserver)}.Draw(env)),
		)...)
	}
	if c.Server.State == "down" {
		top = append(top, ui.Note{Kind: ui.Warn, Icon: ui.IconServerOff, Text: env.T("why.down", "server", env.ServerName())}.Draw(env))
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
		ui.Field{
			Name: "display_name", Label: env.T("create.display_name"), Help: env.T("create.display_name_help"), State: state, Optional: true, MaxLength: 256,
		}.Draw(env),
		o.or("threepids", env.T("create.contacts"), func() app.UI {
			return threepidRows(env, "threepids", state, make([]api.Threepid, 1))
		}),
		c.firstSignIn(),
		passwordChoice{state: state, none: true, noneWhy: o.why("password.none"), help: env.T("create.password_help"), live: c.Live() != nil}.draw(env),
		ui.Check{Name: "admin", Label: env.T("create.admin", "server", env.ServerName()), State: state, Why: o.why("admin")}.Draw(env),
		ui.More{
			Title: env.T("create.more"), Open: c.moreUsed(),
			Body: []app.UI{
				o.or("user_type", env.T("create.user_type"), func() app.UI {
					return ui.Select{Name: "user_type", Label: env.T("create.user_type"), State: state, Options: o.types("")}.Draw(env)
				}),
				o.or("external_ids", env.T("create.identities"), func() app.UI { return identityRows(env, "external_ids", state, nil) }),
				o.or("avatar_url", env.T("create.avatar"), func() app.UI {
					return ui.Field{
						Name: "avatar_url", Label: env.T("create.avatar"), Help: env.T("create.avatar_help"), State: state, Optional: true, Mono: true, Dir: "ltr",
						MaxLength: 1000,
					}.Draw(env)
				}),
			},
		}.Draw(env),
		ui.FormFoot(
			ui.Button{Label: env.T("create.submit"), Look: ui.Primary}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: route.Accounts(env.Homeserver)}.Draw(env),
		),
	}
}

// firstSignIn says what people are asked for when they sign in for the first time.
func (c *Create) firstSignIn() app.UI {
	if !c.Env().MAS() {
		return nil
	}
	return ui.Remark(ui.IconMail, ui.Neutral, c.Env().T("create.mas_email"))
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
