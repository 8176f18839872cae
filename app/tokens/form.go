// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Create is the form of a new registration token.
type Create struct{ screen.FormBase }

// NewCreate returns the form of a new registration token.
func NewCreate() screen.Screen { return &Create{} }

// Title implements screen.Screen.
func (c *Create) Title() string { return c.Env().T("tokens.create") }

// Load implements screen.Screen. There is nothing to load.
func (c *Create) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// newLife is how long a new token lives unless told otherwise: one that is forgotten ends by itself.
const newLife = 7 * 24 * time.Hour

// Render implements app.Composer.
func (c *Create) Render() app.UI {
	env, state := c.Env(), c.State
	top := []app.UI{crumbs(env, api.Token{}, env.T("create.crumb")), ui.PageTitle{Title: c.Title(), Words: true}.Draw(env)}
	if reason := env.WhyNot(api.CreateToken.Info().Name); reason != "" {
		return app.Div().Body(append(top,
			ui.Locked(env, reason),
			ui.Actions(ui.Button{Label: env.T("common.back"), Href: route.Tokens(env.Homeserver)}.Draw(env)),
		)...)
	}
	if ways := Ways(env, route.CreateTokenPath); ways != nil {
		top = append(top, ways, ui.Help(env.T("tokens.way_token", "server", env.ServerName())))
	}
	form := c.Form(api.CreateToken.Info().Name, route.At(env.Homeserver, route.CreateTokenPath, nil))
	form.Label = c.Title()
	form.Body = []app.UI{
		usesField(env, state, "uses", "1"),
		expiresField(env, state, "expires", time.UnixMilli(env.Now).UTC().Add(newLife).Format(time.DateOnly)),
		ui.More{
			Title: env.T("tokens.own_text"), Open: state.Error("token") != nil,
			Body: []app.UI{ui.Field{
				Name: "token", Label: env.T("tokens.text"), Help: env.T("tokens.text_help"), State: state, Optional: true, Mono: true, Dir: "ltr", MaxLength: 64,
			}.Draw(env)},
		}.Draw(env),
		ui.FormFoot(
			ui.Button{Label: env.T("tokens.create"), Look: ui.Primary}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: route.Tokens(env.Homeserver)}.Draw(env),
		),
	}
	return app.Div().Body(append(top, form.Draw(env))...)
}

// Ways is the choice of how people get to make their own account, above the forms that make something for them: a link to a page of Gatehouse, or a
// token for the registration of their client. path is the form that is open. Where there is only one of them, there is nothing to choose.
func Ways(env ui.Env, path string) app.UI {
	if !env.Can(api.CreateInvitation.Info().Name) || !env.Can(api.CreateToken.Info().Name) {
		return nil
	}
	way := func(text, to string) ui.View {
		return ui.View{Label: env.T(text), Href: route.At(env.Homeserver, to, nil), Current: to == path}
	}
	return ui.Views(env, env.T("tokens.ways"), way("tokens.by_link", route.CreateInvitationPath), way("tokens.by_token", route.CreateTokenPath))
}

// After implements screen.Writer. The answer holds the token, so it is a page and no address.
func (c *Create) After(_ string, result any) screen.Next {
	card, _ := result.(api.TokenCard)
	return screen.Next{Screen: &Card{Card: card, New: true}}
}

func usesField(env ui.Env, state ui.FormState, name, value string) app.UI {
	return ui.Field{
		Name: name, Label: env.T("tokens.uses"), Help: env.T("tokens.uses_help"), State: state, Value: value, Type: "number", InputMode: "numeric", Dir: "ltr",
	}.Draw(env)
}

func expiresField(env ui.Env, state ui.FormState, name, value string) app.UI {
	return ui.Field{
		Name: name, Label: env.T("tokens.expires"), Help: env.T("tokens.expires_help"), State: state, Value: value, Type: "date", Dir: "ltr",
	}.Draw(env)
}

// Edit is the form that changes how often and how long a token can be used.
type Edit struct {
	screen.FormBase
	Token api.Token `json:"token"`
}

// NewEdit returns the form.
func NewEdit() screen.Screen { return &Edit{} }

// Title implements screen.Screen.
func (e *Edit) Title() string { return e.Env().T("tokens.edit_title") }

// Load implements screen.Screen. It costs one call.
func (e *Edit) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	var err error
	e.Token, err = find(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (e *Edit) Render() app.UI {
	env, state, t := e.Env(), e.State, e.Token
	page := route.Token(env.Homeserver, route.TokenPath, t.ID)
	top := []app.UI{crumbs(env, t, e.Title()), ui.PageTitle{Title: e.Title(), Words: true}.Draw(env)}
	if reason := env.WhyNot(api.UpdateToken.Info().Name); reason != "" {
		return app.Div().Body(append(top,
			ui.Locked(env, reason),
			ui.Actions(ui.Button{Label: env.T("common.back"), Href: page}.Draw(env)),
		)...)
	}
	uses, day := "", ""
	if t.Uses > 0 {
		uses = strconv.FormatInt(t.Uses, 10)
	}
	from := api.ExpiryText(t.ExpiresMS)
	if from != "" {
		day = from[:len(time.DateOnly)]
	}
	form := e.Form(api.UpdateToken.Info().Name, route.Token(env.Homeserver, route.EditTokenPath, t.ID))
	form.Label = e.Title()
	form.Body = []app.UI{
		ui.HiddenField("id", string(t.ID)),
		ui.HiddenField("uses.from", state.Value("uses.from", strconv.FormatInt(t.Uses, 10))),
		usesField(env, state, "uses.to", uses),
		ui.HiddenField("expires.from", state.Value("expires.from", from)),
		expiresField(env, state, "expires.to", day),
		ui.FormFoot(
			ui.Button{Label: env.T("common.save"), Look: ui.Primary}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: page}.Draw(env),
		),
	}
	return app.Div().Body(append(top, form.Draw(env))...)
}

// After implements screen.Writer.
func (e *Edit) After(_ string, result any) screen.Next {
	t, _ := result.(api.Token)
	return screen.Next{URL: route.Token(e.Env().Homeserver, route.TokenPath, t.ID), Notice: e.Env().T("done.saved")}
}
