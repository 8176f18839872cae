// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// Dialog asks something. With Modal it is a dialog over the page, which needs the program: it makes the page inert, takes the focus,
// and gives it back. Without, the same content is a card on a page of its own.
//
// Its buttons belong to the form in Body: name that form's ID in their Form field, or draw the form around the dialog's inside
// with Form.
type Dialog struct {
	Title   string
	Icon    Icon
	Tone    Tone   // of the icon: Bad for what destroys
	About   app.UI // whom it is about: an AccountCell
	Body    []app.UI
	Actions []app.UI // the safe one first, the deed last
	Form    *Form    // the form around body and actions
	Modal   bool
	OnClose func(ctx app.Context) // Esc; a click beside it does nothing, because something may be typed
}

// Draw draws it.
func (d Dialog) Draw(env Env) app.UI {
	inside := d.inside(env)
	if d.Modal {
		return &modal{Inside: []app.UI{inside}, OnClose: d.OnClose}
	}
	return app.Div().Class("gh-dialog gh-dialog--page").Body(inside)
}

func (d Dialog) inside(env Env) app.UI {
	heading := app.H1().Class("gh-dialog__title").ID("title").TabIndex(-1).Text(d.Title)
	var title app.UI = heading
	if d.Modal {
		title = app.H2().Class("gh-dialog__title").ID("dialog-title").TabIndex(-1).Text(d.Title)
	}
	tone := ""
	switch d.Tone {
	case Bad:
		tone = "gh-tone-bad"
	case Warn:
		tone = "gh-tone-warn"
	}
	var about app.UI
	if d.About != nil {
		about = app.Div().Class("gh-dialog__about").Body(d.About)
	}
	head := app.Div().Class(classes("gh-dialog__head", tone)).Body(d.Icon.Draw(), title)
	foot := app.Div().Class("gh-dialog__foot").Body(d.Actions...)
	main := app.Div().Class("gh-dialog__body").Body(append([]app.UI{about}, d.Body...)...)
	if d.Form == nil {
		return app.Div().Body(head, main, foot)
	}
	f := *d.Form
	f.Body = []app.UI{main, foot}
	f.class = "gh-dialog__form"
	return app.Div().Body(head, f.Draw(env))
}

// modal is a dialog element that opens itself when it is mounted.
type modal struct {
	app.Compo
	Inside  []app.UI
	OnClose func(ctx app.Context)

	before app.Value // what had the focus
}

// OnMount implements app.Mounter.
func (m *modal) OnMount(app.Context) {
	m.before = app.Window().Get("document").Get("activeElement")
	dialog := m.JSValue()
	dialog.Call("showModal")
	// The browser moves the focus to the first field. A question longer than the window is read from its beginning.
	if dialog.Get("scrollHeight").Int() > dialog.Get("clientHeight").Int() {
		app.Window().GetElementByID("dialog-title").Call("focus")
	}
}

// OnDismount implements app.Dismounter: the focus goes back to where it was.
func (m *modal) OnDismount() {
	if m.before != nil && m.before.Truthy() && m.before.Get("isConnected").Truthy() {
		m.before.Call("focus")
	}
}

// Render implements app.Composer.
func (m *modal) Render() app.UI {
	return app.Dialog().Class("gh-dialog").Aria("labelledby", "dialog-title").
		On("cancel", m.cancel).
		On("close", m.closed).
		Body(m.Inside...)
}

func (m *modal) cancel(ctx app.Context, e app.Event) {
	e.PreventDefault() // the screen decides, and takes the dialog away
	m.close(ctx)
}

// closed is called when the browser closed the dialog without asking, as it does on the second Esc.
func (m *modal) closed(ctx app.Context, _ app.Event) { m.close(ctx) }

func (m *modal) close(ctx app.Context) {
	if m.OnClose != nil {
		m.OnClose(ctx)
	}
}

// Consequence is one thing that a deed does or leaves. Its text may have **bold** counts.
type Consequence struct {
	Icon Icon
	Text string
}

// Consequences says what a deed does, under a heading such as "What happens now". Without a list it is nothing.
func Consequences(title string, list ...Consequence) app.UI {
	if len(list) == 0 {
		return nil
	}
	items := make([]app.UI, 0, len(list))
	for _, c := range list {
		items = append(items, app.Li().Class("gh-consequences__item").Body(c.Icon.Draw(), app.Span().Body(Rich(c.Text))))
	}
	return app.Div().Body(
		app.H2().Class("gh-h3").Text(title),
		app.Ul().Class("gh-consequences__list").Role("list").Body(items...),
	)
}

// Final is the sentence that says that nobody can undo a deed.
func Final(sentence string) app.UI { return app.P().Class("gh-final").Text(sentence) }

// End is one way to end an account.
type End struct {
	Title  string
	Text   string
	Action app.UI
}

// EndBox is the red box of ways to end an account.
func EndBox(ends ...End) app.UI {
	rows := make([]app.UI, 0, len(ends))
	for _, e := range ends {
		rows = append(rows, app.Div().Class("gh-end__row").Body(
			app.Div().Class("gh-end__text").Body(app.H3().Class("gh-end__title").Text(e.Title), app.P().Body(Rich(e.Text))),
			e.Action,
		))
	}
	return app.Div().Class("gh-end").Body(rows...)
}
