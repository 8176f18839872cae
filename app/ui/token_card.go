// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// TokenCard is the card with which somebody makes an account of their own: a registration token, and where it is typed in. It prints
// alone, like HandOut.
type TokenCard struct {
	ServerName string
	Token      string
	Homeserver string // address that a client asks for; "" when it is not on the card
	Register   string // address of the web client's registration; "" when none is configured
	Facts      []Fact // how often and how long it can be used
	QR         app.UI // with the address of the registration
	Actions    []app.UI
}

// Draw draws the card and the row of buttons below it.
func (c TokenCard) Draw(env Env) app.UI {
	part := func(label string, value app.UI) app.UI {
		return app.Div().Class("gh-handout__part").Body(app.P().Class("gh-handout__label").Text(label), value)
	}
	parts := []app.UI{
		app.Div().Class("gh-handout__server").Body(
			Avatar{Name: c.ServerName, Shape: Square}.Draw(env),
			app.Span().Class("gh-handout__lines").Body(app.Strong().Dir("auto").Text(c.ServerName)),
		),
		part(env.T("tokens.card.token"), app.Div().Class("gh-handout__password").Body(
			app.Bdi().Class("gh-handout__secret").ID("handout-token").Dir("ltr").Text(c.Token),
			copySecret(env, env.T("tokens.card.token"), c.Token, "handout-token"),
		)),
	}
	if c.Register != "" {
		parts = append(parts, part(env.T("tokens.card.register"), ExternalLink(c.Register, c.Register)))
	}
	if c.Homeserver != "" {
		parts = append(parts, part(env.T("handout.homeserver"), Mono(c.Homeserver)))
	}
	for _, f := range c.Facts {
		parts = append(parts, part(f.Label, f.Value))
	}
	var code app.UI
	if c.QR != nil {
		code = app.Div().Class("gh-handout__qr").Body(c.QR, app.P().Class("gh-handout__hint").Text(env.T("tokens.card.qr")))
	}
	return app.Div().Class("gh-handout").Body(
		app.Div().Class("gh-handout__card").Body(app.Div().Class("gh-handout__main").Body(parts...), code),
		app.Div().Class("gh-handout__actions").Body(c.Actions...),
	)
}
