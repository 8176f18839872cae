// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"net/url"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// scopes are those that are offered; the command line takes any.
var scopes = []struct{ text, scope string }{
	{"matrix", api.ScopeMatrix},
	{"synapse", api.ScopeMatrix + " " + api.ScopeSynapse},
	{"mas", api.ScopeMAS},
	{"both", api.ScopeMAS + " " + api.ScopeMatrix + " " + api.ScopeSynapse},
}

// CreatePersonal is the form of a new personal session.
type CreatePersonal struct {
	screen.FormBase
	Actor string `json:"actor,omitempty"` // from the address
}

// NewCreatePersonal returns the form.
func NewCreatePersonal() screen.Screen { return &CreatePersonal{} }

// Title implements screen.Screen.
func (c *CreatePersonal) Title() string { return c.Env().T("personal.create") }

// Load implements screen.Screen. There is nothing to load.
func (c *CreatePersonal) Load(_ context.Context, _ ui.Env, _ client.Caller, u *url.URL) error {
	c.Actor = u.Query().Get("actor")
	return nil
}

// Render implements app.Composer.
func (c *CreatePersonal) Render() app.UI {
	env, state := c.Env(), c.State
	page := below(env, "personal.title", route.PersonalPath, c.Title())
	if no := cannot(env, api.CreatePersonal); no != nil {
		return app.Div().Body(append(page, no)...)
	}
	form := c.Form(api.CreatePersonal.Info().Name, route.At(env.Homeserver, route.CreatePersonalPath, nil))
	form.Label = c.Title()
	options := make([]ui.Option, len(scopes))
	for i, s := range scopes {
		options[i] = ui.Option{Value: s.scope, Label: env.T("personal.scope." + s.text), Help: env.T("personal.scope." + s.text + "_help")}
	}
	form.Body = []app.UI{
		ui.Field{Name: "actor", Label: env.T("personal.actor"), Help: env.T("personal.actor_help"), State: state, Value: c.Actor, Required: true, Mono: true, Dir: "ltr", MaxLength: 255}.Draw(env),
		ui.Field{Name: "name", Label: env.T("personal.name"), Help: env.T("personal.name_help"), State: state, Required: true, MaxLength: 255}.Draw(env),
		ui.Choice{Name: "scope", Label: env.T("personal.scope"), Value: api.ScopeMatrix, State: state, Options: options}.Draw(env),
		daysField(env, state),
		reasonField(env, state),
		ui.FormFoot(
			ui.Button{Label: env.T("personal.create"), Look: ui.Primary}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: route.At(env.Homeserver, route.PersonalPath, nil)}.Draw(env),
		),
	}
	return app.Div().Body(append(page, form.Draw(env))...)
}

func daysField(env ui.Env, state ui.FormState) app.UI {
	return ui.Field{
		Name: "days", Label: env.T("personal.days"), Help: env.N("personal.days_help", api.MaxPersonalDays), State: state, Value: strconv.Itoa(api.PersonalDays),
		Type: "number", InputMode: "numeric", Dir: "ltr",
	}.Draw(env)
}

func reasonField(env ui.Env, state ui.FormState) app.UI {
	return ui.Field{Name: "reason", Label: env.T("common.reason"), Help: env.T("common.reason_help"), State: state, Required: true, MaxLength: 500}.Draw(env)
}

// After implements screen.Writer. The answer holds the token, so it is a page and no address.
func (c *CreatePersonal) After(_ string, result any) screen.Next { return personalCard(result) }

func personalCard(result any) screen.Next {
	card, _ := result.(api.PersonalCard)
	return screen.Next{Screen: &PersonalCard{Card: card}}
}

// PersonalCard is the card with the token of a personal session, once. It has no address: it follows a write, and is gone with the page.
type PersonalCard struct {
	screen.Base
	Card api.PersonalCard `json:"card"`
}

// Load implements screen.Screen. There is nothing to load.
func (c *PersonalCard) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// Title implements screen.Screen.
func (c *PersonalCard) Title() string { return c.Env().T("personal.card", "name", c.Card.Session.Name) }

// Render implements app.Composer.
func (c *PersonalCard) Render() app.UI {
	env, s := c.Env(), c.Card.Session
	return app.Div().Body(append(below(env, "personal.title", route.PersonalPath, c.Title()),
		ui.Remark(ui.IconOnce, ui.Warn, env.T("token_card.once")),
		ui.HandOut{
			ServerName: env.ServerName(), ID: string(s.Actor), IDLabel: env.T("personal.actor"), Password: c.Card.Token.Reveal(), PasswordLabel: env.T("token_card.token"),
			Homeserver: c.Card.Homeserver,
			More:       []ui.Fact{{Label: env.T("personal.scope"), Value: ui.Mono(s.Scope)}, {Label: env.T("token_card.ends"), Value: ui.DateTime(env, s.ExpiresMS)}},
			Actions:    []app.UI{ui.Button{Label: env.T("personal.back"), Href: route.At(env.Homeserver, route.PersonalPath, nil)}.Draw(env)},
		}.Draw(env),
	)...)
}
