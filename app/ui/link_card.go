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
		app.Div().Class("gh-handout__part").Body(
			app.P().Class("gh-handout__label").Text(c.Label),
			app.Div().Class("gh-handout__password").Body(
				app.Bdi().Class("gh-handout__secret").ID("handout-link").Dir("ltr").Text(c.Link),
				copySecret(env, c.Label, c.Link, "handout-link"),
			),
		),
	}
	for _, f := range c.Facts {
		parts = append(parts, app.Div().Class("gh-handout__part").Body(app.P().Class("gh-handout__label").Text(f.Label), f.Value))
	}
	var code app.UI
	if c.QR != nil {
		code = app.Div().Class("gh-handout__qr").Body(c.QR, app.P().Class("gh-handout__hint").Text(c.Hint))
	}
	return app.Div().Class("gh-handout").Body(
		app.Div().Class("gh-handout__card").Body(app.Div().Class("gh-handout__main").Body(parts...), code),
		app.Div().Class("gh-handout__actions").Body(c.Actions...),
	)
}
