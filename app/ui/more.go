// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// More folds away what is needed less often. It opens without the program, and what is in it is sent with its form all the same.
type More struct {
	Title string
	Open  bool // it holds something that has to be seen
	Body  []app.UI
}

// Draw draws it.
func (m More) Draw(Env) app.UI {
	e := app.Details().Class("gh-more")
	if m.Open {
		e = e.Open(true)
	}
	return e.Body(
		app.Summary().Class("gh-more__title").Body(IconChevronEnd.mirrored(), app.Span().Text(m.Title)),
		app.Div().Class("gh-more__body").Body(m.Body...),
	)
}
