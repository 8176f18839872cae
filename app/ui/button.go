// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Look is how much weight a button has. There is one Primary on a page.
type Look string

// The looks of buttons.
const (
	Secondary   Look = ""
	Primary     Look = "primary"
	Danger      Look = "danger"       // outlined red: opens the question
	DangerSolid Look = "danger-solid" // solid red: the deed itself, in its dialog
	Plain       Look = "plain"        // looks like a link
)

// Button is a link where it has an address, else it submits the form that it is in.
type Button struct {
	Label string
	Icon  Icon
	Look  Look
	Small bool
	Block bool   // as wide as there is room
	Spare int    // in a bar that is too narrow for all: 1 is left out first, then 2 and 3; 0 stays
	Key   string // shortcut, shown at the end

	Href     string // a link
	Download bool   // the link's target is kept as a file
	// File is the text of a CSV file that the link itself holds, for what no address shall lead to; FileName is what it is kept as.
	File, FileName string

	// Otherwise is the label as long as the form's deciding box (Check.Decides) is off. Both are there, and the style sheet shows one, so
	// that the button says the truth without the program.
	Otherwise string

	Name, Value string // what the form gets when it is submitted with this button
	Form        string // ID of the form, where the button stands outside of it
	Action      string // address that the form goes to instead of its own
	Popover     string // ID of the popover that the button opens instead of submitting
	NoValidate  bool   // submit whatever is in the fields

	Why   string // why it cannot be used; it stays focusable and the reason stands beneath
	Aria  string // what screen readers say instead of the label, or of an icon without a label
	Scope string // tells the handlers of many buttons apart; needed in lists
	// OnClick runs in the browser. It makes the button one that does not submit.
	OnClick func(ctx app.Context)
}

// Draw draws the button, and below it the reason why it is off.
func (b Button) Draw(env Env) app.UI {
	if b.Why == "" {
		return b.control()
	}
	return app.Span().Class("gh-why").Body(b.control(), Why(b.Why))
}

func (b Button) control() app.UI {
	body := b.body()
	if b.Href != "" && b.Why == "" {
		a := app.A().Class(b.class()).Href(Href(b.Href)).Body(body...)
		if b.Download {
			a = a.Download("download")
		}
		if b.Aria != "" {
			a = a.Aria("label", Attr(b.Aria))
		}
		return a
	}
	if b.File != "" {
		return app.A().Class(b.class()).Href("data:text/csv;charset=utf-8," + url.PathEscape(b.File)).Download(Attr(b.FileName)).Body(body...)
	}
	e := app.Button().Class(b.class()).Type(b.kind()).Body(body...)
	if b.Aria != "" {
		e = e.Aria("label", Attr(b.Aria))
	}
	if b.Why != "" {
		return e.Aria("disabled", yes())
	}
	if b.Name != "" {
		e = e.Name(Attr(b.Name)).Value(Attr(b.Value))
	}
	if b.Form != "" {
		e = e.Form(Attr(b.Form))
	}
	if b.Action != "" {
		e = e.FormAction(Href(b.Action))
	}
	if b.NoValidate {
		e = e.FormNoValidate(true)
	}
	if b.Popover != "" {
		e = e.Attr("popovertarget", Attr(b.Popover))
	}
	if b.OnClick != nil {
		do := b.OnClick
		e = e.OnClick(func(ctx app.Context, _ app.Event) { do(ctx) }, app.EventScope(b.Scope, b.Label))
	}
	return e
}

func (b Button) kind() string {
	if b.OnClick != nil || b.Popover != "" || b.Why != "" {
		return "button"
	}
	return "submit"
}

func (b Button) class() string {
	look := "pf-m-secondary"
	switch b.Look {
	case Primary:
		look = "pf-m-primary"
	case Danger:
		look = "pf-m-secondary" + when(b.Why == "", " pf-m-danger")
	case DangerSolid:
		look = "pf-m-danger"
	case Plain:
		look = "pf-m-link"
	}
	return classes("pf-v6-c-button", look, when(b.Small, "pf-m-small"), when(b.Block, "pf-m-block"),
		spares[b.Spare], when(b.Label == "", "gh-button--icon"), when(b.Why != "", "gh-button--off"))
}

// spares are the classes of buttons that a bar may leave out.
var spares = [...]string{"", "gh-spare-1", "gh-spare-2", "gh-spare-3"}

func (b Button) body() []app.UI {
	var parts []app.UI
	if icon := b.Icon.Draw(); icon != nil {
		parts = append(parts, app.Span().Class("pf-v6-c-button__icon pf-m-start").Body(icon))
	}
	if b.Label != "" {
		parts = append(parts, app.Span().Class(classes("pf-v6-c-button__text", when(b.Otherwise != "", "gh-if-on"))).Text(b.Label))
	}
	if b.Otherwise != "" {
		parts = append(parts, app.Span().Class("pf-v6-c-button__text gh-if-off").Text(b.Otherwise))
	}
	if b.Key != "" {
		parts = append(parts, Kbd(b.Key))
	}
	return parts
}

// Why is the reason that a control cannot be used.
func Why(reason string) app.UI {
	if reason == "" {
		return nil
	}
	return iconText("gh-why__reason", IconLock, Rich(reason))
}

// Actions is a row of buttons.
func Actions(buttons ...app.UI) app.UI {
	return app.Div().Class("gh-actions").Body(buttons...)
}
