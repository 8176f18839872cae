// SPDX-License-Identifier: Apache-2.0

package tokens

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

// Token is the page of a registration token. What it reads is shown on a page of its own, to whoever asks for it.
type Token struct {
	screen.FormBase
	Token api.Token `json:"token"`
}

// NewToken returns the page of a registration token.
func NewToken() screen.Screen { return &Token{} }

// Title implements screen.Screen.
func (t *Token) Title() string { return nameOf(t.Env(), t.Token) }

// Load implements screen.Screen. It costs one call.
func (t *Token) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	var err error
	t.Token, err = find(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (t *Token) Render() app.UI {
	env := t.Env()
	title := ui.PageTitle{Title: t.Title(), Words: true}
	var rest []ui.MenuItem
	for _, a := range actions(env, t.Token) {
		reason, address := env.WhyNot(a.op.Info().Name), route.Token(env.Homeserver, a.path, t.Token.ID)
		if reason == "" && !a.op.Info().Destructive {
			title.Actions = append(title.Actions, ui.Button{Label: env.T(a.text), Icon: a.icon, Href: address}.Draw(env))
			continue
		}
		if reason == "" {
			title.Actions = append(title.Actions, ui.Button{Label: env.T(a.text), Icon: a.icon, Look: ui.Danger, Href: address}.Draw(env))
			continue
		}
		rest = append(rest, ui.MenuItem{Label: env.T(a.text), Icon: a.icon, Why: reason})
	}
	if len(rest) > 0 {
		title.Actions = append(title.Actions, ui.Menu{ID: "token-menu", Label: env.T("common.more_actions"), Dots: true, Items: rest}.Draw(env))
	}
	form := t.Form(api.ShowToken.Info().Name, route.Token(env.Homeserver, route.TokenPath, t.Token.ID))
	form.Label = env.T("tokens.show")
	form.Body = []app.UI{
		ui.HiddenField("id", string(t.Token.ID)),
		ui.Help(env.T("tokens.show_help", "server", env.ServerName())),
		ui.Actions(ui.Button{Label: env.T("tokens.show"), Icon: ui.IconEye, Look: ui.Primary, Why: env.WhyNot(api.ShowToken.Info().Name)}.Draw(env)),
	}
	return app.Div().Body(
		crumbs(env, t.Token, ""),
		title.Draw(env),
		ui.Section{Title: env.T("tokens.hand_out"), Body: []app.UI{form.Draw(env)}}.Draw(env),
		ui.Section{Title: env.T("account.facts"), Body: []app.UI{ui.Facts(env, facts(env, t.Token)...)}}.Draw(env),
	)
}

// After implements screen.Writer. The answer holds the token, so it is a page and no address.
func (t *Token) After(_ string, result any) screen.Next {
	card, _ := result.(api.TokenCard)
	return screen.Next{Screen: &Card{Card: card}}
}
