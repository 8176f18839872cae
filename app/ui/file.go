// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// FileCell is a file in two lines, its name and what it is, with a small picture of it or an icon before them.
type FileCell struct {
	Name    string
	Detail  string
	Href    string // the name is a link
	Picture string // address of the small picture; "" draws the icon
	Icon    Icon
}

// Draw draws it. The picture says nothing that the name does not, and is fetched when it comes into view.
func (c FileCell) Draw(env Env) app.UI {
	var name app.UI = app.Span().Class("gh-name").Dir("auto").Text(c.Name)
	if c.Name == "" {
		name = app.Span().Class("gh-name gh-subtle").Text(env.T("media.unnamed"))
	}
	if c.Href != "" {
		name = app.A().Class("gh-account__link").Href(Href(c.Href)).Body(name)
	}
	thumb := app.Span().Class("gh-thumb").Aria("hidden", yes())
	if c.Picture != "" {
		thumb = thumb.Body(app.Img().Class("gh-thumb__picture").Src(Href(c.Picture)).Alt("").Attr("loading", "lazy").Attr("decoding", "async").Width(40).Height(40))
	} else {
		thumb = thumb.Body(c.Icon.Draw())
	}
	return app.Span().Class("gh-account").Body(
		thumb,
		app.Span().Class("gh-account__lines").Body(name, app.Span().Class("gh-file__detail").Dir("auto").Text(c.Detail)),
	)
}

// Preview is a picture on a page of its own, as large as there is room; alt says what it is.
func Preview(picture, alt string) app.UI {
	return app.Div().Class("gh-preview").Body(
		app.Img().Class("gh-preview__picture").Src(Href(picture)).Alt(Attr(alt)).Attr("decoding", "async"))
}

// QueryForm is a form that only leads to another page, with what is filled in in its address.
type QueryForm struct {
	ID, Action, Label string
	// Stacked says that its fields and buttons stand one below the other, as in forms that write; else they are in a row.
	Stacked bool
	Body    []app.UI
}

// Draw draws it.
func (f QueryForm) Draw(Env) app.UI {
	return &form{ID: f.ID, Class: classes("gh-form", when(!f.Stacked, "gh-form--query")), Method: "get", Action: f.Action, Label: f.Label, Body: f.Body}
}
