// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// keptRows is the place of rows that the server wrote (see Table.Keep): PutKept fills it, and drawing it again leaves them alone.
type keptRows struct {
	app.Compo
	table Table
}

// Render implements app.Composer.
func (k *keptRows) Render() app.UI { return k.table.frame() }

// Drawn returns those of a list whose rows are drawn in a table that keeps them: all, or, where the server has drawn them, the first alone, by which
// the table sees that there are rows and what they have.
func Drawn[T any](env Env, list []T) []T {
	if env.Standing {
		return list[:min(1, len(list))]
	}
	return list
}

// Kept finds the places of what is kept, in the page that stands or in another that the server wrote.
func Kept(page app.Value) app.Value { return page.Call("querySelectorAll", "[data-kept]") }

// PutKept puts what places hold, as Kept has found them, into those of the page that stands. Both pages are of the same tree, so they have the same
// places in the same order.
func PutKept(from app.Value) {
	places := Kept(app.Window().Get("document"))
	for i := range min(places.Length(), from.Length()) {
		all := from.Index(i).Get("ownerDocument").Call("createRange")
		all.Call("selectNodeContents", from.Index(i))
		places.Index(i).Call("replaceChildren", all.Call("extractContents"))
	}
}
