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
	parts := []app.UI{
		app.Div().Class("gh-handout__server").Body(
			Avatar{Name: c.ServerName, Shape: Square}.Draw(env),
			app.Span().Class("gh-handout__lines").Body(app.Strong().Dir("auto").Text(c.ServerName)),
		),
		cardSecret(env, env.T("tokens.card.token"), c.Token, "handout-token"),
	}
	if c.Register != "" {
		parts = append(parts, cardPart(env.T("tokens.card.register"), ExternalLink(c.Register, c.Register)))
	}
	if c.Homeserver != "" {
		parts = append(parts, cardPart(env.T("handout.homeserver"), Mono(c.Homeserver)))
	}
	return card(append(parts, cardFacts(c.Facts)...), c.QR, env.T("tokens.card.qr"), c.Actions)
}
