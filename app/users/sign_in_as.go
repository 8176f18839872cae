// SPDX-License-Identifier: Apache-2.0

package users

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

// signInAsMinutes are the lives of a token that can be chosen.
var signInAsMinutes = []int{15, api.SignInAsMinutes, 4 * 60, 8 * 60, api.MaxSignInAsMinutes}

// SignInAs asks whether there shall be a token of an account, for how long and why.
type SignInAs struct{ Question }

// NewSignInAs returns the question.
func NewSignInAs() screen.Screen { return &SignInAs{} }

// Title implements screen.Screen.
func (s *SignInAs) Title() string { return s.Env().T("sign_in_as.title") }

// Load implements screen.Screen.
func (s *SignInAs) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return s.load(ctx, env, call, u, api.SignInAs)
}

// Render implements app.Composer.
func (s *SignInAs) Render() app.UI {
	env := s.Env()
	options := make([]ui.Option, len(signInAsMinutes))
	for i, n := range signInAsMinutes {
		options[i] = ui.Option{Value: strconv.Itoa(n), Label: lifeText(env, n)}
	}
	return s.draw(ask{
		Op: api.SignInAs, Path: route.SignInAsPath, Title: s.Title(), Icon: ui.IconSignIn, Tone: ui.Bad, Look: ui.DangerSolid,
		Submit: env.T("sign_in_as.submit"), Back: env.T("sign_in_as.back"), Help: env.T("sign_in_as.early"),
		Fields: []app.UI{
			ui.Select{
				Name: "minutes", Label: env.T("sign_in_as.life"), Value: strconv.Itoa(api.SignInAsMinutes), State: s.State, Options: options,
			}.Draw(env),
			ui.Field{Name: "reason", Label: env.T("common.reason"), Help: env.T("common.reason_help"), State: s.State, Required: true, MaxLength: 500}.Draw(env),
		},
	})
}

// lifeText is a number of minutes in words.
func lifeText(env ui.Env, minutes int) string {
	if minutes%60 == 0 {
		return env.N("sign_in_as.hours", minutes/60)
	}
	return env.N("sign_in_as.minutes", minutes)
}

// After implements screen.Writer. The answer holds the token, so it is a page and no address.
func (s *SignInAs) After(_ string, result any) screen.Next {
	card, _ := result.(api.Impersonation)
	return screen.Next{Screen: &Token{Card: card}}
}

// Token is the card with a token of an account, once. It has no address, as Handout.
type Token struct {
	screen.Base
	Card api.Impersonation `json:"card"`
}

// Load implements screen.Screen. There is nothing to load.
func (t *Token) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// Title implements screen.Screen.
func (t *Token) Title() string { return t.Env().T("token_card.title", "name", called(t.Card.User)) }

// Render implements app.Composer.
func (t *Token) Render() app.UI {
	env, card := t.Env(), t.Card
	return app.Div().Body(
		crumbs(env, card.User, env.T("token_card.crumb")),
		ui.PageTitle{Title: t.Title(), Words: true}.Draw(env),
		ui.Remark(ui.IconOnce, ui.Warn, env.T("token_card.once")),
		ui.HandOut{
			ServerName: card.User.ID.Server(), ID: string(card.User.ID), Password: card.Token.Reveal(), IDLabel: env.T("account.matrix_id"), PasswordLabel: env.T("token_card.token"),
			Homeserver: card.Homeserver,
			More:       []ui.Fact{{Label: env.T("token_card.ends"), Value: ui.DateTime(env, card.ExpiresMS)}},
			Actions: []app.UI{ui.Button{
				Label: env.T("token_card.back"), Href: here(env, route.AccountPath, card.User),
			}.Draw(env)},
		}.Draw(env),
		ui.Section{Title: env.T("token_card.end_title"), Body: []app.UI{ui.Help(env.T("sign_in_as.end")), ui.Mono("POST " + card.Homeserver + "/_matrix/client/v3/logout")}}.Draw(env),
	)
}
