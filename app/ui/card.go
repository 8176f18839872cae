// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// What the cards share that are handed out: HandOut, LinkCard and TokenCard.

// cardPart is one thing on a card, below what it is called.
func cardPart(label string, value ...app.UI) app.UI {
	return app.Div().Class("gh-handout__part").Body(append([]app.UI{app.P().Class("gh-handout__label").Text(label)}, value...)...)
}

// cardSecret is what is shown once, in an element with that ID, from where it can be copied.
func cardSecret(env Env, label, secret, id string) app.UI {
	return cardPart(label, app.Div().Class("gh-handout__password").Body(
		app.Bdi().Class("gh-handout__secret").ID(id).Dir("ltr").Text(secret),
		copySecret(env, label, secret, id),
	))
}

// cardFacts are the parts that facts make.
func cardFacts(facts []Fact) []app.UI {
	parts := make([]app.UI, 0, len(facts))
	for _, f := range facts {
		parts = append(parts, cardPart(f.Label, f.Value))
	}
	return parts
}

// card is the whole of it: the parts, a QR code with a hint below it, and the row of buttons, which is not printed.
func card(parts []app.UI, qr app.UI, hint string, actions []app.UI) app.UI {
	var code app.UI
	if qr != nil {
		code = app.Div().Class("gh-handout__qr").Body(qr, app.P().Class("gh-handout__hint").Text(hint))
	}
	return app.Div().Class("gh-handout").Body(
		app.Div().Class("gh-handout__card").Body(app.Div().Class("gh-handout__main").Body(parts...), code),
		app.Div().Class("gh-handout__actions").Body(actions...),
	)
}
