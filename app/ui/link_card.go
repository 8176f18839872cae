// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// LinkCard is a link to hand out, with its QR code. It prints alone, like HandOut.
type LinkCard struct {
	ServerName string
	Title      string // what the card is for
	Label      string // what the link is called
	Link       string
	Facts      []Fact // how often and how long it can be used
	QR         app.UI // with the link
	Hint       string // below the code
	Actions    []app.UI
}

// Draw draws the card and the row of buttons below it.
func (c LinkCard) Draw(env Env) app.UI {
	parts := []app.UI{
		app.Div().Class("gh-handout__server").Body(
			Avatar{Name: c.ServerName, Shape: Square}.Draw(env),
			app.Span().Class("gh-handout__lines").Body(app.Strong().Text(c.Title), app.Bdi().Class("gh-subtle").Text(c.ServerName)),
		),
		cardSecret(env, c.Label, c.Link, "handout-link"),
	}
	return card(append(parts, cardFacts(c.Facts)...), c.QR, c.Hint, c.Actions)
}
